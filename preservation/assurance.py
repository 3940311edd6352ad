"""Whether every copy of some volumes was read back lately: what a promise to others may rest on."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from archive.holdings import Volume
from preservation.fixity import Subject, places
from preservation.packages import IN_THE_MAKING, Bag, Copy
from preservation.policies import Demand


@dataclass(frozen=True)
class Doubt:
    """A copy that nothing may be promised on.

    ``why``: `missing` (there never was one), `unfinished`, `altered`, `absent`, or `stale`, which
    was intact when it was last read back, and that is too long ago.
    """

    subject: Subject
    why: str
    verified_at: datetime | None


def doubts(
    session: Session,
    demand: Demand,
    volumes: Select[*tuple[Any, ...]],
    *,
    since: datetime,
    hold: bool = False,
) -> list[Doubt]:
    """Every copy of these volumes (a select of their ids) that was not read back intact since then.

    A copy in a cold store counts as it was last read back, whenever that was.

    With ``hold`` no verdict on any of these copies can be written down before the caller's
    transaction ends, so that what is concluded from them is true when it is written.
    """
    if hold:
        mine = select(Copy.id).join(Bag, Bag.id == Copy.bag_id).where(Bag.volume_id.in_(volumes))
        session.execute(mine.with_for_update(read=True, of=Copy)).all()
    place = places(demand).c
    is_stale = and_(Copy.verified_at < since, place.store.not_in(demand.cold))
    wanted = (
        select(
            place.copy_id,
            place.state,
            place.reference,
            place.store,
            place.prefix,
            place.tagmanifest_sha256,
            Copy.verified_at,
        )
        .outerjoin(Copy, Copy.id == place.copy_id)
        .where(
            place.store.in_(demand.every),
            place.reference.in_(select(Volume.reference).where(Volume.id.in_(volumes))),
            or_(place.copy_id.is_(None), Copy.state != "verified", is_stale),
        )
        .order_by(place.reference, place.number, place.store)
    )
    return [_doubt(Subject(*row), verified_at) for *row, verified_at in session.execute(wanted)]


def _doubt(subject: Subject, verified_at: datetime | None) -> Doubt:
    why = "missing" if subject.copy_id is None else str(subject.state)
    why = "unfinished" if subject.state in IN_THE_MAKING else "stale" if why == "verified" else why
    return Doubt(subject, why, verified_at)
