"""Rulings: what may be seen of an item, who decided it, on which clause, from when, and known since when.

Rulings are bitemporal and never overwritten.  The newest one is turned into plain values on the
item (``disclosure``, ``restricted_pages``, ``opens_on``), which Python, SQL and the index compare
in the same way.  Nothing is open unless a ruling says so.

Sources: Public Records Act art. 35 (30 years after the end of the year of creation), Official
Information Disclosure Act art. 9 (1) (the eight clauses).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Select, String, and_, delete, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from archive.database import Base, insert_all
from archive.holdings import Item
from metadata_schemas.description import Status

OPEN_SINCE_EVER = date.min
"""``opens_on`` of an item that was open from the first ruling on."""


class Ruling(Base):
    """One decision.  ``valid_from`` is when it holds in law, ``recorded_at`` when we knew of it."""

    __tablename__ = "rulings"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"), index=True)
    status: Mapped[str] = mapped_column(String(10))
    reasons: Mapped[list[Any]] = mapped_column(default=list)
    restricted_pages: Mapped[list[Any]] = mapped_column(default=list)
    opens_on: Mapped[date | None]
    list_open: Mapped[bool] = mapped_column(default=True)
    basis: Mapped[str | None]
    valid_from: Mapped[date]
    recorded_at: Mapped[datetime]
    superseded_at: Mapped[datetime | None]
    decided_by: Mapped[str] = mapped_column(String(40))


@dataclass(frozen=True, kw_only=True)
class Decision:
    """The content of a ruling before it is recorded."""

    status: Status
    reasons: Sequence[int] = ()
    restricted_pages: Sequence[tuple[int, int]] = ()
    opens_on: date | None = None
    list_open: bool = True
    basis: str | None = None


def rule(session: Session, item: Item, decision: Decision, *, by: str, today: date, now: datetime) -> Ruling:
    """Record a ruling and make it the one that holds."""
    for earlier in session.scalars(
        select(Ruling).where(Ruling.item_id == item.id, Ruling.superseded_at.is_(None))
    ):
        earlier.superseded_at = now
    ruling = Ruling(item_id=item.id, decided_by=by, **_as_recorded(decision, today, now))
    session.add(ruling)
    apply(item, decision)
    return ruling


def rule_first(
    session: Session, decisions: Iterable[tuple[int, Decision]], *, by: str, today: date, now: datetime
) -> None:
    """Record the first rulings of new items, by their ids.  Their own values are the caller's to enter."""
    rows = ({"item_id": id, "decided_by": by, **_as_recorded(each, today, now)} for id, each in decisions)
    insert_all(session, Ruling, rows)


def forget(session: Session, items: Select[int]) -> None:
    """Drop the rulings of items that never came to be held.  Of any other item a ruling is never dropped."""
    session.execute(delete(Ruling).where(Ruling.item_id.in_(items)))


def _as_recorded(decision: Decision, today: date, now: datetime) -> dict[str, Any]:
    return {
        "status": decision.status,
        "reasons": list(decision.reasons),
        "restricted_pages": [list(each) for each in decision.restricted_pages],
        "opens_on": decision.opens_on,
        "list_open": decision.list_open,
        "basis": decision.basis,
        "valid_from": today,
        "recorded_at": now,
    }


def apply(item: Item, decision: Decision) -> None:
    """Turn a decision into the values that are compared."""
    for name, value in compared(decision).items():
        setattr(item, name, value)


def compared(decision: Decision) -> dict[str, Any]:
    """The values of an item that a decision comes to: those that Python, SQL and the index compare."""
    return {
        "disclosure": decision.status,
        "reasons": list(decision.reasons),
        "restricted_pages": [list(each) for each in decision.restricted_pages],
        "opens_on": OPEN_SINCE_EVER if decision.status == "open" else decision.opens_on,
        "list_open": decision.list_open,
    }


def is_open(item: Item, today: date) -> bool:
    """Whether all of the item is open to everybody."""
    return item.opens_on is not None and item.opens_on <= today


def open_items(today: date) -> ColumnElement[bool]:
    """The same question, asked of the database."""
    return and_(Item.opens_on.is_not(None), Item.opens_on <= today)


def open_or_partial_items(today: date) -> ColumnElement[bool]:
    """Items of which something may be read by everybody."""
    return or_(open_items(today), Item.disclosure == "partial")


def state_now(item: Item, today: date) -> str:
    """``open``, ``partial`` or ``closed`` as it holds on that day."""
    return "open" if is_open(item, today) else item.disclosure


def has_open_pages(item: Item) -> bool:
    """Whether a partly open item may show any page: it is known which pages are closed."""
    return item.disclosure == "partial" and bool(item.restricted_pages) and item.pages_agree


def page_is_open(item: Item, number: int, today: date) -> bool:
    """Whether one page, counted as shown from 1, may be seen by everybody.

    A partly open item whose restricted pages are not named has no open page: nobody said which.
    Nor has one whose pages as shown may be counted in another way than those the sender closed.
    """
    if is_open(item, today):
        return True
    if not has_open_pages(item):
        return False
    return not any(first <= number <= last for first, last in item.restricted_pages)
