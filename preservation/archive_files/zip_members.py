"""The members of a ZIP file: each local header against the directory, each byte unpacked and counted."""

import stat
import struct
import zlib
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import BinaryIO

from preservation.archive_files import decompressors
from preservation.archive_files.limits import Budget
from preservation.archive_files.members import BLOCK, Damaged, Encrypted, Kind, Member, Unsupported, exactly
from preservation.archive_files.names import LONGEST
from preservation.archive_files.shrinking import unshrink
from preservation.archive_files.zip_directory import (
    Directory,
    Entry,
    entries,
    extra_fields,
    find_directory,
    windows,
)

_LOCAL = struct.Struct("<4s5H3L2H")
_FULL = 0xFFFFFFFF
_DATA_FOLLOWS = 0x08
_DIRECTORY_LOCKED = 0x2000
_STORED, _DEFLATED = 0, 8
DECOMPRESSORS = {
    1: unshrink,
    _DEFLATED: decompressors.deflate,
    12: decompressors.bzip2,
    14: decompressors.zip_lzma,
    93: decompressors.zstd,
    95: decompressors.xz,
}
NAMES = {2: "reduced", 6: "imploded", 9: "deflate64", 96: "JPEG", 97: "WavPack", 98: "PPMd"}


def zip_members(stream: BinaryIO, budget: Budget) -> Iterator[Member]:
    """Damaged where the directory and the members themselves say different things."""
    size = stream.seek(0, 2)
    directory = find_directory(stream, size, budget)
    listed = list(entries(stream, directory, budget))
    listed.sort(key=lambda entry: entry.offset)
    reaches: list[tuple[int, int, Entry]] = []
    for entry in listed:
        if entry.flags & _DIRECTORY_LOCKED:
            raise Encrypted
        start, end, unusual = _member_range(stream, entry, directory.start, budget)
        reaches.append((entry.offset, end, entry))
        yield _member(stream, entry, start, unusual)
    _no_overlap_and_nothing_hidden(stream, reaches, directory, budget)


def _member(stream: BinaryIO, entry: Entry, start: int, unusual: str | None) -> Member:
    kind = _kind(entry)
    unsupported, has_content = None, bool(entry.packed) or kind != "folder"
    if has_content and not entry.is_encrypted and entry.method not in (_STORED, *DECOMPRESSORS):
        how = NAMES.get(entry.method, f"method {entry.method}")
        unsupported = f"it is packed in a way that nothing here unpacks ({how})"
    readable = not entry.is_encrypted and unsupported is None
    is_target = readable and kind == "link" and entry.size <= LONGEST
    data: Callable[[], Iterator[bytes]] | None = (
        (lambda: _unpacked(stream, entry, start)) if readable and has_content else None
    )
    return Member(
        entry.unicode_name or entry.name,
        kind,
        encoding="utf-8" if entry.is_utf8 or entry.unicode_name else None,
        size=entry.size,
        target=_target(stream, entry, start) if is_target else None,
        encrypted=entry.is_encrypted,
        unsupported=unsupported,
        unusual=unusual,
        data=data,
    )


def _target(stream: BinaryIO, entry: Entry, start: int) -> bytes | None:
    """None where nothing here unpacks it, which is told when the bytes of the member are looked at."""
    try:
        return b"".join(_unpacked(stream, entry, start))
    except Unsupported:
        return None


def _kind(entry: Entry) -> Kind:
    if entry.name.endswith((b"/", b"\\")) and not entry.size:
        return "folder"
    form = stat.S_IFMT(entry.mode)
    if form == stat.S_IFLNK:
        return "link"
    return "file" if form in (0, stat.S_IFREG, stat.S_IFDIR) else "special"


def _member_range(
    stream: BinaryIO, entry: Entry, directory_start: int, budget: Budget
) -> tuple[int, int, str | None]:
    """Where the data of a member begins and what belongs to it ends; and what is unusual about it."""
    if entry.offset + _LOCAL.size > directory_start:
        raise Damaged("its directory names a member where none is")
    stream.seek(entry.offset)
    (
        signature, _need, flags, method, _time, _date, crc, packed, size, name_length, extra_length
    ) = _LOCAL.unpack(exactly(stream, _LOCAL.size, "a member"))  # fmt: skip
    if signature != b"PK\x03\x04":
        raise _misplaced(stream, entry, directory_start, budget)
    name = exactly(stream, name_length, "a member")
    wide = extra_fields(exactly(stream, extra_length, "a member")).get(1)
    if name.replace(b"\\", b"/") != entry.name.replace(b"\\", b"/") or method != entry.method:
        raise Damaged("a member has another name or method than the directory says")
    if (flags ^ entry.flags) & 1:
        raise Damaged("a member is encrypted only in one of its two headers")
    start = entry.offset + _LOCAL.size + name_length + extra_length
    end = start + entry.packed
    if end > directory_start:
        raise Damaged("a member reaches past the end of the members")
    if wide is not None:
        size, packed = _wide(wide, size, packed)
    follows = bool(flags & _DATA_FOLLOWS)
    if not _agree(entry, crc, packed, size, may_be_empty=follows):
        raise Damaged("a member has another size or checksum than the directory says")
    if entry.method == _STORED and entry.packed != entry.size + (12 if entry.is_encrypted else 0):
        raise Damaged("a member that is not packed has two sizes")
    if not follows:
        return start, end, None
    return start, *_after_data(stream, entry, end, wide is not None)


