"""What is in custody is scanned again when the signatures change; what is found is withheld, not removed."""

from pathlib import Path

import pytest
from sqlalchemy import select

from archive.errors import Conflict, Refused
from archive.holdings import Item
from archive.ledger import LedgerEntry
from archive.people import Reader
from archive.site import settings
from archive.site.site import Site
from archive.work import jobs, recurring
from preservation.scanning import rescanning, withholding
from tests.conftest import Installation
from tests.ingest.conftest import AGENCY, Call
from tests.ingest.test_bad_input import row, transfer
from tests.preservation.scanner_double import MARK, SIGNATURE, Double

from access import viewing  # isort: skip

NEW = "ClamAV 1.4.6/27999/Sat Nov 28 08:00:00 2026"


@pytest.fixture
def held(receive: Call, tmp_path: Path, scanner: Double) -> list[str]:
    """References of two volumes in custody."""
    folder = transfer(tmp_path / "t", row("A-1", "가.txt"), row("A-2", "나.txt"), files=("가.txt", "나.txt"))
    (folder / "나.txt").write_bytes(b"nobody knew " + b"this yet")
    told = receive(folder)
    assert told.exit_code == 0
    return told.told["references"]


@pytest.fixture
def learnt(scanner: Double, held: list[str]) -> Double:
    """The scanner has learnt something."""
    scanner.marks[b"nobody knew this yet"] = "New.Malware"
    scanner.version = NEW
    return scanner


def everything(place: Installation) -> dict[str, bytes]:
    packages = (place.home / "stores").glob("*/packages/**/*")
    return {str(path): path.read_bytes() for path in packages if path.is_file()}


def answers(site: Site, reference: str) -> list[str]:
    asking = viewing.Asking(Reader("p-1", "archivist"), site.now(), site.today())
    with site.reading_session() as session:
        item = session.scalar(select(Item).where(Item.reference.startswith(reference)))
        assert item is not None
        return [
            viewing.decide(session, item, "file", asking).reason,
            viewing.decide(session, item, "page", asking, page=1).reason,
            viewing.decide(session, item, "title", asking).reason,
        ]


def test_where_there_is_no_scanner_nothing_asks_for_a_rescan(place: Installation, scanner: Double) -> None:
    def asked_for() -> bool:
        site = place.site()
        with site.open_session.begin() as session:
            recurring.submit(session, ["daily"], settings=site.settings, today=site.today())
            return bool(jobs.count(session, jobs.Job.name == "rescan-holdings"))

    place.environment["SEOGO_SCANNER"] = ""
    assert not asked_for()
    place.environment["SEOGO_SCANNER"] = scanner.address
    assert asked_for()


@pytest.mark.flow
def test_new_signatures_withhold_what_they_find_and_change_no_byte(
    call: Call, held: list[str], learnt: Double, place: Installation
) -> None:
    before = everything(place)
    told = call("scanner", "rescan")
    assert told.exit_code == 3
    assert {name: told.told["rescan"][name] for name in ("files", "found", "unread")} == {
        "files": 2, "found": 1, "unread": 0,
    }  # fmt: skip
    [withheld] = told.told["withheld"]
    assert (withheld["item"][: len(held[1])], withheld["signature"]) == (held[1], "New.Malware")
    assert everything(place) == before
    site = place.site()
    assert answers(site, held[1]) == ["withheld", "withheld", "open"]
    assert answers(site, held[0]) == ["open", "open", "open"]
    with site.reading_session() as session:
        assert any('"item.withheld"' in each for each in session.scalars(select(LedgerEntry.entry)))
    site.engine.dispose()


def test_a_false_alarm_is_shown_again_and_believed_from_then_on(
    call: Call, held: list[str], learnt: Double, place: Installation
) -> None:
    item = call("scanner", "rescan").told["withheld"][0]["item"]
    asked = call("scanner", "clear", item, "--reason", "another scanner finds nothing")
    assert (asked.exit_code, asked.told["withheld"][0]["asked_by"]) == (3, "command-line")
    assert call("scanner", "clear", item, "--reason", "once more").exit_code == 3
    cleared = call("scanner", "clear", item, "--confirm")
    assert (cleared.exit_code, cleared.told["withheld"]) == (0, [])
    assert call("scanner", "rescan", "--anew").exit_code == 0
    site = place.site()
    assert answers(site, held[1]) == ["open", "open", "open"]
    site.engine.dispose()
    assert call("scanner", "clear", item, "--reason", "again").exit_code == 3
    assert call("scanner", "clear", item, "--confirm").exit_code == 3
    assert call("scanner", "clear", item).exit_code == 2


