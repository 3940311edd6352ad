"""Items in custody with malware in them: withheld from everybody until two steps say it was a false alarm.

One person asks for it with a reason, and another decides.  Nothing in custody is removed or changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column

from archive import ledger, outbox
from archive.database import Base
from archive.errors import Conflict, WrongCall
from archive.holdings import ContentFile, Item
from archive.two_steps import must_be_another
from archive.work import jobs

MAKING = "derive-volume"
"""The job that makes pages and text; it made none of what was withheld."""


class Infection(Base):
    """Malware that a rescan names in a file in custody, until ``cleared_at``.

    ``asked_by`` says that it is a false alarm, for ``reason``; without them nobody does, or not any more.
    """

    __tablename__ = "infections"

    id: Mapped[int] = mapped_column(primary_key=True)
    rescan_id: Mapped[int] = mapped_column(ForeignKey("rescans.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"), index=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("content_files.id"))
    signature: Mapped[str]
    found_at: Mapped[datetime]
    cleared_at: Mapped[datetime | None]
    asked_by: Mapped[str | None] = mapped_column(String(40))
    asked_at: Mapped[datetime | None]
    reason: Mapped[str | None]


class FalseAlarm(Base):
    """What a scanner may say of these bytes and is not believed: a person looked, and said why."""

    __tablename__ = "false_alarms"

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    signature: Mapped[str]
    reason: Mapped[str]
    by: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]


@dataclass(frozen=True)
class Found:
    """What a rescan found in a file, and with which signatures."""

    rescan_id: int
    file: ContentFile
    signature: str
    signatures: str


@dataclass(frozen=True)
class Withheld:
    """One finding for which an item is withheld."""

    infection: Infection
    item: Item
    file: ContentFile


def is_false_alarm(session: Session, file: ContentFile, signature: str) -> bool:
    known = select(FalseAlarm.id).where(FalseAlarm.sha256 == file.sha256, FalseAlarm.signature == signature)
    return session.scalar(known.limit(1)) is not None


def believe(session: Session, sha256: str, signature: str, *, reason: str, by: str, at: datetime) -> None:
    """A person vouches for these bytes against this signature."""
    session.add(FalseAlarm(sha256=sha256, signature=signature, reason=reason, by=by, at=at))


def withhold(session: Session, found: Found, now: datetime) -> None:
    """From here on no door gives anything of the item, and the index forgets its text."""
    known = select(Infection.id).where(
        Infection.file_id == found.file.id, Infection.signature == found.signature,
        Infection.cleared_at.is_(None),
    )  # fmt: skip
    if session.scalar(known.limit(1)) is not None:
        return
    item = session.get_one(Item, found.file.item_id)
    item.withheld = True
    outbox.changed(session, "item", item.id)
    session.add(Infection(
        rescan_id=found.rescan_id, item_id=item.id, file_id=found.file.id, signature=found.signature,
        found_at=now,
    ))  # fmt: skip
    facts = {"file": found.file.position, "signature": found.signature, "signatures": found.signatures}
    ledger.record(session, act="item.withheld", about=item.reference, at=now, actor="seogo", facts=facts)


def withheld(session: Session, reference: str | None = None) -> Sequence[Withheld]:
    """All that is withheld, or what is of one item."""
    rows = (
        select(Infection, Item, ContentFile)
        .join(Item, Item.id == Infection.item_id)
        .join(ContentFile, ContentFile.id == Infection.file_id)
        .where(Infection.cleared_at.is_(None))
        .options(joinedload(Item.volume))
        .order_by(Infection.id)
    )
    chosen = rows.where(Item.reference == reference) if reference else rows
    return [Withheld(*row) for row in session.execute(chosen)]


def ask(session: Session, reference: str, *, reason: str, by: str, at: datetime) -> None:
    """The first step: what was found in an item is said to be a false alarm.  It stays withheld."""
    if not reason.strip():
        raise WrongCall("It needs a reason.", next="Say how it was found out that this is a false alarm.")
    rows = [each.infection for each in withheld(session, reference) if each.infection.asked_by is None]
    if not rows:
        raise Conflict(f"Nothing of {reference} is withheld, or somebody asked already.", next=_LOOK)
    for row in rows:
        row.asked_by, row.asked_at, row.reason = by, at, reason.strip()
    _tell(session, "item.clearing-asked", reference, rows, by=by, at=at)


def decide(session: Session, reference: str, *, clear: bool, by: str, at: datetime) -> None:
    """The second step.  Refused to whoever asked; the command line knows no persons and may do both.

    What was found after somebody asked is not decided on, and keeps the item withheld.
    """
    asked = _asked(session, reference, by)
    rows = [each.infection for each in asked]
    if not clear:
        for row in rows:
            row.asked_by = row.asked_at = None
        return _tell(session, "item.clearing-refused", reference, rows, by=by, at=at)
    for each in asked:
        each.infection.cleared_at = at
        reason = each.infection.reason or ""
        believe(session, each.file.sha256, each.infection.signature, reason=reason, by=by, at=at)
    session.flush()
    is_free = not withheld(session, reference)
    if is_free:
        _show_again(session, asked[0].item)
    _tell(session, "item.shown-again" if is_free else "item.cleared", reference, rows, by=by, at=at)


def _asked(session: Session, reference: str, by: str) -> list[Withheld]:
    """What this person may decide on."""
    asked = [each for each in withheld(session, reference) if each.infection.asked_by is not None]
    if not asked:
        raise Conflict(f"Nobody says that {reference} is a false alarm.", next="Say so first, with a reason.")
    must_be_another(by, (each.infection.asked_by for each in asked))
    return asked


def _show_again(session: Session, item: Item) -> None:
    """Its text is indexed again, and what was not made of it meanwhile is made."""
    item.withheld = False
    outbox.changed(session, "item", item.id)
    jobs.wake(session, MAKING, once=f"{MAKING}:{item.volume_id}", volume_id=item.volume_id)


def _tell(
    session: Session, act: str, reference: str, rows: Sequence[Infection], *, by: str, at: datetime
) -> None:
    facts = {"signatures": sorted({row.signature for row in rows})}
    ledger.record(session, act=act, about=reference, at=at, actor=by, facts=facts)


_LOOK = "Look with: seogo scanner show"
