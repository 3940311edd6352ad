"""One installation, opened: database, stores, shelf, keys, clock.  What works on it gets it by argument."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from archive.database import OpenSession, open_engine, open_session_maker
from archive.errors import Missing
from archive.ledger.signing import Signer, open_signer
from archive.site.settings import Settings
from archive.stores import Shelf, Store, open_shelf, open_stores

SEOUL = ZoneInfo("Asia/Seoul")


@dataclass(frozen=True)
class Site:
    settings: Settings

    @cached_property
    def engine(self) -> Engine:
        return open_engine(self.settings.database)

    def close(self) -> None:
        """Let the database go, if it was asked for anything."""
        if "engine" in vars(self):
            self.engine.dispose()

    @cached_property
    def open_session(self) -> OpenSession:
        """For work that writes: on SQLite such sessions queue for the one writer's place."""
        return open_session_maker(self.engine)

    @cached_property
    def reading_session(self) -> OpenSession:
        """For work that only reads; it never waits for a writer."""
        return open_session_maker(self.engine.execution_options(reading=True))

    @cached_property
    def stores(self) -> tuple[Store, ...]:
        return open_stores(self.settings.stores, self.settings.credentials)

    @property
    def near_stores(self) -> tuple[Store, ...]:
        """Those that can be read at any time.  Whoever shows or makes something reads from these alone."""
        return tuple(store for store in self.stores if store.name not in self.settings.cold.stores)

    def store(self, told: str) -> Store:
        """A store of this installation by its name or its location."""
        for store in self.stores:
            if told in (store.name, store.location):
                return store
        known = ", ".join(store.name for store in self.stores)
        raise Missing(f"There is no store {told} here.", next=f"Stores of this installation: {known}.")

    @cached_property
    def shelf(self) -> Shelf:
        return open_shelf(self.settings.shelf)

    @cached_property
    def signer(self) -> Signer:
        return open_signer(self.settings.keys)

    def now(self) -> datetime:
        return self.settings.clock or datetime.now(UTC)

    def machine_now(self) -> datetime:
        """The machine's own clock, for leases and pauses, which must pass also where time stands still."""
        return datetime.now(UTC)

    def today(self) -> date:
        """The day in Seoul: the day that the law's terms count."""
        return self.now().astimezone(SEOUL).date()
