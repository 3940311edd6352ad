"""A round may bring a part with lists of the whole: what an earlier round brought is not missing."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.ingest.conftest import AGENCY, Call
from tests.ingest.test_bad_input import row, transfer


def sha256_of(name: str) -> str:
    """The digest of a file as `transfer` makes it."""
    return hashlib.sha256(f"내용 {name}\n".encode()).hexdigest()


def promise(folder: Path, *names: str, others: Mapping[str, str] | None = None) -> Path:
    """A checksum list that names these files, and ``others`` with a digest of their own."""
    told = {name: sha256_of(name) for name in names} | dict(others or {})
    lines = "".join(f"{digest}  {name}\n" for name, digest in told.items())
    (folder / "manifest-sha256.txt").write_text(lines, "utf-8")
    return folder


def severities(told: dict[str, Any], rule: str) -> list[str]:
    return [each["severity"] for each in told["findings"] if each["rule"] == rule]


@pytest.fixture
def first(receive: Call, tmp_path: Path) -> str:
    """A-1 with two files is in custody; the file of A-2 did not come."""
    rows = (row("A-1", "가.txt;나.txt"), row("A-2", "다.txt"))
    folder = promise(
        transfer(tmp_path / "1", *rows, files=("가.txt", "나.txt")), "가.txt", "나.txt", "다.txt"
    )
    said = receive(folder)
    assert (said.exit_code, said.told["volumes"]["stored"]) == (3, 1)
    assert severities(said.told, "file.missing") == ["error"]
    return str(said.told["transfer"])


def test_a_file_on_the_checksum_list_alone_that_an_earlier_round_brought_is_not_missing(
    receive: Call, call: Call, first: str, tmp_path: Path
) -> None:
    part = transfer(tmp_path / "2", row("A-2", "다.txt"), files=("다.txt",))
    said = receive(promise(part, "가.txt", "나.txt", "다.txt"), "--round-of", first)
    assert (said.exit_code, said.told["state"]) == (0, "stored"), said.out
    [note] = [each for each in said.told["findings"] if each["rule"] == "file.already_held"]
    assert (note["severity"], note["value"]) == ("note", "2")
    checked = call("transfer", "check", said.told["transfer"])
    assert severities(checked.told, "file.missing") == []


def test_one_that_is_promised_with_another_digest_or_was_never_brought_is_missing(
    receive: Call, first: str, tmp_path: Path
) -> None:
    part = transfer(tmp_path / "2", row("A-2", "다.txt"), files=("다.txt",))
    others = {"나.txt": "0" * 64, "라.txt": sha256_of("가.txt")}
    said = receive(promise(part, "가.txt", "다.txt", others=others), "--round-of", first)
    missing = [each["where"]["path"] for each in said.told["findings"] if each["rule"] == "file.missing"]
    assert (said.exit_code, missing) == (3, ["나.txt", "라.txt"])
    assert [each["value"] for each in said.told["findings"] if each["rule"] == "file.already_held"] == ["1"]


def test_without_a_round_what_is_on_a_checksum_list_has_to_come(
    receive: Call, first: str, tmp_path: Path
) -> None:
    part = transfer(tmp_path / "2", row("A-2", "다.txt"), row("A-3", "라.txt"), row("A-4", "마.txt"),
                    files=("다.txt", "라.txt", "마.txt"))  # fmt: skip
    said = receive(promise(part, "가.txt", "다.txt"), "--another-transfer")
    assert severities(said.told, "file.missing") == ["error"]
    assert severities(said.told, "file.already_held") == []


def test_a_part_of_a_volume_that_is_held_is_not_taken_again_and_lacks_nothing(
    receive: Call, call: Call, first: str, tmp_path: Path
) -> None:
    rows = (row("A-1", "가.txt;나.txt"), row("A-2", "다.txt"))
    part = transfer(tmp_path / "2", *rows, files=("나.txt", "다.txt"))
    said = receive(promise(part, "가.txt", "나.txt", "다.txt"), "--round-of", first)
    assert (said.exit_code, said.told["state"]) == (0, "stored"), said.out
    assert severities(said.told, "list.already_held") == ["note"]
    assert severities(said.told, "file.missing") == []
    assert len(call("volume", "list").told["volumes"]) == 2


def test_a_file_that_the_corrected_list_adds_has_to_come(receive: Call, first: str, tmp_path: Path) -> None:
    rows = (row("A-1", "가.txt;나.txt;새.txt"), row("A-2", "다.txt"))
    said = receive(transfer(tmp_path / "2", *rows, files=("나.txt", "다.txt")), "--round-of", first)
    assert said.exit_code == 3
    missing = {each["where"]["path"] for each in said.told["findings"] if each["rule"] == "file.missing"}
    assert "새.txt" in missing
    assert severities(said.told, "list.already_held") == ["error"]


def test_a_list_that_names_fewer_files_of_a_held_volume_is_an_error(
    receive: Call, first: str, tmp_path: Path
) -> None:
    rows = (row("A-1", "나.txt"), row("A-2", "다.txt"))
    said = receive(transfer(tmp_path / "2", *rows, files=("나.txt", "다.txt")), "--round-of", first)
    assert (said.exit_code, severities(said.told, "list.already_held")) == (3, ["error"])


def test_a_corrected_file_that_is_promised_and_forgotten_is_missing(
    receive: Call, first: str, tmp_path: Path
) -> None:
    rows = (row("A-1", "가.txt;나.txt"), row("A-2", "다.txt"))
    part = transfer(tmp_path / "2", *rows, files=("다.txt",))
    said = receive(promise(part, "나.txt", "다.txt", others={"가.txt": "0" * 64}), "--round-of", first)
    assert said.exit_code == 3
    assert "가.txt" in [each["where"]["path"] for each in said.told["findings"]]
    assert severities(said.told, "list.already_held") == ["error"]


def test_what_a_round_only_found_in_custody_is_told_apart_from_what_it_brought(
    receive: Call, call: Call, first: str, tmp_path: Path
) -> None:
    rows = (row("A-1", "가.txt;나.txt"), row("A-2", "다.txt"))
    part = transfer(tmp_path / "2", *rows, files=("나.txt", "다.txt"))
    dry = call("transfer", "receive", part, "--agency", AGENCY, "--round-of", first, "--dry-run").told
    said = receive(part, "--round-of", first)
    number, volumes = said.told["transfer"], said.told["volumes"]
    assert (volumes["listed"], volumes["accepted"], volumes["held_already"]) == (2, 2, 1)
    assert dry["volumes"]["held_already"] == 1
    shown = call("transfer", "show", number, words=True).out
    assert "\nAccepted 1, held already 1.\n" in shown
    assert "2 volumes, 1 (and 1 held already) accepted, 0 returned" in shown
    assert "1 (and 1 held already) accepted" in call("transfer", "history", number, words=True).out
    rounds = call("transfer", "show", number).told["rounds"]
    assert [each["volumes"]["held_already"] for each in rounds] == [0, 1]
    assert "\nAccepted 1.  1 volume came right" in call("transfer", "show", first, words=True).out
    told = call("transfer", "show", number).told
    named = [each["reference"] for each in told["listing"]]
    assert sorted(named) == sorted(told["references"]) and None not in named
    assert call("transfer", "show", number, "--volume", 1).told["reference"] == named[0]
    call("transfer", "report", number, "--csv", tmp_path / "volumes.csv")
    table = (tmp_path / "volumes.csv").read_text("utf-8")
    assert all(reference in table for reference in named)
