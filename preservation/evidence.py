"""What an auditor sees: every copy by its last verdict, the exceptions, and the state of the ledger."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Subquery, and_, case, func, select
from sqlalchemy.orm import Session

from archive.ledger import LedgerEntry, Seal
from preservation.fixity import FixityCheck, places
from preservation.packages import Copy
from preservation.pages import Page
from preservation.policies import Demand

VERDICTS = ("intact", "altered", "absent", "not_looked_at")
STATES = ("verified", "written", "writing", "altered", "absent", "none")
MOST_EXCEPTIONS = 100


@dataclass
class StoreLine:
    """The copies in one store."""

    name: str
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(VERDICTS, 0))
    oldest: datetime | None = None

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True)
class StateLine:
    """The copies in one store by their state; ``none`` where no copy was ever begun."""

    name: str
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STATES, 0))


@dataclass(frozen=True)
class CopyLine:
    """One bag of a volume in one store."""

    store: str
    number: int
    state: str
    verified_at: datetime | None
    checked_at: datetime | None


@dataclass(frozen=True)
class Exceptional:
    """A copy that is not intact."""

    volume: str
    store: str
    path: str | None
    verdict: str
    since: datetime | None


@dataclass(frozen=True)
class Copies:
    stores: Sequence[StoreLine]
    exceptions: Sequence[Exceptional]

    @property
    def counts(self) -> dict[str, int]:
        return {verdict: sum(line.counts[verdict] for line in self.stores) for verdict in VERDICTS}

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def copies(session: Session, demand: Demand, *, in_time: Collection[str] = ()) -> Copies:
    """Every bag where it must be under the verdict of the last look; without a copy it is absent.

    In a store that is being filled ``in_time`` there is nothing to be looked at yet.
    """
    seen = _judged(demand, in_time).c
    counted = select(seen.store, seen.verdict, func.count(), func.min(seen.verified_at))
    lines = {name: StoreLine(name) for name in demand.every}
    for store, verdict, count, oldest in session.execute(counted.group_by(seen.store, seen.verdict)):
        line = lines.setdefault(store, StoreLine(store))
        line.counts[verdict] = count
        line.oldest = min(filter(None, (line.oldest, oldest)), default=None)
    return Copies(sorted(lines.values(), key=lambda line: line.name), exceptions(session, demand, in_time))


def states(session: Session, demand: Demand) -> list[StateLine]:
    """How many copies are in each state, store by store; never empty while there is a store."""
    place = places(demand).c
    state = func.coalesce(place.state, "none")
    lines = {name: StateLine(name) for name in demand.every}
    counted = select(place.store, state, func.count()).group_by(place.store, state)
    for store, name, count in session.execute(counted):
        lines.setdefault(store, StateLine(store)).counts[name] = count
    return sorted(lines.values(), key=lambda line: line.name)


def copies_of(session: Session, demand: Demand, reference: str) -> list[CopyLine]:
    """Every bag of a volume where it must be, also where no copy was begun."""
    place = places(demand).c
    wanted = (
        select(
            place.store, place.number, func.coalesce(place.state, "none"), Copy.verified_at, Copy.checked_at
        )
        .outerjoin(Copy, Copy.id == place.copy_id)
        .where(place.reference == reference)
        .order_by(place.number, place.store)
    )
    return [CopyLine(*row) for row in session.execute(wanted)]


def exceptions(session: Session, demand: Demand, in_time: Collection[str] = ()) -> list[Exceptional]:
    """The first copies that are not intact; damage comes before what was only not looked at."""
    seen = _judged(demand, in_time).c
    wanted = (
        select(seen.reference, seen.store, seen.first_path, seen.verdict, seen.at)
        .where(seen.verdict != "intact")
        .order_by(seen.verdict == "not_looked_at", seen.store, seen.reference, seen.number)
        .limit(MOST_EXCEPTIONS)
    )
    return [Exceptional(*row) for row in session.execute(wanted)]


def _judged(demand: Demand, in_time: Collection[str]) -> Subquery:
    """Each bag in each store that must hold it, with the last check of its copy and the verdict.

    A copy that the last look did not reach is not called intact, whatever was seen before.
    """
    place = places(demand)
    newest = select(func.max(FixityCheck.id)).group_by(FixityCheck.copy_id)
    verdict = case(
        (and_(Copy.id.is_(None), place.c.store.in_(in_time)), "not_looked_at"),
        (Copy.id.is_(None), "absent"),
        (FixityCheck.verdict == "not_looked_at", "not_looked_at"),
        (Copy.state == "verified", "intact"),
        (Copy.state.in_(("altered", "absent")), Copy.state),
        else_="not_looked_at",
    ).label("verdict")
    return (
        select(place, verdict, Copy.verified_at, FixityCheck.first_path, FixityCheck.at)
        .select_from(place)
        .outerjoin(Copy, Copy.id == place.c.copy_id)
        .outerjoin(FixityCheck, and_(FixityCheck.copy_id == Copy.id, FixityCheck.id.in_(newest)))
        .subquery()
    )


def last_seal(session: Session) -> Seal | None:
    return session.scalar(select(Seal).order_by(Seal.size.desc()).limit(1))


def unsealed(session: Session) -> int:
    return session.scalar(select(func.count()).where(LedgerEntry.position.is_(None))) or 0


def entries(session: Session, *, before: int | None, limit: int) -> list[tuple[LedgerEntry, dict[str, Any]]]:
    """The newest entries first, as they are published."""
    wanted = select(LedgerEntry).order_by(LedgerEntry.id.desc()).limit(limit)
    if before:
        wanted = wanted.where(LedgerEntry.id < before)
    return [(row, json.loads(row.entry)) for row in session.scalars(wanted)]


def pages_made(session: Session) -> tuple[int, int]:
    """Pages with a picture or text, and pages of which none could be made."""
    failed = session.scalar(select(func.count()).where(Page.reason.is_not(None))) or 0
    every = session.scalar(select(func.count()).select_from(Page)) or 0
    return every - failed, failed
