"""What the pages of the portal show of items and volumes, read once, each part after asking the gate."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from access import viewing
from access.search import hanja
from access.search.highlights import Marked
from access.viewing import Asking, PageShown
from archive import disclosure
from archive.holdings import Agency, ContentFile, Item, Volume
from preservation import pages
from preservation.packages import Copy, copies_of
from preservation.pages import Page


@dataclass(frozen=True)
class Named:
    """A title and, where it has 한자, its reading."""

    title: str | None
    reading: str | None


@dataclass(frozen=True)
class Kept:
    """The copies of a volume: how many, how many are intact, and when the last of them was looked at."""

    copies: int
    intact: int
    bad: int
    since: datetime | None


@dataclass(frozen=True)
class ItemLine:
    """An item in a list."""

    reference: str
    position: int
    name: Named
    status: str
    date_text: str | None
    item: Item
    page_count: int | None


@dataclass(frozen=True)
class ItemShown:
    item: Item
    name: Named
    volume: Named
    agency: str
    status: str
    pages: Sequence[PageShown]
    files: Sequence[ContentFile]
    expected: int | None
    deriving: bool
    described: bool
    kept: Kept
    before: str | None
    after: str | None
    by_staff: bool

    @property
    def readable(self) -> list[PageShown]:
        return [page for page in self.pages if page.allowed]

    @property
    def shut(self) -> list[tuple[int, int]]:
        """The closed pages as ranges."""
        spans: list[tuple[int, int]] = []
        for page in self.pages:
            if page.allowed:
                continue
            if spans and page.number == spans[-1][1] + 1:
                spans[-1] = (spans[-1][0], page.number)
            else:
                spans.append((page.number, page.number))
        return spans

    @property
    def has_text(self) -> bool:
        return any(page.page is not None and page.page.has_text for page in self.pages)


def item(session: Session, reference: str, asking: Asking) -> ItemShown:
    row = viewing.get_item(session, reference, asking)
    whole = viewing.decide(session, row, "file", asking)
    open_files = viewing.files(session, row, asking)
    shown = viewing.shown_pages(session, row, asking)
    before, after = _beside(session, row)
    any_open = viewing.may_open_any(session, row, asking)
    return ItemShown(
        item=row,
        name=named(viewing.title_of(session, row, asking)),
        volume=named(viewing.volume_title(row.volume, asking)),
        agency=agency_of(session, row.volume),
        status=disclosure.state_now(row, asking.today),
        pages=shown,
        files=open_files,
        expected=len(shown) or row.listed_pages,
        deriving=any_open and _is_deriving(session, row),
        described=viewing.decide(session, row, "description", asking).allowed,
        kept=kept(session, row.volume),
        before=before,
        after=after,
        by_staff=whole.reason == "staff",
    )


def named(title: str | None) -> Named:
    return Named(title, reading(title) if title else None)


def reading(title: str) -> str | None:
    """The title in Hangul; None when there is nothing to read."""
    read = hanja.RUN.sub(hanja.read, title)
    return read if read != title else None


def rare_signs(title: str) -> list[str]:
    """The code points of 확장한자, for devices whose fonts cannot draw them."""
    return [f"{sign} U+{ord(sign):X}" for sign in dict.fromkeys(title) if _is_rare(ord(sign))]


def _is_rare(point: int) -> bool:
    return 0x3400 <= point <= 0x4DBF or 0xF900 <= point <= 0xFAFF or 0x20000 <= point <= 0x3FFFF


def kept(session: Session, volume: Volume) -> Kept:
    copies = copies_of(session, volume.id)
    seen = [copy.verified_at for copy in copies if copy.state == "verified" and copy.verified_at]
    bad = sum(copy.state in ("altered", "absent") for copy in copies)
    return Kept(len(copies), len(seen), bad, min(seen) if seen else None)


def agency_of(session: Session, volume: Volume) -> str:
    if volume.creator_agency:
        return volume.creator_agency
    name = session.scalar(select(Agency.name).where(Agency.code == volume.agency_code))
    return name or volume.agency_code


def items_of(
    session: Session, volume: Volume, asking: Asking, *, after: int = 0, limit: int = 50
) -> list[ItemLine]:
    rows = session.scalars(
        select(Item)
        .where(Item.volume_id == volume.id, Item.position > after)
        .order_by(Item.position)
        .limit(limit)
    ).all()
    counted = _page_counts(session, [row.id for row in rows])
    return [line(session, row, asking, counted.get(row.id)) for row in rows]


def line(session: Session, row: Item, asking: Asking, pages_made: int | None = None) -> ItemLine:
    told = pages_made if viewing.may_open_any(session, row, asking) else None
    return ItemLine(
        reference=row.reference,
        position=row.position,
        name=named(viewing.title_of(session, row, asking)),
        status=disclosure.state_now(row, asking.today),
        date_text=row.date_text,
        item=row,
        page_count=told or row.listed_pages,
    )


def counts(session: Session, volume: Volume, asking: Asking) -> dict[str, int]:
    """How many items of a volume are open, partly open and closed today."""
    found = {"open": 0, "partial": 0, "closed": 0}
    columns = select(Item.disclosure, Item.opens_on).where(Item.volume_id == volume.id)
    for status, opens_on in session.execute(columns):
        opened = opens_on is not None and opens_on <= asking.today
        found["open" if opened else status] += 1
    return found


def recent_items(session: Session, asking: Asking, limit: int) -> list[ItemLine]:
    rows = session.scalars(
        select(Item)
        .join(Volume)
        .where(_published(), disclosure.open_or_partial_items(asking.today), Item.list_open)
        .order_by(Volume.accepted_at.desc(), Item.id.desc())
        .limit(limit)
    ).all()
    return [line(session, row, asking) for row in rows]


def totals(session: Session) -> dict[str, int]:
    """What the archive keeps, closed records too: that they exist is public."""
    return {
        "volumes": session.scalar(select(func.count()).select_from(Volume).where(_published())) or 0,
        "items": session.scalar(select(func.count()).select_from(Item).join(Volume).where(_published())) or 0,
    }


def last_check(session: Session) -> datetime | None:
    return session.scalar(select(func.max(Copy.checked_at)))


def volumes(
    session: Session, *, agency: str | None = None, after: int = 0, limit: int = 50
) -> tuple[list[Volume], int]:
    """Volumes for browsing, newest first, by their place; and how many there are."""
    where = [_published()]
    if agency:
        where.append(Volume.creator_agency == agency)
    total = session.scalar(select(func.count()).select_from(Volume).where(*where)) or 0
    found = session.scalars(
        select(Volume).where(*where).order_by(Volume.id.desc()).offset(after).limit(limit)
    )
    return list(found), total


def agencies(session: Session) -> list[tuple[str, int]]:
    grouped = (
        select(Volume.creator_agency, func.count())
        .where(_published(), Volume.creator_agency.is_not(None))
        .group_by(Volume.creator_agency)
        .order_by(func.count().desc(), Volume.creator_agency)
    )
    return [(name or "", count) for name, count in session.execute(grouped)]


def item_totals(session: Session, volume_ids: Sequence[int]) -> dict[int, int]:
    grouped = (
        select(Item.volume_id, func.count()).where(Item.volume_id.in_(volume_ids)).group_by(Item.volume_id)
    )
    return dict(session.execute(grouped).all())


def _published() -> ColumnElement[bool]:
    return (Volume.state == "stored") & (Volume.publication == "published")


def _page_counts(session: Session, item_ids: Sequence[int]) -> dict[int, int]:
    grouped = select(Page.item_id, func.count()).where(Page.item_id.in_(item_ids)).group_by(Page.item_id)
    return dict(session.execute(grouped).all())


def _is_deriving(session: Session, row: Item) -> bool:
    """Whether a file of the item still waits for its pages, or its pages are being made."""
    derived = pages.derived_files_of(session, row.id)
    files = session.scalar(select(func.count()).where(ContentFile.item_id == row.id)) or 0
    return len(derived) < files or any(each.state == "reading" for each in derived)


def _beside(session: Session, row: Item) -> tuple[str | None, str | None]:
    mine = select(Item.reference).where(Item.volume_id == row.volume_id)
    before = session.scalar(mine.where(Item.position < row.position).order_by(Item.position.desc()).limit(1))
    after = session.scalar(mine.where(Item.position > row.position).order_by(Item.position).limit(1))
    return before, after


def pieces(marked: Marked) -> list[tuple[bool, str]]:
    """A text cut into marked and plain stretches."""
    cut: list[tuple[bool, str]] = []
    at = 0
    for start, end in marked.marks:
        cut += [(False, marked.text[at:start]), (True, marked.text[start:end])]
        at = end
    return [(is_marked, text) for is_marked, text in [*cut, (False, marked.text[at:])] if text]
