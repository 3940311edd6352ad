"""What is put into a compound file (OLE): Hangul documents, old Office documents, Outlook messages.

Only the streams in which these formats keep other files and code are members; words and layout are not.
A stream is read whole, so one above the limit of nested archives is told and not looked into.
"""

import struct
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from io import SEEK_END, BytesIO
from typing import BinaryIO

import olefile

from archive import errors
from preservation.archive_files.forward import Forward
from preservation.archive_files.kinds import OLE
from preservation.archive_files.limits import Budget
from preservation.archive_files.members import BLOCK, Encrypted, Member, Unsupported
from preservation.documents import hwp5

PREFIX = 4
"""Hangul puts the size in front of an object that it keeps."""
CANNOT_READ = (
    *hwp5.CANNOT_READ, errors.Unreadable, RecursionError, MemoryError, UnicodeError, NotImplementedError,
)  # fmt: skip
MACRO_STORAGE, MACRO_STREAM = "VBA", "dir"
PACKED_STREAMS = frozenset({"Package", "CONTENTS"})
NATIVE_STREAM = "\x01Ole10Native"
MESSAGE_STREAM = "__properties_version1.0"
ATTACHMENT, INNER_MESSAGE = "__attach_version1.0_", "__substg1.0_3701000D"
DATA_STREAM = "__substg1.0_37010102"
NAME_STREAMS = tuple(
    (f"__substg1.0_{number}{kind}", encoding)
    for number in ("3707", "3704", "3001")
    for kind, encoding in (("001F", "utf-16-le"), ("001E", None))
)

Path = list[str]


def compound_members(stream: BinaryIO, budget: Budget) -> Iterator[Member]:
    """Encrypted where a password or rights management locks the document."""
    try:
        file = _File(olefile.OleFileIO(_from_its_signature(stream, budget)), budget)
        yield from file.members()
    except CANNOT_READ as error:
        raise Unsupported(
            f"its compound file cannot be read ({str(error)[:80] or 'no reason given'})"
        ) from error


def _from_its_signature(stream: BinaryIO, budget: Budget) -> BinaryIO:
    """An object of Hangul is held in memory without its size, and so must not be too large for that."""
    stream.seek(0)
    if stream.read(len(OLE)) == OLE:
        return stream
    if stream.seek(0, SEEK_END) > budget.limits.nested:
        raise Unsupported("it is too large to be looked into")
    stream.seek(PREFIX)
    return BytesIO(stream.read())


def is_message(stream: BinaryIO) -> bool:
    """Whether a compound file is a message of Outlook (MSG)."""
    stream.seek(0)
    try:
        with olefile.OleFileIO(stream) as file:
            return bool(file.exists(MESSAGE_STREAM))
    except CANNOT_READ:
        return False


