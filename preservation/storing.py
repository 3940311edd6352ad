"""When an accepted volume becomes a stored one: every configured store holds a verified copy of every bag."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from archive import ledger
from archive.holdings import Item, Volume
from archive.outbox import changed_all
from archive.work import jobs
from preservation import packages
from preservation.packages import Bag, Copy

SETTLING = "settle-transfers"
"""The job of those who took the volume in, and who have states of their own to bring up to date."""


def conclude(session: Session, volume_id: int, *, stores: Sequence[str], now: datetime, by: str) -> bool:
    """Store a volume that owed copies, if it owes none any more; whether it is stored by this call.

    The volume's row is locked, so that of two last copies that are verified at once one concludes.
    """
    volume = session.get_one(Volume, volume_id, with_for_update=True)
    bags = packages.bags_of(session, volume_id)
    if (
        volume.state != "accepted"
        or not bags
        or _verified(session, volume_id, stores) < len(bags) * len(stores)
    ):
        return False
    volume.state = "stored"
    for bag in bags:
        facts = packages.facts_of(bag, stores)
        ledger.record(session, act="volume.stored", about=volume.reference, at=now, actor=by, facts=facts)
    changed_all(session, "item", session.scalars(select(Item.id).where(Item.volume_id == volume_id)))
    jobs.wake(session, SETTLING)
    return True


def waiting(session: Session, stores: Sequence[str]) -> list[int]:
    """Accepted volumes whose copies are all there: a store they waited for may have left the settings."""
    whole = (
        select(Bag.volume_id)
        .join(Copy, Copy.bag_id == Bag.id)
        .join(Volume, Volume.id == Bag.volume_id)
        .where(Volume.state == "accepted", Copy.state == "verified", Copy.store.in_(stores))
        .group_by(Bag.volume_id)
        .having(func.count() == func.count(Bag.id.distinct()) * len(stores))
    )
    return list(session.scalars(whole))


def _verified(session: Session, volume_id: int, stores: Sequence[str]) -> int:
    counted = select(func.count()).select_from(Copy).join(Bag, Bag.id == Copy.bag_id)
    return (
        session.scalar(
            counted.where(Bag.volume_id == volume_id, Copy.state == "verified", Copy.store.in_(stores))
        )
        or 0
    )
