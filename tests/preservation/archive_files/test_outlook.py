"""Outlook data files are looked through like other mail, and what cannot be read is never called fine."""

import io
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from preservation.archive_files import Fault, Limits, kind_of
from preservation.archive_files.judging import judge
from preservation.file_examiners import faults_of
from preservation.reading import Reader
from tests.preservation.archive_files.making import zipped
from tests.preservation.archive_files.outlook import Message, outlook

LIMITS = Limits(bytes=1 << 30, members=1_000, depth=3, seconds=20)
TRAP = zipped({"../../up.txt": b"x"})
SOUND = outlook(Message({"회의.txt": b"words", "자료.zip": zipped({"a": b"x"})}), Message({}), Message({}))


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader() as started:
        yield started


def faults(data: bytes, name: str = "a.pst") -> list[Fault]:
    return judge(io.BytesIO(data), name, LIMITS)


def fact_of(rule: str, data: bytes, name: str = "a.pst") -> str:
    (fact,) = [each.fact for each in faults(data, name) if each.rule == rule]
    return fact


def test_messages_and_attachments_are_counted_and_what_is_sound_is_only_a_note() -> None:
    assert kind_of(SOUND) == "pst"
    (told,) = faults(SOUND)
    assert (told.rule, told.severity, told.members) == ("file.mail_contents", "note", 3)
    assert told.sentence("보관.pst") == (
        "The Outlook data file 보관.pst was looked through: it holds 3 messages and 2 attachments; "
        "looked through as well: 1 archive file among them."
    )


def test_a_trap_attached_to_a_message_is_named_with_the_way_to_it() -> None:
    data = outlook(Message({}), Message({"자료.zip": TRAP}))
    assert "message 2 › 자료.zip › ../../up.txt" in fact_of("file.archive_path", data)
    packed = zipped({"보관.pst": data})
    assert "보관.pst › message 2 › 자료.zip" in fact_of("file.archive_path", packed, "a.zip")


def test_a_name_of_an_old_file_is_read_in_cp949_and_that_is_told() -> None:
    data = outlook(Message({"회의 뷁.zip".encode("cp949"): TRAP}))
    assert "회의 뷁.zip › ../../up.txt" in fact_of("file.archive_path", data)
    assert "CP949" in fact_of("name.archive_encoding", data)


def test_an_encrypted_message_is_told_and_a_signed_one_is_looked_through() -> None:
    data = outlook(Message({"smime.p7m": b"locked"}, "IPM.Note.SMIME"), Message({"a.zip": TRAP}))
    assert "(message 1)" in fact_of("file.mail_encrypted", data)
    assert "message 2 › a.zip" in fact_of("file.archive_path", data)
    signed = outlook(Message({"a.zip": TRAP}, "IPM.Note.SMIME.MultipartSigned"))
    assert {each.rule for each in faults(signed)} == {"file.archive_path", "file.mail_contents"}


def test_a_file_that_windows_locked_is_told_as_locked() -> None:
    assert [each.rule for each in faults(outlook(Message({}), encryption=0x10))] == ["file.archive_encrypted"]


def test_a_message_of_a_kind_that_nobody_knows_is_told_as_not_looked_at() -> None:
    data = outlook(Message({"a.zip": TRAP}, "IPM.Approval.Seoul"), Message({}))
    assert "(message 1)" in fact_of("file.archive_unsupported", data)
    assert "2 messages" in fact_of("file.mail_contents", data)


def test_a_file_that_breaks_off_is_told_as_not_looked_at() -> None:
    (told,) = faults(SOUND[: len(SOUND) // 2])
    assert (told.rule, told.severity) == ("file.archive_unsupported", "warning")
    assert "libpff does not open it" in told.fact


def test_a_message_whose_attachments_cannot_be_read_is_damaged_and_the_others_are_looked_through() -> None:
    data = bytearray(outlook(Message({"가.txt": b"the words of it"}), Message({"b.zip": TRAP})))
    at = data.index(b"the words of it")
    data[data.rindex(b"\xec\xbc", 0, at) + 1] = 0
    assert "(message 1)" in fact_of("file.mail_damaged", bytes(data))
    assert "message 2 › b.zip" in fact_of("file.archive_path", bytes(data))


def test_a_name_that_promises_an_outlook_file_is_held_to_it() -> None:
    (told,) = faults(b"no such file" * 100, "a.ost")
    assert told.rule == "file.not_looked_through"
    assert "an Outlook data file" in told.fact


@pytest.mark.parametrize("seed", range(3))
def test_spoilt_files_cost_a_sentence_and_no_reader(seed: int, reader: Reader, tmp_path: Path) -> None:
    chance, path = random.Random(seed), tmp_path / "a.pst"
    sound = outlook(
        Message({"a.txt": b"x", "b.zip": TRAP}), Message({}), Message({"c.zip": TRAP}, "IPM.Note.SMIME")
    )
    told = set()
    for _ in range(120):
        spoilt = bytearray(sound)
        for _ in range(chance.choice((1, 3, 40))):
            # Behind the empty room between the header and the first block.
            spoilt[chance.choice((chance.randrange(564), chance.randrange(0x4600, len(sound))))] = (
                chance.randrange(256)
            )
        if chance.random() < 0.1:
            del spoilt[chance.randrange(len(spoilt)) :]
        path.write_bytes(spoilt)
        before = time.monotonic()
        told |= {each.rule for each in faults_of(reader, path, path.name, LIMITS)}
        assert time.monotonic() - before < 10
    assert {"file.archive_unsupported", "file.archive_path", "file.mail_damaged"} <= told
    assert "file.archive_not_looked_at" not in told
