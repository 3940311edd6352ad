"""Verdicts of the inspection (검수): what a person who looked at a volume or an item says of it.

Nothing is overwritten: a later verdict replaces an earlier one and both stay.  Who was not judged was
not looked at.  An unfit volume or item is a finding like those of the checks, so its volume is not taken.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, ForeignKey, Index, Select, String, and_, case, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from archive import ledger
from archive.database import Base
from archive.errors import Conflict, WrongCall
from ingest.acceptance.listed import ListedItem, of
from ingest.transfers import FindingRow, Transfer, TransferVolume

Judgement = Literal["fit", "unfit", "not_looked_at"]

REASONS = (
    "not_the_listed", "list_wrong", "missing", "pages_missing", "order", "quality", "unreadable",
    "binding", "condition", "access", "other",
)  # fmt: skip
"""Why a record is unfit; the words are in the catalogues under ``unfit.…``."""
BINDINGS = ("sound", "loose", "unbound", "mixed", "cover_damaged")
"""Condition of the binding (편철상태) of a paper volume."""
CONDITIONS = ("1", "2", "3")
"""Condition grades (보존상태) of paper: three, by material and damage (Enforcement Decree, annex 3)."""

RULE = "inspection.unfit"


class Verdict(Base):
    """One judgement.  ``item_id`` is None for the volume itself; ``replaced_at`` for one that holds."""

    __tablename__ = "verdicts"
    __table_args__ = (Index("ix_verdicts_transfer_replaced", "transfer_id", "replaced_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    transfer_id: Mapped[int] = mapped_column(ForeignKey("transfers.id"))
    volume_id: Mapped[int] = mapped_column(ForeignKey("transfer_volumes.id"), index=True)
    item_id: Mapped[int | None] = mapped_column(ForeignKey("listed_items.id"), index=True)
    verdict: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(40))
    note: Mapped[str | None]
    pages: Mapped[int | None]
    binding: Mapped[str | None] = mapped_column(String(20))
    condition: Mapped[str | None] = mapped_column(String(20))
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(40))
    replaced_at: Mapped[datetime | None]
    finding_id: Mapped[int | None] = mapped_column(ForeignKey("findings.id"))


@dataclass(frozen=True)
class Seen:
    """What a person says who looked."""

    verdict: Judgement
    reason: str | None = None
    note: str | None = None
    pages: int | None = None
    binding: str | None = None
    condition: str | None = None


def give(
    session: Session, transfer: Transfer, about: TransferVolume | ListedItem, seen: Seen, *,
    by: str, at: datetime,
) -> None:  # fmt: skip
    """Write down a verdict in place of the one that holds.  WrongCall when it is no complete verdict.

    What was returned, and what is closed, stays as it was judged: Conflict.
    Custody is not undone: in a volume that was taken already, an unfit record is a warning.
    """
    _refuse_what_is_incomplete(seen)
    item = about if isinstance(about, ListedItem) else None
    volume = session.get_one(TransferVolume, about.volume_id if item else about.id, with_for_update=True)
    _refuse_what_is_over(transfer, volume)
    if before := current(session, about):
        _replace(session, before, at)
    found = _finding(session, transfer, volume, item, seen) if seen.verdict == "unfit" else None
    if seen.verdict != "not_looked_at":
        session.add(Verdict(
            transfer_id=transfer.id, volume_id=volume.id, item_id=item.id if item else None,
            **vars(seen), at=at, by=by, finding_id=found.id if found else None,
        ))  # fmt: skip
    facts = {name: value for name, value in vars(seen).items() if name != "note" and value is not None}
    place = {"volume": volume.position + 1} | ({"item": item.position + 1} if item else {})
    ledger.record(
        session, act="record.inspected", about=transfer.number, at=at, actor=by, facts={**place, **facts}
    )


ARE_OPEN: ColumnElement[bool] = and_(TransferVolume.state != "returned", Transfer.state != "closed")
"""The volumes that `is_open` is true of, in a question that joins their transfer."""


def is_open(transfer: Transfer, volume: TransferVolume) -> bool:
    """Whether verdicts on a volume and its items are still taken."""
    return volume.state != "returned" and transfer.state != "closed"


def current(session: Session, about: TransferVolume | ListedItem) -> Verdict | None:
    """The verdict that holds; None when nobody has looked."""
    return session.scalar(_of(about).where(Verdict.replaced_at.is_(None)))


def found_unfit(session: Session, volumes: Iterable[TransferVolume]) -> set[int]:
    """Ids of those that a verdict keeps from being taken; the caller holds their rows for update."""
    unfit = select(FindingRow.volume_id).where(
        FindingRow.volume_id.in_([each.id for each in volumes]),
        FindingRow.rule == RULE,
        FindingRow.severity == "error",
    )
    return {volume for volume in session.scalars(unfit) if volume is not None}


def history(session: Session, about: TransferVolume | ListedItem) -> Sequence[Verdict]:
    """Every verdict that was given, the newest first."""
    return session.scalars(_of(about).order_by(Verdict.id.desc())).all()


def tally(session: Session, transfer: Transfer) -> dict[str, dict[str, int]]:
    """How many verdicts hold, by what was judged (``volume``, ``item``) and how (``fit``, ``unfit``)."""
    found = {"volume": {"fit": 0, "unfit": 0}, "item": {"fit": 0, "unfit": 0}}
    unit = case((Verdict.item_id.is_(None), "volume"), else_="item")
    grouped = (
        select(unit, Verdict.verdict, func.count())
        .where(Verdict.transfer_id == transfer.id, Verdict.replaced_at.is_(None))
        .group_by(unit, Verdict.verdict)
    )
    for what, verdict, count in session.execute(grouped):
        found[what][verdict] = count
    return found


def of_paper(session: Session, transfer: Transfer) -> dict[str, dict[str, int]]:
    """How many verdicts tell each binding and each grade, in the order of the lists of these."""
    told = {}
    for name, known, column in (
        ("binding", BINDINGS, Verdict.binding),
        ("condition", CONDITIONS, Verdict.condition),
    ):
        mine = select(column, func.count()).where(
            Verdict.transfer_id == transfer.id, Verdict.replaced_at.is_(None), column.is_not(None)
        )
        found = dict(session.execute(mine.group_by(column)).all())
        told[name] = {each: found[each] for each in known if each in found}
    return told


def of_items(session: Session, items: Sequence[ListedItem]) -> dict[int, Verdict]:
    """The verdicts that hold, by the id of the item."""
    mine = select(Verdict).where(
        Verdict.item_id.in_([item.id for item in items]), Verdict.replaced_at.is_(None)
    )
    return {row.item_id: row for row in session.scalars(mine) if row.item_id is not None}


def _of(about: TransferVolume | ListedItem) -> Select[Verdict]:
    if isinstance(about, ListedItem):
        return select(Verdict).where(Verdict.item_id == about.id)
    return select(Verdict).where(Verdict.volume_id == about.id, Verdict.item_id.is_(None))


def _replace(session: Session, before: Verdict, at: datetime) -> None:
    before.replaced_at = at
    if before.finding_id is not None:
        found = session.get_one(FindingRow, before.finding_id)
        before.finding_id = None
        session.flush()
        session.delete(found)


def _finding(
    session: Session, transfer: Transfer, volume: TransferVolume, item: ListedItem | None, seen: Seen
) -> FindingRow:
    """The unfit record as a finding: what it is, the reason, the words of the one who looked."""
    what = f"Item {item.position + 1} of volume" if item else "Volume"
    title = (item.title if item else volume.title)[:60]
    row = item or of(session, volume)
    found = FindingRow(
        transfer_id=transfer.id, volume_id=volume.id, rule=RULE,
        severity="error" if volume.state == "waiting" else "warning",
        list=row.list if row else None, row=row.row if row else None, value=seen.reason, expected=None,
        message=f"{what} {volume.position + 1} ({title}) was found unfit: {seen.note or seen.reason}",
    )  # fmt: skip
    session.add(found)
    session.flush()
    return found


def _refuse_what_is_over(transfer: Transfer, volume: TransferVolume) -> None:
    if is_open(transfer, volume):
        return
    what = f"Volume {volume.position + 1} of transfer {transfer.number} was returned"
    if volume.state != "returned":
        what = f"Transfer {transfer.number} is closed"
    raise Conflict(
        f"{what}; it is not judged any more.",
        next=f"Look at it with: seogo transfer show {transfer.number}",
    )


def _refuse_what_is_incomplete(seen: Seen) -> None:
    if seen.reason is not None and seen.verdict != "unfit":
        raise WrongCall(
            "A reason says why a record is unfit, and this one is not called unfit.",
            next="Leave the reason out; a remark on any verdict is a note: --note TEXT",
        )
    for name, value, known in (
        ("verdict", seen.verdict, ("fit", "unfit", "not_looked_at")),
        ("reason", seen.reason, (None, *REASONS)),
        ("binding", seen.binding, (None, *BINDINGS)),
        ("condition", seen.condition, (None, *CONDITIONS)),
    ):
        if value not in known:
            told = ", ".join(each for each in known if each)
            words = "  Words of your own are a note: --note TEXT" if name == "reason" else ""
            raise WrongCall(f"There is no {name} {value}.", next=f"Choose one of {told}.{words}")
    if seen.verdict == "unfit" and seen.reason is None:
        raise WrongCall("An unfit record needs its reason.", next=f"Choose one of {', '.join(REASONS)}.")
    if seen.reason == "other" and not (seen.note or "").strip():
        raise WrongCall("The reason 'other' needs words.", next="Say in a note what is wrong.")
    if seen.pages is not None and seen.pages < 0:
        raise WrongCall("A count of pages cannot be less than nothing.", next="Count the pages from 0 up.")
