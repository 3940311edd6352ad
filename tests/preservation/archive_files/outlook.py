"""An Outlook data file made for a test, after Microsoft's published description of the format ([MS-PST]).

Only what a reader needs is there: a store, one folder, messages, and what is attached to them.
"""

import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

STORE, NAMES, ROOT, FOLDER, ATTACHMENTS = 0x21, 0x61, 0x122, 0x8022, 0x671
SUB_FOLDERS, CONTENTS = 0x0B, 0x0C
TEXT, OLD_TEXT, NUMBER, BINARY = 0x001F, 0x001E, 0x0003, 0x0102
CLASS, DISPLAY_NAME, DATA, METHOD, FILE_NAME = 0x001A, 0x3001, 0x3701, 0x3705, 0x3707
ROW_ID, ROW_VERSION = 0x67F20003, 0x67F30003
PAGE, HEADER = 512, 0x4600


@dataclass(frozen=True)
class Message:
    """Attachments must be small: one block of 8,000 bytes holds each.  A name in bytes is kept so."""

    attachments: Mapping[str | bytes, bytes]
    kind: str = "IPM.Note"


def outlook(*messages: Message, encryption: int = 0) -> bytes:
    file = _File()
    file.node(STORE, 0, _properties({DISPLAY_NAME: "store"}))
    file.node(NAMES, 0, _properties({2: bytes(16), 3: struct.pack("<LHH", 0x8233, 2, 0), 4: bytes(4)}))
    file.node(ROOT, ROOT, _properties({DISPLAY_NAME: "root"}))
    file.node(FOLDER, ROOT, _properties({DISPLAY_NAME: "받은 편지함"}))
    numbers = [(0x10000 + number) << 5 | 4 for number in range(len(messages))]
    for number, message in zip(numbers, messages, strict=True):
        file.message(number, message)
    file.node(ROOT + SUB_FOLDERS, ROOT, _table([FOLDER]))
    file.node(FOLDER + CONTENTS, FOLDER, _table(numbers))
    return file.whole(encryption)


