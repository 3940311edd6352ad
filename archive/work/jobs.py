"""Jobs are rows: declaring, submitting, claiming, renewing, finishing.

A job exists exactly when its reason does, because it is submitted in the same transaction.
A claim has a name that no other claim ever has; whoever falls silent loses the claim, and its late
word is refused by that name.  So a body may run twice and must be safe to.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, String, and_, case, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from archive.database import Base
from archive.errors import Conflict, Missing
from archive.site.settings import Settings
from archive.work.declared import LANES, Again, Declared, Lane
from archive.work.processes import is_dead
from archive.work.reasons import Reason

LEASE = timedelta(seconds=60)
STATES = ("waiting", "working", "done", "failed")

Progress: TypeAlias = tuple[int, int]
"""What a body yields: (done, total)."""


class Job(Base):
    """``postponed`` marks one that waits because something it needs is away, with the reason why.

    ``code`` and ``next`` are those of the error that was the reason, where it was one of the archive's.
    """

    __tablename__ = "jobs"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), index=True)
    once: Mapped[str | None] = mapped_column(String(120), unique=True)
    lane: Mapped[str] = mapped_column(String(10))
    arguments: Mapped[dict[str, Any]] = mapped_column(default=dict)
    state: Mapped[str] = mapped_column(String(10), default="waiting", index=True)
    attempt: Mapped[int] = mapped_column(default=0)
    again: Mapped[bool] = mapped_column(default=False)
    postponed: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str | None]
    code: Mapped[str | None] = mapped_column(String(60))
    next: Mapped[str | None]
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None]
    runner: Mapped[str | None] = mapped_column(String(120))
    run_after: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    beat_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


DECLARED: dict[str, Declared] = {}


def job(
    name: str,
    *,
    lane: Lane = "batch",
    timeout: timedelta = timedelta(minutes=20),
    attempts: int = 3,
    memory: int = 3 << 30,
    preload: tuple[str, ...] = (),
    again: Again | None = None,
    only_if: Callable[[Settings], bool] = lambda _settings: True,
    due: Callable[[Session, datetime], bool] = lambda _session, _now: False,
) -> Callable[[Callable[..., Iterator[Progress]]], Callable[..., Iterator[Progress]]]:
    """Declare a job.  Its body takes the site and ids, and yields progress; ``memory`` in bytes.

    ``preload`` names slow modules that its child will load, so that the fork server loads them once;
    ``only_if`` tells by the settings whether a job that recurs has anything to do in an installation;
    ``due`` tells whether one would find something to do now, also where no runner keeps running.
    """

    def declare(body: Callable[..., Iterator[Progress]]) -> Callable[..., Iterator[Progress]]:
        DECLARED[name] = Declared(name, body, lane, timeout, attempts, memory, preload, again, only_if, due)
        return body

    return declare


def submit(
    session: Session, name: str, *, once: str | None = None, lane: Lane | None = None, **arguments: Any
) -> None:
    """Queue a job inside the caller's transaction.

    ``once`` names the piece of work: a second submit with the same name changes nothing.
    """
    submit_all(session, name, [(once, arguments)], lane=lane)


def submit_all(
    session: Session,
    name: str,
    pieces: Sequence[tuple[str | None, Mapping[str, Any]]],
    *,
    lane: Lane | None = None,
) -> None:
    """The same for many pieces of one kind of work: what names each, and its arguments."""
    if not pieces:
        return
    declared = DECLARED.get(name)
    same = {"name": name, "lane": lane or (declared.lane if declared else "batch"), "state": "waiting"}
    rows = [{**same, "once": once, "arguments": dict(arguments)} for once, arguments in pieces]
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    session.execute(dialect.insert(Job.__table__).on_conflict_do_nothing(index_elements=["once"]), rows)


def is_given_up(session: Session, once: str) -> bool:
    """Whether the piece of work of this name failed and nobody has had it tried once more."""
    return session.scalar(select(Job.state).where(Job.once == once)) == "failed"


def wake(
    session: Session, name: str, *, once: str | None = None, failed: bool = True, **arguments: Any
) -> None:
    """Queue a job that there is only one of by this name, however often it is asked for.

    One that is being run right now is run once more when it ends, so that no change is missed.
    Without ``failed`` one that was given up stays so, until somebody has it tried once more.
    """
    submit(session, name, once=once or name, **arguments)
    ended = Job.state.in_(("done", "failed") if failed else ("done",))
    session.execute(
        update(Job.__table__)
        .where(Job.once == (once or name), or_(ended, Job.state == "working"))
        .values(
            again=case((ended, False), else_=True),
            attempt=case((ended, 0), else_=Job.attempt),
            state=case((ended, "waiting"), else_=Job.state),
        )
    )


def claim(session: Session, runner: str, now: datetime) -> Job | None:
    """Take the next job that is due, in the order of lanes; None when there is none.

    The claim's name is the job's ``runner`` from now on.
    """
    rank = case({lane: place for place, lane in enumerate(LANES)}, value=Job.lane, else_=len(LANES))
    due = and_(Job.state == "waiting", or_(Job.run_after.is_(None), Job.run_after <= now))
    silent = and_(Job.state == "working", Job.lease_until < now)
    wanted = select(Job).where(or_(due, silent)).order_by(rank, Job.id).limit(1)
    row = session.scalar(wanted.with_for_update(skip_locked=True))
    while row is not None and row.state == "working" and _give_up(row, now):
        session.flush()
        row = session.scalar(wanted.with_for_update(skip_locked=True))
    if row is None:
        return None
    row.state, row.attempt, row.runner = "working", row.attempt + 1, f"{runner}#{secrets.token_hex(4)}"
    row.postponed, row.again = False, False
    _say(row, None)
    row.started_at = row.beat_at = now
    row.lease_until, row.ended_at = now + LEASE, None
    session.flush()
    return row


def beat(session: Session, job_id: int, claimed: str, now: datetime) -> bool:
    """Renew a claim; False when the job is somebody else's by now, here as in all that follows."""
    row = _held(session, job_id, claimed)
    if row is None:
        return False
    row.beat_at, row.lease_until = now, now + LEASE
    return True