def test_who_says_that_it_is_a_false_alarm_does_not_decide_and_later_findings_stay(
    call: Call, held: list[str], learnt: Double, place: Installation
) -> None:
    item = call("scanner", "rescan").told["withheld"][0]["item"]
    site, now = place.site(), place.site().now()
    with site.open_session.begin() as session:
        withholding.ask(session, item, reason="it is ours", by="p-1", at=now)
    with site.open_session.begin() as session, pytest.raises(Refused):
        withholding.decide(session, item, clear=True, by="p-1", at=now)
    with site.open_session.begin() as session:
        withholding.decide(session, item, clear=False, by="p-2", at=now)
    with site.open_session.begin() as session, pytest.raises(Conflict):
        withholding.decide(session, item, clear=True, by="p-2", at=now)
    with site.open_session.begin() as session:
        withholding.ask(session, item, reason="it is ours indeed", by="p-1", at=now)
    learnt.marks = {b"nobody knew this": "Another.Malware", **learnt.marks}
    assert len(call("scanner", "rescan", "--anew").told["withheld"]) == 2
    with site.open_session.begin() as session:
        withholding.decide(session, item, clear=True, by="p-2", at=now)
    assert answers(site, held[1]) == ["withheld", "withheld", "open"]
    assert [each["signature"] for each in call("scanner", "show").told["withheld"]] == ["Another.Malware"]
    site.engine.dispose()


def test_what_is_held_back_in_transfers_is_listed_with_who_asked_for_it(
    call: Call, scanner: Double, tmp_path: Path
) -> None:
    folder = transfer(tmp_path / "t", row("A-1", "가.txt"), row("A-2", "나.txt"), files=("가.txt", "나.txt"))
    (folder / "나.txt").write_bytes(MARK)
    number = call("transfer", "receive", folder, "--agency", AGENCY).told["transfer"]
    shown = call("scanner", "show")
    [held] = shown.told["held"]
    assert (shown.exit_code, held["transfer"], held["volume"], held["file"]) == (0, number, 2, "나.txt")
    assert (held["rule"], held["value"], held["asked_by"]) == ("virus.found", SIGNATURE, None)
    call("transfer", "release", number, "--file", "나.txt", "--reason", "a false alarm")
    assert call("scanner", "show").told["held"][0]["asked_by"] == "command-line"
    assert f"held back: transfer {number}, volume 2, 나.txt" in call("scanner", "show", words=True).out
    call("transfer", "return", number, "--volume", "2", "--reason", "malware")
    assert call("scanner", "show").told["held"] == []


def test_the_same_signatures_are_not_scanned_with_twice(call: Call, held: list[str], scanner: Double) -> None:
    assert call("scanner", "rescan").told["rescan"]["files"] == 2
    count = scanner.scanned
    assert call("scanner", "rescan").told["rescan"]["files"] == 2
    assert call("scanner", "show").told["scanner"]["signatures_of"] == "2026-11-27"
    assert [size for size in scanner.sizes[count:] if 0 < size < 68] == []
    scanner.version = NEW
    call("scanner", "rescan")
    assert [size for size in scanner.sizes[count:] if 0 < size < 68]


def test_a_rescan_that_is_stopped_goes_on_where_it_was(
    call: Call, held: list[str], learnt: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rescanning, "AT_ONCE", 1)
    site = Site(settings.read())
    steps = rescanning.rescan(site)
    assert next(steps) == (1, 2)
    steps.close()
    sizes = len(learnt.sizes)
    assert list(rescanning.rescan(site)) == [(2, 2), (2, 2)]
    assert len(learnt.sizes) == sizes + 1
    with site.reading_session() as session:
        last = rescanning.newest(session)
        assert last is not None
        assert (last.files, last.found, last.ended_at is not None) == (2, 1, True)
    site.engine.dispose()


def test_a_copy_that_is_not_what_was_recorded_is_not_believed_and_without_another_one_it_is_told(
    call: Call, held: list[str], scanner: Double, place: Installation
) -> None:
    masters = sorted((place.home / "stores").glob(f"*/packages/{held[0]}/**/가.txt"))
    assert len(masters) == 2
    _damage(masters[0])
    assert call("scanner", "rescan").told["rescan"]["unread"] == 0
    _damage(masters[1])
    assert call("scanner", "rescan", "--anew").told["rescan"]["unread"] == 1


def _damage(path: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(bytes(reversed(path.read_bytes())))


def test_without_a_scanner_there_is_nothing_to_scan_with(call: Call) -> None:
    call("init")
    assert call("scanner", "show").told["scanner"] is None
    refused = call("scanner", "rescan")
    assert (refused.exit_code, refused.told["error"]["code"]) == (3, "scanner.none")
