"""Jobs about one transfer: those under way, and those that failed with nothing done about it since."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from archive.holdings import Volume
from archive.work.jobs import Job
from ingest.transfers import Transfer, TransferAct, TransferVolume

LOOKED_AT = ("checked", "closed", "corrected", "moved", "returned")
ANSWERS = {
    "accept-transfer": LOOKED_AT,
    "check-transfer": LOOKED_AT,
    "complete-transfer": ("completion-notified", "completion-refused"),
    "issue-paper": ("handover-record-issued", "inspection-report-issued"),
    "issue-receipt": ("receipt-issued",),
}
"""What may be under way for one transfer, each with the acts that make its failure a thing of the past.

All but one of them wait for their turn.
"""
UNDER_WAY = ("waiting", "working")
NEVER = datetime.min.replace(tzinfo=UTC)


def running(session: Session, transfer: Transfer) -> Sequence[Job]:
    """Those that wait or are being done."""
    return session.scalars(_about(transfer).where(Job.state.in_(UNDER_WAY))).all()


def failed(session: Session, transfer: Transfer) -> list[Job]:
    """The last one of each kind, where that was given up and nobody has done since what it was for."""
    last = {job.name: job for job in sorted(session.scalars(_about(transfer)), key=_age)}
    given_up = [job for job in last.values() if job.state == "failed"]
    return [job for job in given_up if _answered_at(session, transfer, job) <= (job.ended_at or NEVER)]


def _about(transfer: Transfer) -> Select[Job]:
    mine = Job.arguments["number"].as_string() == transfer.number
    return select(Job).where(Job.name.in_(ANSWERS), mine).order_by(Job.id)


def _age(job: Job) -> tuple[bool, datetime]:
    return job.state in UNDER_WAY, job.ended_at or NEVER


def _answered_at(session: Session, transfer: Transfer, job: Job) -> datetime:
    """When something was done that the job was for, by whomever."""
    acts = select(func.max(TransferAct.at)).where(
        TransferAct.transfer_id == transfer.id, TransferAct.act.in_(ANSWERS[job.name])
    )
    taken = (
        select(func.max(Volume.accepted_at))
        .join(TransferVolume, TransferVolume.reference == Volume.reference)
        .where(TransferVolume.transfer_id == transfer.id)
    )
    times = [session.scalar(acts), session.scalar(taken) if job.name == "accept-transfer" else None]
    return max(filter(None, times), default=NEVER)
