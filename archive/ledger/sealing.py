"""Puts what was recorded into the log: positions first, in the database, and only then the stores.

A seal is decided when its positions are committed.  All that follows is the same bytes whoever
writes them and however often, so a killed seal is finished by the next one, a store that was away
is brought up to date, and two sealers at once do each other no harm.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, cast

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from archive.database import OpenSession
from archive.errors import Conflict, Unavailable
from archive.ledger.entries import JournalRecord, LedgerEntry, LedgerNode, Seal, canonical
from archive.ledger.heads import last_seal, reading, size_of_ours
from archive.ledger.log_store import KEPT, LEDGER, Batch, LogStore, size_of
from archive.ledger.merkle import Edge, leaf_hash, root_of
from archive.ledger.signing import Signer
from archive.ledger.tiles import WIDTH, Checkpoint, Tile, bundle, tiles_of
from archive.stores import Store

RECORDS_IN_A_BATCH = 1_000
_IN_MEMORY = 16 * 1024 * 1024
_AT_A_TIME = 1_000
_LOCK = 0x5E060


@dataclass(frozen=True)
class BroughtUp:
    """A store that lacked what was ``sealed`` before, and got it from the database.

    ``had``: entries of its log, None where it had none; ``checkpoints``: kept ones that it lacked.
    """

    store: str
    had: int | None
    sealed: int
    checkpoints: int


def say_nothing(_: BroughtUp) -> None: ...


def seal(
    open_session: OpenSession,
    stores: Sequence[Store],
    signer: Signer,
    now: datetime,
    tell: Callable[[BroughtUp], None] = say_nothing,
) -> Seal | None:
    """Seal every recorded act and bring the log of every store up to it.  None: nothing was left to do.

    ``tell`` hears of each store that lacked more than what is sealed now.

    Unavailable names the stores that did not answer, after the others were sealed; the next seal
    brings them up.  AnotherLog when a store holds a log that this database did not make.
    """
    made = _give_positions(open_session, signer, now)
    with reading(open_session) as session:
        last = last_seal(session)
    if last is None:
        return None
    away: list[str] = []
    moved, before = made, last.start if made else last.size
    for store in stores:
        try:
            had, lacked = _bring_up(open_session, LogStore(store), last)
            moved = moved or (had or 0) < last.size or bool(lacked)
            older = sum(size < (had or 0) for size in lacked)
            if (had or 0) < before or older:
                tell(BroughtUp(store.name, had, before, older))
        except Unavailable as error:
            away.append(f"{store.name} ({error.message})")
    if away:
        raise Unavailable(
            f"The log was not sealed in every store: {'; '.join(away)}",
            code="ledger.store_away",
            next="Run `seogo ledger seal` when they are back; nothing has to be undone.",
        )
    return last if moved else None


def _give_positions(open_session: OpenSession, signer: Signer, now: datetime) -> bool:
    """Decide the next seal in one transaction: positions, root, signature."""
    with open_session.begin() as session:
        if session.get_bind().dialect.name == "postgresql":
            session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        last = last_seal(session)
        start = last.size if last else 0
        edge = Edge(start, [bytes.fromhex(each) for each in last.edge.split()] if last else [])
        tile = [leaf_hash(entry) for entry in _entries(session, start - start % WIDTH, start)]
        while batch := _unsealed(session):
            for entry in batch:
                entry.position = edge.size
                tile.append(leaf_hash(entry.entry.encode()))
                edge.add(tile[-1])
                if len(tile) == WIDTH:
                    _close_tile(session, 1, edge.size // WIDTH - 1, tile)
                    tile = []
            session.flush()
            session.expunge_all()
        if edge.size == start:
            return False
        checkpoint = Checkpoint(signer.name, edge.size, edge.root())
        session.add(
            Seal(
                size=edge.size,
                start=start,
                root=edge.root().hex(),
                edge=" ".join(each.hex() for each in edge.hashes),
                checkpoint=signer.sign(checkpoint.text),
                sealed_at=now,
            )
        )
    return True


def _close_tile(session: Session, level: int, number: int, hashes: list[bytes]) -> None:
    """Remember the root of a full tile, and of the one above when that is full now."""
    session.add(LedgerNode(level=level, number=number, hash=root_of(hashes).hex()))
    if number % WIDTH == WIDTH - 1:
        _close_tile(session, level + 1, number // WIDTH, _nodes(session, level, number - WIDTH + 1, WIDTH))


def _bring_up(open_session: OpenSession, log: LogStore, last: Seal) -> tuple[int | None, list[int]]:
    """Write what this store's log lacks, the head after all that it speaks of.

    How many entries it had, and the sizes of the kept checkpoints that it lacked.
    """
    note = log.head()
    had = size_of_ours(open_session, log, note) if note is not None else None
    if (had or 0) < last.size:
        _write_journal(open_session, log, had or 0)
        for tile in tiles_of(last.size, after=had or 0):
            with reading(open_session) as session:
                data = tile_bytes(session, tile)
            log.keep(LEDGER + tile.path, data)
        _move_head(open_session, log, last, note)
    return had, _keep_checkpoints(open_session, log, last)


def _write_journal(open_session: OpenSession, log: LogStore, had: int) -> None:
    """The records of every seal the store lacks, in batches that depend on the seals alone."""
    with reading(open_session) as session:
        spans = session.execute(
            select(Seal.start, Seal.size).where(Seal.size > had).order_by(Seal.size)
        ).all()
    for start, size in spans:
        for first in range(start, size, RECORDS_IN_A_BATCH):
            batch = Batch(first, min(first + RECORDS_IN_A_BATCH, size))
            with tempfile.SpooledTemporaryFile(_IN_MEMORY) as lines:
                with reading(open_session) as session:
                    for line in _journal_lines(session, batch):
                        lines.write(line)
                lines.seek(0)
                log.keep(batch.key, cast(BinaryIO, lines))


def _move_head(open_session: OpenSession, log: LogStore, last: Seal, note: str | None) -> None:
    """Another sealer may move the head meanwhile: past us, and we are done, or not so far, and we go on."""
    while note is None or size_of(note) < last.size:
        try:
            return log.move_head(last.checkpoint, before=note)
        except Conflict:
            now = log.head()
            if now is None or now == note:
                raise
            size_of_ours(open_session, log, now)
            note = now


def _keep_checkpoints(open_session: OpenSession, log: LogStore, last: Seal) -> list[int]:
    """Keep every signed checkpoint for good, oldest first; a kill leaves out the newest ones.

    The sizes of those that were not there.
    """
    lacking: list[Seal] = []
    made: Seal | None = last
    while made is not None and not log.has_kept(made.size):
        lacking.append(made)
        with reading(open_session) as session:
            made = session.get(Seal, made.start)
    for each in reversed(lacking):
        log.keep(f"{LEDGER}{KEPT}{each.size}", each.checkpoint.encode())
    return [each.size for each in lacking]


def tile_bytes(session: Session, tile: Tile) -> bytes:
    """A tile of what was sealed, from the rows alone."""
    start = tile.number * WIDTH
    if tile.level > 0:
        return b"".join(_nodes(session, tile.level, start, tile.width))
    entries = _entries(session, start, start + tile.width)
    return bundle(entries) if tile.level < 0 else b"".join(leaf_hash(entry) for entry in entries)


def _nodes(session: Session, level: int, start: int, count: int) -> list[bytes]:
    wanted = LedgerNode.number.between(start, start + count - 1)
    rows = select(LedgerNode.hash).where(LedgerNode.level == level, wanted).order_by(LedgerNode.number)
    return [bytes.fromhex(each) for each in session.scalars(rows)]


def _entries(session: Session, start: int, end: int) -> list[bytes]:
    wanted = LedgerEntry.position.between(start, end - 1)
    rows = select(LedgerEntry.entry).where(wanted).order_by(LedgerEntry.position)
    return [each.encode() for each in session.scalars(rows)]


def _unsealed(session: Session) -> Sequence[LedgerEntry]:
    rows = select(LedgerEntry).where(LedgerEntry.position.is_(None)).order_by(LedgerEntry.id)
    return session.scalars(rows.limit(_AT_A_TIME)).all()


def _journal_lines(session: Session, batch: Batch) -> Iterator[bytes]:
    """One canonical line a record; the record in it is byte for byte what its digest was made of."""
    rows = (
        select(LedgerEntry.position, JournalRecord.salt, JournalRecord.record)
        .join(JournalRecord, JournalRecord.id == LedgerEntry.journal_id)
        .where(LedgerEntry.position.between(batch.start, batch.end - 1))
        .order_by(LedgerEntry.position)
    )
    for position, salt, record in session.execute(rows):
        yield canonical({"index": position, "record": json.loads(record), "salt": salt}) + b"\n"
