"""Claims jobs and runs each in a child process; says how each one ended, in words.

The rows are the truth.  A runner that is killed leaves claims behind, which the next one on this
machine takes back at once and one on another machine when the lease runs out.  The engine for many
machines stands in for `Runner.step`: it carries tickets that claim one row and run it.
"""

import multiprocessing.connection
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from sqlalchemy import and_, or_

from archive import stopping
from archive.site.site import Site
from archive.work import child, jobs, recurring
from archive.work.declared import Declared
from archive.work.jobs import Job
from archive.work.processes import fork_server, me
from archive.work.reasons import Reason

BEAT = 15.0
"""Seconds between two signs of life of a claim; a quarter of the lease."""


@dataclass
class Running:
    job_id: int
    claimed: str
    attempt: int
    name: str
    process: BaseProcess
    hears: Connection
    declared: Declared
    started: float
    beaten: float


@dataclass
class Ended:
    """What a run of the queue came to."""

    done: int = 0
    failed: list[tuple[int, str, str]] = field(default_factory=list)


class Runner:
    """Runs up to ``workers`` jobs at once.

    ``preload`` names modules that the fork server imports once, so that a child starts in milliseconds.
    """

    def __init__(self, site: Site, *, workers: int, preload: Sequence[str] = ()) -> None:
        self.site = site
        self.workers = workers
        self.name = me()
        self.running: list[Running] = []
        self.ended = Ended()
        self.asked: datetime | None = None
        self.busy_after: int | None = None
        self.context = fork_server(["archive.work.child", *preload])

    def run_until_idle(self, on_change: Callable[["Runner"], None] | None = None) -> Ended:
        """Run all that can be run.  What is postponed is tried once and then left waiting.

        What met another one at the same work is tried again once more is done.
        """
        try:
            self._make_due()
            self.take_back()
            while self.step(on_change) or self._more_is_near() or self._may_be_free():
                pass
        finally:
            self.hand_back()
        return self.ended

    def run_for_ever(self, stop: Callable[[], bool]) -> None:
        """Serve the queue until told to stop; then end the children and hand their jobs back."""
        try:
            self.take_back()
            while not stop():
                self.ask_what_recurs()
                if not self.step(None):
                    time.sleep(1)
                    self.take_back()
        finally:
            self.hand_back()

    def step(self, on_change: Callable[["Runner"], None] | None) -> bool:
        """Start what there is room for and wait for what ends; False when nothing runs."""
        stopping.if_told()
        with stopping.told_later():  # one that is claimed is known before this process stops, and handed back
            while len(self.running) < self.workers and self._start_one():
                pass
        if not self.running:
            return False
        multiprocessing.connection.wait([each.process.sentinel for each in self.running], timeout=0.5)
        for each in list(self.running):
            self._look_after(each)
        if on_change:
            on_change(self)
        return True

    def take_back(self) -> None:
        """Free the jobs of runners of this machine that are dead."""
        with self.site.reading_session() as session:
            worked_on = jobs.count(session, jobs.Job.state == "working")
        if worked_on:
            with self.site.open_session.begin() as session:
                jobs.release_dead(session, self.site.machine_now())

    def ask_what_recurs(self) -> None:
        """Queue the jobs that recur, at the start and whenever a minute or an hour begins."""
        now, settings = self.site.machine_now(), self.site.settings
        begun = recurring.begun(self.asked, now)
        if recurring.is_any(begun, settings):
            with self.site.open_session.begin() as session:
                recurring.submit(session, begun, settings=settings, today=self.site.today())
        self.asked = now

    def hand_back(self) -> None:
        """End the children, if any still run, and let others have their jobs."""
        for each in self.running:
            each.process.kill()
            each.process.join()
            with self.site.open_session.begin() as session:
                jobs.hand_back(session, each.job_id, each.claimed)
        self.running.clear()

    def _start_one(self) -> bool:
        with self.site.open_session.begin() as session:
            row = jobs.claim(session, self.name, self.site.machine_now())
            if row is None:
                return False
            declared = jobs.DECLARED.get(row.name)
            if declared is None:
                unknown = Reason(f"no job {row.name} is declared here")
                jobs.fail(session, row.id, row.runner or "", unknown, self.site.machine_now(), attempts=0)
                return True
        try:
            self.running.append(self._spawn(row, declared))
        except (OSError, EOFError):  # the fork server was killed just now; the next start makes a new one
            with self.site.open_session.begin() as session:
                jobs.hand_back(session, row.id, row.runner or "")
            return False
        return True

    def _spawn(self, row: jobs.Job, declared: Declared) -> Running:
        claimed = row.runner or ""
        hears, says = self.context.Pipe(duplex=False)
        process = self.context.Process(
            target=child.run,
            args=(self.site.settings, declared.body.__module__, row.id, claimed, declared.memory, says),
            name=f"seogo {row.name} {row.id}",
        )
        process.start()
        says.close()
        now = time.monotonic()
        return Running(row.id, claimed, row.attempt, row.name, process, hears, declared, now, now)

    def _look_after(self, each: Running) -> None:
        if not each.process.is_alive():
            self._take_ending(each)
        elif time.monotonic() - each.started > each.declared.timeout.total_seconds():
            each.process.kill()
            each.process.join()
            late = Reason(f"took longer than {_minutes(each.declared.timeout)}")
            self._write_ending(each, child.FAILED, late)
        elif time.monotonic() - each.beaten > BEAT:
            self._beat(each)

    def _take_ending(self, each: Running) -> None:
        each.process.join()
        try:
            outcome, reason = each.hears.recv() if each.hears.poll() else (child.FAILED, None)
        except EOFError:
            outcome, reason = child.FAILED, None
        self._write_ending(each, outcome, reason or Reason(_how_it_died(each.process.exitcode)))

    def _write_ending(self, each: Running, outcome: str, reason: Reason) -> None:
        self.running.remove(each)
        each.hears.close()
        now = self.site.machine_now()
        with self.site.open_session.begin() as session:
            if outcome == child.DONE:
                self.ended.done += jobs.finish(session, each.job_id, each.claimed, now)
            elif outcome in (child.POSTPONED, child.BUSY):
                self.busy_after = self.ended.done if outcome == child.BUSY else self.busy_after
                jobs.postpone(session, each.job_id, each.claimed, reason, now)
            else:
                attempts = each.declared.attempts
                written = jobs.fail(session, each.job_id, each.claimed, reason, now, attempts=attempts)
                if written and each.attempt >= attempts:
                    self.ended.failed.append((each.job_id, each.name, reason.message))

    def _beat(self, each: Running) -> None:
        each.beaten = time.monotonic()
        with self.site.open_session.begin() as session:
            mine = jobs.beat(session, each.job_id, each.claimed, self.site.machine_now())
        if not mine:  # somebody else has it by now, so this child must not go on
            each.process.kill()

    def _make_due(self) -> None:
        self.busy_after = None
        with self.site.open_session.begin() as session:
            jobs.make_due(session)

    def _may_be_free(self) -> bool:
        """Whether something was done since a job met another one at the same work; then it is due again."""
        if self.busy_after is None or self.ended.done <= self.busy_after:
            return False
        self._make_due()
        return True

    def _more_is_near(self) -> bool:
        """Whether a retry is still to come, or another runner is at work; waits a little when so.

        Another one that dies meanwhile is found out, and its jobs are taken over.
        """
        there_is = or_(and_(Job.state == "waiting", Job.postponed.is_(False)), Job.state == "working")
        with self.site.reading_session() as session:
            near = jobs.count(session, there_is)
        if near:
            time.sleep(0.2)
            self.take_back()
        return bool(near)


def _how_it_died(exitcode: int | None) -> str:
    if exitcode is not None and -exitcode in set(signal.Signals):
        return f"crashed with {signal.Signals(-exitcode).name}"
    return f"ended without a word (exit {exitcode})"


def _minutes(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    return f"{seconds} seconds" if seconds < 120 else f"{seconds // 60} minutes"
