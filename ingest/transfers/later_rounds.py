"""What a round returned, has waiting or left lying, and a later one took: settled, by the notice of that one.

A volume is the same when its sender's number is, or its title where it has no number; a file, when its
path is.  What a round brought for the first time counts, and not that it only found it held.
"""

from collections import defaultdict, deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, and_, or_, select
from sqlalchemy.orm import Session

from archive.database import ROWS_AT_ONCE
from archive.holdings import ContentFile, Item, Volume
from archive.site.many import Many
from ingest.transfers import acceptable, rounds, volume_rows
from ingest.transfers import rows as transfers
from ingest.transfers.rows import Transfer, TransferVolume, is_faulty

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
    """By their places, volumes that were returned or wait, and a later round brought; ``until``: as it was.

    Where a name stands for several, the first that was not taken meets the first that was brought.
    """
    brought = _brought(session, transfer, until)
    if session.execute(brought.limit(1)).first() is None:
        return {}
    found = {
        place: TakenLater(_name(row), row.round, row.number, row.reference)
        for place, row in _meeting(session, _not_taken(transfer), brought)
    }
    return dict(sorted(found.items()))


def undecided(session: Session, transfer: Transfer, taken: Collection[int]) -> dict[int, Transfer]:
    """The rounds in which volumes that were returned here wait, by their places; not those ``taken``."""
    later = {each.id: each for each in _later(session, transfer)}
    again = (
        select(TransferVolume.sender_id, TransferVolume.title, TransferVolume.transfer_id)
        .where(TransferVolume.transfer_id.in_(later), TransferVolume.state == "waiting")
        .order_by(TransferVolume.transfer_id, TransferVolume.position)
    )
    returned = _not_taken(transfer).where(TransferVolume.state == "returned")
    met = _meeting(session, returned, again, besides=taken) if later else ()
    return {place: later[row.transfer_id] for place, row in met}


def _meeting(
    session: Session, not_taken: Wanted, again: Wanted, *, besides: Collection[int] = ()
) -> Iterator[tuple[int, Row[Any]]]:
    """The place of each that was not taken, except ``besides``, with what came again under its name."""
    places: dict[str, deque[int]] = defaultdict(deque)
    for row in session.execute(not_taken.execution_options(yield_per=ROWS_AT_ONCE)):
        if row.position not in besides:
            places[_name(row)].append(row.position)
    for row in session.execute(again.execution_options(yield_per=ROWS_AT_ONCE)) if places else ():
        if waiting := places.get(_name(row)):
            yield waiting.popleft(), row


@dataclass(frozen=True)
class Waiting:
    """How many volumes wait that can be taken, that errors keep back, and that a later round took."""

    acceptable: int
    held_back: int
    taken_later: int


def waiting(session: Session, transfer: Transfer) -> Waiting:
    """What a later round took waits for nobody any more."""
    good = acceptable.count(session, transfer)
    every = transfers.count_states(session, transfer).get("waiting", 0)
    if not every or not _later(session, transfer):
        return Waiting(good, every - good, 0)
    taken = volumes(session, transfer)
    later = sum(place in taken for place in volume_rows.positions(session, transfer, "waiting"))
    places = acceptable.volumes(transfer).with_only_columns(TransferVolume.position)
    in_order = session.scalars(places.execution_options(yield_per=ROWS_AT_ONCE))
    still = sum(place not in taken for place in in_order)
    return Waiting(still, every - later - still, later)


def took_waiting(session: Session, transfer: Transfer) -> list[str]:
    """The numbers of the later rounds that took what still waits here."""
    taken, waits = volumes(session, transfer), volume_rows.positions(session, transfer, "waiting")
    return sorted({taken[place].transfer for place in waits if place in taken})


def kept_back(session: Session, transfer: Transfer, besides: Collection[str] = ()) -> Many:
    """Places, from 1, of volumes that wait with an error and that no later round took; not ``besides``."""
    faulty = (
        select(TransferVolume.position)
        .where(TransferVolume.transfer_id == transfer.id, TransferVolume.state == "waiting")
        .where(is_faulty(transfer, besides))
        .order_by(TransferVolume.position)
        .execution_options(yield_per=ROWS_AT_ONCE)
    )
    taken = volumes(session, transfer)

    def ask() -> Iterator[int]:
        return (place + 1 for place in session.scalars(faulty) if place not in taken)

    return Many(ask, sum(1 for _ in ask()))


def took_the_rest(session: Session, transfer: Transfer) -> bool:
    """Whether later rounds took every volume that is not in custody from this one."""
    states = transfers.count_states(session, transfer)
    rest = states.get("waiting", 0) + states.get("returned", 0)
    return rest == len(volumes(session, transfer))


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


def _not_taken(transfer: Transfer) -> Wanted:
    """A title alone is no name of a volume that waits and has no error: there may be one like it."""
    named = or_(TransferVolume.sender_id.is_not(None), is_faulty(transfer))
    waits = and_(TransferVolume.state == "waiting", named)
    return (
        select(TransferVolume.position, TransferVolume.sender_id, TransferVolume.title)
        .where(TransferVolume.transfer_id == transfer.id, or_(TransferVolume.state == "returned", waits))
        .order_by(TransferVolume.position)
    )


def _brought(session: Session, transfer: Transfer, until: datetime | None) -> Wanted:
    wanted = select(TransferVolume.sender_id, TransferVolume.title, *_SHOWN)
    return _of(_later(session, transfer), wanted, until)


def _later(session: Session, transfer: Transfer) -> list[Transfer]:
    return [each for each in rounds.chain(session, transfer) if each.id > transfer.id]


def _of(later: Sequence[Transfer], wanted: Select[*tuple[Any, ...]], until: datetime | None) -> Wanted:
    """Of volumes that these rounds brought into custody themselves."""
    rows = (
        wanted.select_from(TransferVolume)
        .join(Transfer, Transfer.id == TransferVolume.transfer_id)
        .join(Volume, Volume.reference == TransferVolume.reference)
        .where(Transfer.id.in_([each.id for each in later]), TransferVolume.volume_id == Volume.id)
        .order_by(TransferVolume.transfer_id, TransferVolume.position)
    )
    return rows if until is None else rows.where(Volume.accepted_at <= until)


def _name(row: Row[Any]) -> str:
    return str(row.sender_id or row.title)
