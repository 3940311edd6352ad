"""Whether nothing was ever sealed here, and everything still agrees: the time before the first seal.

A store alone cannot tell that from a log that was taken away, so the database and every store must say so.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from archive.database import OpenSession
from archive.errors import ArchiveError, Unavailable
from archive.holdings import ReferenceCounter
from archive.ledger.entries import JournalRecord, LedgerEntry, LedgerNode, Seal, canonical, salted_digest
from archive.ledger.heads import PACKAGES, reading
from archive.ledger.log_store import JOURNAL, LEDGER
from archive.stores import Store

_AT_A_TIME = 1_000


@dataclass(frozen=True)
class Waiting:
    """Entries that wait for the first seal; stores ``away`` could not be asked whether that is so."""

    entries: int
    away: dict[str, ArchiveError]


def look(open_session: OpenSession, stores: Sequence[Store]) -> Waiting | None:
    """What waits for the first seal, as the database and every store that answers agree.

    None when they do not: when anything was sealed, an entry is not that of its record, or a store
    has anything of a log or a package whose reference this database never gave.
    """
    with reading(open_session) as session:
        if any(session.scalar(select(func.count()).select_from(each)) for each in (Seal, LedgerNode)):
            return None
        records = session.scalar(select(func.count()).select_from(JournalRecord))
        agreeing = sum(_agrees(*row) for row in _entries(session))
        given = {row.series: row.last for row in session.scalars(select(ReferenceCounter))}
    if not agreeing or agreeing != records:
        return None
    away: dict[str, ArchiveError] = {}
    for store in stores:
        try:
            if not (_has_no_log(store) and _was_given(store, given)):
                return None
        except Unavailable as error:
            away[store.name] = error
    return Waiting(agreeing, away)


def _entries(session: Session) -> Iterator[tuple[int | None, str, str, str, str]]:
    wanted = select(
        LedgerEntry.position, LedgerEntry.about, LedgerEntry.entry, JournalRecord.salt, JournalRecord.record
    ).join(JournalRecord, JournalRecord.id == LedgerEntry.journal_id)
    for row in session.execute(wanted).yield_per(_AT_A_TIME):
        yield row._tuple()


def _agrees(position: int | None, about: str, entry: str, salt: str, record: str) -> bool:
    """Whether an entry has no place yet and is made of its record, byte for byte."""
    try:
        told = json.loads(record)
        digest = salted_digest(salt, record.encode())
        made = {"about": told["about"], "act": told["act"], "at": told["at"], "digest": digest}
    except (ValueError, KeyError, TypeError):
        return False
    return position is None and told["about"] == about and canonical(made).decode() == entry


def _has_no_log(store: Store) -> bool:
    return next(store.find(LEDGER), None) is None and next(store.find(JOURNAL), None) is None


def _was_given(store: Store, given: dict[str, int]) -> bool:
    """Whether this database gave the reference of every package."""
    for key, _ in store.find(PACKAGES):
        series, _, number = key.removeprefix(PACKAGES).partition("/")[0].rpartition("-")
        if not number.isdecimal() or not 0 < int(number) <= given.get(series, 0):
            return False
    return True
