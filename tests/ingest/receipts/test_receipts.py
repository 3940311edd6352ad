"""What an agency is given, and what it may conclude from it without asking the archive."""

import functools
import hashlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from archive.ledger.signing import make_key
from ingest.receipts import verifier
from tests.conftest import Installation
from tests.ingest.conftest import AGENCY, Call, Said
from tests.ingest.test_bad_input import row, transfer
from tests.ingest.test_information_packages import package as information_package
from tests.ingest.test_neo3 import package as neo3_package
from tests.judges import receipt_judge

SCRIPT = Path(verifier.__file__)


def three_volumes(folder: Path) -> Path:
    """One good volume, one with a fault of its own, one more good one."""
    return transfer(
        folder, row("A-1", "가.txt"), row("A-2", "나.txt;없음.txt"), row("A-3", "다/라.txt"),
        files=("가.txt", "나.txt", "다/라.txt"),
    )  # fmt: skip


def issue(call: Call, file: Path, number: str = "2026-0001") -> Said:
    said = call("transfer", "receipt", number, "--output", file)
    assert said.exit_code == 0, said.errors
    return said


def lines(file: Path, kind: str) -> list[dict[str, Any]]:
    told = [json.loads(line) for line in file.read_bytes().splitlines()]
    return [each for each in told if each["kind"] == kind]


def vkey(place: Installation) -> str:
    return (place.home / "keys" / "log.vkey").read_text()


def refused(receipt: bytes, key: str) -> list[str]:
    return verifier.verify(io.BytesIO(receipt), key).failures


@pytest.fixture
def number(receive: Call, call: Call, tmp_path: Path) -> str:
    return str(receive(three_volumes(tmp_path / "t")).told["transfer"])


# What it says


def test_every_file_is_told_as_it_was_sent(receive: Call, call: Call, sample: Path, tmp_path: Path) -> None:
    number = receive(sample).told["transfer"]
    issue(call, tmp_path / "r", number)
    told = lines(tmp_path / "r", "file")
    assert len(told) == 11
    for file in told:
        sent = (sample / file["path"]).read_bytes()
        assert (file["bytes"], file["sha256"]) == (len(sent), hashlib.sha256(sent).hexdigest())
    everything = {path.relative_to(sample).as_posix() for path in sample.rglob("*") if path.is_file()}
    assert {each["path"] for each in told + lines(tmp_path / "r", "list")} == everything


def test_a_name_that_is_not_utf8_comes_with_its_bytes(receive: Call, call: Call, tmp_path: Path) -> None:
    octets = "가나.txt".encode("cp949")
    folder = transfer(tmp_path / "t", files=(os.fsdecode(octets),))
    number = receive(folder, "--without-list").told["transfer"]
    issue(call, tmp_path / "r", number)
    [file] = lines(tmp_path / "r", "file")
    assert (file["path"], file["path_hex"]) == ("가나.txt", octets.hex())


def test_what_waits_and_what_was_returned_is_told_with_its_files(
    number: str, call: Call, tmp_path: Path
) -> None:
    issue(call, tmp_path / "first")
    assert [each["verdict"] for each in lines(tmp_path / "first", "volume")] == [
        "stored", "waiting", "stored",
    ]  # fmt: skip
    call("transfer", "return", number, "--reason", "파일 하나가 없음")
    issue(call, tmp_path / "second")
    good, faulty, _ = lines(tmp_path / "second", "volume")
    assert (faulty["verdict"], faulty["reason"]) == ("returned", "파일 하나가 없음")
    assert (faulty["reference"], faulty["copies"]) == (None, [])
    assert {each["store"]: each["state"] for each in good["copies"]} == {"a": "verified", "b": "verified"}
    assert [each["path"] for each in lines(tmp_path / "second", "file")] == ["가.txt", "나.txt", "다/라.txt"]


@pytest.mark.flow
def test_the_same_facts_are_the_same_receipt(number: str, call: Call, tmp_path: Path) -> None:
    first, again = issue(call, tmp_path / "a").told, issue(call, tmp_path / "b").told
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert first["sha256"] == again["sha256"] == hashlib.sha256((tmp_path / "a").read_bytes()).hexdigest()
    call("transfer", "return", number, "--reason", "없음")
    assert issue(call, tmp_path / "c").told["number"] == 2