def progress(session: Session, job_id: int, claimed: str, done: int, total: int | None) -> bool:
    row = _held(session, job_id, claimed)
    if row is None:
        return False
    row.done, row.total = done, total
    return True


def finish(session: Session, job_id: int, claimed: str, now: datetime) -> bool:
    """It is done; one that was woken meanwhile goes back to the queue."""
    row = _held(session, job_id, claimed)
    if row is None:
        return False
    if row.again:
        _let_go(row, "waiting", None, attempt=0)
    else:
        _let_go(row, "done", None)
    row.ended_at = now
    return True


def fail(
    session: Session, job_id: int, claimed: str, reason: Reason, now: datetime, *, attempts: int
) -> bool:
    """This attempt failed.  It is tried again later, or given up with its reason after the last."""
    row = _held(session, job_id, claimed)
    if row is None:
        return False
    pause = timedelta(seconds=2 * 4 ** min(row.attempt - 1, 4))
    is_last = row.attempt >= attempts
    _let_go(row, "failed" if is_last else "waiting", reason, run_after=None if is_last else now + pause)
    row.ended_at = now
    return True


def postpone(session: Session, job_id: int, claimed: str, reason: Reason, now: datetime) -> bool:
    """Something it needs is away.  It is tried each half minute, and no attempt is counted."""
    row = _held(session, job_id, claimed)
    if row is None:
        return False
    _let_go(row, "waiting", reason, attempt=row.attempt - 1, run_after=now + timedelta(seconds=30))
    row.postponed, row.ended_at = True, now
    return True


def hand_back(session: Session, job_id: int, claimed: str) -> bool:
    """Its runner was stopped.  Anybody may take it at once, and no attempt is counted."""
    row = _held(session, job_id, claimed)
    if row is None:
        return False
    _let_go(row, "waiting", None, attempt=row.attempt - 1)
    return True


def release_dead(session: Session, now: datetime) -> int:
    """Hand back the jobs of runners of this machine that no longer live; how many."""
    freed = 0
    for row in session.scalars(select(Job).where(Job.state == "working")):
        if row.runner and is_dead(row.runner):
            if not _give_up(row, now):
                _let_go(row, "waiting", None)
            freed += 1
    return freed


def _give_up(row: Job, now: datetime) -> bool:
    """Whether its runner fell silent in the last of its attempts: a job that kills its runner ends here."""
    declared = DECLARED.get(row.name)
    if declared is None or row.attempt < declared.attempts:
        return False
    why = f"its worker was killed or fell silent in attempt {row.attempt}, the last"
    _let_go(row, "failed", Reason(why))
    row.ended_at = now
    return True


def retry(session: Session, job_id: int) -> Job:
    """Queue a failed job once more, with its attempts counted anew."""
    row = get(session, job_id)
    if row.state != "failed":
        raise Conflict(f"Job {job_id} is {row.state}, not failed.", next="Look with: seogo job list")
    row.state, row.attempt, row.run_after = "waiting", 0, None
    _say(row, None)
    return row


def make_due(session: Session) -> None:
    """Try at once what was postponed."""
    session.execute(update(Job).where(Job.state == "waiting", Job.postponed).values(run_after=None))


def get(session: Session, job_id: int) -> Job:
    row = session.get(Job, job_id)
    if row is None:
        raise Missing(f"There is no job {job_id}.", next="List them with: seogo job list")
    return row


def count(session: Session, *where: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(Job).where(*where)) or 0


def _held(session: Session, job_id: int, claimed: str) -> Job | None:
    """The row while this claim on it holds, locked; None when it does not."""
    mine = select(Job).where(Job.id == job_id, Job.runner == claimed, Job.state == "working")
    return session.scalar(mine.with_for_update().execution_options(populate_existing=True))


def _let_go(
    row: Job, state: str, reason: Reason | None, *, attempt: int | None = None,
    run_after: datetime | None = None,
) -> None:  # fmt: skip
    row.state, row.run_after, row.again = state, run_after, False
    _say(row, reason)
    row.attempt = row.attempt if attempt is None else attempt
    row.lease_until, row.runner = None, None


def _say(row: Job, reason: Reason | None) -> None:
    told = (reason.message, reason.code, reason.next) if reason else (None, None, None)
    row.reason, row.code, row.next = told
