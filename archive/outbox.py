"""Says that something indexed changed, never what to.

A row says only "item 7 changed".  The one who feeds the index reads item 7 as it is now,
so rows may come twice, late or out of order and the index still ends right.
"""

from collections.abc import Iterable

from sqlalchemy import String, delete, insert, literal, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from archive.database import Base, insert_all
from archive.holdings import Item
from archive.work import jobs

HEARS = {"item": "index-changes", "volume": "index-changes", "new-volume": "identify-files"}
"""The job that is woken for each kind."""


class OutboxRow(Base):
    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[int]


def changed(session: Session, kind: str, subject_id: int) -> None:
    """Tell that one thing changed, in the transaction that changes it."""
    changed_all(session, kind, [subject_id])


def changed_all(session: Session, kind: str, subject_ids: Iterable[int]) -> None:
    ids = list(subject_ids)
    if not ids:
        return
    if kind == "item":
        session.execute(update(Item).where(Item.id.in_(ids)).values(version=Item.version + 1))
    tell(session, kind, ids)


def tell(session: Session, kind: str, subject_ids: Iterable[int]) -> None:
    """Tell of things that are new, or whose version the caller has raised.  ``kind`` is one of `HEARS`."""
    ids = list(subject_ids)
    if not ids:
        return
    insert_all(session, OutboxRow, ({"kind": kind, "subject_id": each} for each in ids))
    jobs.wake(session, HEARS[kind])


def tell_items_of(session: Session, volume_ids: Iterable[int]) -> None:
    """Tell of all items of new volumes, of which there may be millions."""
    if volumes := list(volume_ids):
        new = select(literal("item"), Item.id).where(Item.volume_id.in_(volumes)).order_by(Item.id)
        session.execute(insert(OutboxRow.__table__).from_select(["kind", "subject_id"], new))
        jobs.wake(session, HEARS["item"])


def waiting(session: Session, limit: int, *, job: str = "index-changes", after: int = 0) -> list[OutboxRow]:
    """What a job has still to hear of, in the order in which it was told."""
    kinds = [kind for kind, hears in HEARS.items() if hears == job]
    rows = select(OutboxRow).where(OutboxRow.kind.in_(kinds), OutboxRow.id > after)
    return list(session.scalars(rows.order_by(OutboxRow.id).limit(limit)))


def forget(session: Session, row_ids: Iterable[int]) -> None:
    """Drop rows whose change has reached the index for good."""
    session.execute(delete(OutboxRow).where(OutboxRow.id.in_(list(row_ids))))
