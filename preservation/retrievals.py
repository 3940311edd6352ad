"""Copies that were asked for from cold stores: what is under way, what is at hand, and until when."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ForeignKey, String, and_, case, func, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from archive import ledger
from archive.database import Base
from archive.errors import Conflict, Missing, Refused
from archive.holdings import Volume
from archive.site.cold_settings import ColdSettings
from archive.site.site import Site
from archive.stores import Store
from preservation.packages import IN_THE_MAKING, Bag, Copy

RetrievalState = Literal["waiting", "asked", "intact", "altered", "absent"]
Move = Literal["ask", "ask again", "find intact", "find altered", "lose"]

MOVES: Mapping[Move, tuple[frozenset[RetrievalState], RetrievalState]] = {
    "ask": (frozenset({"waiting"}), "asked"),
    "ask again": (frozenset({"asked"}), "waiting"),
    "find intact": (frozenset({"asked"}), "intact"),
    "find altered": (frozenset({"asked"}), "altered"),
    "lose": (frozenset({"asked"}), "absent"),
}
"""``waiting``: the store has not been told of every object.  ``asked``: it has, and not all is at hand.

The last three end it.  Only reading all of it back leads to ``intact``.
"""
UNDER_WAY: tuple[RetrievalState, ...] = ("waiting", "asked")


class Retrieval(Base):
    """One bag that one cold store was asked for.  ``until``: how long it is at hand once it was brought."""

    __tablename__ = "retrievals"

    id: Mapped[int] = mapped_column(primary_key=True)
    copy_id: Mapped[int] = mapped_column(ForeignKey("copies.id"), index=True)
    state: Mapped[str] = mapped_column(String(10), default="waiting", index=True)
    by: Mapped[str] = mapped_column(String(40))
    wanted_at: Mapped[datetime]
    asked_at: Mapped[datetime | None]
    until: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    def move(self, verb: Move) -> None:
        before, after = MOVES[verb]
        if self.state not in before:
            raise Conflict(f"Retrieval {self.id} is {self.state}; it cannot {verb}.")
        self.state = after


def enter(session: Session, site: Site, volume: Volume, store: str, *, by: str) -> int:
    """Queue what a cold store holds of a volume; how many bags.  What is under way is not queued twice.

    Refused when the store is not cold; Missing when it holds nothing of the volume.
    """
    now, terms = site.now(), site.settings.cold
    new = [copy for copy in held(session, site, volume, store) if not _is_on(session, copy, now)]
    session.add_all(Retrieval(copy_id=copy.id, by=by, wanted_at=now) for copy in new)
    if new:
        facts = {"store": store, "bags": len(new), "days": terms.days, "tier": terms.tier}
        ledger.record(session, act="copy.wanted", about=volume.reference, at=now, actor=by, facts=facts)
    return len(new)


def held(session: Session, site: Site, volume: Volume, store: str) -> Sequence[Copy]:
    """The copies that a cold store is to bring."""
    if store not in site.settings.cold.stores:
        raise Refused(
            f"Store {store} is not cold; its copies can be read at any time.", code="store.not_cold",
            next=f"Read them with: seogo copy check --store {store}",
        )  # fmt: skip
    mine = select(Copy).join(Bag, Bag.id == Copy.bag_id).where(Bag.volume_id == volume.id)
    copies = session.scalars(mine.where(Copy.store == store).order_by(Bag.number)).all()
    if not copies:
        raise Missing(
            f"Store {store} holds no copy of {volume.reference}.",
            next=f"Look where it is with: seogo volume show {volume.reference}",
        )
    return copies


def _is_on(session: Session, copy: Copy, now: datetime) -> bool:
    is_on = or_(Retrieval.state.in_(UNDER_WAY), and_(Retrieval.state == "intact", Retrieval.until > now))
    return bool(session.scalar(select(Retrieval.id).where(Retrieval.copy_id == copy.id, is_on).limit(1)))


def readable(site: Site, bag_id: int) -> list[Store]:
    """The stores that a bag can be read from now: the near ones, then the cold ones that brought it."""
    if not site.settings.cold.stores:
        return list(site.stores)
    brought = (
        select(Copy.store)
        .join(Retrieval, Retrieval.copy_id == Copy.id)
        .where(Copy.bag_id == bag_id, Retrieval.state == "intact", Retrieval.until > site.now())
    )
    with site.reading_session() as session:
        at_hand = set(session.scalars(brought)) & site.settings.cold.stores
    return [*site.near_stores, *(store for store in site.stores if store.name in at_hand)]


def newest(session: Session, *, most: int = 1000) -> list[dict[str, Any]]:
    """The last retrievals, in the keys that other programs rely on; the newest first."""
    wanted = (
        select(Retrieval, Volume.reference, Bag.number, Copy.store, Bag.objects, Bag.bytes)
        .join(Copy, Copy.id == Retrieval.copy_id)
        .join(Bag, Bag.id == Copy.bag_id)
        .join(Volume, Volume.id == Bag.volume_id)
        .order_by(Retrieval.id.desc())
        .limit(most)
    )
    return [
        {"volume": reference, "number": number, "store": store, "state": each.state,
         "files": files, "bytes": octets, **{name: _iso(getattr(each, name)) for name in _TIMES}}
        for each, reference, number, store, files, octets in session.execute(wanted)
    ]  # fmt: skip


_TIMES = ("wanted_at", "asked_at", "until", "ended_at")


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def estimate(session: Session, copies: Sequence[Copy], terms: ColdSettings) -> dict[str, Any]:
    """How much it is, how long the store takes to bring it, and what that costs by the settings."""
    bags = [session.get_one(Bag, copy.bag_id) for copy in copies]
    files, octets = sum(bag.objects for bag in bags), sum(bag.bytes for bag in bags)
    cost = terms.cost(files=files, octets=octets)
    return {"copies": len(bags), "files": files, "bytes": octets, "hours": terms.hours, "days": terms.days,
            "tier": terms.tier, "cost": cost}  # fmt: skip


def ends(asked_at: datetime, terms: ColdSettings) -> datetime:
    """The least that it is at hand: the days count from when it was brought, not from when it was asked."""
    return asked_at + timedelta(days=terms.days)


def unread(session: Session, terms: ColdSettings, *, volume: str | None = None) -> list[dict[str, Any]]:
    """What a check leaves out: the copies in cold stores, and when the oldest look at them was.

    ``unsound`` are those that the last look did not find intact.  One that is in the making was never
    looked at and is owed, which `lagging` tells.
    """
    is_unsound = case((Copy.state.in_(("altered", "absent")), 1))
    counted = (
        select(Copy.store, func.count(), func.min(Copy.verified_at), func.count(is_unsound))
        .join(Bag, Bag.id == Copy.bag_id)
        .join(Volume, Volume.id == Bag.volume_id)
        .where(Copy.store.in_(terms.stores), Copy.state.not_in(IN_THE_MAKING))
        .group_by(Copy.store)
        .order_by(Copy.store)
    )
    rows = session.execute(counted.where(Volume.reference == volume) if volume else counted)
    return [
        {"store": store, "copies": copies, "oldest": _iso(oldest), "unsound": unsound}
        for store, copies, oldest, unsound in rows
    ]