class _File:
    """An open compound file."""

    def __init__(self, file: olefile.OleFileIO, budget: Budget) -> None:
        self._file = file
        self._budget = budget
        self._paths: list[Path] = file.listdir()

    def members(self) -> Iterator[Member]:
        file = self._file
        if file.exists("EncryptedPackage"):
            raise Encrypted
        if file.exists("FileHeader"):
            yield from self._hangul()
        elif file.exists(MESSAGE_STREAM):
            yield from self._message()
        else:
            yield from self._office()

    def _hangul(self) -> Iterator[Member]:
        header = hwp5.file_header(self._file)
        if header.password or header.drm:
            raise Encrypted
        unpack = _inflated_or_as_it_is if header.compressed else _as_it_is
        for path in self._paths:
            if path[0] == "BinData":
                yield self._member(path, unpack)
            elif path == ["Scripts", "DefaultJScript"]:
                yield self._member(path, partial(_script, header=header))

    def _office(self) -> Iterator[Member]:
        for path in self._paths:
            if path[-1] in PACKED_STREAMS:
                yield self._member(path, _as_it_is)
            elif path[-1] == NATIVE_STREAM:
                yield self._native(path)
            elif path[-1] == MACRO_STREAM and path[-2:-1] == [MACRO_STORAGE]:
                yield Member("/".join(path[:-1]).encode("utf-8", "surrogateescape"), "code", encoding="utf-8")

    def _message(self) -> Iterator[Member]:
        """Attachments, those of attached messages too, and then that the message was read."""
        for path in self._paths:
            if path[-1] == DATA_STREAM and path[-2].startswith(ATTACHMENT):
                member = self._member(path, _as_it_is)
                raw, encoding = self._attachment_name(path[:-1])
                yield Member(raw, encoding=encoding, size=member.size, data=member.data)
        kind = self._text("__substg1.0_001A001F", "utf-16-le").lower()
        if kind.startswith("ipm.note.smime") and "multipartsigned" not in kind:
            yield Member(b"", encrypted=True)
        yield Member(b"", "message")

    def _attachment_name(self, storage: Path) -> tuple[bytes, str | None]:
        for name, encoding in NAME_STREAMS:
            path = [*storage, name]
            if self._file.exists(path):
                raw = self._read(path)
                said = (
                    raw.decode(encoding, "replace").rstrip("\0").encode() if encoding else raw.rstrip(b"\0")
                )
                return said, "utf-8" if encoding else None
        return b"", None

    def _text(self, name: str, encoding: str) -> str:
        return self._read([name]).decode(encoding, "replace") if self._file.exists(name) else ""

    def _native(self, path: Path) -> Member:
        """A file that was put into a document as it is: its name, its size, its bytes."""
        data = self._read(path)
        name, at = b"/".join(part.encode() for part in path[:-1]), 6
        try:
            end = data.index(b"\0", at)
            name, at = data[at:end], data.index(b"\0", end + 1) + 1
            (length,) = struct.unpack_from("<L", data, at + 4)
            at += 8 + length
            (size,) = struct.unpack_from("<L", data, at)
        except (ValueError, struct.error):
            return Member(name, data=partial(_as_it_is, data[4:]))
        return Member(name, data=partial(_as_it_is, data[at + 4 : at + 4 + size]))

    def _member(self, path: Path, unpack: Callable[[bytes], Iterator[bytes]]) -> Member:
        def data() -> Iterator[bytes]:
            try:
                yield from unpack(self._read(path))
            except CANNOT_READ as error:
                raise Unsupported(f"a file in it cannot be read ({str(error)[:80]})") from error

        return Member("/".join(path).encode("utf-8", "surrogateescape"), encoding="utf-8", data=data)

    def _read(self, path: Path) -> bytes:
        self._budget.wait()
        if self._file.get_size(path) > self._budget.limits.nested:
            raise Unsupported("a file in it is too large to be looked into")
        data: bytes = self._file.openstream(path).read()
        return data


def _as_it_is(data: bytes) -> Iterator[bytes]:
    for at in range(0, len(data), BLOCK):
        yield data[at : at + BLOCK]


def _inflated_or_as_it_is(data: bytes) -> Iterator[bytes]:
    """A compressed document may keep single files as they came."""
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        block = unpacker.decompress(data, BLOCK)
    except zlib.error:
        yield from _as_it_is(data)
        return
    while block:
        yield block
        block = unpacker.decompress(unpacker.unconsumed_tail, BLOCK)


def _script(data: bytes, header: hwp5.FileHeader) -> Iterator[bytes]:
    """Two pieces of code, each behind the number of its characters: what comes first, and the functions.

    They are handed on as they are inflated, so that whoever takes them can stop at a bomb.
    """
    if header.distribution:
        data = hwp5.revealed(data)
    code = Forward(_inflated_or_as_it_is(data) if header.compressed else _as_it_is(data))
    for _ in range(2):
        left = 2 * int.from_bytes(code.read(4), "little")
        while left and (block := code.read(min(left, BLOCK))):
            yield block
            left -= len(block)
