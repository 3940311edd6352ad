"""Which volumes of a transfer may be taken: those that wait and have no error."""

from collections.abc import Collection

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from archive.database import ROWS_AT_ONCE
from ingest.transfers import Transfer, TransferVolume, is_faulty


def volumes(transfer: Transfer) -> Select[TransferVolume]:
    """The question for them, in the order of the list."""
    return (
        select(TransferVolume)
        .where(
            TransferVolume.transfer_id == transfer.id,
            TransferVolume.state == "waiting",
            ~is_faulty(transfer),
        )
        .order_by(TransferVolume.position)
    )


def count(session: Session, transfer: Transfer) -> int:
    return session.scalar(volumes(transfer).with_only_columns(func.count()).order_by(None)) or 0


def wrong(session: Session, transfer: Transfer, positions: Collection[int]) -> set[int]:
    """Those of these places at which no volume may be taken."""
    mine = volumes(transfer).with_only_columns(TransferVolume.position)
    return set(positions).difference(session.scalars(mine.execution_options(yield_per=ROWS_AT_ONCE)))
