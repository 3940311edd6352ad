"""The stores that a run writes into: those that must hold a volume and answer, and two of them at least."""

from collections.abc import Mapping

from archive.errors import ArchiveError, Unavailable
from archive.site.site import Site
from archive.stores import Store
from archive.stores.keys import Names
from archive.stores.store import CHECKPOINT
from preservation import policies
from preservation.packing import Plan

LEAST = 2
"""So many stores hold a volume before it is ours, so that one of them may be lost."""


class Keeping:
    """Unavailable when fewer than two stores answer: then nothing is taken."""

    def __init__(self, site: Site) -> None:
        with site.reading_session() as session:
            self._demand = policies.in_force(session, site.settings)
        self._away: list[Unavailable] = []
        answering: list[Store] = []
        for store in site.stores:
            try:
                store.has(CHECKPOINT)
            except Unavailable as error:
                self._away.append(error)
            else:
                answering.append(store)
        if len(answering) < LEAST:
            raise self._away[0]
        self.stores = tuple(answering)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(store.name for store in self.stores)

    def stores_for(self, plan: Plan) -> tuple[str, ...]:
        """The stores that a volume goes into now; those of its class that are away are owed it.

        Unavailable when fewer than two of its class are left: it waits, and no other store stands in.
        """
        wanted = self._demand.stores_of(plan.volume.retention, plan.agency_code)
        now = tuple(name for name in self.names if name in wanted)
        if len(now) < LEAST:
            raise next((each for each in self._away if each.store in wanted), self._away[0])
        return now

    def keep_administrative(
        self, number: str, administrative: Mapping[str, str], claimed: Mapping[str, str]
    ) -> None:
        """Keep the lists and checksum lists as they came, once for the transfer, beside the packages.

        A store that went away or is full is owed them with the copies.
        """
        names = Names(f"transfers/{number}")
        for name, path in administrative.items():
            key = f"transfers/{number}/{names.place(name).path}"
            for store in self.stores:
                with open(path, "rb") as stream:
                    try:
                        store.put(key, stream, expect=claimed[name])
                    except Unavailable as error:
                        self.lose(error)

    def lose(self, error: ArchiveError) -> None:
        """Go on without the store that this came from; where none is named or can be spared, it rises."""
        name = error.store if isinstance(error, Unavailable) else ""
        if isinstance(error, Unavailable) and name in self.names and len(self.stores) > LEAST:
            self._away.append(error)
            self.stores = tuple(store for store in self.stores if store.name != name)
        elif name not in self._demand.every or name in self.names:
            raise error
