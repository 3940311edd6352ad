"""Files that came with a transfer and belong to no volume: nobody took them, so nobody may delete them."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from ingest.transfers import Transfer, TransferVolume, later_rounds
from ingest.transfers.later_rounds import TakenLater
from ingest.transfers.rows import FindingRow


def unlisted(
    session: Session, transfer: Transfer, *, besides: Collection[int] = (), until: datetime | None = None
) -> list[str]:
    """Their paths as the findings show them, in order; those of a volume's own folder are among them.

    Without what a later round listed and took, and without the folders of the volumes at ``besides``.
    """
    paths = _paths(session, transfer, besides)
    taken = {each.what for each in later_rounds.files(session, transfer, paths, until)}
    return [path for path in paths if path not in taken]


def listed_later(session: Session, transfer: Transfer, until: datetime | None = None) -> list[TakenLater]:
    """Those that a later round listed and took."""
    return list(later_rounds.files(session, transfer, _paths(session, transfer, ()), until))


def _paths(session: Session, transfer: Transfer, besides: Collection[int]) -> list[str]:
    nobodys = or_(FindingRow.volume_id.is_(None), FindingRow.rule == "file.extra")
    rows = (
        select(FindingRow.path, TransferVolume.position)
        .outerjoin(TransferVolume, TransferVolume.id == FindingRow.volume_id)
        .where(FindingRow.transfer_id == transfer.id, FindingRow.severity == "error", nobodys)
        .where(FindingRow.path.is_not(None))
    )
    return sorted({path for path, place in session.execute(rows) if path and place not in besides})
