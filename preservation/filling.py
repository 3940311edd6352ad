"""Fills a store with the copies it lacks, each from a verified copy in another store, never from a transfer.

The row of a copy moves before and after each step, so a killed run is taken up where it stopped:
what is whole in the store already is read back and not written again.  A lost copy is lost until
it was read back.  Nothing is repaired here; an altered copy stays as it is.
"""

from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.database import one_machine_only
from archive.errors import ArchiveError, Conflict, Damaged, Unavailable
from archive.site.site import Site
from archive.stores import Store
from archive.work.processes import only_one
from preservation import (
    copying,
    fixity,
    kept_lists,
    lagging,
    local_copies,
    policies,
    retention,
    retrievals,
    storing,
)
from preservation.copying import Meter, Original, Unusable
from preservation.fixity import Checked, FixityVerdict, Subject
from preservation.lagging import Owed
from preservation.packages import TAGMANIFEST, Copy


@dataclass(frozen=True)
class Filled:
    """What came of one copy.  ``found``: it was whole in the store already, and was only read back.

    ``suspects`` are the verdicts on sources that turned out not to be what was recorded.
    """

    owed: Owed
    how: Literal["copied", "found", "failed"]
    verdict: FixityVerdict
    path: str | None = None
    reason: str = ""
    suspects: tuple[Checked, ...] = ()


class Filling:
    """One run over what one store lacks, some copies at once."""

    def __init__(self, site: Site, target: Store, *, by: str) -> None:
        self.site, self.target, self.by = site, target, by
        self.meter = Meter()
        self._away: dict[str, Unavailable] = {}
        self._scratch = Path()

    def run(self, *, promised: bool = False) -> Iterator[Filled | None]:
        """Make one copy after the other; None each half second, for those who show how far it is.

        Unavailable when the store is away or full: what it has by then is written down.
        Conflict when another process fills it at this moment.
        """
        name = f"fill-{self.target.name}"
        with _alone(self.site, self.target), local_copies.scratch(self.site, name) as self._scratch:
            kept_lists.bring(self.site, self.target)
            yield from self._all(lagging.lacking(self.site, self.target.name, promised=promised))

    def _all(self, lacking: Iterator[Owed]) -> Iterator[Filled | None]:
        at_once = max(2, self.site.settings.workers)
        running: set[Future[Filled]] = set()
        with ThreadPoolExecutor(at_once, "fill") as threads:
            try:
                for owed in lacking:
                    running.add(threads.submit(self._bring, owed))
                    while len(running) >= 2 * at_once:
                        yield from _ended(running)
                while running:
                    yield from _ended(running)
            finally:
                self.meter.stop()
                for each in running:
                    each.cancel()

    def _bring(self, owed: Owed) -> Filled:
        if not self._begin(owed):
            return Filled(owed, "found", "intact")
        if self.target.has(f"{owed.prefix}/{TAGMANIFEST}"):
            return self._read_back(owed)
        sources, reasons = self._sources(owed)
        suspects: list[Checked] = []
        for source in sources:
            try:
                self._copy(source, owed)
            except Unusable as unusable:
                reasons.append(unusable.why)
                suspects += self._suspect(source, owed, unusable.why)
            except (Conflict, Damaged) as error:
                return Filled(owed, "failed", "altered", None, error.message, tuple(suspects))
            else:
                self._verify(owed, source)
                return Filled(owed, "copied", "intact", suspects=tuple(suspects))
        return _without_source(owed, reasons, tuple(suspects))

    def _copy(self, source: Store, owed: Owed) -> None:
        with self.site.reading_session() as session:
            kept_until = retention.of_volume(session, owed.volume, self.site.today())
        original = Original(owed.prefix, owed.tagmanifest_sha256, owed.bytes, kept_until)
        copying.copy_bag(
            source, self.target, original, scratch=self._scratch, meter=self.meter,
            sent=lambda: self._sent(owed),
        )  # fmt: skip

    def _sources(self, owed: Owed) -> tuple[list[Store], list[ArchiveError]]:
        """The stores whose copy is verified, and what those said that did not answer before."""
        verified = select(Copy.store).where(Copy.bag_id == owed.bag_id, Copy.state == "verified")
        with self.site.reading_session() as session:
            names = set(session.scalars(verified)) - {self.target.name}
        away: list[ArchiveError] = [error for name, error in self._away.items() if name in names]
        readable = retrievals.readable(self.site, owed.bag_id)
        away += _cold(owed, names - {store.name for store in readable})
        names -= self._away.keys()
        return [store for store in readable if store.name in names], away

    def _suspect(self, source: Store, owed: Owed, why: ArchiveError) -> list[Checked]:
        """A source that is away is not asked again in this run; one that gave wrong bytes is judged."""
        if isinstance(why, Unavailable):
            self._away[source.name] = why
            return []
        with self.site.reading_session() as session:
            subject = _subject(session, owed, source.name)
        checked = fixity.judge(source, subject)
        with self.site.open_session.begin() as session:
            fixity.write_down(session, subject, checked, self.site.now(), self.by)
        return [checked]

    def _read_back(self, owed: Owed) -> Filled:
        """What is there already, from a run that was killed or brought by other means, is judged as it is."""
        with self.site.reading_session() as session:
            subject = _subject(session, owed, self.target.name)
        checked = fixity.judge(self.target, subject)
        if checked.verdict == "not_looked_at":
            raise Unavailable(f"Store {self.target.name} did not answer.", store=self.target.name,
                              next="Check it and run the same again.")  # fmt: skip
        self._conclude(subject, owed, checked)
        path = checked.flaws[0].path if checked.flaws else None
        how: Literal["found", "failed"] = "found" if checked.verdict == "intact" else "failed"
        reason = (
            "" if how == "found" else f"What store {self.target.name} holds of it is not what was stored."
        )
        return Filled(owed, how, checked.verdict, path, reason)

    def _verify(self, owed: Owed, source: Store) -> None:
        with self.site.reading_session() as session:
            subject = _subject(session, owed, self.target.name)
        intact = Checked(owed.volume, self.target.name, "intact", ())
        self._conclude(subject, owed, intact, copied_from=source.name)

    def _conclude(self, subject: Subject, owed: Owed, checked: Checked, **more: str) -> None:
        now = self.site.now()
        with self.site.open_session.begin() as session:
            fixity.write_down(session, subject, checked, now, self.by, **more)
            session.flush()
            demand = policies.in_force(session, self.site.settings)
            storing.conclude(session, owed.volume_id, demand=demand, now=now, by=self.by)

    def _begin(self, owed: Owed) -> bool:
        """Write down that this copy is being made; a lost one stays lost.  False when it is there by now."""
        with self.site.open_session.begin() as session:
            copy = self._row(session, owed)
            if copy is None:
                session.add(Copy(bag_id=owed.bag_id, store=self.target.name, state="writing"))
            elif copy.state == "verified":
                return False
            elif copy.state != "absent":
                copy.move("begin")
        return True

    def _sent(self, owed: Owed) -> None:
        with self.site.open_session.begin() as session:
            copy = self._row(session, owed)
            if copy is not None and copy.state != "absent":
                copy.move("write")

    def _row(self, session: Session, owed: Owed) -> Copy | None:
        mine = select(Copy).where(Copy.bag_id == owed.bag_id, Copy.store == self.target.name)
        return session.scalar(mine.with_for_update())