def test_a_receipt_goes_on_from_the_log_that_the_agency_knew(
    number: str, call: Call, place: Installation, tmp_path: Path
) -> None:
    issue(call, tmp_path / "a")
    call("transfer", "return", number, "--reason", "없음")
    issue(call, tmp_path / "b")
    [before], [now] = lines(tmp_path / "a", "log"), lines(tmp_path / "b", "log")
    assert now["before"] == before["checkpoint"]
    assert not refused((tmp_path / "b").read_bytes(), vkey(place))


# What it proves


def test_a_receipt_is_checked_without_the_archive(
    number: str, call: Call, place: Installation, tmp_path: Path
) -> None:
    issue(call, tmp_path / "r")
    alone = tmp_path / "alone"
    alone.mkdir()
    for name, data in (("verifier.py", SCRIPT.read_bytes()), ("key", vkey(place).encode())):
        (alone / name).write_bytes(data)
    (tmp_path / "r").rename(alone / "r")
    command = [sys.executable, "-I", "-S", "verifier.py", "r", "key"]
    good = subprocess.run(command, cwd=alone, capture_output=True, text=True, check=False)
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout.startswith("It holds: 2 volumes, 2 files in custody; ")
    (alone / "no-key").write_text("관리번호,제목")
    other = subprocess.run([*command[:-1], "no-key"], cwd=alone, capture_output=True, text=True, check=False)
    assert (other.returncode, other.stdout) == (5, "this is no key of a log\n")
    data = (alone / "r").read_bytes()
    (alone / "r").write_bytes(data.replace(b'"A-1"', b'"A-9"'))
    bad = subprocess.run(command, cwd=alone, capture_output=True, text=True, check=False)
    assert (bad.returncode, bad.stdout) == (5, "the log knows no receipt with these contents\n")


