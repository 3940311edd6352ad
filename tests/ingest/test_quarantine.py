"""Between the first and the second scan a transfer waits, and what the second one finds is not taken."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pymupdf
import pytest
from sqlalchemy import select
from werkzeug.routing import Rule

from archive.ledger import JournalRecord, LedgerEntry
from archive.site import settings
from archive.site.site import Site
from archive.work import jobs
from ingest.taking import checking_again, receiving
from tests.access.conftest import signed_in
from tests.conftest import Installation
from tests.ingest.conftest import AGENCY, Call, Said
from tests.ingest.test_bad_input import row, stored, transfer
from tests.preservation.scanner_double import MARK, Double

TODAY, THIRD_DAY, SEVENTH_DAY, LATER = (
    f"2026-{day}T09:00:00+09:00" for day in ("11-28", "11-30", "12-05", "12-08")
)


@pytest.fixture(autouse=True)
def a_week_of_quarantine(scanner: Double, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEOGO_QUARANTINE_DAYS", "7")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return transfer(tmp_path / "t", row("A-1", "가.txt"), row("A-2", "나.txt"), files=("가.txt", "나.txt"))


@pytest.fixture
def days_pass(monkeypatch: pytest.MonkeyPatch, scanner: Double) -> Callable[[str], None]:
    """The clock of the installation and of the scanner's signatures."""

    def go(to: str) -> None:
        monkeypatch.setenv("SEOGO_CLOCK", to)
        day = datetime.fromisoformat(to)
        scanner.version = f"ClamAV 1.4.6/{day:%Y%m%d}/{day:%a %b %d} 00:00:00 {day:%Y}"

    return go


def work(call: Call) -> None:
    """It ends the quarantines that are over, also when it ends itself as soon as it is idle."""
    done = call("work", "--until-idle")
    assert (done.exit_code, done.told["failed"]) == (0, [])


def receive(call: Call, folder: Path, *more: str) -> Said:
    return call("transfer", "receive", folder, "--agency", AGENCY, "--accept", "--until", "stored", *more)


@pytest.mark.flow
def test_a_transfer_is_scanned_waits_and_is_taken_after_a_second_scan_by_a_job(
    call: Call, folder: Path, place: Installation, days_pass: Callable[[str], None]
) -> None:
    told = receive(call, folder)
    assert (told.exit_code, told.told["state"], told.told["statutory"]) == (0, "waiting", "QUARANTINED")
    assert told.told["quarantine"]["until"] == "2026-12-05T00:00:00+00:00"
    assert [(each["scan"], each["files"], each["found"]) for each in told.told["scans"]] == [
        ("first", 3, 0)  # the list too
    ]
    assert stored(place) == []
    days_pass(THIRD_DAY)
    work(call)
    assert stored(place) == []
    days_pass(SEVENTH_DAY)
    work(call)
    after = call("transfer", "show", told.told["transfer"])
    assert (after.told["state"], after.told["statutory"]) == ("stored", "STORED_VERIFIED")
    first, second = after.told["scans"]
    assert (first["scan"], second["scan"], second["files"]) == ("first", "second", 3)
    assert first["signatures"] != second["signatures"]
    assert [each["act"] for each in after.told["history"]] == [
        "scanned-first", "quarantined", "received", "acceptance-asked", "scanned-second",
    ]  # fmt: skip


def test_bytes_in_quarantine_are_reached_by_no_part_of_the_archive_and_by_all_once_it_has_ended(
    call: Call, folder: Path, place: Installation, site: Site, days_pass: Callable[[str], None]
) -> None:
    """No file of the home has them, and no address that an archivist can get tells them."""
    words = "내용 가.txt"
    number = receive(call, folder).told["transfer"]
    client = signed_in(site)

    def reached() -> list[str]:
        # In a process of its own: to close a database takes the locks of this one's connections away.
        kept = subprocess.run(
            ["grep", "-rlaF", words, place.home], capture_output=True, text=True, check=False
        )
        assert (kept.returncode, kept.stderr) in ((0, ""), (1, ""))
        rules = client.application.url_map.iter_rules()
        addresses = [each for rule in rules if (each := built(rule, number))]
        assert len(addresses) > 40
        return kept.stdout.splitlines() + [
            each for each in addresses if words.encode() in client.get(each).get_data()
        ]

    work(call)
    assert reached() == []
    days_pass(SEVENTH_DAY)
    work(call)
    found = reached()
    assert {"/items/SG-2026-000001-0001/text"} < set(found)
    assert [each for each in found if "/stores/" in each]


