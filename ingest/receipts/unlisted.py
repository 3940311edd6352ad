"""Files that came with a transfer and belong to no volume: nobody took them, so nobody may delete them."""

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from ingest.transfers import Transfer
from ingest.transfers.rows import FindingRow


def unlisted(session: Session, transfer: Transfer) -> list[str]:
    """Their paths as the findings show them, in order; those of a volume's own folder are among them."""
    nobodys = or_(FindingRow.volume_id.is_(None), FindingRow.rule == "file.extra")
    paths = (
        select(FindingRow.path)
        .where(FindingRow.transfer_id == transfer.id, FindingRow.severity == "error", nobodys)
        .where(FindingRow.path.is_not(None))
        .distinct()
    )
    return sorted(path for path in session.scalars(paths) if path)
