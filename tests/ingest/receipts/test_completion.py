"""The completion notice lets an agency delete its originals: it is refused until every copy is verified."""

import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pymupdf
import pytest
from sqlalchemy import select, update

from archive.ledger import JournalRecord
from archive.site.site import Site
from archive.site.terminal import moment
from archive.work import jobs
from ingest.receipts import commands, completion
from ingest.receipts.completion import Obstacle
from preservation import fixity, policies
from preservation.packages import Copy
from tests.conftest import Installation
from tests.ingest.conftest import AGENCY, Call, Said
from tests.ingest.receipts.test_receipts import lines, refused, three_volumes, vkey
from tests.ingest.test_bad_input import row, transfer


def whole(folder: Path) -> Path:
    return transfer(folder, row("A-1", "가.txt"), row("A-2", "나.txt"), files=("가.txt", "나.txt"))


@pytest.fixture
def number(receive: Call, tmp_path: Path) -> str:
    return str(receive(whole(tmp_path / "t")).told["transfer"])


def complete(call: Call, number: str, *more: object) -> Said:
    return call("transfer", "complete", number, *more)


def reasons(said: Said) -> list[tuple[str, str | None, str | None]]:
    return [(each["why"], each["volume"], each["store"]) for each in said.told["obstacles"]]


def bag(place: Installation, store: str, reference: str) -> Path:
    return place.home / "stores" / store / "packages" / reference / "v1"


def damage(file: Path) -> None:
    file.chmod(0o644)
    file.write_bytes(b"spoilt")


def facts(site: Site, act: str) -> list[dict[str, Any]]:
    with site.reading_session() as session:
        told = [json.loads(each) for each in session.scalars(select(JournalRecord.record))]
    return [each["facts"] for each in told if each["act"] == act]


def forget_reading_back(site: Site) -> None:
    """As if every copy had been read back long ago."""
    with site.open_session.begin() as session:
        session.execute(update(Copy).values(verified_at=site.now() - timedelta(days=3)))


# Given


@pytest.mark.flow
def test_a_transfer_whose_copies_are_all_verified_is_closed(
    number: str, call: Call, place: Installation, site: Site, tmp_path: Path
) -> None:
    said = complete(call, number, "--output", tmp_path / "r", "--notice", tmp_path / "n.pdf")
    assert (said.exit_code, said.told["completed"], said.told["state"]) == (0, True, "closed")
    assert said.told["statutory"] == ["STORED_VERIFIED", "COMPLETION_NOTIFIED", "CLOSED"]
    assert said.told["volumes"] == {"stored": 2, "returned": 0, "taken_later": 0}
    [notified] = facts(site, "transfer.completion_notified")
    assert (notified["stored"], notified["stores"]) == (2, ["a", "b"])
    [head] = lines(tmp_path / "r", "receipt")
    assert head["completion"] is not None and head["statutory"] == "CLOSED"
    assert not refused((tmp_path / "r").read_bytes(), vkey(place))
    acts = [each["act"] for each in call("transfer", "show", number).told["history"]]
    assert acts[-3:] == ["completion-notified", "closed", "receipt-issued"]


def test_the_letter_names_the_law_the_counts_and_the_receipt(
    receive: Call, call: Call, tmp_path: Path
) -> None:
    number = receive(three_volumes(tmp_path / "t")).told["transfer"]
    call("transfer", "return", number, "--reason", "파일이 없음 <b>")
    told = complete(call, number, "--returned-for-good", "--notice", tmp_path / "n.pdf").told
    text = "".join(page.get_text() for page in pymupdf.open(tmp_path / "n.pdf"))
    for said in ("시행령」 제44조", number, "2권, 파일 2개", "삭제하지 마십시오", "A-2", "파일이 없음 <b>"):
        assert said in text
    assert told["receipt"]["body_sha256"] in text.replace("\n", "")
    assert [each["sender_id"] for each in told["keep"]] == ["A-2"]


def test_completing_again_tells_the_same(number: str, call: Call, site: Site, tmp_path: Path) -> None:
    first = complete(call, number, "--output", tmp_path / "a").told
    again = complete(call, number, "--output", tmp_path / "b").told
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert again["receipt"]["sha256"] == first["receipt"]["sha256"]
    assert again["notified_at"] == first["notified_at"]
    assert len(facts(site, "transfer.completion_notified")) == 1


def test_completing_again_claims_of_the_copies_only_what_was_found_then(
    number: str, call: Call, place: Installation
) -> None:
    notified = complete(call, number).told["notified_at"]
    [first, _] = call("transfer", "show", number).told["references"]
    damage(bag(place, "b", first) / "data" / "METS.xml")
    assert call("copy", "check").exit_code != 0
    again = call("transfer", "complete", number, words=True)
    assert again.exit_code == 0
    assert f"had been read back when the notice was given, {moment(notified)}" in again.out
    assert "was read back in" not in again.out


