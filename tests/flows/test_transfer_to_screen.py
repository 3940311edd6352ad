"""From the transfer folder to the citizen's screen, through the command line alone."""

import os
from pathlib import Path

from tests.conftest import Installation, state_of

AGENCY = "6110000"


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_transfer_is_taken_in_stored_twice_and_found(place: Installation, sample: Path) -> None:
    before = everything(sample)
    received = place.run("transfer", "receive", sample, "--agency", AGENCY, "--accept")
    assert received.exit_code == 0, received.errors
    assert received.told["state"] == "stored"
    assert (
        received.told["volumes"].items() >= {"listed": 3, "accepted": 3, "stored": 3, "returned": 0}.items()
    )
    assert everything(sample) == before

    held = place.run("volume", "list").told["volumes"]
    assert [each["reference"] for each in held] == received.told["references"]
    shown = place.run("volume", "show", held[0]["reference"]).told
    assert {(copy["store"], copy["state"]) for copy in shown["copies"]} == {
        ("a", "verified"),
        ("b", "verified"),
    }
    assert all(file["format"] for item in shown["items"] for file in item["files"])

    found = place.run("search", shown["items"][0]["title"], "--as", "staff").told
    assert shown["items"][0]["reference"] in [hit["reference"] for hit in found["hits"]]


def test_receiving_the_same_folder_again_changes_nothing(place: Installation, sample: Path) -> None:
    first = place.run("transfer", "receive", sample, "--agency", AGENCY, "--accept", "--until", "stored")
    moved = sample.rename(sample.with_name("moved"))
    again = place.run("transfer", "receive", moved, "--agency", AGENCY, "--accept", "--until", "stored")
    assert (again.exit_code, again.told["transfer"]) == (0, first.told["transfer"])
    assert again.told["references"] == first.told["references"]
    assert len(place.run("volume", "list").told["volumes"]) == 3


def test_a_changed_byte_is_not_the_same_transfer_and_not_taken_as_a_new_one(
    place: Installation, sample: Path
) -> None:
    first = place.run("transfer", "receive", sample, "--agency", AGENCY, "--accept", "--until", "stored")
    victim = max((path for path in sample.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
    about = victim.stat()
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 1
    victim.write_bytes(data)
    os.utime(victim, ns=(about.st_atime_ns, about.st_mtime_ns))
    second = place.run("transfer", "receive", sample, "--agency", AGENCY, "--accept", "--until", "stored")
    assert (second.exit_code, second.told["error"]["code"]) == (3, "transfer.received_before")
    assert f"--round-of {first.told['transfer']}" in second.told["error"]["next"]


def test_without_accept_an_archivist_is_waited_for(place: Installation, sample: Path) -> None:
    waiting = place.run("transfer", "receive", sample, "--agency", AGENCY)
    assert (waiting.exit_code, waiting.told["state"]) == (0, "waiting")
    assert place.run("volume", "list").told["volumes"] == []
    taken = place.run("transfer", "accept", waiting.told["transfer"])
    assert (taken.exit_code, taken.told["state"]) == (0, "stored")
    assert taken.told["history"][0]["act"] == "received"


def test_what_changed_between_check_and_accept_is_not_taken(place: Installation, sample: Path) -> None:
    waiting = place.run("transfer", "receive", sample, "--agency", AGENCY)
    victim = max((path for path in sample.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
    data = bytearray(victim.read_bytes())
    data[-1] ^= 1
    victim.write_bytes(data)
    taken = place.run("transfer", "accept", waiting.told["transfer"])
    assert taken.exit_code == 3
    assert taken.told["volumes"]["accepted"] == 2
    assert "file.digest" in {each["rule"] for each in taken.told["findings"]}


def test_what_waits_is_returned_with_a_reason(place: Installation, sample: Path) -> None:
    waiting = place.run("transfer", "receive", sample, "--agency", AGENCY)
    returned = place.run("transfer", "return", waiting.told["transfer"], "--reason", "목록과 다름")
    assert (returned.exit_code, returned.told["state"]) == (0, "returned")
    assert (
        returned.told["volumes"].items() >= {"listed": 3, "accepted": 0, "stored": 0, "returned": 3}.items()
    )
    assert place.run("transfer", "accept", waiting.told["transfer"]).told["volumes"]["accepted"] == 0


def test_a_dry_run_writes_nothing(place: Installation, sample: Path) -> None:
    place.run("init")
    before = state_of(place)
    told = place.run("transfer", "receive", sample, "--agency", AGENCY, "--accept", "--dry-run")
    assert (told.exit_code, told.told["transfer"]) == (0, None)
    assert told.told["volumes"]["listed"] == 3
    assert state_of(place) == before


def test_an_export_is_a_whole_bag(place: Installation, sample: Path, tmp_path: Path) -> None:
    received = place.run("transfer", "receive", sample, "--agency", AGENCY, "--accept", "--until", "stored")
    reference = received.told["references"][0]
    written = place.run("volume", "export", reference, tmp_path / "out").told["bags"]
    assert len(written) == 1
    names = {str(path.relative_to(written[0])) for path in Path(written[0]).rglob("*") if path.is_file()}
    assert {
        "bagit.txt",
        "bag-info.txt",
        "manifest-sha256.txt",
        "tagmanifest-sha256.txt",
        "data/METS.xml",
    } <= names
