"""The members of a tar file, read forward only: old, ustar, GNU and pax, each within bounds.

The standard library reads what it can and passes over the rest; here what contradicts itself is damage.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from preservation.archive_files.members import Damaged, Kind, Member, Unsupported, blocks, exactly

RECORD = 512
LONGEST_HEADER = 1 << 20
"""Bytes of names and attributes before a member; honest ones have some hundred."""
_KINDS: dict[bytes, Kind] = {
    b"0": "file", b"\0": "file", b"7": "file", b"S": "file", b"1": "link", b"2": "link",
    b"3": "special", b"4": "special", b"6": "special", b"5": "folder", b"D": "folder",
}  # fmt: skip
_WITHOUT_DATA = (b"1", b"2", b"3", b"4", b"5", b"6")
_DISPUTED = (b"1", b"2", b"3", b"4", b"6")
"""Where such a header gives a size, some programs pass over that much, and others go on behind the header."""
_HAS_SIZE = "a link, a folder or a device says that it has content"


@dataclass(frozen=True)
class Header:
    name: bytes
    type: bytes
    size: int
    target: bytes
    whole_size: int | None = None
    unusual: str | None = None


def tar_members(stream: BinaryIO) -> Iterator[Member]:
    """Ends at the zeros that end a tar file, or where the stream ends behind a whole member."""
    shared: dict[bytes, bytes] = {}
    while (header := _next_header(stream, shared)) is not None:
        size = 0 if header.type in _WITHOUT_DATA else header.size
        left = _Data(stream, size)
        kind = _KINDS.get(header.type, "file")
        yield Member(
            header.name,
            kind,
            size=size if header.whole_size is None else header.whole_size,
            target=header.target if kind == "link" else None,
            hard=header.type == b"1",
            unusual=header.unusual,
            data=left.read,
        )
        left.skip()


class _Data:
    """The data of one member and the padding behind it, read once, whoever reads it."""

    def __init__(self, stream: BinaryIO, size: int) -> None:
        self._stream, self._size, self._padding = stream, size, -size % RECORD
        self._blocks = blocks(stream, size, "a member")

    def read(self) -> Iterator[bytes]:
        yield from self._blocks

    def skip(self) -> None:
        for _ in self._blocks:
            pass
        padding = self._stream.read(self._padding)
        if self._size and len(padding) < self._padding and padding.strip(b"\0"):
            raise Damaged("a member breaks off")


def _next_header(stream: BinaryIO, shared: dict[bytes, bytes]) -> Header | None:
    """The next member with the long names and attributes that stand before it; None at the end."""
    own: dict[bytes, bytes] = {}
    long_name = long_target = None
    while True:
        record = stream.read(RECORD)
        if not record.strip(b"\0"):
            if own or long_name or long_target:
                raise Damaged("it ends behind the attributes of a member that does not come")
            return None
        if len(record) < RECORD:
            raise Damaged("it breaks off in a header")
        header = _parse(record)
        if header.type in (b"x", b"X"):
            own.update(_pax(_attributes(stream, header.size)))
        elif header.type == b"g":
            shared.update(_pax(_attributes(stream, header.size)))
        elif header.type == b"L":
            long_name = _attributes(stream, header.size).rstrip(b"\0")
        elif header.type == b"K":
            long_target = _attributes(stream, header.size).rstrip(b"\0")
        elif header.type == b"M":
            raise Unsupported("it is one of several parts, and only together they can be opened")
        elif header.type in (b"V", b"N", b"I"):
            _attributes(stream, header.size)
        else:
            if header.type == b"S":
                header = replace(header, whole_size=_old_sparse(stream, record))
            header = replace(header, name=long_name or header.name, target=long_target or header.target)
            header = _with_attributes(header, {**shared, **own})
            is_folder = header.type == b"\0" and header.name.endswith(b"/")
            return replace(header, type=b"5") if is_folder else header


def _parse(record: bytes) -> Header:
    is_new = record[257:262] == b"ustar"
    told = _octal(record[148:156], "checksum", lenient=True)
    unsigned = sum(record[:148]) + 8 * 32 + sum(record[156:])
    unusual = None
    if told not in (unsigned, _signed_sum(record)):
        if not is_new:
            raise Damaged("a header does not match its checksum")
        unusual = "a header does not match its checksum"
    name, target = record[:100].partition(b"\0")[0], record[157:257].partition(b"\0")[0]
    prefix = record[345:500].partition(b"\0")[0]
    if record[257:263] == b"ustar\0" and prefix and not _is_star(record):
        name = prefix + b"/" + name
    kind, size = record[156:157], _octal(record[124:136], "size")
    # A hard link of the oldest writers has the size of its file, and every reader passes over nothing.
    if size and kind in _DISPUTED and (is_new or kind != b"1"):
        raise Damaged(_HAS_SIZE)
    return Header(name, kind, size, target, unusual=unusual)


def _signed_sum(record: bytes) -> int:
    """The checksum as systems with signed characters reckon it."""
    return sum(sign - 256 if sign > 127 else sign for sign in record[:148] + record[156:]) + 8 * 32


def _is_star(record: bytes) -> bool:
    """star keeps times where ustar keeps the second half of the prefix."""
    return record[508:512] == b"tar\0" or (record[475:476] == b"\0" and record[487:488] == b" ")


def _octal(field: bytes, what: str, *, lenient: bool = False) -> int:
    if field[0] in (0x80, 0xFF):
        number = int.from_bytes(field[1:], "big")
        if field[0] == 0xFF or number >= 1 << 62:
            raise Damaged(f"the {what} of a member is no number that can be")
        return number
    digits = field.partition(b"\0")[0].strip(b" \0")
    if not set(digits) <= set(b"01234567"):
        if lenient:
            return -1
        raise Damaged(f"the {what} of a member is no number")
    return int(digits or b"0", 8)


def _attributes(stream: BinaryIO, size: int) -> bytes:
    if size > LONGEST_HEADER:
        raise Damaged("the attributes of a member are longer than can be")
    data = exactly(stream, size, "a header")
    stream.read(-size % RECORD)
    return data


def _pax(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    while data.strip(b"\0"):
        length, blank, _rest = data.partition(b" ")
        if not blank or not length.isdigit() or not len(length) + 2 < int(length) <= len(data):
            raise Damaged("the attributes of a member cannot be read")
        line, data = data[len(length) + 1 : int(length)], data[int(length) :]
        key, equals, value = line.partition(b"=")
        if not equals or not value.endswith(b"\n"):
            raise Damaged("the attributes of a member cannot be read")
        yield key, value[:-1]


def _with_attributes(header: Header, told: dict[bytes, bytes]) -> Header:
    size, whole = told.get(b"size"), told.get(b"GNU.sparse.realsize", told.get(b"GNU.sparse.size"))
    for number in (size, whole):
        if number is not None and not number.isdigit():
            raise Damaged("the size of a member is no number")
    if size and int(size) and header.type in _WITHOUT_DATA:
        raise Damaged(_HAS_SIZE)
    return replace(
        header,
        name=told.get(b"GNU.sparse.name", told.get(b"path", header.name)),
        target=told.get(b"linkpath", header.target),
        size=int(size) if size else header.size,
        whole_size=int(whole) if whole else header.whole_size,
    )


def _old_sparse(stream: BinaryIO, record: bytes) -> int:
    """The size of a sparse GNU member with its holes; further lists of its parts are passed over."""
    more = record[482]
    while more:
        more = exactly(stream, RECORD, "a header")[504]
    return _octal(record[483:495], "size")
