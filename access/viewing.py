"""The one door to what a record holds: titles, pages, text, files.  Asked of the database: no by default.

Whoever asks gets an Answer with its reason, and bytes only through the functions below.  Staff who
may see closed items first say why; that is kept, and told to the ledger, and ends after some hours.
Titles of volumes archivists see without that, for they choose by them what to look at.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import BinaryIO, Literal

from sqlalchemy import ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, Session, joinedload, mapped_column

from archive import disclosure, ledger
from archive.database import Base
from archive.errors import Damaged, Missing, Refused, Unavailable, WrongCall
from archive.holdings import ContentFile, Item, Volume
from archive.people import Reader
from archive.site.site import Site
from preservation import pages
from preservation.local_copies import holders_of
from preservation.pages import Page, PageText, Size

What = Literal["title", "description", "page", "file"]
REASONS = ("enquiry", "review", "preservation", "other")
VIEWING_ENDS_AFTER = timedelta(hours=8)
"""A working day: the reason was given for one piece of work."""
BLOCK = 256 * 1024


class Viewing(Base):
    """A person of the staff who looks at what is not open, and why.  ``reader`` is an opaque id."""

    __tablename__ = "viewings"
    __table_args__ = (Index("ix_viewings_item_reader", "item_id", "reader"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    reader: Mapped[str] = mapped_column(String(40))
    reason: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime]
    until: Mapped[datetime]


@dataclass(frozen=True)
class Asking:
    """Who asks, when.  ``today`` is the day in Seoul, which the law's terms count."""

    reader: Reader
    now: datetime
    today: date


@dataclass(frozen=True)
class Answer:
    """``reason``: open, open_page, open_title, staff.

    Or closed, closed_page, closed_title, unpublished, withheld (malware was found in it).
    """

    allowed: bool
    reason: str


@dataclass(frozen=True)
class PageShown:
    """A page as this reader may know it.  Of a closed one there is its number and nothing else."""

    number: int
    allowed: bool
    page: Page | None = None


@dataclass(frozen=True)
class Served:
    """A file on its way out; its last block is held back until the digest of the whole is right."""

    name: str
    mimetype: str
    size: int
    sha256: str
    blocks: Iterator[bytes]


def decide(session: Session, item: Item, what: What, asking: Asking, *, page: int | None = None) -> Answer:
    """May this reader have this part of the item?  The only place where that is answered."""
    if not is_published(item.volume) and not asking.reader.may("see closed items"):
        return Answer(False, "unpublished")
    if item.withheld and what in ("page", "file"):
        return Answer(False, "withheld")
    if disclosure.is_open(item, asking.today):
        return Answer(True, "open")
    if what == "title" and item.list_open:
        return Answer(True, "open_title")
    if what == "page" and page is not None and disclosure.page_is_open(item, page, asking.today):
        return Answer(True, "open_page")
    if is_viewed_by_staff(session, item, asking):
        return Answer(True, "staff")
    return Answer(False, {"title": "closed_title", "page": "closed_page"}.get(what, "closed"))


def is_published(volume: Volume) -> bool:
    return volume.state == "stored" and volume.publication == "published"


def is_viewed_by_staff(session: Session, item: Item, asking: Asking) -> bool:
    if not asking.reader.may("see closed items"):
        return False
    mine = select(Viewing.id).where(
        Viewing.item_id == item.id, Viewing.reader == asking.reader.name, Viewing.until > asking.now
    )
    return session.scalar(mine.limit(1)) is not None


def begin_viewing(session: Session, item: Item, asking: Asking, reason: str) -> Viewing:
    """Staff say why they look at what is not open.  In the same transaction it is told to the ledger."""
    if not asking.reader.may("see closed items"):
        raise Refused("Only archivists may see closed items.", code="role", next="Ask for the record.")
    if reason not in REASONS:
        raise WrongCall("The reason is not one of the list.", next=f"Choose one of {', '.join(REASONS)}.")
    until = asking.now + VIEWING_ENDS_AFTER
    viewing = Viewing(item_id=item.id, reader=asking.reader.name, reason=reason, at=asking.now, until=until)
    session.add(viewing)
    facts = {"reason": reason, "until": until.isoformat(), "disclosure": item.disclosure}
    ledger.record(
        session, act="item.viewed", about=item.reference, at=asking.now, actor=asking.reader.name, facts=facts
    )
    return viewing


