"""Copies that are owed and not made: how many in each store, since when, and whether that is too long.

What must be where is for the storage policy to say.
A copy is owed from the moment its bag was taken into custody, its store joined the installation, or
the policy in force was entered, whichever was last.  A damaged or lost copy is not late: a check of
copies tells of it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, distinct, func, literal, or_, select, true, union
from sqlalchemy.orm import Session

from archive.admissions import Admission
from archive.holdings import Volume
from archive.site.settings import Settings
from archive.site.site import Site
from preservation import policies
from preservation.packages import IN_THE_MAKING, Bag, Copy
from preservation.policies import Demand

AT_A_TIME = 200
"""Bags that are asked for in one question."""

IS_OWED: ColumnElement[bool] = or_(Copy.id.is_(None), Copy.state.in_(IN_THE_MAKING))
"""Of a bag joined with its copy in one store: none was ever verified there."""


@dataclass(frozen=True)
class Lag:
    """What one store lacks.  ``late`` counts the copies that have been owed for longer than is allowed."""

    store: str
    volumes: int
    copies: int
    files: int
    bytes: int
    since: datetime
    late: int

    def told(self) -> dict[str, Any]:
        """In the keys that other programs rely on."""
        return {**vars(self), "since": self.since.isoformat()}


def lags(
    session: Session,
    settings: Settings,
    now: datetime,
    *,
    store: str | None = None,
    volume: str | None = None,
) -> list[Lag]:
    """The stores that lack copies, by name; none when every volume is whole where it must be."""
    cutoff = now - timedelta(minutes=settings.copy_lag)
    joined = dict(session.execute(select(Admission.store, Admission.admitted_at)).all())
    names = [name for name in settings.stores if store in (None, name)]
    demand = policies.in_force(session, settings)
    counted = _counted(demand, names, cutoff, volume)
    found = []
    for name, volumes, copies, files, octets, oldest, old in session.execute(counted):
        wanted = max(filter(None, (joined.get(name), demand.since)), default=oldest)
        since = max(oldest, wanted)
        late = old if wanted <= cutoff else 0
        found.append(Lag(name, volumes, copies, int(files), int(octets), since, late))
    return found


def late(found: Iterable[Lag]) -> bool:
    """Whether any copy has been owed for too long."""
    return any(each.late for each in found)


def in_time(found: Iterable[Lag]) -> frozenset[str]:
    """Stores that are being filled, and of which no copy has been owed for too long."""
    return frozenset(each.store for each in found if not each.late)


def _counted(demand: Demand, names: Sequence[str], cutoff: datetime, volume: str | None) -> Select[Any]:
    named = union(*(select(literal(name).label("store")) for name in names)).subquery()
    taken = case((Bag.packed_at > Volume.accepted_at, Bag.packed_at), else_=Volume.accepted_at)
    counted = (
        select(
            named.c.store,
            func.count(distinct(Bag.volume_id)),
            func.count(),
            func.sum(Bag.objects),
            func.sum(Bag.bytes),
            func.min(taken),
            func.count(case((taken <= cutoff, 1))),
        )
        .select_from(Bag)
        .join(Volume, Volume.id == Bag.volume_id)
        .join(named, true())
        .outerjoin(Copy, and_(Copy.bag_id == Bag.id, Copy.store == named.c.store))
        .where(IS_OWED, demand.asks_any(named.c.store))
        .group_by(named.c.store)
        .order_by(named.c.store)
    )
    return counted.where(Volume.reference == volume) if volume else counted


@dataclass(frozen=True)
class Owed:
    """A bag that a store lacks."""

    bag_id: int
    volume_id: int
    volume: str
    prefix: str
    tagmanifest_sha256: str
    files: int
    bytes: int


@dataclass(frozen=True)
class Amount:
    copies: int = 0
    files: int = 0
    bytes: int = 0

    def told(self) -> dict[str, int]:
        return dict(vars(self))


def amount_lacking(session: Session, demand: Demand, store: str) -> Amount:
    wanted = _lacking(demand, store, promised=False).subquery()
    counted = select(func.count(), func.sum(wanted.c.objects), func.sum(wanted.c.bytes))
    copies, files, octets = session.execute(counted.select_from(wanted)).one()
    return Amount(copies, int(files or 0), int(octets or 0))


def lacking(site: Site, store: str, *, promised: bool = False) -> Iterator[Owed]:
    """The bags that a store must hold and lacks, also lost ones, in the order in which they were taken in.

    ``promised``: only those whose copy was begun or left owing, not all that a new store lacks.
    """
    with site.reading_session() as session:
        demand = policies.in_force(session, site.settings)
    wanted = _lacking(demand, store, promised=promised).order_by(Bag.id).limit(AT_A_TIME)
    last = 0
    while True:
        with site.reading_session() as session:
            rows = [Owed(*row) for row in session.execute(wanted.where(Bag.id > last))]
        yield from rows
        if len(rows) < AT_A_TIME:
            return
        last = rows[-1].bag_id


def _lacking(demand: Demand, store: str, *, promised: bool) -> Select[*tuple[Any, ...]]:
    columns = (Bag.volume_id, Volume.reference, Bag.prefix, Bag.tagmanifest_sha256, Bag.objects, Bag.bytes)
    joined = (
        select(Bag.id, *columns)
        .select_from(Bag)
        .join(Volume, Volume.id == Bag.volume_id)
        .outerjoin(Copy, and_(Copy.bag_id == Bag.id, Copy.store == store))
    )
    is_begun = Copy.state.in_(IN_THE_MAKING)
    is_lacking = is_begun if promised else or_(IS_OWED, Copy.state == "absent")
    return joined.where(is_lacking, demand.asks(store))
