"""What a member says of itself, or a ZIP file leaves out of its directory, keeps nothing from being seen."""

import io
import os
import stat
import struct
import tarfile
import time
import zipfile
import zlib
from dataclasses import replace

import pytest

from preservation.archive_files import Limits
from preservation.archive_files.forward import Forward
from preservation.archive_files.judging import judge
from tests.preservation.archive_files.making import by_library, named, tarred, zipped

LIMITS = Limits(bytes=200 << 20, members=1_000, depth=3, seconds=30)
SMALL_TRAP = zipped({"../../evil.exe": b"x"})
LARGE_TRAP = zipped({"../../evil.exe": b"x", "pad": os.urandom(70_000)})
TRAP = ("file.archive_path", "error")
DAMAGED = ("file.archive_damaged", "error")


def told(data: bytes, name: str, limits: Limits = LIMITS) -> set[tuple[str, str]]:
    return {(each.rule, each.severity) for each in judge(io.BytesIO(data), name, limits)}


def zip_with(data: bytes, mode: int, method: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        member = zipfile.ZipInfo("report.zip")
        member.external_attr = (mode | 0o644) << 16
        archive.writestr(member, data, method)
    return out.getvalue()


def cpio_with(data: bytes, mode: int) -> bytes:
    def entry(name: bytes, data: bytes) -> bytes:
        numbers = (1, mode | 0o644, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
        head = b"070701" + b"".join(b"%08X" % number for number in numbers) + name + b"\0"
        return head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)

    return entry(b"report.zip", data) + entry(b"TRAILER!!!", b"")


def arj_with(data: bytes, kind: int) -> bytes:
    def header(kind: int, name: bytes, data: bytes) -> bytes:
        sizes = struct.pack("<3L", len(data), len(data), zlib.crc32(data))
        body = bytes((30, 11, 1, 0, 0, 0, kind, 0)) + bytes(4) + sizes + bytes(6) + name + b"\0\0"
        head = b"\x60\xea" + struct.pack("<H", len(body)) + body
        return head + struct.pack("<LH", zlib.crc32(body), 0) + data

    return header(2, b"a.arj", b"") + header(kind, b"report.zip", data) + b"\x60\xea\0\0"


def dump_with(data: bytes, mode: int) -> bytes:
    def header(kind: int, mode: int = 0, data: bytes = b"") -> bytes:
        record = bytearray(1024)
        count = -(-len(data) // 1024)
        struct.pack_into("<L", record, 0, kind)
        struct.pack_into("<2L", record, 20, 12, 60012)
        struct.pack_into("<H6xQ", record, 32, mode, len(data))
        struct.pack_into("<L", record, 160, count)
        record[164 : 164 + count] = b"\1" * count
        missing = 84446 - sum(struct.unpack("<256L", record))
        struct.pack_into("<L", record, 28, missing & 0xFFFFFFFF)
        return bytes(record) + data + bytes(-len(data) % 1024)

    return header(1) + header(2, mode, data) + header(5)


DISGUISES = {
    "zip": (zip_with, (stat.S_IFREG, stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR)),
    "cpio": (cpio_with, (stat.S_IFREG, stat.S_IFLNK, stat.S_IFIFO, stat.S_IFDIR)),
    "dump": (dump_with, (stat.S_IFREG, stat.S_IFLNK, stat.S_IFIFO)),
    "arj": (arj_with, (0, 3)),
}


@pytest.mark.parametrize(
    ("form", "kind"), [(form, kind) for form, (_, kinds) in DISGUISES.items() for kind in kinds]
)
def test_what_calls_itself_a_link_a_folder_or_a_device_is_looked_into_like_a_file(
    form: str, kind: int
) -> None:
    pack, _ = DISGUISES[form]
    assert TRAP in told(pack(SMALL_TRAP, kind), f"a.{form}")


def test_a_link_that_is_longer_than_a_path_can_be_is_damage_and_is_looked_into() -> None:
    assert told(zip_with(LARGE_TRAP, stat.S_IFREG), "a.zip") == {TRAP}
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        assert told(zip_with(LARGE_TRAP, stat.S_IFLNK, method), "a.zip") == {DAMAGED, TRAP}
    for pack, name in ((zip_with, "a.zip"), (cpio_with, "a.cpio"), (dump_with, "a.dump")):
        assert told(pack(b"a" * 4096, stat.S_IFLNK), name) == {("file.archive_link", "note")}
        assert told(pack(b"a" * 4097, stat.S_IFLNK), name) == {DAMAGED}
        assert told(pack(b"a" * 70_000, stat.S_IFLNK), name) == {DAMAGED}


def tar_with(kind: bytes, size: int, attributes: dict[str, str]) -> bytes:
    """A member that says it is ``size`` long, a whole tar file of that length, and a trap behind that."""
    inner = tarred(named("fine"), data=b"1")
    member, trap = named("member", kind, "fine"), named("../../evil.exe")
    member.size, member.pax_headers = size and len(inner), attributes
    pieces = [each.tobuf(tarfile.PAX_FORMAT) for each in (member, trap)]
    return pieces[0] + (inner if size else b"") + pieces[1] + bytes(1024)


@pytest.mark.parametrize("kind", [tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_a_link_or_device_in_a_tar_that_says_it_has_content_hides_nothing_behind_it(kind: bytes) -> None:
    for attributes in ({}, {"comment": "a"}):
        assert TRAP in told(tar_with(kind, 0, attributes), "a.tar")
        assert DAMAGED in told(tar_with(kind, 1, attributes), "a.tar")
    assert DAMAGED in told(tar_with(kind, 0, {"size": "512"}), "a.tar")


def test_a_hard_link_of_the_oldest_writers_may_tell_the_size_of_its_file() -> None:
    link = named("link", tarfile.LNKTYPE, "fine")
    link.size = 5_000
    record = bytearray(link.tobuf(tarfile.USTAR_FORMAT))
    record[257:265], record[148:156] = bytes(8), b" " * 8
    record[148:156] = b"%06o\0 " % sum(record)
    behind = tarred(named("fine"), data=b"1")
    assert told(bytes(record) + behind, "a.tar") == {("file.archive_link", "note")}


def test_a_link_in_a_dump_may_not_point_out() -> None:
    assert told(dump_with(b"../../etc/passwd", stat.S_IFLNK), "a.dump") == {("file.archive_link", "error")}


def test_a_link_in_a_7z_file_of_which_the_library_tells_only_the_beginning_is_told() -> None:
    assert told(by_library("7zip", {"a": b"words"}), "a.7z") == set()
    assert told(by_library("7zip", {"a": b"words"}, {"link": "a"}), "a.7z") == {
        ("file.archive_link", "note"),
        ("file.archive_unsupported", "warning"),
    }


def test_a_link_that_nothing_here_unpacks_does_not_end_the_look_at_the_members_behind_it() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as archive:
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "a", zipfile.ZIP_LZMA)
        archive.writestr("../up", b"x")
    data = bytearray(out.getvalue())
    dictionary = data.index(b"\x05\0", 30 + len("link")) + 3
    data[dictionary : dictionary + 4] = b"\xff" * 4
    assert told(bytes(data), "a.zip") == {TRAP, ("file.archive_unsupported", "warning")}


def test_a_member_that_the_directory_does_not_name_is_found_behind_however_many_zeros() -> None:
    seen, hidden = zipped({"seen.txt": b"seen"}), zipped({"hidden.exe": b"hidden"})
    directory = seen.index(b"PK\1\2")
    for gap in (0, 65 << 20):
        between = bytes(gap) + hidden[: hidden.index(b"PK\1\2")]
        end = bytearray(seen[directory:])
        struct.pack_into("<L", end, len(end) - 6, directory + len(between))
        assert told(seen[:directory] + between + bytes(end), "a.zip") == {DAMAGED}


def test_an_archive_behind_another_one_is_told_however_large_the_first_is() -> None:
    for size in (1, 65 << 20):
        first = zipped({"first": bytes(size)}, zipfile.ZIP_STORED)
        assert DAMAGED in told(first + zipped({"second": b"2"}), "a.zip")


def full_of_beginnings(kilobytes: int) -> bytes:
    """Its directory names a member elsewhere, and each four bytes look as if one began there."""
    data = bytearray(zipped({"a": b"PK\3\4" * (kilobytes * 256)}, zipfile.ZIP_STORED))
    directory = data.index(b"PK\1\2")
    data[directory + 46 : directory + 47] = b"z"
    data[directory + 42] = 1
    return bytes(data)


def test_a_misplaced_member_is_searched_for_once_and_within_the_limit_of_time() -> None:
    before = time.monotonic()
    assert told(full_of_beginnings(2_048), "a.zip") == {DAMAGED}
    assert time.monotonic() - before < 10
    limits = replace(LIMITS, seconds=0)
    assert told(full_of_beginnings(4), "a.zip", limits) == {("limit.archive_seconds", "error")}


def test_small_reads_of_a_large_block_cost_what_they_read() -> None:
    size = 8 << 20
    before = time.monotonic()
    forward = Forward(iter([bytes(size)]))
    assert all(len(forward.read(40)) == 40 for _ in range(20_000))
    assert time.monotonic() - before < 3
    assert sum(map(len, forward.rest())) == size - 800_000


def test_what_only_goes_forward_gives_each_byte_once_however_it_is_read() -> None:
    blocks = [b"ab", b"c", b"defgh", b"i"]
    forward = Forward(iter(blocks))
    assert (forward.peek(2), forward.read(1), forward.peek(4)) == (b"ab", b"a", b"bcde")
    assert (forward.read(3), b"".join(forward.rest()), forward.read(1)) == (b"bcd", b"efghi", b"")


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, 6, 9, 98])
def test_a_folder_without_a_byte_is_a_folder_however_it_is_packed(method: int) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("folder/", b"")
        archive.writestr("folder/a.txt", b"a")
    data = out.getvalue()
    for signature, at in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        place = data.index(signature) + at
        data = data[:place] + struct.pack("<H", method) + data[place + 2 :]
    assert told(data, "folder.zip") == set()
