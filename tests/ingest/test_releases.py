"""A file that the scanner holds back passes after two steps, and only as the bytes that it was then."""

import os
from pathlib import Path

import pytest
from sqlalchemy import select

from archive.errors import Refused
from archive.ledger import JournalRecord
from archive.site.site import Site
from ingest import transfers
from ingest.releases import releasing
from ingest.transfers.readings import TransferFile
from tests.conftest import Installation
from tests.ingest.conftest import AGENCY, Call
from tests.ingest.test_bad_input import row, transfer
from tests.preservation.scanner_double import MARK, SIGNATURE, Double

ALIKE = r"A-1/na\xb0.txt"


@pytest.fixture
def folder(tmp_path: Path, scanner: Double) -> Path:
    made = transfer(tmp_path / "t", row("A-1", "가.txt"), row("A-2", "나.txt"), files=("가.txt", "나.txt"))
    (made / "나.txt").write_bytes(b"a letter about " + MARK)
    return made


def release(call: Call, number: str, *more: str):
    return call("transfer", "release", number, "--file", "나.txt", *more)


@pytest.fixture
def two_shown_alike(tmp_path: Path, scanner: Double) -> Path:
    """One is named by the four letters that the byte B0 of the other one is shown as."""
    made = transfer(tmp_path / "t", row("A-1", "A-1"))
    (made / "A-1").mkdir()
    for name, data in ((rb"na\xb0.txt", b"a paper about "), (b"na\xb0.txt", b"in earnest ")):
        Path(os.fsdecode(bytes(made / "A-1") + b"/" + name)).write_bytes(data + MARK)
    return made


@pytest.mark.flow
def test_a_file_passes_after_two_steps_and_its_volume_is_taken(
    call: Call, receive: Call, folder: Path
) -> None:
    number = receive(folder).told["transfer"]
    asked = release(call, number, "--reason", "it is a paper about malware")
    assert [each["outcome"] for each in asked.told["releases"]] == ["asked"]
    assert call("transfer", "accept", number).told["volumes"]["accepted"] == 1
    confirmed = release(call, number, "--confirm")
    assert (confirmed.told["held"], confirmed.told["releases"][0]["outcome"]) == ([], "released")
    taken = call("transfer", "accept", number)
    assert (taken.exit_code, taken.told["state"]) == (0, "stored")
    [found] = [each for each in taken.told["findings"] if each["value"] == SIGNATURE]
    assert (found["rule"], found["severity"]) == ("virus.released", "warning")


def test_a_refused_file_stays_back(call: Call, receive: Call, folder: Path) -> None:
    number = receive(folder).told["transfer"]
    release(call, number, "--reason", "perhaps")
    assert release(call, number, "--refuse").told["releases"][0]["outcome"] == "refused"
    again = call("transfer", "accept", number)
    assert (again.exit_code, again.told["volumes"]["accepted"]) == (3, 1)


def test_there_is_no_second_step_without_a_first_and_no_first_without_a_held_file_and_a_reason(
    call: Call, receive: Call, folder: Path
) -> None:
    number = receive(folder).told["transfer"]
    assert release(call, number, "--confirm").exit_code == 3
    assert release(call, number, "--reason", " ").exit_code == 2
    assert call("transfer", "release", number, "--file", "가.txt", "--reason", "why").exit_code == 3
    assert release(call, number).exit_code == 2


def test_other_bytes_under_a_released_name_are_held_back_again(
    call: Call, receive: Call, folder: Path
) -> None:
    number = receive(folder).told["transfer"]
    release(call, number, "--reason", "a false alarm")
    release(call, number, "--confirm")
    size = (folder / "나.txt").stat().st_size
    (folder / "나.txt").write_bytes((MARK + b" and now in earnest" + bytes(size))[:size])
    told = call("transfer", "accept", number)
    assert told.told["volumes"]["accepted"] == 1
    assert "file.digest" in told.rules
    checked = call("transfer", "check", number)
    assert "virus.found" in checked.rules
    assert call("transfer", "release", number).told["releases"][0]["outcome"] == "void"


