"""The members of a Unix dump: every header against its checksum, and every folder read through.

A dump is a copy of a whole file system by inode.  Files have no names of their own in it; the folders,
which come first, name them.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, Literal

from preservation.archive_files.members import Damaged, Kind, Member, Unsupported, exactly
from preservation.archive_files.names import LONGEST

_RECORD = 1024
_SUM = 84446
_MAGIC = 60012
_TAPE, _INODE, _BITS, _ADDRESS, _END, _CLEARED = 1, 2, 3, 4, 5, 6
_MOST_HOLES = 512
_FOLDER_LIMIT = 16 << 20
_KINDS: dict[int, Kind] = {0o10: "file", 0o04: "folder", 0o12: "link"}


@dataclass(frozen=True)
class Header:
    type: int
    inode: int
    count: int
    mode: int
    size: int
    present: bytes


def dump_members(stream: BinaryIO) -> Iterator[Member]:
    order: Literal["<", ">"] | None = None
    stream_begins = True
    names: dict[int, bytes] = {2: b"."}
    parents: dict[int, int] = {}
    while record := stream.read(_RECORD):
        if len(record) < _RECORD:
            raise Damaged("it breaks off in a header")
        order = order or ("<" if struct.unpack_from("<L", record, 24)[0] == _MAGIC else ">")
        header = _parse(record, order)
        if stream_begins and header.type != _TAPE:
            raise Unsupported("it does not begin with the label of its tape")
        stream_begins = False
        if header.type == _END:
            return
        if header.type in (_BITS, _CLEARED):
            for _ in range(header.count):
                exactly(stream, _RECORD, "its map")
        elif header.type == _INODE and header.inode:
            yield from _inode(stream, header, order, names, parents)
        elif header.type == _ADDRESS:
            raise Unsupported("a file in it goes on in a second part")


def _parse(record: bytes, order: str) -> Header:
    if sum(struct.unpack(f"{order}256L", record)) & 0xFFFFFFFF != _SUM:
        raise Damaged("a header does not match its checksum")
    (kind,) = struct.unpack_from(f"{order}L", record, 0)
    (inode,) = struct.unpack_from(f"{order}L", record, 20)
    (mode,) = struct.unpack_from(f"{order}H", record, 32)
    (size,) = struct.unpack_from(f"{order}Q", record, 40)
    (count,) = struct.unpack_from(f"{order}L", record, 160)
    if kind > _CLEARED:
        raise Damaged("a header is of no kind that can be")
    if kind == _INODE and count > _MOST_HOLES:
        raise Unsupported("a file in it is longer than is read here")
    return Header(kind, inode, count, mode, size, record[164 : 164 + count])


def _inode(
    stream: BinaryIO, header: Header, order: str, names: dict[int, bytes], parents: dict[int, int]
) -> Iterator[Member]:
    kind = _KINDS.get(header.mode >> 12, "special")
    data = _data(stream, header)
    name = names.get(header.inode, b"inode %d" % header.inode)
    if kind == "folder":
        if header.size > _FOLDER_LIMIT:
            raise Damaged("a folder is larger than can be")
        _read_folder(b"".join(data), header.inode, order, names, parents)
    target = None
    if kind == "link" and header.size <= LONGEST:
        target = b"".join(data)
        data = iter((target,))
    yield Member(name, kind, size=header.size, target=target, data=partial(iter, data))
    for _ in data:
        pass


def _data(stream: BinaryIO, header: Header) -> Iterator[bytes]:
    left = header.size
    for present in header.present:
        block = exactly(stream, _RECORD, "a member") if present else bytes(_RECORD)
        yield block[:left]
        left = max(0, left - _RECORD)


def _read_folder(
    data: bytes, folder: int, order: str, names: dict[int, bytes], parents: dict[int, int]
) -> None:
    at = 0
    while at + 8 <= len(data):
        inode, length, _kind, name_length = struct.unpack_from(f"{order}LH2B", data, at)
        if length < 8 or length % 4 or at + length > len(data) or name_length > length - 8:
            raise Damaged("an entry of a folder has a length that cannot be")
        name = data[at + 8 : at + 8 + name_length]
        if inode and name not in (b".", b".."):
            _enter(inode, name, folder, names, parents)
        at += length


def _enter(inode: int, name: bytes, folder: int, names: dict[int, bytes], parents: dict[int, int]) -> None:
    parents[inode] = folder
    above, steps = folder, 0
    while above in parents:
        above, steps = parents[above], steps + 1
        if above == inode or steps > len(parents):
            raise Damaged("a folder lies in itself")
    before = names.get(folder, b".")
    names[inode] = name if before == b"." else before + b"/" + name
