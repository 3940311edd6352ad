"""A search as the portal asks it: the query string read, the hits checked once more by the gate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, and_, false, func, not_, or_, select
from sqlalchemy.orm import Session, joinedload

from access import showing, viewing
from access.search import query
from access.search.highlights import Marked
from access.search.index import DEEPEST, FACETS, SORTS, Filters, Index
from access.search.query import Hit, Hits
from access.showing import Named
from access.viewing import Asking
from archive import disclosure
from archive.holdings import Item
from preservation.pages import Page

LONGEST = query.LONGEST
SIZES = (20, 50)
FILTERS = ("agency", "decade", "record_type", "disclosure", "volume")


@dataclass(frozen=True)
class Asked:
    """What stands in the address of a search."""

    text: str
    chosen: Mapping[str, tuple[str, ...]]
    sort: str
    limit: int
    cursor: str | None
    exactly: bool
    passed: int
    all_of: str | None
    is_asked: bool

    @property
    def count(self) -> int:
        return sum(len(values) for values in self.chosen.values())

    def query(self, **changes: object) -> list[tuple[str, str]]:
        """The same search as pairs for a query string, with some of it changed; paging starts anew."""
        pairs: list[tuple[str, str]] = [("q", str(changes.get("q", self.text)))]
        chosen = changes.get("chosen", self.chosen)
        assert isinstance(chosen, Mapping)
        pairs += [(name, value) for name, values in chosen.items() for value in values]
        sort = str(changes.get("sort", self.sort))
        pairs += [("sort", sort)] if sort != SORTS[0] else []
        pairs += [("exact", "1")] if changes.get("exact", self.exactly) else []
        pairs += [("n", str(self.limit))] if self.limit != SIZES[0] else []
        pairs += [("all", str(changes["all"]))] if "all" in changes else []
        if "cursor" in changes:
            pairs += [("after", str(changes["cursor"])), ("passed", str(changes["passed"]))]
        return pairs

    def without(self, name: str, value: str) -> list[tuple[str, str]]:
        left = {
            key: tuple(v for v in values if (key, v) != (name, value)) for key, values in self.chosen.items()
        }
        return self.query(chosen=left)


@dataclass(frozen=True)
class HitShown:
    hit: Hit
    item: Item
    name: Named
    title: Marked
    status: str
    agency: str
    snippet: Marked | None
    page: int | None
    thumb: Page | None


@dataclass(frozen=True)
class Answered:
    hits: Hits
    shown: tuple[HitShown, ...]
    first: int
    deep: bool
    facets: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)


def read(given: Mapping[str, Sequence[str]]) -> Asked:
    """Unknown keys and values are left out; an order that is not known is the usual one."""
    chosen = {name: tuple(value for value in given.get(name, ()) if value) for name in FILTERS}
    one = {name: values[-1] for name, values in given.items() if values}
    sort, size, passed = one.get("sort", ""), one.get("n", ""), one.get("passed", "")
    text = one.get("q", "").strip()
    filters = {name: values for name, values in chosen.items() if values}
    return Asked(
        text=text,
        chosen=filters,
        sort=sort if sort in SORTS else SORTS[0],
        limit=int(size) if size in map(str, SIZES) else SIZES[0],
        cursor=one.get("after") or None,
        exactly=one.get("exact") == "1",
        passed=int(passed) if passed.isascii() and passed.isdigit() and len(passed) < 7 else 0,
        all_of=one.get("all"),
        is_asked=bool("q" in given or filters),
    )


def find(session: Session, index: Index, asked: Asked, asking: Asking) -> Answered:
    hits = query.find(
        index, asked.text, filters=_filters(asked.chosen), facets=FACETS, limit=asked.limit,
        cursor=asked.cursor, sort=asked.sort, today=asking.today, exactly=asked.exactly,
    )  # fmt: skip
    shown = checked(session, hits, asking)
    last = asked.passed + len(hits.hits)
    deep = hits.next is None and hits.total > last and last >= DEEPEST
    return Answered(hits, tuple(shown), asked.passed + 1 if hits.hits else 0, deep, hits.facets)


def checked(session: Session, hits: Hits, asking: Asking) -> list[HitShown]:
    """The hits as the database allows them now."""
    rows = _rows(session, [hit.reference for hit in hits.hits])
    found = [(hit, rows[hit.reference]) for hit in hits.hits if hit.reference in rows]
    told = [
        each for each in found if viewing.decide(session, each[1], "title", asking).reason != "unpublished"
    ]
    thumbs = _thumbs(session, [item for _, item in told], asking)
    return [_shown(session, item, hit, asking, thumbs.get(item.id)) for hit, item in told]


def _filters(chosen: Mapping[str, tuple[str, ...]]) -> Filters:
    agency, decade, kind, status, volume = (chosen.get(name, ()) for name in FILTERS)
    return Filters(agency=agency, decade=decade, record_type=kind, disclosure=status, volume=volume)


def _rows(session: Session, references: Sequence[str]) -> dict[str, Item]:
    wanted = select(Item).where(Item.reference.in_(references)).options(joinedload(Item.volume))
    return {row.reference: row for row in session.scalars(wanted)}


def _shown(session: Session, item: Item, hit: Hit, asking: Asking, thumb: Page | None) -> HitShown:
    """A hit as the database allows it now: an index may be a minute old, the gate is not."""
    title = viewing.title_of(session, item, asking)
    seen = hit.page is not None and viewing.decide(session, item, "page", asking, page=hit.page).allowed
    return HitShown(
        hit=hit,
        item=item,
        name=showing.named(title),
        title=Marked(title or "", hit.title_marks if title == hit.title else ()),
        status=disclosure.state_now(item, asking.today),
        agency=hit.agency or showing.agency_of(session, item.volume),
        snippet=hit.snippet if seen else None,
        page=hit.page if seen else None,
        thumb=thumb,
    )


def _thumbs(session: Session, items: Sequence[Item], asking: Asking) -> dict[int, Page]:
    """Of each item the first page that may be seen and has a picture, in one question for all of them.

    The question leaves out the pages that are closed; what it finds is shown only if the gate says so too.
    """
    looked_into = {item.id: item for item in items if viewing.may_open_any(session, item, asking)}
    first = (
        select(Page.item_id, func.min(Page.number).label("number"))
        .where(
            Page.has_image,
            or_(false(), *(_open_pages(session, each, asking) for each in looked_into.values())),
        )
        .group_by(Page.item_id)
        .subquery()
    )
    wanted = select(Page).join(first, and_(Page.item_id == first.c.item_id, Page.number == first.c.number))
    return {
        page.item_id: page
        for page in session.scalars(wanted)
        if viewing.decide(session, looked_into[page.item_id], "page", asking, page=page.number).allowed
    }


def _open_pages(session: Session, item: Item, asking: Asking) -> ColumnElement[bool]:
    whole = viewing.decide(session, item, "file", asking).allowed
    closed = [] if whole else [Page.number.between(start, end) for start, end in item.restricted_pages]
    return and_(Page.item_id == item.id, *(not_(each) for each in closed))