def get_item(session: Session, reference: str, asking: Asking) -> Item:
    """The row of an item whose existence may be told.  Missing for anything else."""
    found = session.scalar(select(Item).where(Item.reference == reference).options(joinedload(Item.volume)))
    if found is None or decide(session, found, "page", asking).reason == "unpublished":
        raise Missing(f"There is no item {reference}.", next="Look at its volume, or search.")
    return found


def get_volume(session: Session, reference: str, asking: Asking) -> Volume:
    found = session.scalar(select(Volume).where(Volume.reference == reference))
    if found is None or not (is_published(found) or asking.reader.may("see closed items")):
        raise Missing(f"There is no volume {reference}.", next="Browse the volumes, or search.")
    return found


def title_of(session: Session, item: Item, asking: Asking) -> str | None:
    return item.title if decide(session, item, "title", asking).allowed else None


def volume_title(volume: Volume, asking: Asking) -> str | None:
    return volume.title if volume.list_open or asking.reader.may("see closed items") else None


def shown_pages(session: Session, item: Item, asking: Asking) -> list[PageShown]:
    """Every page with whether it may be seen.  Of an item with nothing open there are no pages at all."""
    if not may_open_any(session, item, asking):
        return []
    return [_shown(session, item, page, asking) for page in pages.pages_of(session, item.id)]


def may_open_any(session: Session, item: Item, asking: Asking) -> bool:
    """Whether anything of the item's content may be seen."""
    if decide(session, item, "file", asking).allowed:
        return True
    return is_published(item.volume) and not item.withheld and disclosure.has_open_pages(item)


def get_page(session: Session, item: Item, number: int, asking: Asking) -> Page:
    """The row of a page that may be seen.  Refused before anything of it is read."""
    if not decide(session, item, "page", asking, page=number).allowed:
        raise Refused(f"Page {number} of {item.reference} is not open.", code="closed", next=_SEE)
    return pages.get_page(session, item.id, number)


def page_image(session: Session, site: Site, item: Item, number: int, size: Size, asking: Asking) -> bytes:
    page = get_page(session, item, number, asking)
    with pages.open_image(site.shelf, page, size) as stream:
        return stream.read()


def page_text(session: Session, site: Site, item: Item, number: int, asking: Asking) -> PageText:
    return pages.page_text(site.shelf, get_page(session, item, number, asking))


def texts(session: Session, site: Site, item: Item, asking: Asking) -> Iterator[tuple[int, str]]:
    """The text of every page that may be seen, in order."""
    for shown in shown_pages(session, item, asking):
        if shown.page is not None:
            yield shown.number, pages.page_text(site.shelf, shown.page).text


def files(session: Session, item: Item, asking: Asking) -> list[ContentFile]:
    """Names, digests and formats are told only with the whole item: a file has its closed pages in it."""
    if not decide(session, item, "file", asking).allowed:
        return []
    return list(item.files)


def open_file(session: Session, site: Site, item: Item, position: int, asking: Asking) -> Served:
    if not decide(session, item, "file", asking).allowed:
        raise Refused(f"The files of {item.reference} are not open.", code="closed", next=_SEE)
    file = next((each for each in item.files if each.position == position), None)
    if file is None:
        raise Missing(f"{item.reference} has no file {position}.", next="Look at its list of files.")
    stream = _from_a_store(session, site, item, file)
    name = file.original_name.rpartition("/")[2]
    mimetype = file.mimetype or "application/octet-stream"
    return Served(name, mimetype, file.bytes, file.sha256, _checked(stream, file))


_SEE = "Its page says why, and how to see it."


def _shown(session: Session, item: Item, page: Page, asking: Asking) -> PageShown:
    allowed = decide(session, item, "page", asking, page=page.number).allowed
    return PageShown(page.number, allowed, page if allowed else None)


def _from_a_store(session: Session, site: Site, item: Item, file: ContentFile) -> BinaryIO:
    """The first store with an intact copy that answers."""
    held = holders_of(session, item)
    for store in site.near_stores:
        if store.name not in held.stores:
            continue
        try:
            return store.open(f"{held.prefix}/{file.path}")
        except (Unavailable, Missing):
            continue
    raise Unavailable("No store with an intact copy answers.", code="store", next="Try again in a minute.")


def _checked(stream: BinaryIO, file: ContentFile) -> Iterator[bytes]:
    digest = hashlib.sha256()
    held = b""
    with stream:
        while block := stream.read(BLOCK):
            digest.update(block)
            if held:
                yield held
            held = block
    if digest.hexdigest() != file.sha256:
        raise Damaged("A copy is not what was stored; the file was not sent to its end.", code="copy.altered")
    yield held
