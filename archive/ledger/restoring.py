"""Reads journal and log back from a store: for a rebuild into an empty database.

A log that does not hold is never read back.  Afterwards sealing goes on where it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.errors import Conflict, Damaged, Missing
from archive.ledger.entries import JournalRecord, LedgerEntry, LedgerNode, Seal, canonical
from archive.ledger.log_store import KEPT, Batch, LogStore, size_of
from archive.ledger.merkle import Edge, leaf_hash
from archive.ledger.signing import Verifier
from archive.ledger.tiles import HASH, Tile, entries_in, tiles_of
from archive.ledger.verification import verify
from archive.stores import Store

_AT_A_TIME = 1_000


def read_journal(store: Store) -> Iterator[dict[str, Any]]:
    """Every sealed record in order, each with `act`, `about`, `at`, `actor`, `facts`.

    It does not judge: call `verify` first.
    """
    log = LogStore(store)
    note = log.head()
    for line in _lines(log, size_of(note) if note else 0):
        yield line["record"]


def restore(session: Session, store: Store, verifier: Verifier) -> int:
    """Fill the empty tables of the ledger from one store, in the caller's transaction; how many entries.

    Damaged when the log there does not hold, Missing when there is none, Conflict when the tables are not
    empty.
    """
    if session.scalar(select(JournalRecord.id).limit(1)) is not None:
        raise Conflict("The ledger of this database is not empty.", next="Restore into an empty database.")
    found = verify(store, verifier)
    if found.holds is None:
        raise Missing(f"There is no log in store {store.name}.", next="Restore from another store.")
    if not found.holds:
        raise Damaged(
            f"The log in store {store.name} does not hold: {found.failures[0]}.",
            code="ledger.broken",
            next="Restore from another store.",
        )
    log = LogStore(store)
    _restore_entries(session, log, found.size)
    _restore_nodes(session, log, found.size)
    return found.size


def _restore_entries(session: Session, log: LogStore, size: int) -> None:
    seals = _checkpoints(log, size)
    edge, start = Edge(), 0
    for entry, line in zip(_entries(log, size), _lines(log, size), strict=True):
        kept = JournalRecord(salt=line["salt"], record=canonical(line["record"]).decode())
        told = json.loads(entry)
        session.add(LedgerEntry(journal=kept, about=told["about"], entry=entry.decode(), position=edge.size))
        edge.add(leaf_hash(entry))
        if edge.size in seals:
            session.add(_seal(start, edge, seals[edge.size], told["at"]))
            start = edge.size
        if edge.size % _AT_A_TIME == 0:
            session.flush()
            session.expunge_all()


def _seal(start: int, edge: Edge, note: str, at: str) -> Seal:
    """When it was sealed is not in a checkpoint: the time of its last act stands for it."""
    return Seal(
        size=edge.size,
        start=start,
        root=edge.root().hex(),
        edge=" ".join(each.hex() for each in edge.hashes),
        checkpoint=note,
        sealed_at=datetime.fromisoformat(at),
    )


def _checkpoints(log: LogStore, size: int) -> dict[int, str]:
    """The signed note of every seal; a kill may have kept the newest one from being kept."""
    notes = {
        size_of(note): note for note in (log.read_text(path) for path in log.paths() if path.startswith(KEPT))
    }
    head = log.head()
    return {**notes, size: head} if head else notes


def _restore_nodes(session: Session, log: LogStore, size: int) -> None:
    for tile in (tile for tile in tiles_of(size) if tile.level > 0):
        data = log.tile(tile)
        for at in range(tile.width):
            number = tile.number * 256 + at
            value = data[at * HASH : (at + 1) * HASH].hex()
            session.add(LedgerNode(level=tile.level, number=number, hash=value))


def _entries(log: LogStore, size: int) -> Iterator[bytes]:
    bundles: Iterator[Tile] = (tile for tile in tiles_of(size) if tile.level < 0)
    for tile in bundles:
        yield from entries_in(log.tile(tile))


def _lines(log: LogStore, size: int) -> Iterator[dict[str, Any]]:
    for batch in log.batches():
        if isinstance(batch, Batch) and batch.start < size:
            for line in log.read_batch(batch):
                yield json.loads(line)
