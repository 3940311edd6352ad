"""Correcting by upload: which transfers a sender may correct, and what of one was not taken."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from archive.errors import ArchiveError
from ingest import transfers
from ingest.taking import known
from ingest.transfers import FindingRow, Transfer, TransferVolume
from ingest.uploads.rows import Upload

SHOWN = 50
REASONS = 3
NOT_ENDED = ("waiting", "accepted", "partly_returned", "returned", "stored")


@dataclass(frozen=True)
class NotTaken:
    """A volume that was returned with a reason, or that waits because of errors, with the first of them."""

    volume: TransferVolume
    errors: Sequence[FindingRow]


def choices(session: Session, agency: str | None) -> Sequence[str]:
    """Numbers of transfers that may be corrected: those of an agency, or of all where none is named."""
    wanted = select(Transfer.number).where(Transfer.state.in_(NOT_ENDED))
    wanted = wanted.where(Transfer.agency_code == agency) if agency else wanted
    return session.scalars(wanted.order_by(Transfer.id.desc()).limit(SHOWN)).all()


def may_correct(session: Session, number: str, agency: str) -> bool:
    """Whether there is such a transfer of that agency; of others nothing is told."""
    try:
        known.earlier_round(session, number, agency)
    except ArchiveError:
        return False
    return True


def not_taken(session: Session, upload: Upload) -> list[NotTaken]:
    """The first volumes of the transfer of an upload that have to be sent again."""
    if upload.transfer is None:
        return []
    transfer = transfers.get(session, upload.transfer)
    faulty = (TransferVolume.state == "waiting") & transfers.is_faulty(transfer)
    rows = session.scalars(
        select(TransferVolume)
        .where(TransferVolume.transfer_id == transfer.id, or_(TransferVolume.state == "returned", faulty))
        .order_by(TransferVolume.position)
        .limit(SHOWN)
    )
    return [NotTaken(row, () if row.reason else _reasons(session, transfer, row)) for row in rows]


def _reasons(session: Session, transfer: Transfer, volume: TransferVolume) -> Sequence[FindingRow]:
    """The first errors that differ: of the volume itself, then of the whole transfer."""
    found = session.scalars(
        select(FindingRow)
        .where(
            FindingRow.transfer_id == transfer.id, FindingRow.severity == "error",
            or_(FindingRow.volume_id == volume.id, FindingRow.volume_id.is_(None)),
        )
        .order_by(FindingRow.volume_id.is_(None), FindingRow.id)
        .limit(SHOWN)
    )  # fmt: skip
    return list({each.message: each for each in found}.values())[:REASONS]
