"""What is said about an archive file, and that looking costs no more than the limits allow."""

import bz2
import gzip
import io
import lzma
import random
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from unicodedata import normalize

import pytest

from preservation.archive_files import Fault, Limits, by_libarchive, kind_of
from preservation.archive_files.decompressors import zstandard
from preservation.archive_files.judging import judge
from preservation.archive_files.limits import Budget, Exceeded
from tests.preservation.archive_files.making import ar, by_library, iso, named, tarred, with_raw_names, zipped

LIMITS = Limits(bytes=100 << 20, members=1_000, depth=3, seconds=30)


def faults(data: bytes, name: str = "a.zip", limits: Limits = LIMITS) -> list[Fault]:
    return judge(io.BytesIO(data), name, limits)


def rules(data: bytes, name: str = "a.zip", limits: Limits = LIMITS) -> set[tuple[str, str]]:
    return {(each.rule, each.severity) for each in faults(data, name, limits)}


def only(data: bytes, limits: Limits = LIMITS) -> Fault:
    (fault,) = faults(data, limits=limits)
    return fault


SOUND = {"가.txt": b"1" * 5_000, "folder/b.txt": b"2", "folder/c/d.bin": bytes(range(256))}


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_a_sound_zip_is_nothing_to_talk_about(method: int) -> None:
    assert faults(zipped(SOUND, method)) == []


@pytest.mark.parametrize(
    "pack", [bytes, gzip.compress, bz2.compress, lzma.compress, zstandard.compress],
    ids=["tar", "gzip", "bzip2", "xz", "zstd"],
)  # fmt: skip
def test_a_sound_tar_is_nothing_to_talk_about_however_it_is_compressed(pack) -> None:
    sound = pack(tarred(named("가.txt"), named("folder/b.txt"), data=b"1" * 70_000))
    assert rules(sound, "a.tar") == set()
    assert rules(sound[:-20_000] if pack is bytes else sound[:-12], "a.tar") == {
        ("file.archive_damaged", "error")
    }


@pytest.mark.parametrize(
    "name",
    ["../up", "a/../../up", "/etc/passwd", "C:\\up", "c:up", "..\\..\\up", "\\\\server\\up", "a\\..\\up"],
)
def test_a_name_that_leads_out_on_any_system_keeps_the_archive_back(name: str) -> None:
    assert ("file.archive_path", "error") in rules(tarred(named("fine"), named(name)), "a.tar")
    assert ("file.archive_path", "error") in rules(zipped({"fine": b"", name: b""}))


@pytest.mark.parametrize(
    ("name", "kind", "target", "severity"),
    [
        ("a/link", tarfile.SYMTYPE, "../b", "note"),
        ("a/link", tarfile.SYMTYPE, "../../b", "error"),
        ("link", tarfile.SYMTYPE, "/etc/passwd", "error"),
        ("link", tarfile.SYMTYPE, "C:\\x", "error"),
        ("a/link", tarfile.LNKTYPE, "b", "note"),
        ("a/link", tarfile.LNKTYPE, "../b", "error"),
    ],
)
def test_a_link_may_point_inside_and_never_out(name: str, kind: bytes, target: str, severity: str) -> None:
    assert rules(tarred(named(name, kind, target)), "a.tar") == {("file.archive_link", severity)}


def test_a_link_in_a_zip_is_seen_by_its_mode() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "../../etc/passwd")
    assert rules(out.getvalue()) == {("file.archive_link", "error")}


def test_a_device_is_told() -> None:
    assert rules(tarred(named("null", tarfile.CHRTYPE)), "a.tar") == {("file.archive_special", "warning")}


def test_names_in_cp949_are_read_and_others_are_shown_escaped() -> None:
    korean = only(with_raw_names({"0000.txt": "서울".encode("cp949") + b".txt"}))
    assert (korean.rule, korean.severity) == ("name.archive_encoding", "note")
    assert "CP949" in korean.fact and "서울.txt" in korean.fact
    assert "\\xff" in only(with_raw_names({"00.txt": b"\xff\xff.txt"})).fact


DECOMPOSED = normalize("NFD", "서울")


