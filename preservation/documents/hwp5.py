"""Text of HWP 5: an OLE file with one compressed stream of records a section.

Read after the published format description (한글 문서 파일 형식 5.0).  A distribution document
(배포용) keeps its sections in ViewText, hidden under a key that it carries itself: every
program that shows it undoes that, and so do we, for the text only.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import olefile
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from archive import errors
from preservation.contents import DocumentText
from preservation.documents.text import damaged, encrypted, in_pages

KIND = "HWP"
SIGNATURE = b"HWP Document File"
MOST_STREAM_BYTES = 256_000_000
PARAGRAPH_TEXT = 67  # HWPTAG_PARA_TEXT
KEY_DATA = 28  # HWPTAG_DISTRIBUTE_DOC_DATA
EXTENDED_SIZE = 0xFFF
# Controls stand among the characters: these fill one place, the others below 32 fill eight.
ONE_PLACE = frozenset({0, 10, 13, 24, 25, 26, 27, 28, 29, 30, 31})
SHOWN_AS = {9: "\t", 10: "\n", 24: "-", 30: " ", 31: " "}
# What olefile raises for a container it cannot make sense of.
CANNOT_READ = (OSError, ValueError, TypeError, IndexError, KeyError, AttributeError, struct.error, zlib.error)


@dataclass(frozen=True)
class FileHeader:
    compressed: bool
    password: bool
    distribution: bool
    drm: bool


def hwp5_text(path: Path) -> DocumentText:
    try:
        with olefile.OleFileIO(path) as ole:
            return read_document(ole)
    except CANNOT_READ as cause:
        raise damaged(
            KIND, f"its container cannot be read ({str(cause)[:120] or type(cause).__name__})"
        ) from cause


def read_document(ole: olefile.OleFileIO) -> DocumentText:
    header = file_header(ole)
    if header.password:
        raise encrypted(KIND)
    if header.drm:
        raise encrypted(KIND, "is locked by rights management (DRM)")
    try:
        return in_pages([list(lines(section)) for section in sections(ole, header)])
    except (*CANNOT_READ, errors.Unreadable) as cause:
        if isinstance(cause, errors.Unreadable) and cause.code.startswith("limit."):
            raise
        return preview(ole, cause, header)


def file_header(ole: olefile.OleFileIO) -> FileHeader:
    if not ole.exists("FileHeader"):
        raise damaged(KIND, "its FileHeader is missing")
    data = ole.openstream("FileHeader").read(256)
    if len(data) < 40 or not data.startswith(SIGNATURE):
        raise damaged(KIND, "its FileHeader does not say that it is HWP")
    flags = int.from_bytes(data[36:40], "little")
    return FileHeader(bool(flags & 1), bool(flags & 2), bool(flags & 4), bool(flags & 16))


def sections(ole: olefile.OleFileIO, header: FileHeader) -> Iterator[bytes]:
    storage = "ViewText" if header.distribution else "BodyText"
    names = [entry[1] for entry in ole.listdir() if len(entry) == 2 and entry[0] == storage]
    numbered = sorted(name for name in names if name[7:].isdigit() and name.startswith("Section"))
    if not numbered:
        raise damaged(KIND, f"it has no section below {storage}")
    for name in sorted(numbered, key=lambda name: int(name[7:])):
        stream = ole.openstream([storage, name])
        if stream.size > MOST_STREAM_BYTES:
            raise too_big()
        data = stream.read()
        if header.distribution:
            data = revealed(data)
        yield unpacked(data) if header.compressed else data


def unpacked(data: bytes) -> bytes:
    """Raw deflate.  A stream cut short gives what it holds up to there."""
    unpacker = zlib.decompressobj(-15)
    plain = unpacker.decompress(data, MOST_STREAM_BYTES)
    if unpacker.unconsumed_tail:
        raise too_big()
    return plain


def too_big() -> errors.Unreadable:
    return errors.Unreadable(
        f"The HWP file was not read: one section holds more than {MOST_STREAM_BYTES:,} bytes.",
        code="limit.unpack",
        next="Look at the file by hand in a safe place, or ask the sender for another copy.",
    )


def records(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(tag, content) of each record: 10 bits tag, 10 bits level, 12 bits size."""
    at = 0
    while at + 4 <= len(data):
        (head,) = struct.unpack_from("<I", data, at)
        at += 4
        tag, size = head & 0x3FF, head >> 20
        if size == EXTENDED_SIZE:
            if at + 4 > len(data):
                return
            (size,) = struct.unpack_from("<I", data, at)
            at += 4
        yield tag, data[at : at + size]
        at += size


def lines(section: bytes) -> Iterator[str]:
    for tag, content in records(section):
        if tag == PARAGRAPH_TEXT:
            yield from paragraph(content).split("\n")


def paragraph(content: bytes) -> str:
    units = struct.unpack(f"<{len(content) // 2}H", content[: len(content) // 2 * 2])
    kept: list[int] = []
    at = 0
    while at < len(units):
        unit = units[at]
        if unit >= 32:
            kept.append(unit)
        elif unit in SHOWN_AS:
            kept.append(ord(SHOWN_AS[unit]))
        at += 1 if unit >= 32 or unit in ONE_PLACE else 8
    return struct.pack(f"<{len(kept)}H", *kept).decode("utf-16-le", "replace")


def revealed(data: bytes) -> bytes:
    """Undo the hiding of a distribution document (배포용 문서, same publication)."""
    head = int.from_bytes(data[:4], "little")
    if head & 0x3FF != KEY_DATA or len(data) < 260:
        raise damaged(KIND, "its distribution record is missing")
    secret = unscrambled(data[4:260])
    start = 4 + (secret[0] & 0xF)
    key = secret[start : start + 16]
    body = data[260 : 260 + (len(data) - 260) // 16 * 16]
    undo = Cipher(algorithms.AES(key), modes.ECB()).decryptor()
    return undo.update(body) + undo.finalize()


def unscrambled(data: bytes) -> bytes:
    """XOR with the run lengths of the C library's random numbers, seeded by the first four bytes."""
    seed = int.from_bytes(data[:4], "little")
    out = bytearray(data)
    value = left = 0
    for place in range(256):
        if left == 0:
            seed = (seed * 214013 + 2531011) & 0xFFFFFFFF
            value = (seed >> 16) & 0xFF
            seed = (seed * 214013 + 2531011) & 0xFFFFFFFF
            left = ((seed >> 16) & 0xF) + 1
        if place >= 4:
            out[place] ^= value
        left -= 1
    return bytes(out)


def preview(ole: olefile.OleFileIO, cause: BaseException, header: FileHeader) -> DocumentText:
    """The first page or so as plain text, which the editor keeps beside the sections."""
    text = (
        ole.openstream("PrvText").read(1_000_000).decode("utf-16-le", "replace")
        if ole.exists("PrvText")
        else ""
    )
    if not text.strip():
        if isinstance(cause, errors.Unreadable):
            raise cause
        raise damaged(KIND, "its sections cannot be read and it has no preview text") from cause
    kind = "This is a distribution document (배포용)" if header.distribution else "The sections are damaged"
    remark = f"{kind}; only the preview text that the file carries could be read."
    return in_pages([text.replace("\r\n", "\n").splitlines()], remark)