@contextmanager
def _alone(site: Site, target: Store) -> Iterator[None]:
    """Only one process of all machines at a time fills a store."""
    name = f"fill-{target.name}"
    busy = f"Store {target.name} is being filled at this moment by another process."
    with (
        only_one(site.settings.home / "locks", name, busy=busy),
        one_machine_only(site.engine, name) as is_ours,
    ):
        if not is_ours:
            raise Conflict(busy, code="busy")
        yield


def _subject(session: Session, owed: Owed, store: str) -> Subject:
    mine = select(Copy).where(Copy.bag_id == owed.bag_id, Copy.store == store)
    return fixity.subject_of(session, session.scalars(mine).one())


def _ended(running: set[Future[Filled]]) -> Iterator[Filled | None]:
    done, _ = wait(running, timeout=0.5, return_when=FIRST_COMPLETED)
    if not done:
        yield None
    for each in done:
        running.remove(each)
        yield each.result()


def _cold(owed: Owed, names: set[str]) -> Iterator[Unavailable]:
    """What those say that hold the copy where it must be asked for."""
    for name in sorted(names):
        retrieve = f"seogo copy retrieve {owed.volume} --store {name}"
        yield Unavailable(f"Store {name} is cold; ask for its copy first, with: {retrieve}.", store=name)


def _without_source(owed: Owed, reasons: list[ArchiveError], suspects: tuple[Checked, ...]) -> Filled:
    """Not looked at while a source is only away; lost from every other store when all that answer lack it."""
    told = " ".join(each.message for each in reasons) or "No other store holds a verified copy of it."
    is_away = any(isinstance(each, Unavailable) for each in reasons)
    return Filled(owed, "failed", "not_looked_at" if is_away else "absent", None, told, suspects)