def test_checking_makes_no_installation(
    number: str, call: Call, place: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    issue(call, tmp_path / "r")
    monkeypatch.setenv("SEOGO_HOME", str(tmp_path / "elsewhere"))
    key = place.home / "keys" / "log.vkey"
    checked = call("receipt", "verify", tmp_path / "r", "--key", key)
    assert (checked.exit_code, checked.told["holds"], checked.told["files"]) == (0, True, 3)
    without = call("receipt", "verify", tmp_path / "r")
    assert without.exit_code == 3
    assert "There is no public key at" in without.sentence
    assert "--key FILE: it is log.vkey, which the archive hands out" in without.sentence
    assert not (tmp_path / "elsewhere").exists()


def test_no_byte_of_a_receipt_can_be_changed(
    receive: Call, call: Call, place: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive(transfer(tmp_path / "t", row("A-1", "가.txt"), files=("가.txt",)))
    issue(call, tmp_path / "r")
    receipt, key = (tmp_path / "r").read_bytes(), vkey(place)
    monkeypatch.setattr(verifier, "_is_signed", functools.cache(verifier._is_signed))
    assert not refused(receipt, key)
    for at, octet in enumerate(receipt):
        changed = bytearray(receipt)
        changed[at] ^= 0x20 if chr(octet).isalpha() else 0x01  # another case is another spelling, also of hex
        assert refused(bytes(changed), key), (at, receipt[max(at - 40, 0) :][:80])


def test_no_line_of_a_receipt_can_be_left_out_or_moved(
    number: str, call: Call, place: Installation, tmp_path: Path
) -> None:
    call("transfer", "return", number, "--reason", "없음")
    issue(call, tmp_path / "r")
    told, key = (tmp_path / "r").read_bytes().splitlines(keepends=True), vkey(place)
    for at, line in enumerate(told):
        assert refused(b"".join(told[:at] + told[at + 1 :]), key), line
        if json.loads(line)["kind"] != "entry":  # the acts may be told in any order
            assert refused(b"".join([*told[:at], *told[at + 1 : at + 2], line, *told[at + 2 :]]), key), line
    assert refused(b"".join(told[:-1]) + told[-1][:-1], key)
    assert refused(b"", key)


def test_another_key_does_not_vouch_for_a_receipt(
    number: str, call: Call, tmp_path: Path, place: Installation
) -> None:
    issue(call, tmp_path / "r")
    name, _, _ = vkey(place).partition("+")
    other = make_key(name)[1]
    assert refused((tmp_path / "r").read_bytes(), other) == ["the checkpoint is not signed with this key"]


@pytest.mark.servers
def test_tools_in_another_language_accept_a_receipt_and_refuse_a_changed_one(
    number: str, call: Call, place: Installation, tmp_path: Path
) -> None:
    key = place.home / "keys" / "log.vkey"
    issue(call, tmp_path / "a")
    call("transfer", "return", number, "--reason", "없음")
    issue(call, tmp_path / "b")
    data = (tmp_path / "b").read_bytes()
    assert [receipt_judge.judge(tmp_path / name, key) for name in "ab"] == ["", ""]
    marks = (
        '"bytes":', '"sha256":"', '"reason":"', '"index":', '"salt":"', '"record":{"about":"', '"path":["',
        '"checkpoint":"seogo.log', r'"entry":"{\"about\":\"', 'body_sha256":"',
    )  # fmt: skip
    for mark in map(str.encode, marks):
        at = data.rindex(mark) + len(mark)
        (tmp_path / "c").write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        assert receipt_judge.judge(tmp_path / "c", key), mark


# The agency's own files


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda folder: (folder / "가.txt").write_text("other"), "가.txt in the folder is not the file"),
        (lambda folder: (folder / "다/라.txt").unlink(), "다/라.txt in the folder cannot be read"),
        (lambda folder: (folder / "마.txt").write_text("new"), "마.txt in the folder is not in the receipt"),
        (
            lambda folder: (folder / "기록물철목록.csv").write_text("x"),
            "기록물철목록.csv in the folder is not",
        ),
    ],
)
def test_the_agencys_files_are_held_against_the_receipt(
    number: str, call: Call, place: Installation, tmp_path: Path, change: Any, told: str
) -> None:
    issue(call, tmp_path / "r")
    check = ("receipt", "verify", tmp_path / "r", "--folder", tmp_path / "t")
    assert call(*check).exit_code == 0
    change(tmp_path / "t")
    checked = call(*check)
    assert (checked.exit_code, checked.told["holds"]) == (5, False)
    [failure] = checked.told["failures"]
    assert failure.startswith(told)


def test_a_file_without_a_byte_that_is_missing_is_told(receive: Call, call: Call, tmp_path: Path) -> None:
    folder = transfer(tmp_path / "t", row("A-1", "가.txt;빈.txt"), files=("가.txt", "빈.txt"))
    (folder / "빈.txt").write_bytes(b"")
    issue(call, tmp_path / "r", receive(folder).told["transfer"])
    check = ("receipt", "verify", tmp_path / "r", "--folder", folder)
    assert call(*check).exit_code == 0
    (folder / "빈.txt").unlink()
    checked = call(*check)
    assert (checked.exit_code, checked.told["failures"]) == (
        5, ["빈.txt in the folder cannot be read: No such file or directory"]
    )  # fmt: skip


def bag(folder: Path) -> Path:
    """A bag with a list and a tag file of its own."""
    (folder / "meta").mkdir(parents=True)
    transfer(folder / "data", row("A-1", "가.txt"), files=("가.txt",))
    (folder / "meta/note.txt").write_text("메모", "utf-8")
    (folder / "bagit.txt").write_text("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n", "utf-8")
    sums = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  data/{path.name}\n"
            for path in sorted((folder / "data").iterdir())]  # fmt: skip
    (folder / "manifest-sha256.txt").write_text("".join(sums), "utf-8")
    return folder


