"""The stores that a run writes into: those that answer, for as long as they do, and two at least."""

from archive.errors import ArchiveError, Unavailable
from archive.site.site import Site
from archive.stores import Store
from archive.stores.store import CHECKPOINT

LEAST = 2
"""So many stores hold a volume before it is ours, so that one of them may be lost."""


class Keeping:
    """Unavailable when fewer than two stores answer: then nothing is taken."""

    def __init__(self, site: Site) -> None:
        self._every = set(site.settings.stores)
        answering: list[Store] = []
        away: list[Unavailable] = []
        for store in site.stores:
            try:
                store.has(CHECKPOINT)
            except Unavailable as error:
                away.append(error)
            else:
                answering.append(store)
        if len(answering) < LEAST:
            raise away[0]
        self.stores = tuple(answering)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(store.name for store in self.stores)

    def lose(self, error: ArchiveError) -> None:
        """Go on without the store that this came from; where none is named or can be spared, it rises."""
        name = error.store if isinstance(error, Unavailable) else ""
        if name in self.names and len(self.stores) > LEAST:
            self.stores = tuple(store for store in self.stores if store.name != name)
        elif name not in self._every or name in self.names:
            raise error
