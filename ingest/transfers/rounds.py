"""Rounds (회차) of a transfer: what was sent again."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from ingest.transfers import rows as transfers
from ingest.transfers.rows import Transfer


def chain(session: Session, transfer: Transfer) -> list[Transfer]:
    """Every round of the same transfer, the first one first."""
    first = transfer
    while first.round_of is not None:
        first = transfers.get(session, first.round_of)
    found, waiting = [first], [first.number]
    while waiting:
        later = session.scalars(select(Transfer).where(Transfer.round_of.in_(waiting))).all()
        found += later
        waiting = [each.number for each in later]
    return sorted(found, key=lambda each: (each.round, each.id))
