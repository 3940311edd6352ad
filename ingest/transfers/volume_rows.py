"""Questions about the volumes of a transfer that the database answers, however many there are."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session, aliased

from archive.database import ROWS_AT_ONCE
from archive.holdings import Volume
from ingest.transfers.rows import FindingRow, Transfer, TransferVolume


def positions(session: Session, transfer: Transfer, *states: str) -> Iterator[int]:
    """Places of the volumes in these states, as they are asked for."""
    mine = select(TransferVolume.position).where(
        TransferVolume.transfer_id == transfer.id, TransferVolume.state.in_(states)
    )
    yield from session.scalars(
        mine.order_by(TransferVolume.position).execution_options(yield_per=ROWS_AT_ONCE)
    )


def told_of(session: Session, transfer: Transfer, place: int) -> set[tuple[str, str | None]]:
    """Rules and paths of what was found about one volume."""
    found = (
        select(FindingRow.rule, FindingRow.path)
        .join(TransferVolume, TransferVolume.id == FindingRow.volume_id)
        .where(TransferVolume.transfer_id == transfer.id, TransferVolume.position == place)
    )
    return {(rule, path) for rule, path in session.execute(found)}


@dataclass(frozen=True)
class Totals:
    """What all volumes of a transfer hold: lists, and what no list names, are not among the files."""

    items: int = 0
    files: int = 0
    bytes: int = 0


def totals(session: Session, transfer: Transfer) -> Totals:
    return totals_of(session, [transfer.id])[transfer.id]


def totals_of(session: Session, ids: Sequence[int] | None = None) -> defaultdict[int, Totals]:
    """The same of these transfers, or of all, in one question."""
    mine = TransferVolume
    summed = select(mine.transfer_id, func.sum(mine.items), func.sum(mine.files), func.sum(mine.bytes))
    summed = summed.group_by(mine.transfer_id)
    found = session.execute(summed if ids is None else summed.where(TransferVolume.transfer_id.in_(ids)))
    return defaultdict(Totals, {each: Totals(*map(int, sums)) for each, *sums in found})


def files_of_no_volume(session: Session, transfer: Transfer) -> int:
    """How many files came that no volume has."""
    mine = select(func.count()).where(FindingRow.transfer_id == transfer.id, FindingRow.rule == "file.extra")
    return session.scalar(mine) or 0


IS_HELD_ALREADY: ColumnElement[bool] = and_(
    TransferVolume.volume_id.is_not(None), TransferVolume.reference.is_(None)
)
"""What a round only found in custody: an earlier one brought it, and gave it its reference."""


def held_already(session: Session, transfer: Transfer) -> int:
    mine = select(func.count()).where(TransferVolume.transfer_id == transfer.id, IS_HELD_ALREADY)
    return session.scalar(mine) or 0


def taken_earlier(session: Session, transfer: Transfer) -> dict[str, int]:
    """Of what it only found in custody, how many volumes each transfer took, by the number of that."""
    took = aliased(TransferVolume)
    found = (
        select(Transfer.number, func.count())
        .select_from(TransferVolume)
        .join(Volume, Volume.id == TransferVolume.volume_id)
        .join(took, took.reference == Volume.reference)
        .join(Transfer, Transfer.id == took.transfer_id)
        .where(TransferVolume.transfer_id == transfer.id, IS_HELD_ALREADY)
        .group_by(Transfer.number)
        .order_by(Transfer.number)
    )
    return dict(session.execute(found).all())


def brought(session: Session, transfer: Transfer, volume_id: int | None) -> bool:
    """Whether a volume in custody came with this transfer."""
    mine = select(TransferVolume.id).where(
        TransferVolume.transfer_id == transfer.id, TransferVolume.volume_id == volume_id
    )
    return volume_id is not None and session.scalar(mine.limit(1)) is not None