class _File:
    def __init__(self) -> None:
        self._body = bytearray()
        self._blocks: list[tuple[int, bytes]] = []
        self._nodes: list[tuple[int, bytes]] = []
        self._next = 4

    def node(self, number: int, parent: int, data: bytes, inside: int = 0) -> None:
        self._nodes.append((number, struct.pack("<QQQLL", number, self._block(data), inside, parent, 0)))

    def message(self, number: int, message: Message) -> None:
        inner = [
            (part << 5 | 5, self._block(_properties({FILE_NAME: name, DATA: data, METHOD: 1})))
            for part, (name, data) in enumerate(message.attachments.items(), start=1)
        ]
        table = _table([each for each, _ in inner])
        entries = sorted([(ATTACHMENTS, self._block(table)), *inner]) if inner else []
        packed = b"".join(struct.pack("<QQQ", each, block, 0) for each, block in entries)
        head = struct.pack("<BBHL", 2, 0, len(entries), 0)
        inside = self._block(head + packed, internal=True) if inner else 0
        self.node(number, FOLDER, _properties({CLASS: message.kind}), inside)

    def whole(self, encryption: int) -> bytes:
        nodes = self._tree(0x81, self._nodes)
        blocks = self._tree(0x80, self._blocks)
        end = HEADER + len(self._body)
        root = struct.pack("<LQQQQQQQQBBH", 0, end, 0, 0, 0, *nodes, *blocks, 2, 0, 0)
        head = struct.pack("<HHHBBLLQQL", 0x4D53, 23, 19, 1, 1, 0, 0, 0, 0x400, 1)
        head += (
            bytes(128 + 8)
            + root
            + bytes(4)
            + b"\xff" * 256
            + struct.pack("<BBHQ", 0x80, encryption, 0, 0x400)
        )
        header = b"!BDN" + struct.pack("<L", _crc(head[:471])) + head + struct.pack("<L", _crc(head[:516]))
        return header.ljust(HEADER, b"\0") + bytes(self._body)

    def _block(self, data: bytes, *, internal: bool = False) -> int:
        number, self._next = self._next | (2 if internal else 0), self._next + 4
        assert len(data) <= 8176
        at = HEADER + len(self._body)
        room = -(-(len(data) + 16) // 64) * 64
        trailer = struct.pack("<HHLQ", len(data), _signature(at, number), _crc(data), number)
        self._body += data.ljust(room - 16, b"\0") + trailer
        self._blocks.append((number, struct.pack("<QQHHL", number, at, len(data), 2, 0)))
        return number

    def _tree(self, kind: int, entries: Sequence[tuple[int, bytes]], level: int = 0) -> tuple[int, int]:
        """Pages of entries, and pages above them; gives the number and the place of the topmost."""
        size = len(entries[0][1])
        most = 488 // size
        pages = []
        for start in range(0, len(entries), most):
            some = sorted(entries)[start : start + most]
            pages.append((some[0][0], self._page(kind, level, b"".join(each for _, each in some), size)))
        if len(pages) == 1:
            return pages[0][1]
        return self._tree(kind, [(key, struct.pack("<QQQ", key, *page)) for key, page in pages], level + 1)

    def _page(self, kind: int, level: int, entries: bytes, size: int) -> tuple[int, int]:
        self._body += bytes(-len(self._body) % PAGE)
        at, number = HEADER + len(self._body), self._next
        self._next += 4
        count = len(entries) // size
        data = entries.ljust(488, b"\0") + struct.pack("<BBBBL", count, 488 // size, size, level, 0)
        self._body += data + struct.pack("<BBHLQ", kind, kind, _signature(at, number), _crc(data), number)
        return number, at


def _properties(values: Mapping[int, str | int | bytes]) -> bytes:
    items, records = [b"", b""], b""
    for number, value in sorted(values.items()):
        if isinstance(value, int):
            records += struct.pack("<HHL", number, NUMBER, value)
            continue
        kind, data = (TEXT, value.encode("utf-16-le")) if isinstance(value, str) else (BINARY, value)
        kind = OLD_TEXT if number == FILE_NAME and kind == BINARY else kind
        items.append(data)
        records += struct.pack("<HHL", number, kind, len(items) << 5)
    items[0], items[1] = struct.pack("<BBBBL", 0xB5, 2, 6, 0, 2 << 5), records
    return _heap(0xBC, items, 1)


def _table(rows: Sequence[int]) -> bytes:
    """Two columns: the number of the row, which is that of the attachment, and a version."""
    columns = struct.pack("<LHBBLHBB", ROW_ID, 0, 4, 0, ROW_VERSION, 4, 4, 1)
    info = struct.pack("<BBHHHHLLL", 0x7C, 2, 8, 8, 8, 9, 2 << 5, 4 << 5, 0) + columns
    index = b"".join(struct.pack("<LL", row, place) for place, row in enumerate(rows))
    matrix = b"".join(struct.pack("<LLB", row, 0, 0xC0) for row in rows)
    return _heap(0x7C, [info, struct.pack("<BBBBL", 0xB5, 4, 4, 0, 3 << 5), index, matrix], 1)


def _heap(kind: int, items: Sequence[bytes], first: int) -> bytes:
    places, body = [12], b""
    for item in items:
        body += item
        places.append(12 + len(body))
    body += bytes(len(body) % 2)
    head = struct.pack("<HBBLL", 12 + len(body), 0xEC, kind, first << 5, 0)
    return head + body + struct.pack(f"<HH{len(places)}H", len(items), 0, *places)


def _crc(data: bytes) -> int:
    return zlib.crc32(data, 0xFFFFFFFF) ^ 0xFFFFFFFF


def _signature(at: int, number: int) -> int:
    both = (at ^ number) & 0xFFFFFFFF
    return (both >> 16) ^ (both & 0xFFFF)