def built(rule: Rule, number: str) -> str | None:
    """An address with this transfer, its first volume or item, and the first of everything put in."""
    known: dict[str, Any] = {"number": 1 if "/pages/<int:number>" in rule.rule else number, "position": 1}
    known |= {"name": "none", "size": "large", "version": 1, "place": 1, "item": 1, "which": 1, "job_id": 1}
    known |= {"kind": "report", "reference": "SG-2026-000001" + "-0001" * ("/items/" in rule.rule)}
    if "GET" not in (rule.methods or ()) or not rule.arguments <= known.keys() or "sign-out" in rule.rule:
        return None
    made = rule.build({each: known[each] for each in rule.arguments}, append_unknown=False)
    return made[1] if made else None


def test_the_inspection_report_tells_both_scans_with_their_signatures_and_the_quarantine(
    call: Call, folder: Path, tmp_path: Path, days_pass: Callable[[str], None]
) -> None:
    number = receive(call, folder).told["transfer"]
    days_pass(SEVENTH_DAY)
    scans = receive(call, folder).told["scans"]
    pdf = tmp_path / "report.pdf"
    assert call("transfer", "report", number, "--pdf", pdf).exit_code == 0
    with pymupdf.open(pdf) as document:
        text = "".join(page.get_text() for page in document)
    assert len(scans) == 2
    for words in ("1차 바이러스 검수", "격리를 시작함", "2차 바이러스 검수",
                  *(each["signatures"] for each in scans)):  # fmt: skip
        assert words in text, text
    assert "바이러스 검수 못 함" not in text


def test_the_same_command_after_the_quarantine_takes_it_in_too(
    call: Call, folder: Path, days_pass: Callable[[str], None]
) -> None:
    assert receive(call, folder).told["state"] == "waiting"
    assert receive(call, folder).told["state"] == "waiting"
    days_pass(SEVENTH_DAY)
    assert receive(call, folder).told["state"] == "stored"


def test_without_acceptance_the_end_of_a_quarantine_takes_nothing(
    call: Call, folder: Path, place: Installation, days_pass: Callable[[str], None]
) -> None:
    number = call("transfer", "receive", folder, "--agency", AGENCY).told["transfer"]
    days_pass(SEVENTH_DAY)
    work(call)
    assert stored(place) == []
    assert call("transfer", "accept", number).told["state"] == "stored"


def test_volumes_that_a_person_chose_during_the_quarantine_are_the_ones_that_are_taken(
    call: Call, folder: Path, place: Installation, days_pass: Callable[[str], None]
) -> None:
    number = call("transfer", "receive", folder, "--agency", AGENCY).told["transfer"]
    asked = call("transfer", "accept", number, "--volume", "2")
    assert (asked.exit_code, asked.told["volumes"]["accepted"]) == (0, 0)
    days_pass(SEVENTH_DAY)
    work(call)
    told = call("transfer", "show", number).told
    assert (told["state"], told["volumes"]["accepted"]) == ("waiting", 1)
    assert told["scans"][-1]["files"] == 2  # the list too


def test_each_volume_is_accepted_in_the_name_of_who_asked_for_it_and_the_history_names_both(
    call: Call, folder: Path, days_pass: Callable[[str], None]
) -> None:
    number = call("transfer", "receive", folder, "--agency", AGENCY).told["transfer"]
    site = Site(settings.read(dict(os.environ)))
    for by, positions in (("p-one", [0]), ("p-two", None), ("p-two", None)):
        list(receiving.accept(site, number, by=by, positions=positions))
    days_pass(SEVENTH_DAY)
    work(call)
    with site.reading_session() as session:
        records = [json.loads(each) for each in session.scalars(select(JournalRecord.record))]
    site.engine.dispose()
    accepted = {each["about"]: each["actor"] for each in records if each["act"] == "volume.accepted"}
    told = call("transfer", "show", number).told
    assert [accepted[each] for each in told["references"]] == ["p-one", "p-two"]
    asked = [each["actor"] for each in told["history"] if each["act"] == "acceptance-asked"]
    assert asked == ["p-one", "p-two"]


