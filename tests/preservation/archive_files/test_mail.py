"""Mail files are looked through message by message: what is attached, what is locked, what is damaged."""

import base64
import binascii
import email
import gzip
import io
import json
import random
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from preservation.archive_files import Fault, Limits, kind_of
from preservation.archive_files.judging import judge
from preservation.archive_files.limits import Budget
from preservation.archive_files.mail import mailbox_members, message_members
from tests.conftest import CORPUS
from tests.preservation.archive_files.mailing import (
    FROM,
    HEAD,
    PGP,
    PLAIN,
    Endless,
    attachment,
    mailbox,
    message,
)
from tests.preservation.archive_files.making import with_raw_names, zipped

ROOT = Path(__file__).parents[3]
LIMITS = Limits(bytes=1 << 30, members=1_000, depth=3, seconds=30)
TRAP = zipped({"../../up.txt": b"x"})


def faults(data: bytes, name: str = "a.eml", limits: Limits = LIMITS) -> list[Fault]:
    return judge(io.BytesIO(data), name, limits)


def rules(data: bytes, name: str = "a.eml", limits: Limits = LIMITS) -> set[tuple[str, str]]:
    return {(each.rule, each.severity) for each in faults(data, name, limits)}


def fact_of(rule: str, data: bytes, name: str = "a.eml") -> str:
    (fact,) = [each.fact for each in faults(data, name) if each.rule == rule]
    return fact


