"""When an accepted volume becomes a stored one: every store that must hold it has each bag verified."""

from datetime import datetime

from sqlalchemy import ScalarSelect, func, select
from sqlalchemy.orm import Session

from archive import ledger
from archive.holdings import Item, Volume
from archive.outbox import changed_all
from archive.work import jobs
from preservation import packages
from preservation.packages import Bag, Copy
from preservation.policies import Demand

SETTLING = "settle-transfers"
"""The job of those who took the volume in, and who have states of their own to bring up to date."""


def conclude(session: Session, volume_id: int, *, demand: Demand, now: datetime, by: str) -> bool:
    """Store a volume that owed copies, if it owes none any more; whether it is stored by this call.

    The volume's row is locked, so that of two last copies that are verified at once one concludes.
    """
    volume = session.get_one(Volume, volume_id, with_for_update=True)
    bags = packages.bags_of(session, volume_id)
    stores = demand.stores_of(volume.retention, volume.agency_code)
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


def waiting(session: Session, demand: Demand) -> list[int]:
    """Accepted volumes whose copies are all there: a store they waited for may not be wanted any more."""
    whole = (
        select(Volume.id)
        .join(Bag, Bag.volume_id == Volume.id)
        .join(Copy, Copy.bag_id == Bag.id)
        .where(Volume.state == "accepted", Copy.state == "verified", demand.asks_any(Copy.store))
        .group_by(Volume.id)
        .having(func.count() == _bags_of_volume() * demand.number)
    )
    return list(session.scalars(whole))


def _bags_of_volume() -> ScalarSelect[int]:
    """All of them: one that no store has verified yet counts too."""
    mine = select(func.count()).select_from(Bag).where(Bag.volume_id == Volume.id)
    return mine.correlate(Volume).scalar_subquery()


def _verified(session: Session, volume_id: int, stores: tuple[str, ...]) -> int:
    counted = select(func.count()).select_from(Copy).join(Bag, Bag.id == Copy.bag_id)
    return (
        session.scalar(
            counted.where(Bag.volume_id == volume_id, Copy.state == "verified", Copy.store.in_(stores))
        )
        or 0
    )
