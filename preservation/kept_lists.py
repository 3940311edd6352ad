"""Brings what lies beside the packages into another store: lists of transfers, receipts, signed papers."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.errors import Damaged, Missing, Unavailable
from archive.ledger import JournalRecord, LedgerEntry
from archive.site.site import Site
from archive.stores import Store

PREFIXES = ("papers/", "receipts/", "transfers/")


def bring(site: Site, target: Store) -> int:
    """Copy what ``target`` lacks from the first store that has it as the journal says; how many.

    Nothing is replaced.  What no record of its transfer vouches for is left where it is.
    """
    brought = 0
    for source in site.stores:
        if source.name == target.name:
            continue
        try:
            brought += sum(_bring(site, source, target, key) for key in _lacking(source, target))
        except Unavailable as error:
            if error.store != source.name:
                raise
    return brought


def _lacking(source: Store, target: Store) -> Iterator[str]:
    """Both stores list in the order of keys, so that neither list is held."""
    for prefix in PREFIXES:
        there = (key for key, _ in target.find(prefix))
        other = next(there, None)
        for key, _ in source.find(prefix):
            while other is not None and other < key:
                other = next(there, None)
            if key != other:
                yield key


def _bring(site: Site, source: Store, target: Store, key: str) -> bool:
    try:
        digest = source.read_back(key).sha256
        with site.reading_session() as session:
            if not _is_vouched_for(session, key.split("/")[1], digest):
                return False
        with source.open(key) as stream:
            target.put(key, stream, expect=digest)
    except (Missing, Damaged):
        return False
    return True


def _is_vouched_for(session: Session, number: str, digest: str) -> bool:
    records = select(JournalRecord.id).join(LedgerEntry, LedgerEntry.journal_id == JournalRecord.id)
    told = records.where(LedgerEntry.about == number, JournalRecord.record.contains(digest))
    return session.scalar(told.limit(1)) is not None
