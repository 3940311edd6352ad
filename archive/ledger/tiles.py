"""The layout that log tools read (C2SP tlog-tiles): tiles of hashes, bundles of entries, checkpoints.

A full tile has 256 hashes and never changes; a partial one is named with its width.  Level n+1
has the roots of the full tiles of level n.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from archive.errors import Unreadable

WIDTH = 256
HASH = 32
_CHECKPOINT = re.compile(r"([^\n]+)\n(0|[1-9][0-9]*)\n([A-Za-z0-9+/]+=*)\n")
_NUMBER = r"((?:x[0-9]{3}/)*[0-9]{3})"
_TILE = re.compile(r"tile/(entries|[0-9]|[1-9][0-9])/" + _NUMBER + r"(?:\.p/([1-9][0-9]{0,2}))?")


@dataclass(frozen=True)
class Tile:
    """One tile or, at level -1, one bundle of entries; ``width`` below 256 is a partial one."""

    level: int
    number: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        kind = "entries" if self.level < 0 else str(self.level)
        part = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{kind}/{_spelled(self.number)}{part}"

    @property
    def first(self) -> int:
        """The first entry that this tile says something about."""
        return self.number * WIDTH * unit(self.level)

    @property
    def needs(self) -> int:
        """How many entries a log has at least when it has this tile."""
        return (self.number * WIDTH + self.width) * unit(self.level)


def unit(level: int) -> int:
    """How many entries one hash (or one entry) of a level stands for."""
    return 1 << (8 * max(level, 0))


def parse_path(path: str) -> Tile | None:
    """The tile of a path below the log, or None when it is not a tile's path."""
    found = _TILE.fullmatch(path)
    if not found:
        return None
    level = -1 if found[1] == "entries" else int(found[1])
    number = int(re.sub(r"[x/]", "", found[2]))
    width = int(found[3]) if found[3] else WIDTH
    tile = Tile(level, number, width)
    return tile if tile.path == path else None


def _spelled(number: int) -> str:
    """1234067 is x001/x234/067."""
    groups = [f"{number % 1000:03d}"]
    while number := number // 1000:
        groups.append(f"x{number % 1000:03d}")
    return "/".join(reversed(groups))


def tiles_of(size: int, *, after: int = 0) -> Iterator[Tile]:
    """The tiles of a log of ``size`` entries that one of ``after`` entries does not have, bundles first."""
    for level in (-1, *range(64)):
        count, had = size // unit(level), after // unit(level)
        if level > 0 and count == 0:
            return
        for number in range(had // WIDTH, -(-count // WIDTH)):
            width = min(WIDTH, count - number * WIDTH)
            if number * WIDTH + width > had:
                yield Tile(level, number, width)


def bundle(entries: Iterable[bytes]) -> bytes:
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def entries_in(data: bytes) -> list[bytes]:
    """The entries of a bundle.  Unreadable when it does not come out even."""
    found: list[bytes] = []
    at = 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if end > len(data) or at + 2 > len(data):
            raise Unreadable("a bundle of entries ends in the middle of one", code="ledger.bundle")
        found.append(data[at + 2 : end])
        at = end
    return found


@dataclass(frozen=True)
class Checkpoint:
    """What a log signs: its name, its size and its root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint of a note's text.  Unreadable when it is not exactly one."""
    found = _CHECKPOINT.fullmatch(text)
    try:
        root = base64.b64decode(found[3], validate=True) if found else b""
    except binascii.Error:
        root = b""
    if not found or len(root) != HASH:
        raise Unreadable("this is not the checkpoint of a log", code="ledger.checkpoint")
    return Checkpoint(found[1], int(found[2]), root)