def test_of_two_files_that_are_shown_under_one_name_none_is_released(
    call: Call, receive: Call, two_shown_alike: Path
) -> None:
    number = receive(two_shown_alike).told["transfer"]
    asked = call("transfer", "release", number, "--file", ALIKE, "--reason", "looked at one")
    assert (asked.exit_code, asked.told["error"]["code"]) == (3, "release.name")
    taken = call("transfer", "accept", number)
    assert (taken.exit_code, taken.told["volumes"]["accepted"]) == (3, 0)


@pytest.mark.parametrize("is_told", [False, True])
def test_a_release_that_was_given_for_one_of_two_files_shown_alike_lets_the_other_not_pass(
    call: Call, receive: Call, two_shown_alike: Path, site: Site, is_told: bool
) -> None:
    """Also where the findings of both were taken for released."""
    number = receive(two_shown_alike).told["transfer"]
    with site.open_session.begin() as session:
        it = transfers.get(session, number)
        one = session.scalars(select(TransferFile).where(TransferFile.transfer_id == it.id)).first()
        assert one is not None
        session.add(releasing.Release(
            transfer_id=it.id, path=one.path, name=ALIKE, sha256=one.sha256, rule="virus.found",
            value=SIGNATURE, outcome="released", reason="seen", asked_by="p-one", asked_at=site.now(),
        ))  # fmt: skip
        if is_told:
            for found in releasing.held_files(session, it):
                found.rule, found.severity = "virus.released", "warning"
        else:
            releasing.renew(session, it)
    taken = call("transfer", "accept", number)
    assert (taken.exit_code, taken.told["volumes"]["accepted"]) == (3, 0)
    assert "virus.found" in taken.rules


def test_a_release_is_for_what_the_scanner_said_and_a_new_word_of_it_holds_the_file_back(
    call: Call, receive: Call, folder: Path, scanner: Double
) -> None:
    number = receive(folder).told["transfer"]
    release(call, number, "--reason", "a false alarm")
    release(call, number, "--confirm")
    scanner.marks = {b"letter about": "Another.Signature", **scanner.marks}
    told = call("transfer", "accept", number)
    assert told.told["volumes"]["accepted"] == 1
    assert "Another.Signature" in [each["value"] for each in told.told["findings"]]


def test_the_second_step_is_for_another_person(
    call: Call, receive: Call, folder: Path, place: Installation
) -> None:
    number = receive(folder).told["transfer"]
    site = place.site()
    with site.open_session.begin() as session:
        it = transfers.get(session, number)
        releasing.ask(session, it, "나.txt", reason="a false alarm", by="p-one", at=site.now())
    with site.open_session() as session:
        it = transfers.get(session, number)
        with pytest.raises(Refused):
            releasing.decide(session, it, "나.txt", release=True, by="p-one", at=site.now())
    with site.open_session.begin() as session:
        it = transfers.get(session, number)
        [row] = releasing.decide(session, it, "나.txt", release=True, by="p-two", at=site.now())
        assert (row.outcome, row.decided_by) == ("released", "p-two")
        facts = session.scalars(select(JournalRecord.record)).all()
    site.engine.dispose()
    assert not any("나.txt" in each or "a false alarm" in each for each in facts)


def test_a_list_that_is_a_false_alarm_can_be_released_too(
    call: Call, receive: Call, tmp_path: Path, scanner: Double
) -> None:
    folder = transfer(tmp_path / "t", row("A-1", "가.txt"), files=("가.txt",))
    with (folder / "기록물철목록.csv").open("ab") as out:
        out.write(row("A-2", "나.txt").replace("제목 A-2", MARK.decode()).encode())
    (folder / "나.txt").write_text("내용")
    number = call("transfer", "receive", folder, "--agency", AGENCY).told["transfer"]
    for step in (("--reason", "a title"), ("--confirm",)):
        call("transfer", "release", number, "--file", "기록물철목록.csv", *step)
    taken = call("transfer", "accept", number)
    assert (taken.exit_code, taken.told["state"]) == (0, "stored")