def attached(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Each attachment of one message: its name as read, and its bytes."""
    for member in message_members(io.BytesIO(data), Budget(LIMITS)):
        if member.data is not None:
            yield member.name.decode(member.encoding or "cp949"), b"".join(member.data())


CONTENTS = ("file.mail_contents", "note")


def test_a_mailbox_is_told_by_its_bytes_and_a_sentence_that_begins_with_from_is_none() -> None:
    assert kind_of(mailbox(PLAIN)) == "mbox"
    assert kind_of(PLAIN) == "eml"
    assert kind_of(b"From here on it is 10:30 and the year is 2009.\nNothing else is said.\n") is None
    assert kind_of(b"Title: a record\nAuthor: nobody\n\nwords") is None
    assert kind_of("제목: 회의\n일시: 2009\n".encode("cp949")) is None


def test_messages_and_attachments_are_counted() -> None:
    box = mailbox(PLAIN, message(attachment(b"1"), attachment(zipped({"a": b"x"}))), PLAIN)
    assert rules(box, "받은편지함") == {CONTENTS}
    told = fact_of("file.mail_contents", box)
    assert told == (
        "it holds 3 messages and 2 attachments; looked through as well: 1 archive file among them"
    )


def test_a_single_message_without_attachments_is_nothing_to_talk_about() -> None:
    assert faults(PLAIN) == []
    assert faults(PLAIN.replace(b"\n", b"\r\n")) == []
    assert faults(message(b"Content-Type: text/plain\n\nwords\n", b"Content-Type: text/html\n\n<p>\n")) == []


def test_a_quoted_from_line_begins_no_message_and_a_real_one_does() -> None:
    words = b"\n>From kim Mon Jan  5 09:15:00 2009\nFrom the office at 10:30 in 2009 he went.\n"
    assert "2 messages" in fact_of("file.mail_contents", mailbox(PLAIN + words, PLAIN))


@pytest.mark.parametrize("ends", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
def test_a_trap_attached_to_a_message_keeps_it_back_and_is_named_with_the_way_to_it(ends: bytes) -> None:
    box = mailbox(PLAIN, message(attachment(gzip.compress(TRAP), b'; name="b.gz"'))).replace(b"\n", ends)
    assert ("file.archive_path", "error") in rules(box)
    assert "message 2 › b.gz › ../../up.txt" in fact_of("file.archive_path", box)


@pytest.mark.parametrize("encoding", [b"base64", b"binary", b"8bit", b"quoted-printable", b"x-uuencode"])
def test_attachments_come_out_whole_in_every_encoding(encoding: bytes) -> None:
    data = bytes(range(256)) * 500 + TRAP
    encoded = {
        b"quoted-printable": lambda: binascii.b2a_qp(data, istext=False) + b"=",
        b"x-uuencode": lambda: uuencoded(data),
    }.get(encoding, lambda: data)()
    part = attachment(data if encoding == b"base64" else encoded, encoding=encoding)
    assert list(attached(message(part))) == [("a.bin", data)]
    assert list(attached(message(part).replace(b"For old", b"x" * 300_000 + b"For old"))) == [("a.bin", data)]


def uuencoded(data: bytes, name: str = "a.bin", encoding: str = "utf-8") -> bytes:
    lines = b"".join(binascii.b2a_uu(data[at : at + 45]) for at in range(0, len(data), 45))
    return f"begin 644 {name}\n".encode(encoding) + lines + b"`\nend\n"


def test_a_file_that_is_uuencoded_between_the_words_is_an_attachment() -> None:
    data = HEAD + b"\nHere it is:\n" + uuencoded(TRAP, "자료.zip", "cp949") + b"\nbegin 1999 we were\nfew.\n"
    assert list(attached(data)) == [("자료.zip", TRAP)]
    assert rules(data) == {CONTENTS, ("file.archive_path", "error"), ("name.archive_encoding", "note")}
    assert "자료.zip › ../../up.txt" in fact_of("file.archive_path", data)


KOREAN = "회의 결과 뷁.hwp"  # The last syllable is in CP949 and not in EUC-KR.
WORD = b"=?euc-kr?B?" + base64.b64encode(KOREAN.encode("cp949")) + b"?="
IN_WORDS = base64.b64encode(KOREAN.encode())
PERCENT = b"".join(b"%%%02X" % each for each in KOREAN.encode("cp949"))


@pytest.mark.parametrize(
    "said",
    [
        b'; name="' + WORD + b'"',
        b'; name="' + WORD.replace(b"euc-kr", b"ks_c_5601-1987") + b'"',
        b';\n name="=?utf-8?B?' + IN_WORDS[:16] + b"?=\n =?utf-8?B?" + IN_WORDS[16:] + b'?="',
        b"\nContent-Disposition: attachment; filename*=EUC-KR''" + PERCENT,
        b"\nContent-Disposition: attachment;\n filename*0*=euc-kr''" + PERCENT[:12]
        + b";\n filename*1*=" + PERCENT[12:],
        b'\nContent-Disposition: attachment; filename="' + KOREAN.encode("cp949") + b'"',
        b'\nContent-Disposition: attachment; filename="' + KOREAN.encode() + b'"',
    ],
    ids=[
        "RFC 2047", "KS C 5601", "words cut in a sign", "RFC 2231", "RFC 2231 in pieces",
        "bare CP949", "bare UTF-8",
    ],
)  # fmt: skip
def test_korean_names_are_read_however_they_are_written(said: bytes) -> None:
    told = fact_of("file.archive_path", message(attachment(TRAP, said)))
    assert KOREAN in told


@pytest.mark.parametrize(
    "said", [b"=?utf-8?B?a?=", b"=?nobody?Q?=ff?=", b"=?utf-8?B??=", b"%ZZ%C8%B8", b"\xff\xfe"]
)
def test_a_name_that_cannot_be_decoded_is_shown_somehow(said: bytes) -> None:
    assert ("file.archive_path", "error") in rules(message(attachment(TRAP, b'; name="' + said + b'"')))


def test_a_name_without_a_word_about_its_encoding_is_told() -> None:
    bare = b'; name="' + KOREAN.encode("cp949") + b'"'
    assert rules(message(attachment(b"x", bare))) == {CONTENTS, ("name.archive_encoding", "note")}
    assert rules(message(attachment(b"x", b'; name="' + WORD + b'"'))) == {CONTENTS}


def test_a_name_that_leads_out_or_hides_is_told_and_keeps_nothing_back() -> None:
    assert ("name.mail_attachment", "warning") in rules(message(attachment(b"x", b'; name="../../a.exe"')))
    turned = "=?utf-8?B?" + base64.b64encode("a\u202efdp.exe".encode()).decode() + "?="
    assert ("name.archive_hidden", "warning") in rules(
        message(attachment(b"x", f'; name="{turned}"'.encode()))
    )


SMIME = HEAD + b"Content-Type: application/pkcs7-mime; smime-type=%s; name=smime.p7m\n\nMIIB\n"


@pytest.mark.parametrize(
    "data",
    [
        SMIME % b"enveloped-data",
        message(PGP, attachment(b"locked"), kind=b"multipart/encrypted"),
        HEAD + b"\nRead this:\n-----BEGIN PGP MESSAGE-----\n\nhQEM\n-----END PGP MESSAGE-----\n",
    ],
    ids=["S/MIME", "PGP/MIME", "PGP in the words"],
)
def test_an_encrypted_message_is_told_and_the_ones_beside_it_are_looked_through(data: bytes) -> None:
    assert rules(data) == {("file.mail_encrypted", "warning")}
    box = mailbox(PLAIN, data, message(attachment(TRAP)))
    assert "(message 2)" in fact_of("file.mail_encrypted", box)
    assert "message 3 › a.bin" in fact_of("file.archive_path", box)


def test_an_encrypted_archive_in_a_message_is_told() -> None:
    data = bytearray(with_raw_names({"a.txt": b"a.txt"}))
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + at] |= 1
    assert ("file.archive_encrypted", "warning") in rules(message(attachment(bytes(data))))


@pytest.mark.parametrize(
    ("part", "why"),
    [
        (b"Content-Type: application/ms-tnef\n\nx\n", "winmail.dat"),
        (b"Content-Type: message/external-body; access-type=ftp\n\nContent-Type: text/plain\n", "elsewhere"),
        (b"Content-Type: application/pkcs7-mime; smime-type=signed-data\n\nMIIB\n", "one piece"),
    ],
)
def test_what_nothing_here_opens_is_said_to_be_not_looked_at(part: bytes, why: str) -> None:
    assert why in fact_of("file.archive_unsupported", message(part))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (message(attachment(b"x" * 900))[:-30], "an attachment breaks off"),
        (message(attachment(b"words", encoding=b"8bit"))[:-12], "its last part breaks off"),
        (message(attachment(b"x")).replace(b"eA==", b"e*A=="), "not in base64"),
        (message(attachment(b"x")).replace(b"eA==", b"eA==\nmore"), "goes on behind its end"),
        (message(attachment(b"x")).replace(b'; boundary="=_next"', b""), "not where they begin"),
        (HEAD[:-1], "breaks off in its head"),
        (HEAD + b"X-Long: " + b"x" * 300_000 + b"\n\nwords\n", "longer than"),
    ],
)
def test_a_damaged_message_is_told_and_keeps_nothing_back(data: bytes, why: str) -> None:
    assert ("file.mail_damaged", "warning") in rules(data)
    assert why in fact_of("file.mail_damaged", data)
    box = mailbox(PLAIN, data, message(attachment(TRAP)))
    assert "(message 2)" in fact_of("file.mail_damaged", box)
    assert ("file.archive_path", "error") in rules(box)


def test_words_that_are_called_a_message_have_no_head() -> None:
    assert "it has no head" in fact_of("file.mail_damaged", b"no head at all, only words\n")


def test_a_name_that_promises_mail_is_held_to_it() -> None:
    (broken,) = faults(b"\x00\x01 no mailbox" * 100, "a.mbox")
    assert (broken.rule, broken.severity) == ("file.not_looked_through", "warning")
    assert broken.sentence("a.mbox").startswith("The mailbox a.mbox was not looked through: its name ends")
    assert rules(b"%PDF-1.7\nA document under a wrong name", "a.eml") == set()


def test_mail_in_archives_and_archives_in_mail_share_one_depth() -> None:
    inner = message(attachment(TRAP))
    packed = zipped({"보관/inbox": mailbox(PLAIN, inner)})
    assert ("file.archive_path", "error") in rules(packed, "a.zip")
    assert "보관/inbox › message 2 › a.bin" in fact_of("file.archive_path", packed, "a.zip")
    deep = replace(LIMITS, depth=1)
    assert ("limit.archive_depth", "error") in rules(packed, "a.zip", deep)
    forwarded = message(b"Content-Type: message/rfc822\n\n" + message(attachment(TRAP), boundary=b"inner"))
    assert ("file.archive_path", "error") in rules(forwarded, limits=deep)


def test_parts_nested_beyond_reason_are_told_and_end() -> None:
    data = b"Content-Type: text/plain\n\nwords\n"
    for depth in range(300):
        data = message(data, boundary=b"b%d" % depth).partition(b"MIME-Version: 1.0\n")[2]
    assert "50 deep" in fact_of("file.mail_damaged", HEAD + data)


def test_a_bomb_in_a_message_is_ended_by_the_limits() -> None:
    bomb = message(attachment(zipped({"a": bytes(2 << 20)})))
    assert ("limit.archive_bytes", "error") in rules(bomb, limits=replace(LIMITS, bytes=1 << 20))


def looked_through(what: str, count: int) -> dict:
    command = [sys.executable, "-m", "tests.preservation.archive_files.large_mail", what, str(count)]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(said.stdout)


def test_a_line_without_an_end_costs_no_more_than_a_line() -> None:
    said = looked_through("line", 300)
    assert said["facts"] == []
    assert said["grown"] < 10 * 1024


@pytest.mark.timeout(900)
def test_a_mailbox_of_650_000_messages_needs_the_memory_of_a_small_one() -> None:
    said = looked_through("box", 650_000)
    (fact,) = said["facts"]
    assert fact.startswith("it holds 650,000 messages and 13,000 attachments; ")
    assert fact.endswith("looked through as well: 65 archive files among them")
    assert said["grown"] < 4 * 1024


def test_attachments_of_real_messages_are_those_that_the_standard_library_sees() -> None:
    whole = 0
    for path in sorted((CORPUS / "text-encodings" / "mail").glob("*.eml")):
        data = path.read_bytes()
        parsed = email.message_from_bytes(data)
        if any(part.defects for part in parsed.walk()):
            assert isinstance(faults(data, path.name), list)
            continue
        seen = [
            (part.get_filename(), part.get_payload(decode=True))
            for part in parsed.walk()
            if not part.is_multipart() and part.get_filename()
        ]
        read = mailbox_members if data.startswith(b"From ") else message_members
        ours = [
            (member.name.decode(), b"".join(member.data()))
            for member in read(io.BytesIO(data), Budget(LIMITS))
            if member.data is not None
        ]
        # The line end before a boundary is the boundary's; the library leaves none either.
        assert ours == seen
        assert not [each for each in faults(data, path.name) if each.rule == "file.mail_damaged"]
        whole += 1
    assert whole >= 14 or not CORPUS.exists()


@pytest.mark.parametrize("seed", range(4))
def test_spoilt_mail_is_told_and_never_a_defect(seed: int) -> None:
    chance = random.Random(seed)
    nested = b"Content-Type: message/rfc822\n\n" + message(attachment(TRAP), boundary=b"in")
    sound = [
        mailbox(PLAIN, message(attachment(TRAP), nested), SMIME % b"enveloped-data"),
        HEAD + b"\nwords\n" + uuencoded(TRAP),
        message(attachment(TRAP, b"; name*0*=euc-kr''%C8%B8; name*1=b"), nested),
        message(attachment(TRAP, b'; name="=?euc-kr?B?yLjAxw==?= =?utf-8?Q?=EA=B0=80?="')),
    ]
    sound += [path.read_bytes() for path in (CORPUS / "text-encodings" / "mail").glob("*.eml")]
    for data in chance.choices(sound, k=250):
        spoilt = bytearray(data)
        for _ in range(chance.randint(1, 8)):
            spoil(spoilt, chance)
        before = time.monotonic()
        assert isinstance(faults(bytes(spoilt), chance.choice(["a.eml", "a.mbox", "a"])), list)
        assert time.monotonic() - before < 5


def spoil(data: bytearray, chance: random.Random) -> None:
    at = chance.randrange(len(data))
    match chance.randrange(4):
        case 0:
            data[at] = chance.randrange(256)
        case 1:
            del data[at : at + chance.randrange(1, 60)]
        case 2:
            data[at:at] = data[at : at + 80]
        case 3:
            data[at:at] = chance.choice(
                (b"\n--=_next\n", FROM, b"\n\n", b"\0", b"=?", b"begin 644 a\n", b"%", b'"')
            )
    if not data:
        data += b"F"


@pytest.mark.parametrize(
    "evil",
    [
        b"--\n", b"--=_next\n", FROM, b"begin 644 a\n", b"From: a\n", b"Content-Type: a; b=c;" * 50,
        b'";', b"=?a?b?", b"\n",
    ],
)  # fmt: skip
def test_a_file_of_nothing_but_marks_costs_time_in_proportion_and_ends_at_its_limit(evil: bytes) -> None:
    marks = evil * (300_000 // len(evil))
    data = message(attachment(b"x")).replace(b"eA==", marks)
    head = HEAD + b"Content-Type: x; name=" + marks + b"\n\nwords\n"
    for each in (data, head, mailbox(data), HEAD + marks):
        before = time.process_time()
        faults(each)
        assert time.process_time() - before < 8
    endless = Endless(100_000, lambda number: marks if number else HEAD + b"\n")
    before = time.process_time()
    ended = judge(endless, "a.eml", replace(LIMITS, seconds=0.5))  # type: ignore[arg-type]
    assert time.process_time() - before < 8
    assert "limit.archive_seconds" in {each.rule for each in ended}


def test_a_zip_beside_mail_is_still_a_zip() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("From: a", b"x")
    assert kind_of(out.getvalue()) == "zip"


def test_mail_is_told_as_mail(tmp_path: Path) -> None:
    assert {each.subject for each in faults(message(attachment(TRAP)))} == {"mail message"}
    assert {each.subject for each in faults(mailbox(message(attachment(TRAP))))} == {"mailbox"}
    assert {each.subject for each in faults(TRAP, "a.zip")} == {"archive file"}
