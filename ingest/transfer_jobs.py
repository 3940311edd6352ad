"""Jobs about one transfer: asking for one, those under way, and those that failed and were not made good."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from archive.holdings import Volume
from archive.site.site import Site
from archive.work import jobs
from archive.work.jobs import Job
from ingest import transfers
from ingest.transfers import Transfer, TransferAct, TransferVolume, acceptable

LOOKED_AT = ("checked", "closed", "corrected", "moved")
ANSWERS: dict[str, tuple[str, ...]] = {
    "accept-transfer": LOOKED_AT,
    "check-transfer": LOOKED_AT,
    "complete-transfer": ("completion-notified", "completion-refused"),
    "issue-paper": (),
    "issue-receipt": (),
}
"""What may be under way for one transfer, each with the acts that make its failure a thing of the past.

All but one of them wait for their turn.
"""
UNDER_WAY = ("waiting", "working")
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Asking:
    """Work on a transfer that somebody wants: its job, the act that notes it, what more the job is told."""

    job: str
    act: str
    by: str
    more: Mapping[str, Any] = field(default_factory=dict)


def ask(site: Site, number: str, asking: Asking) -> bool:
    """Queue the work and note who asked; False, and nothing more, while the very same is under way.

    Other work on the transfer keeps nothing from being asked for: each waits for its turn.
    """
    with site.open_session.begin() as session:
        transfer = transfers.get(session, number)
        session.refresh(transfer, with_for_update=True)  # of two who ask at once the second sees the first
        if any(_is_same(job, asking) for job in running(session, transfer)):
            return False
        jobs.submit(session, asking.job, lane="staff", number=number, by=asking.by, **asking.more)
        transfers.note(session, transfer, asking.act, by=asking.by, at=site.now())
    return True


def _is_same(job: Job, asking: Asking) -> bool:
    """Whoever asked for it.  An accept of some volumes is not the same as one of others, or of all."""
    told = {name: value for name, value in job.arguments.items() if name not in ("number", "by")}
    return job.name == asking.job and told == asking.more


def running(session: Session, transfer: Transfer) -> Sequence[Job]:
    """Those that wait or are being done."""
    return session.scalars(_about(transfer.number, Job.state.in_(UNDER_WAY))).all()


def failed(session: Session, transfer: Transfer) -> list[Job]:
    """The last one of each kind, where that was given up and nobody has done since what it was for."""
    given_up = session.scalars(_about(transfer.number, Job.state == "failed"))
    last = {_kind(job): job for job in sorted(given_up, key=_ended_at)}
    unanswered = [job for job in last.values() if not _is_answered(session, transfer, job)]
    return [job for job in unanswered if not _came_again(session, transfer, job)]


def done_without(session: Session, number: str, name: str, kind: str | None = None) -> None:
    """What jobs of this kind failed to do is done, by whomever: they are failed no longer."""
    for job in session.scalars(_about(number, Job.state == "failed", Job.name == name)):
        if _kind(job) == (name, kind):
            job.state = "done"
            job.reason = job.code = job.next = None


def _about(number: str, *where: ColumnElement[bool]) -> Select[Job]:
    mine = Job.arguments["number"].as_string() == number
    return select(Job).where(*where, Job.name.in_(ANSWERS), mine).order_by(Job.id)


def _kind(job: Job) -> tuple[str, str | None]:
    """One job issues papers of several kinds."""
    return job.name, job.arguments.get("kind")


def _ended_at(job: Job) -> datetime:
    return job.ended_at or NEVER


def _came_again(session: Session, transfer: Transfer, job: Job) -> bool:
    """Whether another one of its kind is under way or ended later.  Walks all of its name: asked last."""
    every = session.scalars(_about(transfer.number, Job.name == job.name))
    alike = [each for each in every if _kind(each) == _kind(job)]
    return any(each.state in UNDER_WAY or _ended_at(each) > _ended_at(job) for each in alike)


def _is_answered(session: Session, transfer: Transfer, job: Job) -> bool:
    """Whether something was done since that the job was for, by whomever.

    A check is for nothing where nothing waits, or where volumes were taken from the folder after it.
    An accept is answered by what was taken or returned when nothing is left that it would take.
    """
    since = _ended_at(job)
    if _was_noted(session, transfer, ANSWERS[job.name], since):
        return True
    if job.name == "check-transfer":
        waits = transfers.count_states(session, transfer).get("waiting", 0)
        return not waits or _was_taken(session, transfer, since)
    if job.name == "accept-transfer" and not _is_left(session, transfer, job.arguments):
        return _was_noted(session, transfer, ("returned",), since) or _was_taken(session, transfer, since)
    return False


def _was_noted(session: Session, transfer: Transfer, acts: Sequence[str], since: datetime) -> bool:
    mine = select(func.max(TransferAct.at)).where(TransferAct.transfer_id == transfer.id)
    return (session.scalar(mine.where(TransferAct.act.in_(acts))) or NEVER) > since


def _was_taken(session: Session, transfer: Transfer, since: datetime) -> bool:
    taken = (
        select(func.max(Volume.accepted_at))
        .join(TransferVolume, TransferVolume.reference == Volume.reference)
        .where(TransferVolume.transfer_id == transfer.id)
    )
    return (session.scalar(taken) or NEVER) > since


def _is_left(session: Session, transfer: Transfer, asked: Mapping[str, Any]) -> bool:
    positions = asked.get("positions")
    if positions is None or asked.get("also"):
        return acceptable.count(session, transfer) > 0
    return bool(acceptable.among(session, transfer, positions, rest_waits=True))
