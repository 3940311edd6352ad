"""What the scanner holds back in all transfers: infected, or not scanned whole; and who asked for what."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from ingest.releases.releasing import Release
from ingest.transfers import FindingRow, Transfer, TransferVolume
from preservation.scanning import HELD_BY

OLD = "virus.signatures_old"
UNDECIDED = ("receiving", "checked", "waiting", "accepted", "partly_returned")


@dataclass(frozen=True)
class Held:
    """One finding that holds a volume back; without a volume it holds the whole transfer back.

    ``asked_by`` asked for its release, so that another person decides on it.
    """

    transfer: Transfer
    volume: TransferVolume | None
    finding: FindingRow
    asked_by: str | None


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(_findings().subquery())) or 0


def everything(session: Session, *, after: int = 0, limit: int | None = None) -> Sequence[Held]:
    """The newest transfers first; ``after`` so many."""
    asked = and_(
        Release.transfer_id == FindingRow.transfer_id, Release.name == FindingRow.path,
        Release.rule == FindingRow.rule, Release.value == FindingRow.value, Release.outcome == "asked",
    )  # fmt: skip
    rows = (
        _findings()
        .with_only_columns(Transfer, TransferVolume, FindingRow, Release.asked_by)
        .outerjoin(Release, asked)
        .order_by(Transfer.id.desc(), TransferVolume.position, FindingRow.id)
        .offset(after)
        .limit(limit)
    )
    return [Held(*row) for row in session.execute(rows)]


def _findings() -> Select[int]:
    return (
        select(FindingRow.id)
        .join(Transfer, Transfer.id == FindingRow.transfer_id)
        .outerjoin(TransferVolume, TransferVolume.id == FindingRow.volume_id)
        .where(FindingRow.severity == "error", FindingRow.rule.in_((*HELD_BY, OLD)))
        .where(Transfer.state.in_(UNDECIDED))
        .where(or_(TransferVolume.id.is_(None), TransferVolume.state == "waiting"))
    )
