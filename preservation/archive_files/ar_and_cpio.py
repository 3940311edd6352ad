"""The members of two plain Unix formats, read forward only: ar (also of Debian packages) and cpio."""

from collections.abc import Iterator
from functools import partial
from typing import BinaryIO

from preservation.archive_files.members import Damaged, Kind, Member, blocks, exactly

_AR_HEADER = 60
_LONGEST_TABLE = 16 << 20
_LONGEST_NAME = 64 * 1024
_END_NAME = b"TRAILER!!!"
_OCTAL, _DECIMAL, _HEXADECIMAL = b"01234567", b"0123456789", b"0123456789abcdefABCDEF"


def ar_members(stream: BinaryIO) -> Iterator[Member]:
    exactly(stream, 8, "its beginning")
    names = b""
    while header := stream.read(_AR_HEADER):
        if len(header) < _AR_HEADER:
            if not header.strip(b"\n\0 "):
                return
            raise Damaged("it breaks off in a header")
        if header[58:] != b"`\n":
            raise Damaged("a header does not end as one")
        for field, digits in ((header[16:28], _DECIMAL), (header[28:34], _DECIMAL), (header[34:40], _DECIMAL),
                              (header[40:48], _OCTAL)):  # fmt: skip
            _number(field, digits)
        size = _number(header[48:58], _DECIMAL)
        raw = header[:16].rstrip(b" ")
        if raw == b"//":
            names = _table(stream, size)
            continue
        name, size = _ar_name(stream, raw, size, names)
        data = blocks(stream, size, "a member")
        if raw not in (b"/", b"/SYM64/"):
            yield Member(name, size=size, data=partial(iter, data))
        for _ in data:
            pass
        stream.read(size % 2)


def _number(field: bytes, digits: bytes) -> int:
    told = field.strip(b" ")
    if not set(told) <= set(digits):
        raise Damaged("a number in a header is none")
    return int(told or b"0", {_OCTAL: 8, _DECIMAL: 10, _HEXADECIMAL: 16}[digits])


def _table(stream: BinaryIO, size: int) -> bytes:
    if size > _LONGEST_TABLE:
        raise Damaged("its table of names is longer than can be")
    table = exactly(stream, size, "its table of names")
    stream.read(size % 2)
    return table


def _ar_name(stream: BinaryIO, raw: bytes, size: int, names: bytes) -> tuple[bytes, int]:
    """A name and what is left of the member: BSD keeps a long name before the data, GNU in a table."""
    if raw.startswith(b"#1/"):
        length = _number(raw[3:], _DECIMAL)
        if length > min(size, _LONGEST_NAME):
            raise Damaged("a name is longer than its member")
        return exactly(stream, length, "a name").rstrip(b"\0"), size - length
    if raw.startswith(b"/") and raw not in (b"/", b"/SYM64/"):
        at = _number(raw[1:], _DECIMAL)
        if at >= len(names):
            raise Damaged("a name is not in the table of names")
        return names[at:].partition(b"\n")[0].removesuffix(b"/"), size
    return raw.removesuffix(b"/") if len(raw) > 1 else raw, size


def cpio_members(stream: BinaryIO) -> Iterator[Member]:
    """Ends at its end mark; where that is missing, behind the last whole member."""
    while magic := stream.read(2):
        header = _binary(stream, magic) if magic in (b"\xc7\x71", b"\x71\xc7") else _text(stream, magic)
        name_length, size, padded, check, mode = header
        if not 0 < name_length <= _LONGEST_NAME:
            raise Damaged("a name is longer than can be")
        name = exactly(stream, name_length, "a name").rstrip(b"\0")
        if name == _END_NAME:
            return
        head = {4: 110, 2: 26, 1: 76}[padded]
        stream.read(-(head + name_length) % padded)
        yield from _cpio_member(stream, name, size, check, mode)
        stream.read(-size % padded)


def _cpio_member(stream: BinaryIO, name: bytes, size: int, check: int | None, mode: int) -> Iterator[Member]:
    form = mode >> 12
    kind: Kind = {0o4: "folder", 0o12: "link", 0o10: "file"}.get(form, "special")  # type: ignore[assignment]
    if kind == "link":
        if size > _LONGEST_NAME:
            raise Damaged("a link is longer than can be")
        target = exactly(stream, size, "a link")
        yield Member(name, kind, target=target, data=partial(iter, (target,)))
        return
    data = _checked(blocks(stream, size, "a member"), check)
    yield Member(name, kind, size=size, data=partial(iter, data))
    for _ in data:
        pass


def _checked(data: Iterator[bytes], check: int | None) -> Iterator[bytes]:
    total = 0
    for block in data:
        total += sum(block)
        yield block
    if check is not None and total & 0xFFFFFFFF != check:
        raise Damaged("the bytes of a member do not match their checksum")


def _text(stream: BinaryIO, magic: bytes) -> tuple[int, int, int, int | None, int]:
    magic += exactly(stream, 4, "a header")
    if magic == b"070707":
        rest = exactly(stream, 70, "a header")
        return (
            _number(rest[53:59], _OCTAL),
            _number(rest[59:70], _OCTAL),
            1,
            None,
            _number(rest[12:18], _OCTAL),
        )
    if magic not in (b"070701", b"070702"):
        raise Damaged("a header does not begin as one")
    rest = exactly(stream, 104, "a header")
    fields = [_number(rest[at : at + 8], _HEXADECIMAL) for at in range(0, 104, 8)]
    return fields[11], fields[6], 4, fields[12] if magic == b"070702" else None, fields[1]


def _binary(stream: BinaryIO, magic: bytes) -> tuple[int, int, int, int | None, int]:
    order = "little" if magic == b"\xc7\x71" else "big"
    rest = exactly(stream, 24, "a header")
    words = [int.from_bytes(rest[at : at + 2], order) for at in range(0, 24, 2)]  # type: ignore[arg-type]
    return words[9], words[10] << 16 | words[11], 2, None, words[2]
