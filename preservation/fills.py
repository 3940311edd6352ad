"""One ``seogo copy fill``: what the store lacks, how far it is, what came of it, in keys and in words."""

import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

from sqlalchemy import func, select

from archive import ledger
from archive.errors import Unavailable
from archive.site import language
from archive.site.language import amount
from archive.site.site import Site
from archive.site.terminal import Progress
from archive.stores import Store
from archive.work import jobs
from archive.work.jobs import Job
from preservation import estimates, lagging, policies, storing
from preservation.copying import Meter
from preservation.estimates import Pace
from preservation.filling import Filled, Filling
from preservation.lagging import Amount
from preservation.packages import Copy

SHOWN = 50


class Fill:
    """What was lacking before, and what has been done about it."""

    def __init__(self, site: Site, target: Store, *, by: str) -> None:
        self.site, self.target, self.by = site, target, by
        self.lacking = self.left = self._count_lacking()
        self.reading = estimates.of_reading(site, target)
        self.pace = Pace(0, 0.0)
        self.copied = Amount()
        self.found = self.failed = 0
        self.altered = self._count_altered()
        self.exceptions: list[dict[str, Any]] = []
        self.stopped: str | None = None

    def run(self, progress: Progress) -> None:
        """Fill the store.  One that goes away or runs full stops it, and what was done stands."""
        if self.lacking.copies:
            self.show(progress, self.reading)
        for _ in self.steps():
            self.show(progress, self.pace)

    def steps(self) -> Iterator[int]:
        """The same step by step: how many copies are settled."""
        filling = Filling(self.site, self.target, by=self.by)
        began = time.monotonic()
        try:
            for filled in filling.run():
                self._count(filled, filling.meter)
                self.pace = Pace(filling.meter.bytes, time.monotonic() - began)
                yield self.done
        except Unavailable as error:
            self.stopped = f"{error.message} {error.next}".strip()
        self.left, self.altered = self._count_lacking(), self._count_altered()
        self._write_down()

    def told(self) -> dict[str, Any]:
        """In the keys that other programs rely on."""
        return {
            "store": self.target.name,
            "lacking": self.lacking.told(),
            "estimate": _pace(self.reading, self.lacking),
            "copied": self.copied.told(),
            "found": self.found,
            "left": self.left.told(),
            "altered": self.altered,
            "seconds": round(self.pace.seconds, 3),
            "bytes_per_second": round(self.pace.bytes_per_second or 0),
            "exceptions": self.exceptions,
            "stopped": self.stopped,
            "settled": self._is_settled(),
        }

    @property
    def done(self) -> int:
        return self.copied.copies + self.found + self.failed

    @property
    def failures(self) -> list[dict[str, Any]]:
        """The exceptions that are copies which could not be made; the others are sources that are damaged."""
        return [each for each in self.exceptions if each["store"] == self.target.name]

    @property
    def exit_code(self) -> int:
        verdicts = Counter(each["verdict"] for each in self.exceptions)
        if verdicts["altered"] or verdicts["absent"]:
            return 5
        return 4 if self.stopped or verdicts["not_looked_at"] else 0

    def _count(self, filled: Filled | None, meter: Meter) -> None:
        copies = self.copied.copies
        if filled:
            self.found += filled.how == "found"
            self.failed += filled.how == "failed"
            copies += filled.how == "copied"
            self.exceptions += _exceptions(filled, self.target.name)
        self.copied = Amount(copies, meter.files, meter.bytes)

    def show(self, progress: Progress, pace: Pace) -> None:
        """How far it is, and at this pace how long it will take."""
        left = Amount(
            self.lacking.copies - self.done,
            max(0, self.lacking.files - self.copied.files),
            max(0, self.lacking.bytes - self.copied.bytes),
        )
        progress(
            f"filling {self.target.name}", self.done, self.lacking.copies, estimates.in_words(left, pace)
        )

    def _count_lacking(self) -> Amount:
        with self.site.reading_session() as session:
            demand = policies.in_force(session, self.site.settings)
            return lagging.amount_lacking(session, demand, self.target.name)

    def _count_altered(self) -> int:
        """Copies in the store that are known to be damaged: not lacking, and never replaced."""
        damaged = select(func.count()).where(Copy.store == self.target.name, Copy.state == "altered")
        with self.site.reading_session() as session:
            return session.scalar(damaged) or 0

    def _is_settled(self) -> bool:
        """Whether the transfers of the volumes that are stored know it; a job tells them, or was given up."""
        with self.site.reading_session() as session:
            return not jobs.count(session, Job.name == storing.SETTLING, Job.state != "done")

    def _write_down(self) -> None:
        if not self.done:
            return
        facts = {
            "store": self.target.name, "copied": self.copied.told(), "found": self.found,
            "failed": self.failed, "left": self.left.told(),
        }  # fmt: skip
        with self.site.open_session.begin() as session:
            ledger.record(
                session, act="copies.filled", about="copies", at=self.site.now(), actor=self.by, facts=facts
            )