def _misplaced(stream: BinaryIO, entry: Entry, directory_start: int, budget: Budget) -> Exception:
    """Whether the member is in the file after all, somewhere else than its directory says."""
    overlap = _LOCAL.size + len(entry.name)
    for seen in windows(stream, 0, directory_start, budget, overlap=overlap) if entry.name else ():
        at = -1
        while (at := seen.find(b"PK\x03\x04", at + 1)) >= 0:
            if seen.startswith(entry.name, at + _LOCAL.size):
                return Unsupported(
                    "its directory points to wrong places, so that it opens only after a repair"
                )
    return Damaged("its directory names a member where none is")


def _agree(entry: Entry, crc: int, packed: int, size: int, *, may_be_empty: bool) -> bool:
    told = zip((crc, packed, size), (entry.crc, entry.packed, entry.size), strict=True)
    return all(local == listed or (may_be_empty and local in (0, _FULL)) for local, listed in told)


def _wide(field: bytes, size: int, packed: int) -> tuple[int, int]:
    if len(field) not in (8, 16, 24, 28):
        raise Damaged("a member has the wrong number of ZIP64 numbers")
    numbers = iter(struct.unpack_from(f"<{len(field) // 8}Q", field))
    size = next(numbers) if size == _FULL else size
    return size, next(numbers, packed) if packed == _FULL else packed


def _after_data(stream: BinaryIO, entry: Entry, end: int, is_wide: bool) -> tuple[int, str | None]:
    """The record behind a member that was written as a stream must say what the directory says."""
    told = (entry.crc, entry.packed, entry.size)
    stream.seek(end)
    record = stream.read(24)
    marked = record[:4] == b"PK\x07\x08"
    numbers = record[4:] if marked else record
    for form in ("<L2Q", "<3L") if is_wide else ("<3L", "<L2Q"):
        length = struct.calcsize(form)
        if len(numbers) >= length and struct.unpack_from(form, numbers) == told:
            return end + (4 if marked else 0) + length, None
    if entry.method == _STORED:
        # Where such a member ends cannot be seen in the stream: every reader goes by the directory.
        return end, "the record behind a member does not agree with the directory"
    raise Damaged("the record behind a member has another size or checksum than the directory says")


def _unpacked(stream: BinaryIO, entry: Entry, start: int) -> Iterator[bytes]:
    decompressor = DECOMPRESSORS.get(entry.method)
    packed = _packed(stream, start, entry.packed)
    crc = size = 0
    for block in packed if decompressor is None else decompressor(packed, one_only=True):
        size += len(block)
        if size > entry.size:
            raise Damaged("a member unpacks to more bytes than it says")
        crc = zlib.crc32(block, crc)
        yield block
    if size != entry.size:
        raise Damaged("a member unpacks to fewer bytes than it says")
    if crc != entry.crc:
        raise Damaged("the bytes of a member do not match their checksum")


def _packed(stream: BinaryIO, start: int, size: int) -> Iterator[bytes]:
    """Seeks for each block: the file may have been used for something else in between."""
    at, end = start, start + size
    while at < end:
        stream.seek(at)
        block = stream.read(min(BLOCK, end - at))
        if not block:
            raise Damaged("a member breaks off")
        at += len(block)
        yield block


def _no_overlap_and_nothing_hidden(
    stream: BinaryIO, reaches: list[tuple[int, int, Entry]], directory: Directory, budget: Budget
) -> None:
    start = directory.start
    edges = [(0, directory.before), *((start, end) for start, end, _ in reaches), (start, start)]
    for (_, end), (start, _) in pairwise(edges):
        if start < end:
            raise Damaged("two members share the same bytes")
        if any(b"PK\x03\x04" in seen for seen in windows(stream, end, start, budget, overlap=3)):
            raise Damaged("it holds a member that its directory does not name")