@pytest.mark.parametrize("pair", [("a.txt", "A.TXT"), ("서울", DECOMPOSED)], ids=["case", "Unicode form"])
def test_names_that_are_one_name_on_some_system_are_told(pair: tuple[str, str]) -> None:
    assert rules(zipped(dict.fromkeys(pair, b"x"))) == {("name.archive_collision", "warning")}


def test_two_members_of_one_name_are_told() -> None:
    assert rules(tarred(named("a"), named("a")), "a.tar") == {("name.archive_collision", "warning")}


@pytest.mark.parametrize("name", ["con.txt", "LPT1", "a.", "a ", "ab:c", "what?", "folder./b"])
def test_names_that_windows_cannot_hold_are_a_note(name: str) -> None:
    assert rules(zipped({name: b"x"})) == {("name.archive_windows", "note")}


def test_a_name_that_turns_the_reading_direction_is_told_and_shown_escaped() -> None:
    fault = only(zipped({"invoice\u202efdp.exe": b"x"}))
    assert (fault.rule, fault.severity) == ("name.archive_hidden", "warning")
    assert "\\u202e" in fault.fact and "\u202e" not in fault.fact


def test_a_bomb_is_ended_by_the_bytes_it_says_or_really_unpacks() -> None:
    limits = replace(LIMITS, bytes=1 << 20)
    assert only(zipped({"a": bytes(2 << 20)}), limits).rule == "limit.archive_bytes"
    bomb = gzip.compress(gzip.compress(bytes(2 << 20)))
    assert only(bomb, limits).rule == "limit.archive_bytes"
    assert faults(bomb) == []


def test_members_and_depth_are_limited_also_in_nested_archives() -> None:
    many = zipped({str(number): b"" for number in range(30)})
    nested = zipped({"a.zip": zipped({"b.zip": many})})
    assert faults(nested) == []
    assert only(nested, replace(LIMITS, members=25)).rule == "limit.archive_members"
    assert only(nested, replace(LIMITS, depth=2)).rule == "limit.archive_depth"
    assert only(many, replace(LIMITS, members=25)).severity == "error"


Pack = Callable[[Mapping[str, bytes]], bytes]


def tar_of(members: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


ARCHIVES: dict[str, Pack] = {
    "zip": zipped, "tar": tar_of, "ar": ar, "iso": iso, "7z": partial(by_library, "7zip"),
    "cpio": partial(by_library, "cpio_newc"), "tgz": lambda members: gzip.compress(tar_of(members)),
    "tbz2": lambda members: bz2.compress(tar_of(members)),
    "txz": lambda members: lzma.compress(tar_of(members)),
    "tzst": lambda members: zstandard.compress(tar_of(members)),
}  # fmt: skip


@pytest.mark.parametrize("kind", ARCHIVES)
@pytest.mark.parametrize("limit", ["bytes", "members", "depth", "seconds"])
def test_every_limit_is_kept_in_every_kind_of_archive(kind: str, limit: str) -> None:
    pack, name = ARCHIVES[kind], f"a.{kind}"
    data = pack({f"{number}.bin": bytes(1 << 18) for number in range(8)})
    if limit == "depth":
        data = pack({"c": pack({"b": pack({"a": b"words"})})})
    least = {"bytes": 1 << 20, "members": 6, "depth": 2, "seconds": 0.0}
    assert faults(data, name) == []
    told = rules(data, name, replace(LIMITS, **{limit: least[limit]}))
    assert told == {(f"limit.archive_{limit}", "error")}


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, zstandard.compress])
def test_a_compressed_file_in_another_is_a_level_and_what_it_unpacks_to_is_counted(pack) -> None:
    data = pack(pack(pack(bytes(2 << 20))))
    assert faults(data, "a") == []
    assert rules(data, "a", replace(LIMITS, depth=2)) == {("limit.archive_depth", "error")}
    assert rules(data, "a", replace(LIMITS, bytes=1 << 20)) == {("limit.archive_bytes", "error")}


def test_time_is_limited() -> None:
    now = iter([0.0, 1.0, 46.0])
    budget = Budget(replace(LIMITS, seconds=45), clock=lambda: next(now))
    budget.member()
    with pytest.raises(Exceeded, match="45 seconds"):
        budget.unpack(1)


