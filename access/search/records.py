"""What the indexes may hold of an item: the staff's document, and of it the public's.

`for_the_public` is the one place that drops what is closed.  The doors of the portal ask the database
again; this keeps closed words from being found at all.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from access.search.index import Deletion, Document
from archive import disclosure
from archive.holdings import Agency, Item, Volume
from archive.stores import Shelf
from preservation import pages

_AT_ONCE = 100


@dataclass(frozen=True)
class Record:
    """One item with what stands around it, as read now."""

    item: Item
    volume: Volume
    agency: str
    document: Document


def read(session: Session, shelf: Shelf, item_ids: Sequence[int], today: date) -> Iterator[Record]:
    names = dict(session.execute(select(Agency.code, Agency.name)).all())
    for start in range(0, len(item_ids), _AT_ONCE):
        some = item_ids[start : start + _AT_ONCE]
        query = select(Item).where(Item.id.in_(some)).options(joinedload(Item.volume)).order_by(Item.id)
        for item in session.scalars(query):
            agency = item.volume.creator_agency or names.get(item.volume.agency_code, item.volume.agency_code)
            text = () if item.withheld else _page_texts(session, shelf, item.id)
            yield Record(item, item.volume, agency, for_the_staff(item, item.volume, agency, text, today))


def for_the_staff(
    item: Item, volume: Volume, agency: str, text: tuple[tuple[int, str], ...], today: date
) -> Document:
    first_day = item.date_from or volume.date_from
    last_day = item.date_to or item.date_from or volume.date_to or first_day
    first_day = first_day or last_day
    return Document(
        reference=item.reference,
        version=version(item, today),
        title=item.title,
        volume=volume.reference,
        sender_id=item.sender_id,
        alt_titles=(volume.title,) if volume.title != item.title else (),
        agency=agency,
        agency_code=volume.creator_code or volume.agency_code,
        unit=volume.creating_unit,
        classification=volume.classification,
        document_number=item.document_number,
        years=(first_day.year, last_day.year) if first_day and last_day else None,
        first_day=first_day.toordinal() if first_day else None,
        last_day=last_day.toordinal() if last_day else None,
        record_type=item.record_type or volume.record_type,
        retention=volume.retention,
        disclosure=disclosure.state_now(item, today),
        opens_on=item.opens_on.isoformat() if item.opens_on else None,
        date_text=item.date_text or volume.date_text,
        page_count=len(text) or item.listed_pages,
        pages=tuple((number, words) for number, words in text if words),
        extra=_lines(*_own(item), volume.description, *volume.extra.values()),
    )


def for_the_public(record: Record, today: date) -> Document | Deletion:
    """Everything of an open item; of any other only what its ruling leaves open; else nothing.

    No ruling is about the volume's description and columns, so they are the staff's alone.
    """
    item, document = record.item, record.document
    if not is_published(record.volume):
        return Deletion(document.reference, document.version)
    volume_title = document.alt_titles if record.volume.list_open else ()
    if disclosure.is_open(item, today):
        return replace(document, alt_titles=volume_title, extra=_lines(*_own(item)))
    may_be_read = tuple(page for page in document.pages if disclosure.page_is_open(item, page[0], today))
    return replace(
        document,
        title=document.title if item.list_open else "",
        alt_titles=volume_title,
        document_number=None,
        page_count=item.listed_pages,
        pages=may_be_read,
        extra="",
    )


def is_published(volume: Volume) -> bool:
    return volume.state == "stored" and volume.publication == "published"


def version(item: Item, today: date) -> int:
    """Grows with each change of the item, and once more on the day that opens it."""
    opened_by_time = disclosure.is_open(item, today) and item.disclosure != "open"
    return item.version * 2 + opened_by_time


def _own(item: Item) -> list[str | None]:
    """The item's description and the sender's own columns of it."""
    return [item.description, *item.extra.values()]


def _lines(*texts: str | None) -> str:
    return "\n".join(str(text) for text in texts if text)


def _page_texts(session: Session, shelf: Shelf, item_id: int) -> tuple[tuple[int, str], ...]:
    return tuple(
        (page.number, pages.page_text(shelf, page).text) for page in pages.pages_of(session, item_id)
    )