def test_what_the_agency_may_delete_is_what_is_in_custody_and_nothing_else(
    receive: Call, call: Call, tmp_path: Path
) -> None:
    number = receive(three_volumes(tmp_path / "t")).told["transfer"]
    call("transfer", "return", number, "--reason", "없음")
    out = call("transfer", "complete", number, "--returned-for-good", words=True).out
    deleted = "the agency may delete its files of the 2 volumes in custody, and nothing else that it sent."
    assert f"with it {deleted}" in out
    assert "Returned and not in custody: 1 volume; the agency keeps that." in out


def test_a_closed_transfer_that_comes_again_stays_closed(
    number: str, call: Call, receive: Call, tmp_path: Path
) -> None:
    complete(call, number)
    again = receive(tmp_path / "t")
    assert (again.exit_code, again.told["transfer"], again.told["state"]) == (0, number, "closed")


def test_copies_that_were_not_read_back_lately_are_read_back_first(
    number: str, call: Call, site: Site
) -> None:
    forget_reading_back(site)
    assert complete(call, number).exit_code == 0
    [checked] = facts(site, "copies.checked")
    assert (checked["intact"], checked["altered"]) == (4, 0)


def test_copies_that_were_read_back_lately_are_not_read_again(number: str, call: Call, site: Site) -> None:
    assert complete(call, number).exit_code == 0
    assert facts(site, "copies.checked") == []


# Refused


@pytest.mark.flow
def test_nothing_is_closed_while_a_volume_waits_or_was_only_returned(
    receive: Call, call: Call, tmp_path: Path
) -> None:
    number = receive(three_volumes(tmp_path / "t")).told["transfer"]
    said = complete(call, number)
    assert (said.exit_code, said.told["completed"], reasons(said)) == (3, False, [("waiting", None, None)])
    assert said.told["obstacles"][0]["position"] == 2
    call("transfer", "return", number, "--reason", "없음")
    assert reasons(complete(call, number)) == [("returned", None, None)]
    assert complete(call, number, "--returned-for-good").exit_code == 0


@pytest.mark.flow
def test_files_on_no_list_refuse_the_notice_until_that_is_final_and_then_it_names_them(
    receive: Call, call: Call, tmp_path: Path
) -> None:
    came = ("가.txt", "목록에-없음-1.txt", "목록에-없음-2.txt")
    number = receive(transfer(tmp_path / "t", row("A-1", "가.txt"), files=came)).told["transfer"]
    said = complete(call, number, "--notice", tmp_path / "n.pdf")
    [obstacle] = said.told["obstacles"]
    assert (said.exit_code, said.told["completed"], obstacle["why"]) == (3, False, "unlisted")
    assert obstacle["files"] == 2 and obstacle["path"].endswith("목록에-없음-1.txt")
    assert obstacle["path"] in obstacle["message"] and not (tmp_path / "n.pdf").exists()
    assert call("transfer", "show", number).told["state"] == "stored"
    said = complete(call, number, "--returned-for-good", "--notice", tmp_path / "n.pdf")
    assert (said.exit_code, len(said.told["keep_files"])) == (0, 2)
    text = "".join(page.get_text() for page in pymupdf.open(tmp_path / "n.pdf"))
    for words in ("파일 2개는 목록에 없어", "삭제하지 마십시오", "목록에-없음-1.txt", "목록에-없음-2.txt"):
        assert words in text


def test_nothing_is_closed_when_nothing_was_taken(receive: Call, call: Call, tmp_path: Path) -> None:
    folder = transfer(
        tmp_path / "t", row("A-1", "없음.txt"), row("A-2", "가.txt;없음.txt"), files=("가.txt",)
    )
    number = receive(folder).told["transfer"]
    call("transfer", "return", number, "--reason", "없음")
    said = complete(call, number, "--returned-for-good")
    assert (said.exit_code, reasons(said)) == (3, [("nothing", None, None)])


def test_a_copy_that_rots_after_it_was_stored_refuses_the_notice(
    number: str, call: Call, place: Installation, site: Site
) -> None:
    forget_reading_back(site)
    [first, _] = call("transfer", "show", number).told["references"]
    damage(bag(place, "b", first) / "data" / "METS.xml")
    said = complete(call, number)
    assert (said.exit_code, reasons(said)) == (3, [("altered", first, "b")])
    assert first in said.told["obstacles"][0]["message"]
    shown = call("transfer", "show", number).told
    assert (shown["state"], shown["history"][-1]["act"]) == ("stored", "completion-refused")
    assert facts(site, "transfer.completion_notified") == []
    assert call("ledger", "verify").told["holds"]


