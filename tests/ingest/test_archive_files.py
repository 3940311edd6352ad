"""Archive files in a transfer: what keeps a volume back, what is only told, and the limits that decide."""

import zipfile
from pathlib import Path

import pytest

from tests.conftest import Installation
from tests.ingest.conftest import Call
from tests.ingest.test_bad_input import row, stored, transfer
from tests.preservation.archive_files.compound import hangul, outlook_message
from tests.preservation.archive_files.mailing import PGP, PLAIN, attachment, mailbox, message
from tests.preservation.archive_files.making import iso, zipped
from tests.preservation.archive_files.outlook import Message, outlook


def packed(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def test_a_trap_waits_and_the_volume_beside_it_is_taken(place: Installation, tmp_path: Path) -> None:
    folder = transfer(tmp_path / "t", row("A-1", "좋음.zip"), row("A-2", "나쁨.zip"))
    packed(folder / "좋음.zip", {"문서/가.txt": b"1"})
    packed(folder / "나쁨.zip", {"../../가.txt": b"1"})
    taken = place.run("transfer", "receive", folder, "--agency", "6110000", "--accept", "--until", "stored")
    assert taken.exit_code == 3
    assert taken.told["volumes"]["accepted"] == 1
    (error,) = [each for each in taken.told["findings"] if each["severity"] == "error"]
    assert (error["rule"], error["where"]["path"]) == ("file.archive_path", "나쁨.zip")
    assert "../../가.txt" in error["message"]
    assert not list(place.home.rglob("*나쁨*"))


def test_an_archive_that_is_larger_inside_than_allowed_waits_until_the_limit_is_raised(
    receive: Call, place: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = transfer(tmp_path / "t", row("A-1", "큰것.zip"))
    packed(folder / "큰것.zip", {"큰것.bin": bytes(3 << 20)})
    monkeypatch.setenv("SEOGO_ARCHIVE_LIMITS", "bytes=1M")
    held = receive(folder)
    assert (held.exit_code, "limit.archive_bytes" in held.rules) == (3, True)
    assert [path for path in stored(place) if "packages" in path] == []
    monkeypatch.setenv("SEOGO_ARCHIVE_LIMITS", "bytes=10M")
    assert (receive(folder, "--round-of", held.told["transfer"])).exit_code == 0


def test_the_checks_and_the_pass_that_packs_say_the_same(call: Call, receive: Call, tmp_path: Path) -> None:
    folder = transfer(tmp_path / "t", row("A-1", "나쁨.zip"))
    packed(folder / "나쁨.zip", {"C:\\가.txt": b"1", "con.txt": b"2"})
    call("init")
    checked = call("transfer", "receive", folder, "--agency", "6110000", "--dry-run")
    taken = receive(folder)

    def of_archives(findings: list[dict]) -> list[tuple[str, str]]:
        return [(each["rule"], each["message"]) for each in findings if "archive" in each["rule"]]

    assert of_archives(checked.told["findings"]) == of_archives(taken.told["findings"])
    assert len(of_archives(taken.told["findings"])) == 2


def test_an_office_document_that_is_a_bomb_is_an_archive_file_too(
    receive: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEOGO_ARCHIVE_LIMITS", "bytes=1M")
    folder = transfer(tmp_path / "t", row("A-1", "문서.hwpx"))
    packed(
        folder / "문서.hwpx", {"mimetype": b"application/hwp+zip", "Contents/section0.xml": bytes(2 << 20)}
    )
    assert "limit.archive_bytes" in receive(folder).rules


def test_mail_is_taken_and_told_and_a_trap_in_it_waits(
    place: Installation, receive: Call, tmp_path: Path
) -> None:
    folder = transfer(tmp_path / "t", row("A-1", "2009년 편지함.mbox"), row("A-2", "나쁨.eml"))
    trap = zipped({"../../가.txt": b"1"})
    (folder / "2009년 편지함.mbox").write_bytes(mailbox(PLAIN, message(attachment(b"1")), PLAIN))
    (folder / "나쁨.eml").write_bytes(message(attachment(trap)))
    taken = receive(folder)
    assert (taken.exit_code, taken.told["volumes"]["accepted"]) == (3, 1)
    of_mail = {each["where"]["path"]: each for each in taken.told["findings"] if "mail" in each["message"]}
    assert of_mail["2009년 편지함.mbox"]["message"] == (
        "The mailbox 2009년 편지함.mbox was looked through: it holds 3 messages and 1 attachment."
    )
    assert "archive_path" in "".join(taken.rules) and not list(place.home.rglob("*나쁨*"))


CARRIERS = {
    "편지함.pst": (outlook(Message({"a.txt": b"x"})), "file.mail_contents"),
    "편지.msg": (outlook_message({"a.zip": zipped({"a": b"x"})}), "file.mail_contents"),
    "잠긴 편지.eml": (message(PGP, attachment(b"x"), kind=b"multipart/encrypted"), "file.mail_encrypted"),
    "끊긴 편지.eml": (message(attachment(b"x" * 99))[:-40], "file.mail_damaged"),
    "자료.iso": (iso({"문서/가.zip": zipped({"C:/a": b"x"})}), "file.archive_path"),
    "서버.vmdk": (b"KDMV" + bytes(5_000), "file.not_looked_through"),
    "묶음.hwp": (hangul({"BIN0001.zip": zipped({"../a": b"x"})}), "file.archive_path"),
    "매크로.hwp": (hangul({}, "Document.Save();"), "file.script"),
}


def test_special_carriers_are_told_the_same_by_the_checks_and_by_the_pass_that_packs(
    call: Call, receive: Call, tmp_path: Path
) -> None:
    folder = transfer(tmp_path / "t", *(row(f"A-{number}", name) for number, name in enumerate(CARRIERS)))
    for name, (data, _rule) in CARRIERS.items():
        (folder / name).write_bytes(data)
    wanted = {(name, rule) for name, (_data, rule) in CARRIERS.items()}

    def told(findings: list[dict]) -> set[tuple[str, str, str]]:
        found = [(each["where"]["path"], each["rule"], each["message"]) for each in findings]
        return {each for each in found if each[1] in {rule for _name, rule in wanted}}

    call("init")
    checked = call("transfer", "receive", folder, "--agency", "6110000", "--dry-run")
    taken = receive(folder)
    assert wanted <= {(name, rule) for name, rule, _message in told(checked.told["findings"])}
    assert told(checked.told["findings"]) == told(taken.told["findings"])
    assert taken.told["volumes"]["accepted"] == 6
    assert "The disk image 서버.vmdk was not looked through" in str(taken.told["findings"])


def test_a_transfer_that_is_one_archive_file_is_told_to_be_unpacked(receive: Call, tmp_path: Path) -> None:
    said = receive(packed(tmp_path / "이관.zip", {"목록.csv": b"x"}))
    assert said.exit_code == 2
    assert "이관.zip is a file, not a folder" in said.sentence
    assert "Unpack it" in said.sentence
