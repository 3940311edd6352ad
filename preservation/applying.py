"""Brings all holdings to where the storage policy in force wants them, and proves it in the log.

What lacks is filled, store after store, from verified copies.  What the policy does not ask for any
more stays: stores are write-once, and nothing is removed or replaced here.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive import ledger
from archive.errors import Conflict, Damaged, Unavailable
from archive.ledger import LedgerEntry
from archive.site.site import Site
from archive.site.terminal import Progress
from archive.work import jobs
from preservation import completing, policies
from preservation.fills import Fill
from preservation.policies import Demand, PolicyRow, meeting, versions
from preservation.policies.meeting import ClassLine

NAME = "apply-policy"
APPLIED = "policy.applied"


@jobs.job(NAME, timeout=timedelta(hours=48))
def apply_policy(site: Site) -> Iterator[jobs.Progress]:
    """Fill what the policy in force asks for.  Safe to run twice: what is there is not copied again.

    Unavailable when a store was away or full: it is tried again.  Damaged when a copy cannot be made.
    """
    applying = Applying(site, by=NAME)
    total = sum(fill.lacking.copies for fill in applying.fills)
    for fill in applying.fills:
        for _ in applying.steps(fill):
            yield sum(each.done for each in applying.fills), total
    applying.conclude()
    applying.tell()


def ask(session: Session) -> None:
    """Have it done, in the transaction that changes what must be where."""
    jobs.wake(session, NAME)


class Applying:
    """One run over every store that lacks something, and what came of it."""

    def __init__(self, site: Site, *, by: str) -> None:
        self.site, self.by = site, by
        with site.reading_session() as session:
            self.row = policies.get(session)
        fills = (Fill(site, store, by=by) for store in site.stores)
        self.fills = [fill for fill in fills if fill.lacking.copies]
        self.busy: list[Conflict] = []
        self.classes: Sequence[ClassLine] = ()

    def run(self, progress: Progress) -> None:
        """All of it, shown on the command line."""
        for fill in self.fills:
            fill.show(progress, fill.reading)
            for _ in self.steps(fill):
                fill.show(progress, fill.pace)
        self.conclude()

    def steps(self, fill: Fill) -> Iterator[int]:
        """Fill one store; one that somebody else fills at this moment is left to them."""
        try:
            yield from fill.steps()
        except Conflict as error:
            self.busy.append(error)

    def conclude(self) -> None:
        """Volumes that owe nothing any more are stored, and the log tells how many are as they must be.

        Counted against the version that the run began with, also where another was entered meanwhile.
        """
        completing.conclude_what_is_whole(self.site, by=self.by)
        with self.site.open_session.begin() as session:
            self.classes = meeting.by_class(session, self._demand())
            if self.row is not None:
                now = self.site.now()
                ledger.record(session, act=APPLIED, about=self.row.about, at=now, actor=self.by,
                              facts=self._facts(self.row.version))  # fmt: skip

    def tell(self) -> None:
        """Raise what a job has to say about a run that did not reach its end."""
        failures = [each for fill in self.fills for each in fill.failures]
        if wrong := [each for each in failures if each["verdict"] != "not_looked_at"]:
            told = "; ".join(f"{each['volume']} in {each['store']}: {each['verdict']}" for each in wrong[:5])
            raise Damaged(f"Not every copy could be made: {told}", next="Look with: seogo copy check")
        away = [fill.stopped for fill in self.fills if fill.stopped]
        if away or failures or self.busy:
            reasons = [*away, *(each.message for each in self.busy)] or ["Some sources did not answer."]
            raise Unavailable(" ".join(reasons), next="It is tried again by itself.")

    @property
    def exit_code(self) -> int:
        return max([4 if self.busy else 0, *(fill.exit_code for fill in self.fills)])

    def told(self) -> dict[str, Any]:
        """In the keys that other programs rely on."""
        version = self.row.version if self.row else None
        fills = [each.told() for each in self.fills]
        return {"version": version, **meeting.told(self.classes), "fills": fills}

    def _demand(self) -> Demand:
        return versions.demand_of(self.site.settings, self.row.policy if self.row else None)

    def _facts(self, version: int) -> dict[str, Any]:
        filled = [
            {"store": each.target.name, "copied": each.copied.told(), "found": each.found,
             "failed": each.failed, "left": each.left.told()}
            for each in self.fills
        ]  # fmt: skip
        return {"version": version, **meeting.told(self.classes), "filled": filled}


def last_applied(session: Session, row: PolicyRow) -> dict[str, Any] | None:
    """What the log last said of a version: when it was applied, and the counts of that moment."""
    wanted = select(LedgerEntry).where(LedgerEntry.about == row.about).order_by(LedgerEntry.id.desc())
    entry = session.scalar(wanted.limit(1))
    told = json.loads(entry.journal.record) if entry else {}
    return {"at": told["at"], **told["facts"]} if told.get("act") == APPLIED else None