def test_what_was_accepted_lapses_when_bytes_change_and_the_history_says_so(
    call: Call, folder: Path, place: Installation, site: Site, days_pass: Callable[[str], None]
) -> None:
    number = receive(call, folder).told["transfer"]
    client = signed_in(site)
    page, promise = f"/en/desk/transfers/{number}", "It is taken in when the quarantine ends."
    assert promise in client.get(page).get_data(as_text=True)
    changed = folder / "나.txt"
    changed.write_bytes(bytes(reversed(changed.read_bytes())))
    days_pass(THIRD_DAY)
    checked = call("transfer", "check", number).told
    assert checked["quarantine"]["asked_by"] is None
    assert "acceptance-lapsed" in [each["act"] for each in checked["history"]]
    assert promise not in client.get(page).get_data(as_text=True)
    assert "lapsed" in client.get(f"{page}/history").get_data(as_text=True)
    days_pass(LATER)
    work(call)
    assert stored(place) == []
    assert call("transfer", "accept", number).told["state"] == "stored"


def test_an_acceptance_that_was_carried_out_does_not_lapse(
    call: Call, folder: Path, days_pass: Callable[[str], None]
) -> None:
    number = call("transfer", "receive", folder, "--agency", AGENCY).told["transfer"]
    call("transfer", "accept", number, "--volume", "1")
    days_pass(SEVENTH_DAY)
    work(call)
    changed = folder / "나.txt"
    changed.write_bytes(bytes(reversed(changed.read_bytes())))
    days_pass(LATER)
    checked = call("transfer", "check", number).told
    assert checked["volumes"]["accepted"] == 1
    assert "acceptance-lapsed" not in [each["act"] for each in checked["history"]]


def test_what_a_quarantine_left_to_be_taken_is_not_taken_when_bytes_changed_before(
    call: Call, folder: Path, days_pass: Callable[[str], None]
) -> None:
    """Nor does it ask for the new ones in the name of who asked for the old ones."""
    told = receive(call, folder).told
    number, until = told["transfer"], told["quarantine"]["until"]
    changed = folder / "나.txt"
    changed.write_bytes(bytes(reversed(changed.read_bytes())))
    days_pass(THIRD_DAY)
    call("transfer", "check", number)
    site = Site(settings.read(dict(os.environ)))
    list(receiving.accept_transfer(site, number, "p-one", until=until))
    site.engine.dispose()
    assert call("transfer", "show", number).told["quarantine"]["asked_by"] is None


