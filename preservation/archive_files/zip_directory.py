"""The directory of a ZIP file, read strictly: where readers could disagree, the file is damaged.

Two programs that see different members in one file are a way past a scanner, so each number that
is written in two places must be the same in both.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from preservation.archive_files.limits import Budget
from preservation.archive_files.members import BLOCK, Damaged, Unsupported, exactly

_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LONGEST_COMMENT = 0xFFFF
_MOST_DIRECTORY = 256 << 20
_FULL, _FULL_SHORT = 0xFFFFFFFF, 0xFFFF
_ZIP64, _UNICODE_PATH = 0x0001, 0x7075


@dataclass(frozen=True)
class Entry:
    """A member as the central directory has it; ``offset`` is that of its local header in the file."""

    name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int
    unicode_name: bytes | None
    mode: int

    @property
    def is_utf8(self) -> bool:
        return bool(self.flags & 0x800)

    @property
    def is_encrypted(self) -> bool:
        return bool(self.flags & 1)


@dataclass(frozen=True)
class Directory:
    """Where the central directory lies, and how many bytes stand before the archive (as in programs)."""

    start: int
    size: int
    count: int
    before: int


def find_directory(stream: BinaryIO, size: int, budget: Budget) -> Directory:
    tail_at = max(0, size - _END.size - _LONGEST_COMMENT)
    stream.seek(tail_at)
    tail = stream.read(size - tail_at)
    at = _end_record(tail)
    if at is None:
        raise _no_end(stream, size, budget)
    _signature, disk, first_disk, here, count, length, offset, _comment = _END.unpack_from(tail, at)
    if b"PK\x05\x06" in tail[at + 4 :]:
        raise Damaged("it has two ends, one in the comment of the other")
    if disk and (disk != _FULL_SHORT or first_disk != _FULL_SHORT):
        raise _several_parts(stream, length)
    end = tail_at + at
    wide = _wide_record(stream, end)
    if wide:
        narrow = (here, count, length, offset)
        here, count, length, offset, end = wide
        for small, large, full in zip(narrow, wide, (_FULL_SHORT, _FULL_SHORT, _FULL, _FULL), strict=False):
            if small not in (full, large):
                raise Damaged("its two end records (ZIP and ZIP64) contradict each other")
    if here != count:
        raise Damaged("its end record counts two numbers of members")
    before = end - length - offset
    if _stands_behind_another(stream, before, budget):
        raise Damaged("it holds one archive behind another one")
    if before < 0 or length > size:
        raise Damaged("its directory would begin outside the file")
    return Directory(offset + before, length, count, before)


def _stands_behind_another(stream: BinaryIO, before: int, budget: Budget) -> bool:
    """Programs may stand before an archive; another archive there is what other readers would see."""
    stream.seek(0)
    if stream.read(4) != b"PK\x03\x04":
        return False
    return any(b"PK\x05\x06" in seen for seen in windows(stream, 0, before, budget, overlap=3))


def _end_record(tail: bytes) -> int | None:
    """The end record whose comment ends with the file; otherwise the last one that begins a record."""
    at = len(tail)
    found: int | None = None
    while (at := tail.rfind(b"PK\x05\x06", 0, at)) >= 0:
        if at + _END.size <= len(tail):
            comment = struct.unpack_from("<H", tail, at + 20)[0]
            if at + _END.size + comment == len(tail):
                return at
            found = at if found is None and at + _END.size + comment < len(tail) else found
    return found


def _no_end(stream: BinaryIO, size: int, budget: Budget) -> Exception:
    """Whether only the directory is cut off, or the members are too."""
    if any(b"PK\x01\x02" in seen for seen in windows(stream, 0, size, budget, overlap=3)):
        return Unsupported("its directory is cut off, so that it can only be opened after a repair")
    return Damaged("it breaks off: it has no end record" if size else "it is empty")


def _several_parts(stream: BinaryIO, length: int) -> Exception:
    """The last of several files begins in the middle of a member; one that begins a file is a trick."""
    stream.seek(0)
    if stream.read(2) == b"PK" or not length:
        return Damaged("it says that it is one of several parts, and it is whole")
    return Unsupported("it is the last of several parts, and only together they can be opened")


def _wide_record(stream: BinaryIO, end: int) -> tuple[int, int, int, int, int] | None:
    """The ZIP64 end record, with its own place as the last number; None where there is none."""
    if end < _LOCATOR.size:
        return None
    stream.seek(end - _LOCATOR.size)
    signature, disk, at, disks = _LOCATOR.unpack(exactly(stream, _LOCATOR.size, "its end record"))
    if signature != b"PK\x06\x07":
        return None
    place = end - _LOCATOR.size - _END_64.size
    if place < 0:
        raise Damaged("its ZIP64 locator points outside the file")
    stream.seek(place)
    found = _END_64.unpack(exactly(stream, _END_64.size, "its ZIP64 end record"))
    if found[0] != b"PK\x06\x06" or found[1] != _END_64.size - 12:
        raise Damaged("its ZIP64 end record is not where it must be")
    here, count, length, offset = found[6:]
    if at not in (place, length + offset) or disk or disks > 1 or found[4] or found[5]:
        raise Damaged("its ZIP64 locator does not point to the end record")
    return here, count, length, offset, place


def entries(stream: BinaryIO, directory: Directory, budget: Budget) -> Iterator[Entry]:
    """Every entry of the directory; it must fill the directory to the byte."""
    if directory.count > budget.limits.members:
        for _ in range(budget.limits.members + 1):
            budget.member()
    if directory.size > _MOST_DIRECTORY:
        raise Unsupported("its directory is larger than is read here")
    stream.seek(directory.start)
    data = exactly(stream, directory.size, "its directory")
    at = 0
    for _ in range(directory.count):
        entry, at = _entry(data, at, directory.before)
        yield entry
    rest = data[at:]
    if rest[:4] == b"PK\x05\x05":
        rest = rest[6 + int.from_bytes(rest[4:6], "little") :]
    if rest:
        raise Damaged("its directory holds more than the members it counts")


def _entry(data: bytes, at: int, before: int) -> tuple[Entry, int]:
    if len(data) - at < _ENTRY.size or data[at : at + 4] != b"PK\x01\x02":
        raise Damaged("its directory breaks off or counts more members than it has")
    (
        _signature, _made, _need, flags, method, _time, _date, crc, packed, size,
        name_length, extra_length, comment_length, _disk, _inner, outer, offset,
    ) = _ENTRY.unpack_from(data, at)  # fmt: skip
    name_at = at + _ENTRY.size
    extra_at = name_at + name_length
    end = extra_at + extra_length + comment_length
    if end > len(data):
        raise Damaged("an entry of its directory breaks off")
    name, fields = data[name_at:extra_at], extra_fields(data[extra_at : extra_at + extra_length])
    size, packed, offset = _wide(fields.get(_ZIP64), size, packed, offset)
    return Entry(name, flags, method, crc, packed, size, offset + before,
                 _unicode_name(fields.get(_UNICODE_PATH), name), outer >> 16), end  # fmt: skip


def extra_fields(data: bytes) -> dict[int, bytes]:
    """The extra fields that can be read; some programs leave a few odd bytes behind them."""
    fields: dict[int, bytes] = {}
    at = 0
    while at + 4 <= len(data):
        kind, length = struct.unpack_from("<2H", data, at)
        if at + 4 + length > len(data):
            break
        fields[kind] = data[at + 4 : at + 4 + length]
        at += 4 + length
    return fields


def _wide(field: bytes | None, *numbers: int) -> tuple[int, int, int]:
    """Sizes and offset, those that are full replaced by the wide ones, which must be exactly these."""
    wanted = [number for number in numbers if number == _FULL]
    if field is None:
        if wanted:
            raise Damaged("an entry of its directory lacks its ZIP64 numbers")
        return numbers[0], numbers[1], numbers[2]
    wide = struct.unpack_from(f"<{len(field) // 8}Q", field)
    if len(wide) == len(wanted):
        given = iter(wide)
        filled = [next(given) if number == _FULL else number for number in numbers]
        return filled[0], filled[1], filled[2]
    # Some programs also write numbers that need no room of their own; then both must be one.
    filled = [*wide[:3], *numbers[len(wide) :]]
    told = all(narrow in (_FULL, full) for narrow, full in zip(numbers, filled, strict=True))
    if told and _FULL not in filled:
        return filled[0], filled[1], filled[2]
    raise Damaged("an entry of its directory has the wrong ZIP64 numbers")


def _unicode_name(field: bytes | None, name: bytes) -> bytes | None:
    """The name in UTF-8 that Info-ZIP keeps beside the old one, where it belongs to that one."""
    if field is None or len(field) < 5 or field[0] != 1:
        return None
    return field[5:] if int.from_bytes(field[1:5], "little") == zlib.crc32(name) else None


def windows(stream: BinaryIO, start: int, end: int, budget: Budget, *, overlap: int) -> Iterator[bytes]:
    """The bytes between two places in blocks, each with the last ``overlap`` bytes of what came before it.

    Seeks for each block, as the file may be used for something else in between; each takes its time.
    """
    before = b""
    while start < end:
        budget.wait()
        stream.seek(start)
        block = stream.read(min(BLOCK, end - start))
        if not block:
            return
        start += len(block)
        yield before + block
        before = (before + block)[-overlap:]