def _exceptions(filled: Filled, target: str) -> Iterator[dict[str, Any]]:
    """What is not as it should be, in the target and in sources that could not be used."""
    volume = filled.owed.volume
    if filled.how == "failed":
        yield {"volume": volume, "store": target, "path": filled.path, "verdict": filled.verdict,
               "reason": filled.reason}  # fmt: skip
    for checked in filled.suspects:
        for flaw in checked.flaws:
            yield {"volume": volume, "store": checked.store, "path": flaw.path, "verdict": flaw.verdict,
                   "reason": f"What store {checked.store} holds of it was not copied."}  # fmt: skip


def in_words(told: dict[str, Any]) -> list[str]:
    if told["dry_run"]:
        return _plan_in_words(told)
    copied, left = told["copied"], told["left"]
    lines = [
        f"Store {told['store']}: {amount(copied['copies'], 'copy', 'copies')} made and read back "
        f"({amount(copied['files'], 'file')}, {language.size(copied['bytes'])}), "
        f"{told['found']:,} were there already and were read back; {left['copies']:,} left."
    ]
    lines += [f"{each['verdict']}: {each['volume']} in {each['store']}: "
              f"{each['path'] or 'the whole copy'}. {each['reason']}"
              for each in told["exceptions"][:SHOWN]]  # fmt: skip
    lines += [f"Stopped: {told['stopped']}"] if told["stopped"] else []
    lines += _altered_in_words(told)
    if left["copies"] > sum(each["store"] == told["store"] for each in told["exceptions"]):
        lines.append(f"Go on with: seogo copy fill --store {told['store']}")
    elif left["copies"]:
        lines.append("Nothing in a store is replaced. Set aside what it has left of such a copy, "
                     f"then: seogo copy fill --store {told['store']}")  # fmt: skip
    if not told["settled"]:
        lines.append("Transfers whose last copies were made are brought up to date by: seogo work "
                     "(where its job was given up: seogo job list)")  # fmt: skip
    return lines


def _plan_in_words(told: dict[str, Any]) -> list[str]:
    lacking, seconds = told["lacking"], told["estimate"]["seconds"]
    if not lacking["copies"]:
        return [f"Store {told['store']} lacks nothing.", *_altered_in_words(told)]
    lines = [
        f"Store {told['store']} lacks {amount(lacking['copies'], 'copy', 'copies')}: "
        f"{amount(lacking['files'], 'file')}, {language.size(lacking['bytes'])}."
    ]
    if seconds is not None:
        lines.append(f"Reading them from the other stores alone takes about {estimates.span(seconds)}.")
    return [*lines, *_altered_in_words(told), "Nothing was written."]


def _altered_in_words(told: dict[str, Any]) -> list[str]:
    """What a fill leaves as it is, though it is not what was taken in."""
    if not told["altered"]:
        return []
    copies = amount(told["altered"], "copy", "copies")
    return [f"Beside these, {copies} in it known to be damaged and left as found: a fill replaces nothing. "
            f"See: seogo copy check --store {told['store']}"]  # fmt: skip


def _pace(pace: Pace, amount: Amount) -> dict[str, int | None]:
    rate, seconds = pace.bytes_per_second, pace.time_for(amount.bytes)
    return {
        "bytes_per_second": None if rate is None else round(rate),
        "seconds": None if seconds is None else round(seconds),
    }