def test_what_was_asked_for_lapses_also_between_what_two_persons_asked_for(
    call: Call, folder: Path, days_pass: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    number = call("transfer", "receive", folder, "--agency", AGENCY).told["transfer"]
    site = Site(settings.read(dict(os.environ)))
    for by, positions in (("p-one", [0]), ("p-two", None)):
        list(receiving.accept(site, number, by=by, positions=positions))
    until = call("transfer", "show", number).told["quarantine"]["until"]
    days_pass(SEVENTH_DAY)
    accept, changed = receiving.accept, folder / "나.txt"

    def and_then_check(site: Site, number: str, *, by: str, **more: Any) -> Iterator[jobs.Progress]:
        yield from accept(site, number, by=by, **more)
        if by == "p-one":
            changed.write_bytes(bytes(reversed(changed.read_bytes())))
            yield from checking_again.check(site, number, by="p-three")

    monkeypatch.setattr(receiving, "accept", and_then_check)
    later = Site(settings.read(dict(os.environ)))
    list(receiving.accept_transfer(later, number, "p-one", [0], also=[("p-two", None)], until=until))
    for each in (site, later):
        each.engine.dispose()
    told = call("transfer", "show", number).told
    assert (told["volumes"]["accepted"], told["quarantine"]["asked_by"]) == (1, None)


def test_what_only_the_signatures_of_the_second_day_know_is_found_then(
    call: Call, folder: Path, scanner: Double, days_pass: Callable[[str], None], place: Installation
) -> None:
    (folder / "나.txt").write_bytes(b"unknown until " + b"next week")
    number = receive(call, folder).told["transfer"]
    scanner.marks[b"unknown until next week"] = "New.Malware"
    days_pass(SEVENTH_DAY)
    work(call)
    told = call("transfer", "show", number)
    assert told.told["volumes"]["accepted"] == 1
    assert [each["value"] for each in told.told["findings"] if each["severity"] == "error"] == ["New.Malware"]
    assert told.told["scans"][-1]["found"] == 1
    kept = [path for path in (place.home / "stores").rglob("*") if path.is_file()]
    assert not [path for path in kept if b"next week" in path.read_bytes()]


def test_bytes_that_change_during_the_quarantine_are_not_taken(
    call: Call, folder: Path, place: Installation, days_pass: Callable[[str], None]
) -> None:
    number = receive(call, folder).told["transfer"]
    changed = folder / "나.txt"
    changed.write_bytes(bytes(reversed(changed.read_bytes())))
    days_pass(SEVENTH_DAY)
    work(call)
    told = call("transfer", "show", number)
    assert told.told["volumes"]["accepted"] == 1
    assert "file.digest" in told.rules


def test_checking_again_bytes_that_changed_begins_the_quarantine_anew(
    call: Call, folder: Path, days_pass: Callable[[str], None]
) -> None:
    number = receive(call, folder).told["transfer"]
    days_pass(THIRD_DAY)
    assert call("transfer", "check", number).told["quarantine"]["until"] == "2026-12-05T00:00:00+00:00"
    changed = folder / "나.txt"
    changed.write_bytes(bytes(reversed(changed.read_bytes())))
    assert call("transfer", "check", number).told["quarantine"]["until"] == "2026-12-07T00:00:00+00:00"
    days_pass(SEVENTH_DAY)
    assert receive(call, folder).told["volumes"]["accepted"] == 0


def test_a_transfer_that_was_received_without_a_scanner_is_scanned_before_its_quarantine_begins(
    call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch, scanner: Double
) -> None:
    with monkeypatch.context() as before:
        before.delenv("SEOGO_SCANNER")
        before.delenv("SEOGO_QUARANTINE_DAYS")
        number = call("transfer", "receive", folder, "--agency", AGENCY).told["transfer"]
    refused = call("transfer", "accept", number)
    assert (refused.exit_code, refused.told["error"]["code"]) == (3, "quarantine")
    assert "seogo transfer check" in refused.sentence
    assert call("transfer", "check", number).told["quarantine"] is not None


def test_scans_are_acts_of_the_ledger_that_name_no_file(
    call: Call, folder: Path, place: Installation, days_pass: Callable[[str], None]
) -> None:
    (folder / "나.txt").write_bytes(MARK)
    receive(call, folder)
    days_pass(SEVENTH_DAY)
    receive(call, folder)
    site = place.site()
    with site.reading_session() as session:
        entries = session.scalars(select(LedgerEntry.entry)).all()
        facts = session.scalars(select(JournalRecord.record)).all()
    site.engine.dispose()
    assert any('"scan.found"' in each for each in entries)
    assert any('"scan.passed"' in each for each in entries)
    assert not any("나.txt" in each for each in (*entries, *facts))


def test_two_rounds_whose_quarantines_end_together_take_each_volume_once(
    call: Call, folder: Path, tmp_path: Path, days_pass: Callable[[str], None]
) -> None:
    first = receive(call, folder).told["transfer"]
    rows = (row("A-1", "가.txt"), row("A-2", "나.txt"), row("A-3", "다.txt"))
    more = transfer(tmp_path / "u", *rows, files=("가.txt", "나.txt", "다.txt"))
    second = receive(call, more, "--round-of", first).told["transfer"]
    days_pass(SEVENTH_DAY)
    work(call)
    assert [call("transfer", "show", each).told["state"] for each in (first, second)] == ["stored"] * 2
    assert sorted(each["sender_id"] for each in call("volume", "list").told["volumes"]) == [
        "A-1", "A-2", "A-3",
    ]  # fmt: skip