@pytest.mark.parametrize("make", [bag, information_package, neo3_package], ids=["bag", "E-ARK", "NEO3"])
def test_the_files_of_bags_and_packages_are_held_against_the_receipt_too(
    receive: Call, call: Call, tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    folder = make(tmp_path / "sent")
    said = receive(folder)
    assert (said.exit_code, said.told["state"]) == (0, "stored")
    issue(call, tmp_path / "r", said.told["transfer"])
    check = ("receipt", "verify", tmp_path / "r", "--folder", folder)
    assert call(*check).told["failures"] == []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        kept = path.read_bytes()
        path.write_bytes(kept + b"x")
        [failure] = call(*check).told["failures"]
        assert path.name in failure
        path.write_bytes(kept)


def test_a_file_of_another_round_is_told_with_the_transfer_that_it_came_with(
    number: str, receive: Call, call: Call, place: Installation, tmp_path: Path
) -> None:
    part = transfer(tmp_path / "u", row("A-1", "가.txt"), row("A-2", "나.txt"), files=("나.txt",))
    later = receive(part, "--round-of", number).told["transfer"]
    issue(call, tmp_path / "r", later)
    (tmp_path / "k").write_text(vkey(place))
    by_script = subprocess.run(
        [sys.executable, SCRIPT, tmp_path / "r", tmp_path / "k", part], capture_output=True, check=False
    )
    hint = f"가.txt in the folder cannot be read: No such file or directory; it came with transfer {number}"
    check = ("receipt", "verify", tmp_path / "r", "--folder", part)
    in_words = call(*check, words=True)
    for said, exit_code in (
        (in_words.out, in_words.exit_code),
        (by_script.stdout.decode(), by_script.returncode),
    ):
        assert (hint in said, exit_code) == (True, 4)
        assert "나.txt" not in said and "HOLD" not in said and "all as in" not in said
    told = call(*check).told
    assert (told["holds"], told["failures"], len(told["elsewhere"])) == (True, [], 1)
    (part / "나.txt").write_text("other")
    assert call(*check).exit_code == 5
    transfer(part, files=("나.txt",))
    transfer(part, files=("가.txt",))
    assert call("receipt", "verify", tmp_path / "r", "--folder", part).exit_code == 0


def test_a_linked_folder_is_not_said_to_be_as_it_was_received(
    number: str, call: Call, place: Installation, tmp_path: Path
) -> None:
    issue(call, tmp_path / "r")
    (tmp_path / "k").write_text(vkey(place))
    link = tmp_path / "t/다"
    link.rename(tmp_path / "aside").joinpath("more.txt").write_text("new")
    link.symlink_to(tmp_path / "aside")
    script = [sys.executable, SCRIPT, tmp_path / "r", tmp_path / "k", tmp_path / "t"]
    by_script = subprocess.run(script, capture_output=True, check=False, text=True)
    in_words = call("receipt", "verify", tmp_path / "r", "--folder", tmp_path / "t", words=True)
    for code, said in ((by_script.returncode, by_script.stdout), (in_words.exit_code, in_words.out)):
        assert (code, "all as in" in said) == (4, False)
        assert f"{link} is a link or cannot be read: it was not looked into" in said


@pytest.mark.parametrize(
    ("names", "code", "said"),
    [
        ((), 2, "python3 verifier.py RECEIPT LOG.VKEY [FOLDER]"),
        (("none", "k"), 4, "Nothing was checked: none cannot be read: No such file or directory"),
        (("r", "none"), 4, "Nothing was checked: none cannot be read: No such file or directory"),
        (("r", "k", "none"), 4, "Nothing was checked: none cannot be read: No such file or directory"),
        (("r", "r"), 5, ""),
    ],
)
def test_the_verifier_says_once_what_it_could_not_look_at(
    tmp_path: Path, names: tuple[str, ...], code: int, said: str
) -> None:
    (tmp_path / "k").write_text(make_key("seogo")[1])
    (tmp_path / "r").write_bytes(b"\xff\xfe")
    run = [sys.executable, SCRIPT, *names]
    done = subprocess.run(run, cwd=tmp_path, capture_output=True, check=False, text=True)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False)
    assert said in done.stderr and len(done.stderr.splitlines()) <= 8


