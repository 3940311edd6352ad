"""The volumes of a transfer as the desk goes through them: filtered, counted and cut in the database."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, undefer

from archive.database import ROWS_AT_ONCE
from ingest.acceptance.listed import ListedItem
from ingest.acceptance.verdicts import Verdict
from ingest.transfers import FindingRow, Transfer, TransferVolume, is_faulty

STATES = ("waiting", "accepted", "stored", "returned")
FAULTS = ("faulty", "clean")
VERDICTS = ("fit", "unfit", "not_looked_at")


@dataclass(frozen=True)
class Wanted:
    """Which volumes: empty is every one."""

    state: str = ""
    fault: str = ""
    verdict: str = ""
    words: str = ""


@dataclass(frozen=True)
class Line:
    volume: TransferVolume
    verdict: str
    unfit_items: int
    is_faulty: bool


def lines(
    session: Session, transfer: Transfer, wanted: Wanted, *, after: int, limit: int
) -> tuple[list[Line], int]:
    """A stretch of the volumes in the order of the list, and how many there are."""
    where = _where(transfer, wanted)
    rows = session.execute(_lines(transfer, where).offset(after).limit(limit))
    total = session.scalar(
        select(func.count()).select_from(TransferVolume).outerjoin(Verdict, _of_volume()).where(*where)
    )
    return [Line(row, told or "not_looked_at", unfit, bad) for row, told, unfit, bad in rows], total or 0


def every_line(session: Session, transfer: Transfer) -> Iterator[Line]:
    """All volumes in the order of the list, one by one."""
    rows = _lines(transfer, _where(transfer, Wanted())).execution_options(yield_per=ROWS_AT_ONCE)
    for row, told, unfit, bad in session.execute(rows):
        yield Line(row, told or "not_looked_at", unfit, bad)


def _lines(transfer: Transfer, where: Sequence[ColumnElement[bool]]) -> Any:
    unfit = (
        select(func.count())
        .where(Verdict.volume_id == TransferVolume.id, Verdict.item_id.is_not(None), _holds("unfit"))
        .correlate(TransferVolume)
        .scalar_subquery()
    )
    return (
        select(TransferVolume, Verdict.verdict, unfit, is_faulty(transfer))
        .outerjoin(Verdict, _of_volume())
        .where(*where)
        .order_by(TransferVolume.position)
        .options(undefer(TransferVolume.held_as))
    )


def _where(transfer: Transfer, wanted: Wanted) -> list[ColumnElement[bool]]:
    where = [TransferVolume.transfer_id == transfer.id]
    if wanted.state in STATES:
        where.append(TransferVolume.state == wanted.state)
    if wanted.fault in FAULTS:
        where.append(is_faulty(transfer) if wanted.fault == "faulty" else ~is_faulty(transfer))
    if wanted.verdict == "not_looked_at":
        where.append(Verdict.id.is_(None))
    elif wanted.verdict in VERDICTS:
        where.append(Verdict.verdict == wanted.verdict)
    if wanted.words:
        where.append(or_(
            TransferVolume.title.icontains(wanted.words, autoescape=True),
            TransferVolume.sender_id.icontains(wanted.words, autoescape=True),
        ))  # fmt: skip
    return where


def _of_volume() -> ColumnElement[bool]:
    return and_(
        Verdict.volume_id == TransferVolume.id, Verdict.item_id.is_(None), Verdict.replaced_at.is_(None)
    )


def _holds(verdict: str) -> ColumnElement[bool]:
    return and_(Verdict.verdict == verdict, Verdict.replaced_at.is_(None))


def items(
    session: Session, volume: TransferVolume, *, after: int, limit: int | None
) -> Sequence[tuple[ListedItem, Verdict | None]]:
    """A stretch of the items of a volume, each with the verdict that holds."""
    of_item = and_(Verdict.item_id == ListedItem.id, Verdict.replaced_at.is_(None))
    rows: Any = session.execute(
        select(ListedItem, Verdict).outerjoin(Verdict, of_item).where(ListedItem.volume_id == volume.id)
        .order_by(ListedItem.position).offset(after).limit(limit)
    )  # fmt: skip
    return [(item, verdict) for item, verdict in rows]


def findings(session: Session, volume: TransferVolume, *, limit: int | None) -> Sequence[FindingRow]:
    mine = select(FindingRow).where(FindingRow.volume_id == volume.id).order_by(FindingRow.id)
    return session.scalars(mine.limit(limit)).all()


def waiting(
    session: Session,
    transfer: Transfer,
    *,
    only_faulty: bool = False,
    among: Collection[int] = (),
    limit: int | None = None,
) -> Sequence[TransferVolume]:
    """Volumes that may be returned: those that wait, those with something to correct first."""
    faulty = is_faulty(transfer)
    mine = select(TransferVolume).where(
        TransferVolume.transfer_id == transfer.id, TransferVolume.state == "waiting"
    )
    if among:
        mine = mine.where(TransferVolume.position.in_(among))
    mine = mine.where(faulty) if only_faulty else mine.order_by(~faulty)
    return session.scalars(mine.order_by(TransferVolume.position).limit(limit)).all()
