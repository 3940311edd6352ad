"""Registers a volume in the holdings (등록): its rows, those of its items and files, and the first rulings.

The values come from the agency's description; what was not said stays empty.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from archive import disclosure
from archive.database import ROWS_AT_ONCE, insert_all, insert_for_ids, insert_values
from archive.disclosure import Decision
from archive.holdings import ContentFile, Item, Volume, item_reference
from metadata_schemas import terms
from metadata_schemas.description import NO_STATUS, Access, DateSpan, ItemDescription, VolumeDescription

ENTERING = "entering"
"""The state of a volume whose items and files are being entered: nothing counts it as held."""


class RegisteredFile(NamedTuple):
    """A file that is kept: id of its volume, position of its item there, and its own in the item, from 1."""

    volume: int
    item: int
    position: int
    path: str
    original_name: str
    original_bytes: str | None
    bytes: int
    sha256: str
    modified_at: datetime


@dataclass(frozen=True, kw_only=True)
class Registration:
    """A volume that comes into custody.  ``files`` and ``octets``: what it has when it is whole."""

    reference: str
    described: VolumeDescription
    state: str
    files: int
    octets: int
    agency: str
    agency_code: str


@dataclass
class Entered:
    """A volume that is being entered, and how many of its items are."""

    volume: int
    entry: Registration
    items: int = 0


def register(session: Session, entries: Sequence[Registration], *, now: datetime) -> list[Entered]:
    """Enter volumes, still without items and files.

    One that is entered in several transactions is `ENTERING` until it is `complete`.  What a killed
    run left of such a one is entered anew; one that is stored is a defect.
    """
    if not entries:
        return []
    forget(session, [each.reference for each in entries])
    volumes = insert_for_ids(session, Volume, [_volume(each, now) for each in entries])
    return [Entered(*each) for each in zip(volumes, entries, strict=True)]


def enter_items(
    session: Session, items: Iterable[tuple[Entered, ItemDescription]], *, by: str, today: date, now: datetime
) -> None:
    """Enter items of volumes, or the next of them, in the order of each volume, with their first rulings."""
    waiting = iter(items)
    while some := list(islice(waiting, ROWS_AT_ONCE)):
        decided = [first_ruling(item, entered.entry.described.access, today) for entered, item in some]
        rows = [_item(*each, decision, today) for each, decision in zip(some, decided, strict=True)]
        insert_all(session, Item, rows)
        places = [(row["volume_id"], row["position"]) for row in rows]
        ids = _ids_of_items(session, places)
        rulings = zip((ids[place] for place in places), decided, strict=True)
        disclosure.rule_first(session, rulings, by=by, today=today, now=now)


def enter_files(session: Session, files: Iterable[RegisteredFile]) -> None:
    """Enter files of volumes, each volume's in the order of its items."""
    waiting = iter(files)
    names = ("item_id", *RegisteredFile._fields[2:])
    while some := list(islice(waiting, ROWS_AT_ONCE)):
        ids = _ids_of_items(session, [file[:2] for file in some])
        insert_values(session, ContentFile, names, [(ids[file[:2]], *file[2:]) for file in some])


def _ids_of_items(session: Session, places: Sequence[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """Ids of items by volume and position; asked for some of them at a time, so that not all are held."""
    positions = [position for _, position in places]
    items = Item.__table__.c
    asked = select(items.volume_id, items.position, items.id).where(
        items.volume_id.in_({volume for volume, _ in places}),
        items.position.between(min(positions), max(positions)),
    )
    return {(volume, position): id for volume, position, id in session.execute(asked)}


def enter_formats(
    session: Session, formats: Sequence[tuple[int, str | None, str | None, str | None]]
) -> None:
    """Enter what files were found to be: id of the file, PUID, name of the format, media type."""
    names = ("id", "format", "format_name", "mimetype")
    session.execute(update(ContentFile), [dict(zip(names, each, strict=True)) for each in formats])


def complete(session: Session, entered: Entered, *, state: str) -> None:
    """The volume is whole: it is ours from now on, and shown and searched as soon as it is ``stored``."""
    session.execute(update(Volume).where(Volume.id == entered.volume).values(state=state))


def forget(session: Session, references: Sequence[str]) -> None:
    """Drop what a killed run entered of volumes that it did not complete."""
    half = select(Volume.id).where(Volume.reference.in_(references), Volume.state == ENTERING)
    if not (volumes := session.scalars(half).all()):
        return
    items = select(Item.id).where(Item.volume_id.in_(volumes))
    session.execute(delete(ContentFile).where(ContentFile.item_id.in_(items)))
    disclosure.forget(session, items)
    session.execute(delete(Item).where(Item.volume_id.in_(volumes)))
    session.execute(delete(Volume).where(Volume.id.in_(volumes)))


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
        "state": entry.state,
        "files": entry.files,
        "bytes": entry.octets,
        "accepted_at": now,
        **_dates(told.span),
    }


def _item(entered: Entered, item: ItemDescription, decision: Decision, today: date) -> dict[str, Any]:
    entered.items += 1
    dates = _dates(item.created)
    return {
        "volume_id": entered.volume,
        "reference": item_reference(entered.entry.reference, entered.items),
        "position": entered.items,
        "sender_id": item.sender_id,
        "title": item.title,
        "document_number": item.document_number,
        "record_type": item.record_type,
        "description": item.description,
        "listed_pages": item.page_count,
        "raw": dict(item.raw),
        "extra": dict(item.extra),
        "review_year": review_year(decision, dates["date_to"], today),
        **dates,
        **disclosure.compared(decision),
    }


def _dates(span: DateSpan | None) -> dict[str, Any]:
    if span is None:
        return {"date_text": None, "date_from": None, "date_to": None}
    return {"date_text": span.text, "date_from": span.earliest, "date_to": span.latest}