def test_names_in_the_folder_forge_no_lines_of_what_is_told(
    number: str, call: Call, place: Installation, tmp_path: Path
) -> None:
    issue(call, tmp_path / "r")
    (tmp_path / "k").write_text(vkey(place))
    (tmp_path / "t" / "x\nIt holds: \x1b[32m\u202e.txt").write_text("new")
    script = [sys.executable, SCRIPT, tmp_path / "r", tmp_path / "k", tmp_path / "t"]
    by_script = subprocess.run(script, capture_output=True, check=False, text=True)
    by_command = call("receipt", "verify", tmp_path / "r", "--folder", tmp_path / "t", words=True)
    shown = r"x\nIt holds: \x1b[32m\u202e.txt in the folder is not in the receipt"
    assert (by_script.returncode, by_script.stdout) == (5, f"{shown}\n")
    assert (by_command.exit_code, by_command.out) == (5, f"The receipt DOES NOT HOLD.\n  {shown}\n")


@pytest.mark.parametrize("octets", [b"", b"# Readme\n", b"%PDF-1.7\n\xff\xfe", b"{}\n", b"[1]\n", b"\n"])
def test_what_is_no_receipt_is_said_to_be_none(call: Call, tmp_path: Path, octets: bytes) -> None:
    assert call("init").exit_code == 0
    (tmp_path / "r").write_bytes(octets)
    told = call("receipt", "verify", tmp_path / "r", words=True)
    assert told.exit_code == 5
    assert told.out.startswith("This is no receipt and no signed paper.\n")
    assert "Error" not in told.out


# Where it is kept


def test_a_receipt_is_in_the_log_and_in_every_store(
    number: str, call: Call, place: Installation, tmp_path: Path
) -> None:
    told = issue(call, tmp_path / "r").told
    kept = sorted(place.home.glob(f"stores/*/receipts/{number}/*"))
    assert [path.parts[-4] for path in kept] == ["a", "b"]
    assert {hashlib.sha256(path.read_bytes()).hexdigest() for path in kept} == {told["body_sha256"]}
    issued = lines(tmp_path / "r", "entry")[-1]["record"]
    assert (issued["act"], issued["about"]) == ("receipt.issued", number)
    assert issued["facts"]["body_sha256"] == told["body_sha256"]
    assert call("ledger", "verify").told["holds"]


def test_a_spoilt_receipt_is_given_from_another_store_or_not_at_all(
    number: str, call: Call, place: Installation, tmp_path: Path
) -> None:
    issue(call, tmp_path / "r")
    a, b = sorted(place.home.glob(f"stores/*/receipts/{number}/*"))
    a.chmod(0o644)
    a.write_bytes(b"spoilt")
    issue(call, tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "r").read_bytes()
    b.unlink()
    said = call("transfer", "receipt", number, "--output", tmp_path / "never")
    assert (said.exit_code, said.told["error"]["code"]) == (5, "damaged")
    assert not (tmp_path / "never").exists()
    assert [path.name for path in tmp_path.glob(".never*")] == []


def test_a_volume_from_an_earlier_round_is_proven_by_that_round(
    number: str, receive: Call, call: Call, place: Installation, tmp_path: Path
) -> None:
    call("transfer", "return", number, "--reason", "없음")
    corrected = three_volumes(tmp_path / "t2")
    (corrected / "없음.txt").write_text("이제 있음")
    second = receive(corrected, "--round-of", number).told
    counted = {"listed": 3, "accepted": 3, "stored": 3, "returned": 0}
    assert {key: second["volumes"][key] for key in counted} == counted
    issue(call, tmp_path / "r", second["transfer"])
    assert [each["taken_in"] for each in lines(tmp_path / "r", "volume")] == [
        number, second["transfer"], number,
    ]  # fmt: skip
    assert not refused((tmp_path / "r").read_bytes(), vkey(place))


def test_there_is_no_receipt_of_what_never_came(call: Call) -> None:
    said = call("transfer", "receipt", "2026-0404")
    assert (said.exit_code, said.told["error"]["code"]) == (3, "missing")
    assert AGENCY not in said.out
