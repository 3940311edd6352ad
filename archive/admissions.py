"""Stores are tried before their first use, and what was seen is kept for the auditor.

A store that is known and has gone away is not made anew: an empty folder where a full one was
must be noticed, not filled.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from archive.database import Base, OpenSession
from archive.errors import Denied, Refused
from archive.stores import Store, admit


class Admission(Base):
    """One store as it was found when it was first used.  ``capabilities``: name, holds, detail each."""

    __tablename__ = "store_admissions"

    id: Mapped[int] = mapped_column(primary_key=True)
    store: Mapped[str] = mapped_column(String(40), unique=True)
    location: Mapped[str]
    capabilities: Mapped[list[Any]]
    admitted_at: Mapped[datetime]


def to_try(open_session: OpenSession, stores: Sequence[Store]) -> list[tuple[Store, bool]]:
    """The stores that are not known where they are now, each with whether it was never used before."""
    with open_session() as session:
        known = {row.store: row.location for row in admissions(session)}
    return [(store, store.name not in known) for store in stores if known.get(store.name) != store.location]


def admit_new(open_session: OpenSession, stores: Sequence[Store], now: datetime) -> list[str]:
    """Prepare and probe the stores that were never used before; their names are handed back.

    Refused when one cannot keep its promises, or does not let us in: nothing is in it yet.

    One that is known and now has another location is only probed: it must be there already, with its copies;
    Denied when it does not let us in.
    """
    tried = to_try(open_session, stores)
    for store, is_new in tried:
        found = _try(store, is_new=is_new)
        with open_session.begin() as session:
            session.execute(Admission.__table__.delete().where(Admission.store == store.name))
            session.add(
                Admission(store=store.name, location=store.location, capabilities=found, admitted_at=now)
            )
    return [store.name for store, is_new in tried if is_new]


def _try(store: Store, *, is_new: bool) -> list[dict[str, Any]]:
    try:
        if is_new:
            store.prepare()
        return [{"name": each.name, "holds": each.holds, "detail": each.detail} for each in admit(store)]
    except Denied as error:
        if not is_new:
            raise
        raise Refused(error.message, code=error.code, next=error.next) from error


def admissions(session: Session) -> Sequence[Admission]:
    return session.scalars(select(Admission).order_by(Admission.store)).all()
