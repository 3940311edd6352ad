"""An installation that holds a small transfer, asked in the process of the test."""

import json
import os
import signal
from contextlib import redirect_stdout
from dataclasses import dataclass
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

    @property
    def place(self) -> Installation:
        return Installation({**plain_environment(), "SEOGO_HOME": str(self.home)})

    def ask(self, *arguments: str | Path) -> tuple[int, dict[str, Any]]:
        """Exit code and what was told, through the outermost layer."""
        before = signal.getsignal(signal.SIGTERM)
        with patch.dict(os.environ, self.place.environment, clear=True), redirect_stdout(StringIO()) as out:
            code = run(seogo.cli, [*map(str, arguments), "--json"])
        signal.signal(signal.SIGTERM, before)
        return code, json.loads(out.getvalue())

    def bag(self, store: str, reference: str) -> Path:
        return self.home / "stores" / store / "packages" / reference / "v1"

    def state(self, store: str, reference: str) -> str:
        shown = self.ask("volume", "show", reference)[1]
        [state] = [copy["state"] for copy in shown["copies"] if copy["store"] == store]
        return str(state)

    def acts(self, reference: str) -> list[str]:
        """What the log tells about a volume, in its order."""
        site = self.place.site()
        with site.reading_session() as session:
            rows = session.scalars(select(LedgerEntry).order_by(LedgerEntry.id)).all()
        site.engine.dispose()
        return [json.loads(row.entry)["act"] for row in rows if row.about == reference]
