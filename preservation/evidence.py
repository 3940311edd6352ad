"""What an auditor sees: every copy by its last verdict, the exceptions, and the state of the ledger."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from archive.holdings import Volume
from archive.ledger import LedgerEntry, Seal
from preservation.fixity import FixityCheck
from preservation.packages import Bag, Copy
from preservation.pages import Page

VERDICTS = ("intact", "altered", "absent", "not_looked_at")
MOST_EXCEPTIONS = 200


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


def copies(session: Session, stores: Sequence[str]) -> Copies:
    """Every copy once, under the verdict of the last look at it; a store without copies stands there too."""
    lines = {name: StoreLine(name) for name in stores}
    exceptions: list[Exceptional] = []
    for copy, volume, check in _with_last_check(session):
        line = lines.setdefault(copy.store, StoreLine(copy.store))
        verdict = verdict_of(copy, check)
        line.counts[verdict] += 1
        if copy.verified_at and (line.oldest is None or copy.verified_at < line.oldest):
            line.oldest = copy.verified_at
        if verdict != "intact" and len(exceptions) < MOST_EXCEPTIONS:
            path, since = (check.first_path, check.at) if check else (None, None)
            exceptions.append(Exceptional(volume, copy.store, path, verdict, since))
    return Copies(sorted(lines.values(), key=lambda line: line.name), exceptions)


def verdict_of(copy: Copy, check: FixityCheck | None) -> str:
    """A copy that the last look did not reach is not called intact, whatever was seen before."""
    if check is not None and check.verdict == "not_looked_at":
        return "not_looked_at"
    return {"verified": "intact", "altered": "altered", "absent": "absent"}.get(copy.state, "not_looked_at")


def _with_last_check(session: Session) -> list[tuple[Copy, str, FixityCheck | None]]:
    last = select(func.max(FixityCheck.id)).group_by(FixityCheck.copy_id)
    checks = {
        each.copy_id: each for each in session.scalars(select(FixityCheck).where(FixityCheck.id.in_(last)))
    }
    rows = session.execute(
        select(Copy, Volume.reference)
        .join(Bag, Bag.id == Copy.bag_id)
        .join(Volume, Volume.id == Bag.volume_id)
        .order_by(Copy.store, Volume.reference, Bag.number)
    )
    return [(copy, reference, checks.get(copy.id)) for copy, reference in rows]


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
