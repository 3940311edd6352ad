"""Volumes that come again and were found unfit in an earlier round: a warning, for only a look tells more.

What holds is the last that a person said of a volume or an item; what was said in this round is no warning.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from ingest.acceptance.listed import ListedItem
from ingest.acceptance.verdicts import Verdict
from ingest.looking.inspection import Inspection
from ingest.looking.inventory import HELD
from ingest.looking.matching import PlannedVolume
from ingest.taking import alike
from ingest.transfers import Transfer, TransferVolume
from metadata_schemas.description import Finding, Where


def note(session: Session, inspection: Inspection, others: Sequence[str], *, number: str | None) -> None:
    """Tell of each volume that is not in custody what was unfit.  ``others``: the other rounds."""
    unfit = _unfit(session, others, number)
    for planned in inspection.volumes() if unfit else ():
        found = unfit.get(alike.key_of(planned), ())
        if found and not inspection.is_held(planned.place):
            inspection.inventory.note(HELD, [(planned.place, _told(planned, each)) for each in found])


def _unfit(session: Session, others: Sequence[str], number: str | None) -> dict[str, list[Row[Any]]]:
    """By what the sender calls a volume, the last verdicts on it and its items, where those are unfit."""
    rows: Select[*tuple[Any, ...]] = (
        select(
            Verdict.verdict, Verdict.reason, Transfer.number, Transfer.round,
            TransferVolume.sender_id, TransferVolume.title,
            ListedItem.sender_id.label("item_id"), ListedItem.title.label("item"),
        )
        .select_from(Verdict)
        .join(Transfer, Transfer.id == Verdict.transfer_id)
        .join(TransferVolume, TransferVolume.id == Verdict.volume_id)
        .outerjoin(ListedItem, ListedItem.id == Verdict.item_id)
        .where(Transfer.number.in_([*others, number]), Verdict.replaced_at.is_(None))
        .order_by(Transfer.id, Verdict.id)
    )  # fmt: skip
    if number:
        this = select(Transfer.id).where(Transfer.number == number).scalar_subquery()
        rows = rows.where(Transfer.id <= this)
    last = {
        (alike.key(row.sender_id, row.title), row.item_id or row.item): row
        for row in (session.execute(rows) if others else ())
    }
    found: dict[str, list[Row[Any]]] = defaultdict(list)
    for (volume, _), row in last.items():
        if row.verdict == "unfit" and row.number != number:
            found[volume].append(row)
    return found


def _told(planned: PlannedVolume, before: Row[Any]) -> Finding:
    told = planned.description
    what = f"{before.item[:60]} in volume" if before.item else "Volume"
    return Finding(
        "inspection.unfit_before", "warning", Where(told.list or None, told.row or None), before.reason, None,
        f"{what} {planned.place + 1} ({told.title[:60]}) was found unfit in round {before.round}, "
        f"{before.number}: {before.reason}.  See whether it was corrected, and judge it again.",
    )  # fmt: skip
