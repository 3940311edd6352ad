"""Each bag tells in its PREMIS whether it was scanned, with what and how that came out."""

import hashlib
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ingest.taking import entering
from tests.conftest import Installation
from tests.ingest.conftest import Call, killed_at
from tests.ingest.test_bad_input import row, transfer
from tests.preservation.scanner_double import MARK, Double

NS = {"p": "http://www.loc.gov/premis/v3"}
NEWER = "ClamAV 1.4.6/27999/Sat Nov 28 08:00:00 2026"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return transfer(tmp_path / "t", row("A-1", "가.txt"), files=("가.txt",))


def checks(place: Installation) -> list[dict[str, str | None]]:
    """The virus check of each premis.xml; all stores have the same."""
    told = {}
    for path in sorted((place.home / "stores").glob("*/packages/*/v1/data/metadata/preservation/premis.xml")):
        told.setdefault(path.parts[-6], []).append(_check(path))
    for each in told.values():
        assert all(other == each[0] for other in each)
    return [each[0] for each in told.values()]


def _check(path: Path) -> dict[str, str | None]:
    root = ElementTree.parse(path).getroot()
    [event] = [
        each for each in root.findall("p:event", NS) if each.findtext("p:eventType", "", NS) == "virus check"
    ]
    agents = {
        each.findtext("p:agentIdentifier/p:agentIdentifierValue", "", NS): each
        for each in root.findall("p:agent", NS)
    }
    linked = [
        each.text for each in event.findall("p:linkingAgentIdentifier/p:linkingAgentIdentifierValue", NS)
    ]
    scanner = agents.get("software-scanner") if "software-scanner" in linked else None
    of_files = [
        each.text
        for each in root.findall("p:object/p:linkingEventIdentifier/p:linkingEventIdentifierValue", NS)
    ]
    identifier = event.findtext("p:eventIdentifier/p:eventIdentifierValue", "", NS)
    assert of_files.count(identifier) == 2  # the representation and its one file
    return {
        "outcome": event.findtext("p:eventOutcomeInformation/p:eventOutcome", None, NS),
        "note": event.findtext(".//p:eventOutcomeDetailNote", None, NS),
        "detail": event.findtext(".//p:eventDetail", None, NS),
        "scanner": None if scanner is None else
        f"{scanner.findtext('p:agentName', '', NS)} {scanner.findtext('p:agentVersion', '', NS)}",
    }  # fmt: skip


def test_what_was_scanned_tells_the_scanner_its_signatures_and_the_outcome(
    receive: Call, folder: Path, scanner: Double, place: Installation
) -> None:
    assert receive(folder).exit_code == 0
    [told] = checks(place)
    assert (told["outcome"], told["note"], told["scanner"]) == ("success", "no malware", "ClamAV 1.4.6")
    assert "signatures 27890 of Fri Nov 27 08:00:00 2026" in str(told["detail"])


def test_what_was_not_scanned_says_so_and_names_no_scanner(
    receive: Call, folder: Path, place: Installation
) -> None:
    assert receive(folder).exit_code == 0
    [told] = checks(place)
    assert (told["outcome"], told["scanner"], told["detail"]) == ("warning", None, None)
    assert told["note"] == "not scanned: no virus scanner was set"


def test_what_two_steps_released_is_counted_and_no_success(
    call: Call, receive: Call, folder: Path, scanner: Double, place: Installation
) -> None:
    (folder / "가.txt").write_bytes(MARK)
    number = receive(folder).told["transfer"]
    assert checks(place) == []
    call("transfer", "release", number, "--file", "가.txt", "--reason", "a test file")
    call("transfer", "release", number, "--file", "가.txt", "--confirm")
    assert call("transfer", "accept", number).told["state"] == "stored"
    [told] = checks(place)
    assert told["outcome"] == "warning"
    assert told["note"] == (
        "no other malware; files that two steps released, though the scanner names them: 1"
    )


def test_after_a_kill_the_bag_is_the_same_although_the_signatures_changed(
    call: Call,
    receive: Call,
    folder: Path,
    scanner: Double,
    place: Installation,
) -> None:
    """What the bag tells is decided before it is packed; the newer signatures look at it all the same."""
    with killed_at(entering, "conclude"):
        receive(folder)
    before = _bags(place)
    assert len(before) == 2
    scanner.version = NEWER
    count = scanner.scanned
    told = receive(folder)
    assert (told.told["state"], told.told["references"]) == ("stored", ["SG-2026-000001"])
    assert scanner.scanned > count
    assert _bags(place) == before
    assert len(checks(place)) == 1


def test_a_bag_never_tells_of_a_scan_that_was_not_made(
    call: Call,
    receive: Call,
    folder: Path,
    scanner: Double,
    place: Installation,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The scanner is taken away between a kill and the same command: another bag, with another reference."""
    with killed_at(entering, "conclude"):
        receive(folder)
    monkeypatch.setenv("SEOGO_SCANNER", "")
    assert receive(folder).told["error"]["code"] == "scanner.unset"
    call("transfer", "check", "2026-0001")
    told = receive(folder)
    assert (told.told["state"], told.told["references"]) == ("stored", ["SG-2026-000002"])
    assert [each["outcome"] for each in checks(place)] == ["success", "warning"]


def _bags(place: Installation) -> dict[str, str]:
    """The digest of everything in each bag."""
    found = sorted((place.home / "stores").glob("*/packages/*/v1/tagmanifest-sha256.txt"))
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}
