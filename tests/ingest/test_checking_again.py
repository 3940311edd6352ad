"""Checking again forgets nothing that receiving found, and what was checked is what is taken."""

import hashlib
import shutil
from pathlib import Path

from tests.ingest.conftest import AGENCY, Call
from tests.ingest.test_bad_input import row, transfer


def a_round(call: Call, folder: Path, *more: object) -> str:
    told = call("transfer", "receive", folder, "--agency", AGENCY, "--until", "stored", *more).told
    return str(told["transfer"])


def held(told: dict[str, list[dict[str, str]]]) -> list[str]:
    return [each["severity"] for each in told["findings"] if each["rule"] == "list.already_held"]


def test_other_files_of_a_volume_that_is_held_stay_an_error(
    receive: Call, call: Call, tmp_path: Path
) -> None:
    first = receive(transfer(tmp_path / "first", row("A-1", "가.txt"), files=("가.txt",))).told["transfer"]
    folder = transfer(tmp_path / "second", row("A-1", "가.txt"), files=("가.txt",))
    (folder / "가.txt").write_text("다른 내용\n")
    second = a_round(call, folder, "--round-of", first)
    checked = call("transfer", "check", second)
    assert (checked.exit_code, held(checked.told)) == (3, ["error"])
    call("transfer", "accept", second)
    assert len(call("volume", "list").told["volumes"]) == 1


def test_a_volume_that_another_round_brought_meanwhile_is_not_taken_twice(call: Call, tmp_path: Path) -> None:
    rows = (row("A-1", "가.txt"), row("A-2", "나.txt"))
    first = a_round(call, transfer(tmp_path / "first", *rows, files=("가.txt", "나.txt")))
    shutil.copytree(tmp_path / "first", tmp_path / "second")
    (tmp_path / "second" / "나.txt").write_text("고친 내용\n")
    second = a_round(call, tmp_path / "second", "--round-of", first)
    call("transfer", "accept", first, "--volume", 1)
    checked = call("transfer", "check", second)
    assert held(checked.told) == ["note"]
    call("transfer", "accept", second)
    assert len(call("volume", "list").told["volumes"]) == 2


def test_what_a_transfer_brought_itself_is_no_finding(call: Call, tmp_path: Path) -> None:
    rows = (row("A-1", "가.txt"), row("A-2", "나.txt"))
    number = a_round(call, transfer(tmp_path / "first", *rows, files=("가.txt", "나.txt")))
    call("transfer", "accept", number, "--volume", 1)
    assert held(call("transfer", "check", number).told) == []


def test_a_list_that_was_edited_after_the_check_is_not_accepted(call: Call, tmp_path: Path) -> None:
    folder = transfer(tmp_path / "first", row("A-1", "가.txt"), files=("가.txt",))
    number = a_round(call, folder)
    path = folder / "기록물철목록.csv"
    path.write_text(path.read_text().replace("1988", "1989"))
    for command in ("accept", "check"):
        refused = call("transfer", command, number)
        assert (refused.exit_code, refused.told["error"]["code"]) == (3, "transfer.changed")
        assert "has changed since it was received. Put it back as it was, or receive" in refused.sentence
        assert f"receive FOLDER --agency {AGENCY} --round-of {number}" in refused.sentence
    assert call("volume", "list").told["volumes"] == []


def test_a_folder_that_changed_becomes_the_round_that_is_named(call: Call, tmp_path: Path) -> None:
    folder = transfer(tmp_path / "first", row("A-1", "가.txt"), files=("가.txt",))
    number = a_round(call, folder)
    (folder / "가.txt").write_text("다른 길이의 내용\n")
    asked = call("transfer", "check", number).sentence.partition("seogo ")[2].split()
    received = call(*[folder if each == "FOLDER" else each for each in asked], "--until", "stored").told
    assert received["round"] == 2
    for command in ("accept", "check"):
        refused = call("transfer", command, number).sentence
        assert f"It was corrected by {received['transfer']}" in refused
        assert refused.endswith(f"--round-of {received['transfer']}")
    assert call("transfer", "check", received["transfer"]).exit_code == 0


def test_a_folder_that_was_moved_is_named_and_followed_once_it_is_said_where_it_lies(
    call: Call, tmp_path: Path
) -> None:
    folder = transfer(tmp_path / "first", row("A-1", "가.txt"), files=("가.txt",))
    number = a_round(call, folder)
    moved = folder.rename(tmp_path / "moved")
    for command in ("accept", "check"):
        refused = call("transfer", command, number)
        assert (refused.exit_code, refused.told["error"]["code"]) == (3, "transfer.folder")
        assert f"The folder of transfer {number} is no longer at {folder}." in refused.sentence
    asked = refused.sentence.partition("seogo ")[2].split()
    assert call(*[moved if each == "FOLDER" else each for each in asked]).told["transfer"] == number
    acts = call("transfer", "show", number).told["history"]
    assert [each["detail"] for each in acts if each["act"] == "moved"] == [str(moved)]
    assert call("transfer", "check", number).exit_code == 0
    assert call("transfer", "accept", number).told["state"] == "stored"
    shutil.rmtree(moved)
    assert "Nothing of it waits" in call("transfer", "check", number).sentence


def test_a_copy_of_a_folder_that_is_still_there_is_not_followed(call: Call, tmp_path: Path) -> None:
    folder = transfer(tmp_path / "first", row("A-1", "가.txt"), files=("가.txt",))
    number = a_round(call, folder)
    shutil.copytree(folder, tmp_path / "copy")
    assert a_round(call, tmp_path / "copy") == number
    shutil.rmtree(tmp_path / "copy")
    assert call("transfer", "accept", number).told["state"] == "stored"


def test_what_was_mended_where_it_lies_is_looked_at_again_as_the_next_step_says(
    call: Call, tmp_path: Path
) -> None:
    folder = transfer(tmp_path / "first", row("A-1", "가.txt"), files=("가.txt",))
    good = (folder / "가.txt").read_bytes()
    sums = f"{hashlib.sha256(good).hexdigest()}  가.txt\n"
    (folder / "checksum.sha256").write_text(sums, "utf-8")
    (folder / "가.txt").write_bytes(good.swapcase()[::-1])
    out = call("transfer", "receive", folder, "--agency", AGENCY, words=True).out
    [step] = [line for line in out.splitlines() if line.startswith("To look again")]
    (folder / "가.txt").write_bytes(good)
    assert call("transfer", "show", "2026-0001").told["volumes"]["held_back"] == 1
    checked = call(*step.partition("seogo ")[2].split())
    assert (checked.exit_code, checked.told["volumes"]["acceptable"]) == (0, 1)
    assert "To look again" not in call("transfer", "show", "2026-0001", words=True).out
