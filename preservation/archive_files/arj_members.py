"""The members of an ARJ file: every header against its checksum; stored members are read, others named."""

import struct
import zlib
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO

from preservation.archive_files.members import Damaged, Member, blocks, exactly

_LONGEST_HEADER = 2600
_FIRST = 30
_ENCRYPTED = 0x01
_STORED, _FOLDER = 0, 3


def arj_members(stream: BinaryIO) -> Iterator[Member]:
    if _header(stream) is None:
        raise Damaged("it has no main header")
    while (header := _header(stream)) is not None:
        packed, size, crc = struct.unpack_from("<3L", header, 12)
        flags, method, kind = header[4], header[5], header[6]
        name = header[header[0] :].partition(b"\0")[0]
        data = blocks(stream, packed, "a member")
        readable = method == _STORED and not flags & _ENCRYPTED
        if readable and packed != size:
            raise Damaged("a member that is not packed has two sizes")
        checked = _checked(data, crc) if readable else data
        yield Member(
            name,
            "folder" if kind == _FOLDER else "file",
            size=size,
            encrypted=bool(flags & _ENCRYPTED),
            unsupported=None
            if readable
            else f"it is packed in a way that nothing here unpacks (ARJ {method})",
            data=partial(iter, checked) if readable else None,
        )
        for _ in checked:
            pass


def _header(stream: BinaryIO) -> bytes | None:
    """One basic header, with its further headers passed over; None for the empty one that ends the file."""
    if exactly(stream, 2, "a header") != b"\x60\xea":
        raise Damaged("a header does not begin as one")
    size = int.from_bytes(exactly(stream, 2, "a header"), "little")
    if not size:
        return None
    if not _FIRST <= size <= _LONGEST_HEADER:
        raise Damaged("a header has a size that cannot be")
    header = _with_checksum(stream, size)
    if not _FIRST <= header[0] <= size:
        raise Damaged("a header has a size that cannot be")
    while further := int.from_bytes(exactly(stream, 2, "a header"), "little"):
        _with_checksum(stream, further)
    return header


def _with_checksum(stream: BinaryIO, size: int) -> bytes:
    header = exactly(stream, size, "a header")
    if zlib.crc32(header) != int.from_bytes(exactly(stream, 4, "a header"), "little"):
        raise Damaged("a header does not match its checksum")
    return header


def _checked(data: Iterator[bytes], crc: int) -> Iterator[bytes]:
    found = 0
    for block in data:
        found = zlib.crc32(block, found)
        yield block
    if found != crc:
        raise Damaged("the bytes of a member do not match their checksum")
