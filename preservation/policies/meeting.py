"""How many volumes are where the policy wants them: in each class, and with what is lacking."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from archive.holdings import Volume
from preservation.packages import Bag, Copy
from preservation.policies.demands import Demand


@dataclass(frozen=True)
class ClassLine:
    """``meeting``: volumes of which every store that must hold them has given all back intact."""

    name: str
    stores: tuple[str, ...]
    volumes: int
    meeting: int

    def told(self) -> dict[str, Any]:
        """In the keys that other programs rely on."""
        return {"class": self.name, "stores": list(self.stores), "volumes": self.volumes,
                "meeting": self.meeting}  # fmt: skip


def by_class(session: Session, demand: Demand) -> Sequence[ClassLine]:
    """Every class of the policy, also one that no volume is in, and last what none names."""
    is_where_it_must_be = and_(Copy.state == "verified", demand.asks_any(Copy.store))
    volumes = (
        select(
            demand.class_name.label("name"),
            (func.count(Bag.id.distinct()) * demand.number).label("wanted"),
            func.count(case((is_where_it_must_be, 1))).label("there"),
        )
        .select_from(Volume)
        .join(Bag, Bag.volume_id == Volume.id)
        .outerjoin(Copy, Copy.bag_id == Bag.id)
        .group_by(Volume.id)
        .subquery()
    )
    is_whole = case((volumes.c.there == volumes.c.wanted, 1))
    counted = select(volumes.c.name, func.count(), func.count(is_whole)).group_by(volumes.c.name)
    counts = {name: (every, meeting) for name, every, meeting in session.execute(counted)}
    return [
        ClassLine(name, stores, *counts.get(name, (0, 0))) for name, stores in demand.stores_by_class.items()
    ]


def told(lines: Sequence[ClassLine]) -> dict[str, Any]:
    """All volumes, those that are where they must be, and the same class by class."""
    return {
        "volumes": sum(each.volumes for each in lines),
        "meeting": sum(each.meeting for each in lines),
        "classes": [each.told() for each in lines],
    }
