"""Compound files (OLE) made for a test, and what Hangul and Outlook put into them."""

import struct
import zlib
from collections.abc import Mapping

SECTOR, SMALL, CUTOFF = 512, 64, 4096
FREE, END, NONE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF
IS_FAT = 0xFFFFFFFD


def compound(streams: Mapping[str, bytes]) -> bytes:
    """Paths are written with ``/``."""
    return _File().whole(streams)


def hangul(
    files: Mapping[str, bytes], code: str = "", *, flags: int = 1, others: Mapping[str, bytes] | None = None
) -> bytes:
    header = b"HWP Document File".ljust(32, b"\0") + struct.pack("<LL", 0x05000107, flags)
    kept = {f"BinData/{name}": deflated(data) if flags & 1 else data for name, data in files.items()}
    script = struct.pack("<L", 0) + struct.pack("<L", len(code)) + code.encode("utf-16-le")
    script += struct.pack("<LLL", 0, 0, 0xFFFFFFFF)
    return compound({
        "FileHeader": header.ljust(256, b"\0"), "BodyText/Section0": deflated(b"words"), **kept,
        "Scripts/DefaultJScript": deflated(script) if flags & 1 else script, **(others or {}),
    })  # fmt: skip


def native(name: str, data: bytes) -> bytes:
    """The stream of an object that is a file of another program."""
    known = name.encode("cp949") + b"\0"
    body = struct.pack("<H", 2) + known + known + bytes(4) + struct.pack("<L", len(known)) + known
    body += struct.pack("<L", len(data)) + data
    return struct.pack("<L", len(body)) + body


def outlook_message(attachments: Mapping[str, bytes], kind: str = "IPM.Note") -> bytes:
    streams = {"__properties_version1.0": bytes(32), "__substg1.0_001A001F": kind.encode("utf-16-le")}
    for number, (name, data) in enumerate(attachments.items()):
        place = f"__attach_version1.0_#{number:08X}"
        streams[f"{place}/__substg1.0_3707001F"] = name.encode("utf-16-le")
        streams[f"{place}/__substg1.0_37010102"] = data
    return compound(streams)


def deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


class _File:
    def __init__(self) -> None:
        self._body = bytearray()
        self._chain: list[int] = []
        self._small = bytearray()
        self._small_chain: list[int] = []

    def whole(self, streams: Mapping[str, bytes]) -> bytes:
        entries: list[list[int | str]] = []
        self._folder("Root Entry", 5, streams, entries)
        small_table = b"".join(struct.pack("<L", each) for each in self._small_chain)
        entries[0][5], entries[0][6] = self._large(bytes(self._small)), len(self._small)
        small_at = self._large(small_table, FREE)
        directory = b"".join(_entry(*each) for each in entries)  # type: ignore[arg-type]
        directory_at = self._large(directory)
        fat_at = len(self._chain)
        tables = -(-(fat_at + 1) // 127)
        chain = [*self._chain, *[IS_FAT] * tables]
        fat = b"".join(struct.pack("<L", each) for each in chain)
        fat = fat.ljust(tables * SECTOR, b"\xff")
        head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH6xLLLLLLLLL",
            0x3E, 3, 0xFFFE, 9, 6, 0, tables, directory_at, 0, CUTOFF,
            small_at if small_table else END, -(-len(small_table) // SECTOR), END, 0)  # fmt: skip
        places = [fat_at + number for number in range(tables)]
        head += b"".join(struct.pack("<L", each) for each in (places + [FREE] * 109)[:109])
        return head + bytes(self._body) + fat

    def _folder(
        self, name: str, kind: int, streams: Mapping[str, bytes], entries: list[list[int | str]]
    ) -> int:
        """Its entries hang on each other as a chain, each to the right of the one before."""
        own: list[int | str] = [name, kind, NONE, NONE, NONE, END if kind == 5 else 0, 0]
        entries.append(own)
        number = len(entries) - 1
        last: list[int | str] | None = None
        for first in dict.fromkeys(path.partition("/")[0] for path in streams):
            below = f"{first}/"
            inner = {path[len(below) :]: streams[path] for path in streams if f"{path}/".startswith(below)}
            if "" in inner:
                start = self._stream(inner[""])
                entries.append([first, 2, NONE, NONE, NONE, start, len(inner[""])])
                child = len(entries) - 1
            else:
                child = self._folder(first, 1, inner, entries)
            if last is None:
                own[4] = child
            else:
                last[3] = child
            last = entries[child]
        return number

    def _stream(self, data: bytes) -> int:
        if len(data) >= CUTOFF:
            return self._large(data)
        start, count = len(self._small_chain), max(1, -(-len(data) // SMALL))
        self._small += data.ljust(count * SMALL, b"\0")
        self._small_chain += [*range(start + 1, start + count), END]
        return start

    def _large(self, data: bytes, filler: int = 0) -> int:
        start, count = len(self._chain), -(-len(data) // SECTOR)
        if not count:
            return END
        self._body += data.ljust(count * SECTOR, b"\xff" if filler else b"\0")
        self._chain += [*range(start + 1, start + count), END]
        return start


def _entry(name: str, kind: int, left: int, right: int, child: int, start: int, size: int) -> bytes:
    raw = name.encode("utf-16-le")
    head = raw.ljust(64, b"\0") + struct.pack("<HBBLLL", len(raw) + 2, kind, 1, left, right, child)
    return head + bytes(36) + struct.pack("<LQ", start, size)
