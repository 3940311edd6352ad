"""Whether the log in a store is the one that this database sealed.

A database that was lost, emptied or put back from an old backup knows less than the stores do, and
would take in once more what they hold.  What was stored after the last seal is not found out so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.database import OpenSession
from archive.errors import ArchiveError, Damaged, Missing, Unavailable, Unreadable
from archive.ledger.entries import JournalRecord, Seal
from archive.ledger.log_store import KEPT, LogStore, size_of
from archive.stores import Store

PACKAGES = "packages/"
_NEXT = (
    "Put back the newest copy of this archive's database, or set SEOGO_DATABASE and SEOGO_STORES to those "
    "that belong together (docs/how-to/operator.md). Until then nothing is taken in."
)


class AnotherLog(Damaged):
    """A store has a log, or packages, of which this database knows nothing."""

    code = "ledger.differs"


def compare(open_session: OpenSession, stores: Sequence[Store]) -> dict[str, ArchiveError]:
    """AnotherLog when one store that answers has a log that this database did not seal.

    The stores that could not be asked, with what they said: of these nothing is known.
    """
    away: dict[str, ArchiveError] = {}
    was_empty = _is_empty(open_session)
    for store in stores:
        try:
            note = LogStore(store).head()
            if note is not None:
                size_of_ours(open_session, LogStore(store), note)
            elif was_empty and next(store.find(PACKAGES), None) and _is_empty(open_session):
                told = f"Store {store.name} holds packages, and this database knows of none."
                raise AnotherLog(told, next=_NEXT)
        except Unavailable as error:
            away[store.name] = error
    return away


def _is_empty(open_session: OpenSession) -> bool:
    """Whether nothing was ever done here; asked again, for somebody else may just have begun."""
    with reading(open_session) as session:
        return session.scalar(select(JournalRecord.id).limit(1)) is None


def size_of_ours(open_session: OpenSession, log: LogStore, note: str) -> int:
    """How large a log is whose head this database sealed.  AnotherLog where it did not, or nobody did."""
    try:
        size = size_of(note)
    except Unreadable as error:
        raise AnotherLog(
            f"The checkpoint in store {log.store.name} cannot be read: {error.message}.",
            next="Verify the log of each store with `seogo ledger verify`.",
        ) from error
    with reading(open_session) as session:
        ours = session.get(Seal, size)
        last = last_seal(session)
    if ours is None or ours.checkpoint != note:
        raise AnotherLog(_how_it_differs(log, size, last), next=_NEXT)
    return size


def _how_it_differs(log: LogStore, size: int, last: Seal | None) -> str:
    where = f"The log in store {log.store.name} ({size} entries)"
    if last is None:
        return f"{where} is not one that this database sealed: it has sealed nothing yet."
    if last.size < size and _kept(log, last.size) == last.checkpoint:
        return f"{where} goes on after the {last.size} that this database sealed: it is an older one."
    return f"{where} is not one that this database sealed: its own has {last.size}."


def _kept(log: LogStore, size: int) -> str | None:
    """None also where it cannot be read: it is only for the words, and that the log differs is known."""
    try:
        return log.read_text(f"{KEPT}{size}")
    except (Missing, Unreadable, Unavailable):
        return None


def sealed(open_session: OpenSession) -> int:
    """How many entries this database has sealed."""
    with reading(open_session) as session:
        last = last_seal(session)
    return last.size if last else 0


def last_seal(session: Session) -> Seal | None:
    return session.scalar(select(Seal).order_by(Seal.size.desc()).limit(1))


@contextmanager
def reading(open_session: OpenSession) -> Iterator[Session]:
    """A session that only reads, so that no writer waits for a store."""
    with open_session() as session:
        session.connection(execution_options={"reading": True})
        yield session
