"""What a round returned, or left lying, and a later round took: it is settled, under that round's notice.

A volume is the same when its sender's number is, or its title where it has no number; a file, when its
path is.  What a round brought for the first time counts, and not that it only found it held.
"""

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from archive.database import ROWS_AT_ONCE
from archive.holdings import ContentFile, Item, Volume
from ingest.acceptance import rounds
from ingest.transfers import Transfer, TransferVolume

Wanted = Select[*tuple[Any, ...]]
ASKED_AT_ONCE = 400
"""How many paths one query asks for; databases limit the parameters of a query."""


@dataclass(frozen=True)
class TakenLater:
    """``what``: the sender's number or the title of a volume, or the path of a file."""

    what: str
    round: int
    transfer: str
    reference: str


def volumes(session: Session, transfer: Transfer, until: datetime | None = None) -> dict[int, TakenLater]:
    """By their places, the returned volumes that a later round brought; ``until``: as it was then.

    Where a name stands for several, the first that was returned meets the first that was brought.
    """
    places: dict[str, deque[int]] = defaultdict(deque)
    for row in session.execute(_returned(transfer).execution_options(yield_per=ROWS_AT_ONCE)):
        places[_name(row)].append(row.position)
    found: dict[int, TakenLater] = {}
    for row in _brought(session, transfer, until) if places else ():
        if waiting := places.get(_name(row)):
            found[waiting.popleft()] = TakenLater(_name(row), row.round, row.number, row.reference)
    return dict(sorted(found.items()))


def files(
    session: Session, transfer: Transfer, paths: Sequence[str], until: datetime | None = None
) -> Iterator[TakenLater]:
    """Of these files those that a later round named in its list and took."""
    later = _later(session, transfer) if paths else []
    for start in range(0, len(paths), ASKED_AT_ONCE):
        some = paths[start : start + ASKED_AT_ONCE]
        wanted = (
            _of(later, select(ContentFile.original_name, *_SHOWN), until)
            .join(Item, Item.volume_id == Volume.id)
            .join(ContentFile, ContentFile.item_id == Item.id)
            .where(ContentFile.original_name.in_(some))
        )
        for name, number, which, reference in session.execute(wanted):
            yield TakenLater(name, which, number, reference)


_SHOWN = (Transfer.number, Transfer.round, Volume.reference)


def _returned(transfer: Transfer) -> Wanted:
    return (
        select(TransferVolume.position, TransferVolume.sender_id, TransferVolume.title)
        .where(TransferVolume.transfer_id == transfer.id, TransferVolume.state == "returned")
        .order_by(TransferVolume.position)
    )


def _brought(session: Session, transfer: Transfer, until: datetime | None) -> Iterator[Row[Any]]:
    wanted = select(TransferVolume.sender_id, TransferVolume.title, *_SHOWN)
    rows = _of(_later(session, transfer), wanted, until)
    return iter(session.execute(rows.execution_options(yield_per=ROWS_AT_ONCE)))


def _later(session: Session, transfer: Transfer) -> list[int]:
    return [each.id for each in rounds.chain(session, transfer) if each.id > transfer.id]


def _of(later: Sequence[int], wanted: Select[*tuple[Any, ...]], until: datetime | None) -> Wanted:
    """Of volumes that these rounds brought into custody themselves."""
    rows = (
        wanted.select_from(TransferVolume)
        .join(Transfer, Transfer.id == TransferVolume.transfer_id)
        .join(Volume, Volume.reference == TransferVolume.reference)
        .where(TransferVolume.transfer_id.in_(later), TransferVolume.volume_id == Volume.id)
        .order_by(TransferVolume.transfer_id, TransferVolume.position)
    )
    return rows if until is None else rows.where(Volume.accepted_at <= until)


def _name(row: Row[Any]) -> str:
    return str(row.sender_id or row.title)
