"""The log and its journal as they lie in one store.

Everything is write-once but `checkpoint`, which moves by comparison and never to a smaller size.
What a database and a log disagree about is never overwritten: it is damage, and it is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from archive.errors import Conflict, Damaged, Missing, Unreadable
from archive.ledger.tiles import Checkpoint, Tile, parse_checkpoint
from archive.stores import Store

LEDGER = "ledger/"
JOURNAL = "journal/"
KEPT = "checkpoints/"
_BATCH = re.compile(r"([0-9]{12})-([0-9]{12})\.jsonl")
_LARGEST = 64 * 1024 * 1024


@dataclass(frozen=True)
class Batch:
    """The journal records of the entries ``[start, end)``, in one object."""

    start: int
    end: int

    @property
    def key(self) -> str:
        return f"{JOURNAL}{self.start:012d}-{self.end:012d}.jsonl"


class LogStore:
    """One store, seen as the place of a log."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def head(self) -> str | None:
        """The signed checkpoint as it lies there, or None where there is no log yet.

        Bytes that are no text become characters that no checkpoint has, so that it is found not to be one.
        """
        try:
            return self.read("checkpoint").decode(errors="replace")
        except Missing:
            return None

    def move_head(self, note: str, *, before: str | None) -> None:
        """Publish a larger checkpoint.  Conflict when it moved meanwhile; Damaged when it would shrink."""
        if before is not None and size_of(note) < size_of(before):
            raise Damaged("A log never shrinks.", code="ledger.shrinks")
        self.store.swap_checkpoint(note.encode(), before=before.encode() if before is not None else None)

    def keep(self, key: str, data: bytes | BinaryIO) -> None:
        """Write one object for good.  Damaged when other bytes lie there: they are not this log's."""
        try:
            self.store.put(key, data)
        except Conflict as error:
            raise Damaged(
                f"{key} in store {self.store.name} is not what the database sealed.",
                code="ledger.differs",
                next="Verify the log of each store with `seogo ledger verify`.",
            ) from error

    def has_kept(self, size: int) -> bool:
        return self.store.has(f"{LEDGER}{KEPT}{size}")

    def read(self, path: str) -> bytes:
        return self._read(LEDGER + path)

    def read_text(self, path: str) -> str:
        """Unreadable when it is not text."""
        try:
            return self.read(path).decode()
        except UnicodeDecodeError as error:
            raise Unreadable(f"{path} is not text.", code="ledger.text") from error

    def tile(self, tile: Tile) -> bytes:
        return self.read(tile.path)

    def paths(self) -> Iterator[str]:
        """Everything below ``ledger/``, without that prefix."""
        return (key.removeprefix(LEDGER) for key, _ in self.store.find(LEDGER))

    def batches(self) -> Iterator[Batch | str]:
        """The journal's batches in order, and the keys that are none."""
        for key, _ in self.store.find(JOURNAL):
            found = _BATCH.fullmatch(key.removeprefix(JOURNAL))
            yield Batch(int(found[1]), int(found[2])) if found else key

    def read_batch(self, batch: Batch) -> Iterator[bytes]:
        """The lines of a batch.  Unreadable when the last one is cut."""
        with self.store.open(batch.key) as stream:
            for line in stream:
                if not line.endswith(b"\n"):
                    raise Unreadable(f"{batch.key} ends in the middle of a line.", code="ledger.journal")
                yield line[:-1]

    def _read(self, key: str) -> bytes:
        with self.store.open(key) as stream:
            data = stream.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise Unreadable(f"{key} is larger than anything a log has.", code="ledger.large")
        return data


def checkpoint_of(note: str) -> Checkpoint:
    """The checkpoint that a note carries, whoever signed it."""
    text, _, _ = note.rpartition("\n\n")
    return parse_checkpoint(f"{text}\n")


def size_of(note: str) -> int:
    return checkpoint_of(note).size
