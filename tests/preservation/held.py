"""An installation that holds a small transfer, asked in the process of the test."""

import json
import os
import signal
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy import select

import seogo
from archive.ledger.entries import LedgerEntry
from archive.site.terminal import run
from tests.conftest import Installation, plain_environment

AGENCY = "6110000"


@dataclass(frozen=True)
class Held:
    """A whole installation in one folder."""

    home: Path
    stores: str = ""
    clock: str = ""
    more: tuple[tuple[str, str], ...] = ()
    """Other settings."""

    @property
    def place(self) -> Installation:
        told = {"SEOGO_STORES": self.stores, "SEOGO_CLOCK": self.clock}
        given = {name: value for name, value in told.items() if value}
        return Installation({**plain_environment(), "SEOGO_HOME": str(self.home), **given, **dict(self.more)})

    def at(self, *, hours: int) -> "Held":
        """The same installation so many hours from now."""
        return replace(self, clock=(datetime.now(UTC) + timedelta(hours=hours)).isoformat())

    def ask(self, *arguments: str | Path) -> tuple[int, dict[str, Any]]:
        """Exit code and what was told, through the outermost layer."""
        code, out = self.say(*arguments, "--json")
        return code, json.loads(out)

    def say(self, *arguments: str | Path) -> tuple[int, str]:
        """Exit code and the words on standard output."""
        before = signal.getsignal(signal.SIGTERM)
        with patch.dict(os.environ, self.place.environment, clear=True), redirect_stdout(StringIO()) as out:
            code = run(seogo.cli, [*map(str, arguments)])
        signal.signal(signal.SIGTERM, before)
        return code, out.getvalue()

    def bag(self, store: str, reference: str) -> Path:
        return self.home / "stores" / store / "packages" / reference / "v1"

    def state(self, store: str, reference: str) -> str:
        shown = self.ask("volume", "show", reference)[1]
        [state] = [copy["state"] for copy in shown["copies"] if copy["store"] == store]
        return str(state)

    def with_store(self, name: str) -> "Held":
        """The same installation with one more store, added after everything was taken in."""
        stores = (f"{each}={(self.home / 'stores' / each).as_uri()}" for each in ("a", "b", name))
        return Held(self.home, " ".join(stores))

    def acts(self, reference: str) -> list[str]:
        """What the log tells about a volume, in its order."""
        return [told["act"] for told in self.records(reference)]

    def records(self, about: str) -> list[dict[str, Any]]:
        """The journal's records of one thing, in their order."""
        site = self.place.site()
        with site.reading_session() as session:
            rows = session.scalars(select(LedgerEntry).order_by(LedgerEntry.id)).all()
            told = [json.loads(row.journal.record) for row in rows if row.about == about]
        site.engine.dispose()
        return told