def test_a_trap_in_a_nested_archive_is_found_and_named_with_the_way_to_it() -> None:
    inner = tarred(named("../up"))
    fault = only(zipped({"folder/inner.tar.gz": gzip.compress(inner)}))
    assert fault.rule == "file.archive_path"
    assert "folder/inner.tar.gz › ../up" in fault.fact


def test_a_million_bad_names_are_one_finding_that_counts_them() -> None:
    fault = only(zipped({f"../{number}": b"" for number in range(500)}))
    assert fault.members == 500
    assert "../0, ../1, ../2 and 497 more" in fault.fact


def test_changed_bytes_of_a_member_are_found() -> None:
    data = bytearray(zipped({"a.txt": b"the words of the record"}, zipfile.ZIP_STORED))
    assert faults(bytes(data)) == []
    data[data.index(b"words")] ^= 1
    assert rules(bytes(data)) == {("file.archive_damaged", "error")}


def test_a_locked_member_is_told_and_keeps_nothing_back() -> None:
    data = bytearray(zipped({"a.txt": b"x"}, zipfile.ZIP_STORED))
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + at] |= 1
    for signature, at in ((b"PK\x03\x04", 18), (b"PK\x01\x02", 20)):
        start = data.index(signature) + at
        data[start : start + 4] = (13).to_bytes(4, "little")
    where = data.index(b"a.txt") + 5
    data[where:where] = bytes(12)
    end = data.index(b"PK\x05\x06") + 16
    data[end : end + 4] = (int.from_bytes(data[end : end + 4], "little") + 12).to_bytes(4, "little")
    assert rules(bytes(data)) == {("file.archive_encrypted", "warning")}


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.7z", "a.tgz"])
def test_a_name_that_promises_an_archive_is_held_to_it(name: str) -> None:
    assert rules(b"no archive at all" * 100, name) == {("file.archive_damaged", "error")}
    assert rules(b"no archive at all" * 100, "a.txt") == set()
    assert rules(b"%PDF-1.7\nA document under a wrong name", name) == set()


def test_a_missing_library_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(by_libarchive, "_library", lambda: None)
    fault = only(b"Rar!\x1a\x07\x01\0" + bytes(100))
    assert (fault.rule, fault.severity) == ("file.archive_unsupported", "warning")
    assert "libarchive13" in fault.fact


@pytest.mark.parametrize("magic", [b"\x60\xea", b"\xc7\x71", b"\x71\xc7", b"\x1f\x9d", b"BZh", b"\x1f\x8b"])
def test_bytes_that_begin_like_an_archive_by_chance_are_none(magic: bytes) -> None:
    chance = random.Random(7)
    files = [magic + chance.randbytes(2_000) for _ in range(2_000)]
    taken = [data for data in files if kind_of(data) is not None]
    assert len(taken) <= (100 if magic == b"\x1f\x9d" else 20)
    # A compressed file of that kind has no checksum: nothing shows that it is damaged.
    assert not [data for data in taken[:20] if magic == b"\x1f\x9d" and has_errors(data)]


def has_errors(data: bytes) -> bool:
    return any(each.severity == "error" for each in faults(data, "a.bin"))


@pytest.mark.parametrize("spelled", [b"%06o\0 ", b"%06o \0", b"%7o\0", b"  %04o\0 ", b"%08o", b"%07o\0"])
def test_a_tar_file_without_signature_is_known_by_its_checksum(spelled: bytes) -> None:
    head = bytearray(tarred(named("가.txt"), data=b"1")[:512])
    head[148:156], head[257:265] = b" " * 8, bytes(8)
    total = sum(head)
    for checksum, kind in ((total, "tar"), (total + 1, None)):
        head[148:156] = (spelled % checksum).ljust(8)
        assert kind_of(bytes(head)) == kind
    for odd in (b"+%06o\0", b"0o%05o\0", b"%o_0\0", b"\t%06o\0"):
        head[148:156] = (odd % total).ljust(8)[:8]
        assert kind_of(bytes(head)) is None
