"""Registers a volume in the holdings (등록): its rows, those of its items and files, and the first rulings.

The values come from the agency's description; what was not said stays empty.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from archive import disclosure
from archive.disclosure import Decision
from archive.holdings import ContentFile, Item, Volume
from metadata_schemas import terms
from metadata_schemas.description import NO_STATUS, Access, DateSpan, ItemDescription, VolumeDescription


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
    files: Sequence[RegisteredFile]
    agency: str
    agency_code: str
    by: str


def register(session: Session, entry: Registration, *, today: date, now: datetime) -> Volume:
    """Enter a volume that is stored, with everything below it."""
    volume = _volume(entry, now)
    items = [
        _item(volume, reference, place, told)
        for place, (reference, told) in enumerate(
            zip(entry.items, entry.described.items, strict=True), start=1
        )
    ]
    session.add_all([volume, *items])
    session.flush()
    _enter_files(session, entry.files, items)
    for item, told in zip(items, entry.described.items, strict=True):
        decision = first_ruling(told, entry.described.access, today)
        disclosure.rule(session, item, decision, by=entry.by, today=today, now=now)
        item.review_year = review_year(decision, item.date_to, today)
    return volume


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


def _volume(entry: Registration, now: datetime) -> Volume:
    told = entry.described
    return Volume(
        reference=entry.reference,
        agency_code=entry.agency_code,
        sender_id=told.sender_id,
        file_number=told.file_number,
        volume_number=told.volume_number,
        title=told.title,
        list_open=told.access.list_open if told.access else True,
        creator_agency=told.creator_agency or entry.agency,
        creator_code=told.creator_code,
        creating_unit=told.creating_unit,
        retention=told.retention,
        record_type=told.record_type,
        carrier_kind=told.carrier_kind,
        classification=told.classification,
        description=told.description,
        raw=dict(told.raw),
        extra=dict(told.extra),
        state="stored",
        files=len(entry.files),
        bytes=sum(file.bytes for file in entry.files),
        accepted_at=now,
        **_dates(_span(told.created, told.closed)),
    )


def _item(volume: Volume, reference: str, place: int, told: ItemDescription) -> Item:
    return Item(
        volume=volume,
        reference=reference,
        position=place,
        sender_id=told.sender_id,
        title=told.title,
        document_number=told.document_number,
        record_type=told.record_type,
        description=told.description,
        listed_pages=told.page_count,
        raw=dict(told.raw),
        extra=dict(told.extra),
        **_dates(told.created),
    )


def _span(created: DateSpan | None, closed: DateSpan | None) -> DateSpan | None:
    if created is None or closed is None:
        return created or closed
    text = created.text if created.text == closed.text else f"{created.text}–{closed.text}"
    return DateSpan(text, created.earliest or closed.earliest, closed.latest or created.latest)


def _dates(span: DateSpan | None) -> Mapping[str, Any]:
    if span is None:
        return {}
    return {"date_text": span.text, "date_from": span.earliest, "date_to": span.latest}


def _enter_files(session: Session, files: Iterable[RegisteredFile], items: Sequence[Item]) -> None:
    positions: dict[int, int] = {}
    rows = []
    for file in files:
        positions[file.item] = positions.get(file.item, 0) + 1
        values = {name: value for name, value in vars(file).items() if name != "item"}
        rows.append({**values, "item_id": items[file.item].id, "position": positions[file.item]})
    if rows:
        session.execute(ContentFile.__table__.insert(), rows)  # type: ignore[attr-defined]
