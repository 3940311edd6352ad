"""Registers a volume in the holdings (등록): its rows, those of its items and files, and the first rulings.

The values come from the agency's description; what was not said stays empty.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from archive import disclosure
from archive.disclosure import Decision
from archive.holdings import ContentFile, Item, Volume
from metadata_schemas import terms
from metadata_schemas.description import NO_STATUS, Access, DateSpan, ItemDescription, VolumeDescription

ENTERING = "entering"
"""The state of a volume whose files are being entered: nothing counts it as held."""


@dataclass(frozen=True)
class RegisteredFile:
    """A file that is kept.  ``item`` is the place of its item in the volume, from 0."""

    item: int
    path: str
    original_name: str
    original_bytes: str | None
    bytes: int
    sha256: str
    modified_at: datetime


@dataclass(frozen=True, kw_only=True)
class Registration:
    reference: str
    described: VolumeDescription
    items: Sequence[str]
    agency: str
    agency_code: str
    by: str


@dataclass(frozen=True)
class Entered:
    """Rows of a volume that is being entered.  ``last``: the position of each item's last file so far."""

    volume: int
    items: Sequence[int]
    last: dict[int, int]


def register(session: Session, entry: Registration, *, today: date, now: datetime) -> Entered:
    """Enter a volume with its items and their first rulings, in state `ENTERING` and without files.

    What a killed run left of the same volume is entered anew; one that is stored is a defect.
    """
    forget(session, entry.reference)
    [volume] = session.execute(insert(Volume).returning(Volume.id), [_volume(entry, now)]).scalars()
    decisions = [first_ruling(told, entry.described.access, today) for told in entry.described.items]
    rows = [
        _item(volume, reference, place, told, decision, today)
        for place, (reference, told, decision) in enumerate(
            zip(entry.items, entry.described.items, decisions, strict=True), start=1
        )
    ]
    if rows:
        session.execute(Item.__table__.insert(), rows)  # type: ignore[attr-defined]
    items = session.scalars(select(Item.id).where(Item.volume_id == volume).order_by(Item.position)).all()
    pairs = zip(items, decisions, strict=True)
    disclosure.rule_first(session, pairs, by=entry.by, today=today, now=now)
    return Entered(volume, items, {})


def enter_files(session: Session, entered: Entered, files: Iterable[RegisteredFile]) -> None:
    """Enter files, or the next of them, in the order of their items."""
    rows = []
    for file in files:
        position = entered.last[file.item] = entered.last.get(file.item, 0) + 1
        rows.append({
            "item_id": entered.items[file.item], "position": position, "path": file.path,
            "original_name": file.original_name, "original_bytes": file.original_bytes, "bytes": file.bytes,
            "sha256": file.sha256, "modified_at": file.modified_at,
        })  # fmt: skip
    if rows:
        session.execute(ContentFile.__table__.insert(), rows)  # type: ignore[attr-defined]


def complete(session: Session, entered: Entered, *, files: int, octets: int, state: str) -> None:
    """The volume is whole: it is ours from now on, and shown and searched as soon as it is ``stored``."""
    whole = update(Volume).where(Volume.id == entered.volume)
    session.execute(whole.values(state=state, files=files, bytes=octets))


def forget(session: Session, reference: str) -> None:
    """Drop what a killed run entered of a volume that it did not complete."""
    half = select(Volume.id).where(Volume.reference == reference, Volume.state == ENTERING)
    if (volume := session.scalar(half)) is None:
        return
    items = select(Item.id).where(Item.volume_id == volume)
    session.execute(delete(ContentFile).where(ContentFile.item_id.in_(items)))
    disclosure.forget(session, items)
    session.execute(delete(Item).where(Item.volume_id == volume))
    session.execute(delete(Volume).where(Volume.id == volume))


def first_ruling(item: ItemDescription, of_volume: Access | None, today: date) -> Decision:
    """What the agency's status comes to on the day of transfer.  Without a status nothing is opened.

    A closed record opens at the end of 30 years after its year of creation (Public Records Act
    art. 35 (3)); one that is already older was kept closed on purpose and waits for its review.
    """
    access = item.access or of_volume
    if access is None:
        return Decision(status="closed", basis=NO_STATUS)
    opens_on = access.opens_on
    by_law = access.status != "open" and access.basis != NO_STATUS
    if by_law and opens_on is None and item.created and item.created.latest:
        day = terms.open_on_30y(item.created.latest.year, on=today)
        opens_on = day if day > today else None
    return Decision(
        status=access.status,
        reasons=access.reasons,
        restricted_pages=access.restricted_pages,
        opens_on=opens_on,
        list_open=access.list_open,
        basis=access.basis,
    )


def review_year(decision: Decision, created: date | None, today: date) -> int | None:
    """The year in which a closed item is reviewed next, the transfer counting as a review (art. 35).

    One that is kept closed beyond its thirty years is reviewed every five years from then on.
    """
    if decision.status == "open":
        return None
    year = created.year if created else today.year
    at_30 = terms.review_30y_year(year, on=today)
    if at_30 <= today.year:
        return terms.due_5y(today.year, on=today)
    status, reasons = decision.status, decision.reasons
    return next(
        each
        for each in range(today.year + 1, at_30 + 1)
        if terms.is_due(
            status=status, reasons=reasons, created=year, last_review=today.year, year=each, on=today
        )
    )


def _volume(entry: Registration, now: datetime) -> dict[str, Any]:
    told = entry.described
    return {
        "reference": entry.reference,
        "agency_code": entry.agency_code,
        "sender_id": told.sender_id,
        "file_number": told.file_number,
        "volume_number": told.volume_number,
        "title": told.title,
        "list_open": told.access.list_open if told.access else True,
        "creator_agency": told.creator_agency or entry.agency,
        "creator_code": told.creator_code,
        "creating_unit": told.creating_unit,
        "retention": told.retention,
        "record_type": told.record_type,
        "carrier_kind": told.carrier_kind,
        "classification": told.classification,
        "description": told.description,
        "raw": dict(told.raw),
        "extra": dict(told.extra),
        "state": "accepted",
        "accepted_at": now,
        **_dates(_span(told.created, told.closed)),
    }


def _item(
    volume: int, reference: str, place: int, told: ItemDescription, decision: Decision, today: date
) -> dict[str, Any]:
    dates = _dates(told.created)
    return {
        "volume_id": volume,
        "reference": reference,
        "position": place,
        "sender_id": told.sender_id,
        "title": told.title,
        "document_number": told.document_number,
        "record_type": told.record_type,
        "description": told.description,
        "listed_pages": told.page_count,
        "raw": dict(told.raw),
        "extra": dict(told.extra),
        "review_year": review_year(decision, dates["date_to"], today),
        **dates,
        **disclosure.compared(decision),
    }


def _span(created: DateSpan | None, closed: DateSpan | None) -> DateSpan | None:
    if created is None or closed is None:
        return created or closed
    text = created.text if created.text == closed.text else f"{created.text}–{closed.text}"
    return DateSpan(text, created.earliest or closed.earliest, closed.latest or created.latest)


def _dates(span: DateSpan | None) -> dict[str, Any]:
    if span is None:
        return {"date_text": None, "date_from": None, "date_to": None}
    return {"date_text": span.text, "date_from": span.earliest, "date_to": span.latest}
