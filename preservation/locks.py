"""Locks what a store holds already: copies from before locks were asked for, and locks to be renewed."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select

from archive.holdings import Volume
from archive.site.site import Site
from archive.stores import Store
from preservation import kept_lists, retention
from preservation.packages import Bag, Copy

KEPT_FOR_GOOD = ("journal/", "ledger/", *kept_lists.PREFIXES)
"""What is no volume's and has no last day.  The checkpoint among it moves on as a newer version."""


@dataclass(frozen=True)
class Locked:
    """What came of one bag, or of one part of what is kept for good."""

    what: str
    objects: int
    extended: int


def lock_copies(site: Site, store: Store, *, volume: str | None = None) -> Iterator[Locked]:
    """See that every object of every copy is locked for as long as its record is kept.

    It may be stopped at any moment; the same call goes over the same objects and finds them locked.
    """
    wanted = (
        select(Bag.prefix, Volume.retention, Volume.date_to)
        .join(Volume, Volume.id == Bag.volume_id)
        .join(Copy, Copy.bag_id == Bag.id)
        .where(Copy.store == store.name)
        .order_by(Bag.prefix)
    )
    with site.reading_session() as session:
        bags = session.execute(wanted.where(Volume.reference == volume) if volume else wanted).all()
    for prefix, kept, completed in bags:
        yield Locked(
            prefix, *store.lock_all(f"{prefix}/", retention.kept_until(kept, completed, on=site.today()))
        )
    for prefix in () if volume else KEPT_FOR_GOOD:
        yield Locked(prefix, *store.lock_all(prefix))