def test_a_copy_that_is_gone_or_was_never_made_refuses_the_notice(
    number: str, call: Call, place: Installation, site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    forget_reading_back(site)
    [first, second] = call("transfer", "show", number).told["references"]
    shutil.rmtree(bag(place, "a", second))
    assert reasons(complete(call, number)) == [("absent", second, "a")]
    stores = [f"{name}={(place.home / 'stores' / name).as_uri()}" for name in "abc"]
    monkeypatch.setenv("SEOGO_STORES", " ".join(stores))
    assert reasons(complete(call, number)) == [
        ("missing", first, "c"), ("absent", second, "a"), ("missing", second, "c"),
    ]  # fmt: skip


def test_a_store_that_is_away_refuses_the_notice(
    number: str, call: Call, place: Installation, site: Site
) -> None:
    forget_reading_back(site)
    references = call("transfer", "show", number).told["references"]
    (place.home / "stores" / "b").rename(place.home / "away")
    said = complete(call, number)
    (place.home / "away").rename(place.home / "stores" / "b")
    assert said.exit_code == 3, said.out
    assert reasons(said) == [("stale", reference, "b") for reference in references]
    assert complete(call, number).exit_code == 0


def test_a_copy_found_altered_at_the_same_moment_is_not_let_through(
    number: str, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the reading back and the notice somebody else's check writes down what it found."""
    forget_reading_back(site)
    read_back = completion._read_back

    def and_another_check_finds_damage(*given: Any) -> None:
        read_back(*given)
        with site.reading_session() as session:
            subject = fixity.subjects(session, policies.in_force(session, site.settings))[0]
        found = fixity.Checked(subject.volume, subject.store, "altered", (fixity.Flaw("x", "altered"),))
        with site.open_session.begin() as session:
            fixity.write_down(session, subject, found, site.now(), "another")

    monkeypatch.setattr(completion, "_read_back", and_another_check_finds_damage)
    outcome = completion.complete(site, number, by="p-1", returned_for_good=False, say=lambda *_: None)
    assert [(each.why, each.store) for each in outcome.obstacles] == [("altered", "a")]


@pytest.mark.flow
def test_while_the_notice_is_decided_no_verdict_is_written_down(
    number: str, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The verdicts are held: whoever finds damage meanwhile waits, and is recorded after the notice."""
    tried: list[str] = []
    settle = completion.settling.settle

    def with_another_check(session: Any, transfer: Any) -> None:
        other = Site(site.settings)
        with other.reading_session() as reading:
            subject = fixity.subjects(reading, policies.in_force(reading, other.settings))[0]
        engine = other.engine.connect()
        try:
            engine.exec_driver_sql("PRAGMA busy_timeout = 50" if engine.dialect.name == "sqlite"
                                   else "SET lock_timeout = '50ms'")  # fmt: skip
            engine.execute(update(Copy).where(Copy.id == subject.copy_id).values(state="altered"))
        except Exception as error:  # noqa: BLE001 (each database has an error of its own for this)
            tried.append(type(error).__name__)
        finally:
            engine.close()
            other.engine.dispose()
        settle(session, transfer)

    monkeypatch.setattr(completion.settling, "settle", with_another_check)
    outcome = completion.complete(site, number, by="p-1", returned_for_good=False, say=lambda *_: None)
    assert tried == ["OperationalError"]
    assert outcome.receipt is not None


# Asked for at the desk


def test_the_desks_job_tells_a_refusal_in_the_history_and_does_not_fail(
    receive: Call, call: Call, site: Site, tmp_path: Path
) -> None:
    number = receive(three_volumes(tmp_path / "t")).told["transfer"]
    with site.open_session.begin() as session:
        jobs.submit(session, completion.NAME, lane="staff", number=number, by="p-1", returned_for_good=False)
    assert call("work", "--until-idle").told["failed"] == []
    last = call("transfer", "show", number).told["history"][-1]
    assert (last["act"], last["actor"]) == ("completion-refused", "p-1")
    assert "Volume 2 waits" in last["detail"]


def test_every_obstacle_is_a_sentence() -> None:
    for why, next_step in commands.NEXT.items():
        said = Obstacle(
            why, 3, "SG-2026-000001", "a", path="가.txt", files=2, transfer="2026-0002", round=2
        ).message
        assert said.endswith(".") and "None" not in said and AGENCY not in said
        assert next_step


def test_a_killed_completion_is_finished_by_the_next(
    number: str, call: Call, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The transfer is closed and the receipt is not issued yet: the same command ends it."""
    with monkeypatch.context() as patched:
        patched.setattr(completion.issuing, "issue_in_turn", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            completion.complete(site, number, by="p-1", returned_for_good=False, say=lambda *_: None)
    assert call("transfer", "show", number).told["state"] == "closed"
    said = complete(call, number)
    assert (said.exit_code, said.told["receipt"]["number"]) == (0, 1)
