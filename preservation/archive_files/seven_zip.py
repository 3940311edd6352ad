"""What a 7-Zip file says about itself at its start, before libarchive reads its members.

The library passes over the checksums there.  A file whose writer was stopped has none, and is tried
with the directory that lies at its end.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from typing import BinaryIO

from preservation.archive_files.by_libarchive import libarchive_members
from preservation.archive_files.limits import Budget
from preservation.archive_files.members import BLOCK, Damaged, Member, Unsupported, exactly

_START = struct.Struct("<6s2BL2QL")
_CHECKED_FROM = 12
_DIRECTORY_BEGINS = (b"\x17\x06", b"\x01\x04")
_SEARCHED = 64 * 1024


def seven_zip_members(stream: BinaryIO, budget: Budget) -> Iterator[Member]:
    size = stream.seek(0, 2)
    stream.seek(0)
    start = exactly(stream, _START.size, "its start")
    _sign, major, minor, start_crc, offset, length, crc = _START.unpack(start)
    if (major, minor) == (0, 0):
        raise Unsupported("it is of a version that was never published (0.0)")
    if not (start_crc or offset or length or crc):
        yield from _unfinished(stream, size, budget)
        return
    if zlib.crc32(start[_CHECKED_FROM:]) != start_crc:
        raise Damaged("its start does not match its checksum")
    if _START.size + offset + length > size:
        raise Damaged("it breaks off before its directory")
    stream.seek(_START.size + offset)
    found = 0
    while length > 0:
        block = exactly(stream, min(length, BLOCK), "its directory")
        found, length = zlib.crc32(block, found), length - len(block)
    if found != crc:
        raise Damaged("its directory does not match its checksum")
    yield from libarchive_members("7z", stream)


def _unfinished(stream: BinaryIO, size: int, budget: Budget) -> Iterator[Member]:
    """The program that wrote it was stopped before it wrote where the directory is."""
    if size > budget.limits.nested:
        raise Unsupported("it was not finished by the program that wrote it")
    stream.seek(0)
    data = stream.read()
    for at in _candidates(data):
        directory = data[at:]
        rest = struct.pack("<2QL", at - _START.size, len(directory), zlib.crc32(directory))
        whole = BytesIO(data[:8] + struct.pack("<L", zlib.crc32(rest)) + rest + data[_START.size :])
        try:
            members = libarchive_members("7z", whole)
            first = next(members, None)
        except Unsupported:
            continue
        if first is not None:
            yield replace(first, unusual="it was not finished by the program that wrote it")
            yield from members
            return
    raise Damaged("it was not finished by the program that wrote it, and its directory cannot be read")


def _candidates(data: bytes) -> Iterator[int]:
    at, least = len(data), max(_START.size, len(data) - _SEARCHED)
    tries = 0
    while at > least and tries < 32:
        at = max(data.rfind(sign, least, at) for sign in _DIRECTORY_BEGINS)
        if at < 0:
            return
        tries += 1
        yield at
