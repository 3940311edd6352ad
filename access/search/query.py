"""A query in, hits out: the plan is asked of an index, and what it finds is made ready to be shown."""

import base64
import binascii
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, cast

from access.search import highlights, keyboard, planning
from access.search.highlights import Marked
from access.search.index import DEEPEST, FACETS, SORTS, Cursor, Filters, Found, Index, Results, Sort
from access.search.planning import Planned
from archive.errors import WrongCall
from archive.names import not_a_text

LONGEST = 500
MOST = 100


@dataclass(frozen=True)
class Hit:
    reference: str
    sender_id: str | None
    volume: str
    title: str
    disclosure: str
    page: int | None  # None: found in the title or the description
    score: float
    title_marks: tuple[tuple[int, int], ...] = ()
    snippet: Marked | None = None
    agency: str | None = None
    unit: str | None = None
    date_text: str | None = None
    years: tuple[int, int] | None = None
    record_type: str | None = None
    page_count: int | None = None
    opens_on: str | None = None


@dataclass(frozen=True)
class Understood:
    also: tuple[str, ...] = ()  # readings, years and 한자 that were searched too
    exact: bool = False
    repaired: str | None = None  # what was searched instead, when nothing was found


@dataclass(frozen=True)
class Hits:
    total: int
    next: str | None
    hits: tuple[Hit, ...]
    facets: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)
    understood: Understood = Understood()
    complete: bool = True


def find(
    index: Index, text: str, *, filters: Filters | None = None, facets: Sequence[str] = (), limit: int = 20,
    cursor: str | None = None, sort: str = "best", today: date | None = None, exactly: bool = False,
) -> Hits:  # fmt: skip
    """The hits of one page.  An empty text finds everything that the filters leave.

    With `exactly`, nothing is read, repaired or replaced.  `today` decides the century of '68.
    """
    _check(text, facets, limit, sort)
    ask = _Ask(index, filters or Filters(), tuple(facets), limit, cast(Sort, sort), cursor, today, exactly)
    planned, results = ask(text)
    repaired = None
    if not results.total and not exactly and (meant := keyboard.repaired(text)):
        planned_again, again = ask(meant)
        if again.total:
            planned, results, repaired = planned_again, again, meant
    hits = tuple(_hit(found, planned.looked_for) for found in results.found)
    also = planned.readings + (() if exactly else _also(text, hits))
    return Hits(
        total=results.total,
        next=_next(results, ask.after, sort),
        hits=hits,
        facets=results.facets,
        understood=Understood(tuple(dict.fromkeys(also)), exactly, repaired),
        complete=results.complete,
    )


def told(hits: Hits) -> dict[str, Any]:
    """The keys that other programs rely on: of the command and of the web API.  A closed title is null."""
    keys = ("reference", "sender_id", "volume", "title", "disclosure", "page", "score")
    return {
        "total": hits.total,
        "next": hits.next,
        "hits": [
            {key: getattr(hit, key) for key in keys} | {"title": hit.title or None} for hit in hits.hits
        ],
    }


@dataclass(frozen=True)
class _Ask:
    index: Index
    filters: Filters
    facets: tuple[str, ...]
    limit: int
    sort: Sort
    cursor: str | None
    today: date | None
    exactly: bool

    @property
    def after(self) -> Cursor | None:
        return _read_cursor(self.cursor, self.sort) if self.cursor else None

    def __call__(self, text: str) -> tuple[Planned, Results]:
        planned = planning.plan(text, today=self.today, exactly=self.exactly)
        return planned, self.index.search(
            planned.plan, filters=self.filters, facets=self.facets, limit=self.limit, cursor=self.after,
            sort=self.sort,
        )  # fmt: skip


def _check(text: str, facets: Sequence[str], limit: int, sort: str) -> None:
    if len(text) > LONGEST:
        raise _wrong(
            f"The query has {len(text)} signs; at most {LONGEST} can be searched.", "Use fewer words."
        )
    if not_a_text(text):
        raise _wrong("The query has bytes that are no UTF-8.", "Write it in UTF-8.")
    if sort not in SORTS:
        raise _wrong(f"There is no sort order {sort!r}.", f"Use one of {', '.join(SORTS)}.")
    if not 1 <= limit <= MOST:
        raise _wrong(f"A page of {limit} hits cannot be made.", f"Ask for 1 to {MOST}.")
    if unknown := set(facets) - set(FACETS):
        raise _wrong(f"There is no facet {sorted(unknown)[0]!r}.", f"Use some of {', '.join(FACETS)}.")


def _wrong(message: str, next: str) -> WrongCall:
    error = WrongCall(message, code="query", next=next)
    error.http_status = 422
    return error


def _hit(found: Found, looked_for: Collection[str]) -> Hit:
    shown = found.shown
    title = highlights.mark(shown["title"], looked_for)
    page = highlights.best_page(highlights.pages_of(shown), looked_for)
    years = shown.get("years")
    return Hit(
        reference=found.reference,
        sender_id=shown.get("sender_id"),
        volume=shown.get("volume") or "",
        title=shown["title"],
        disclosure=shown["disclosure"],
        page=page[0] if page else None,
        score=found.score,
        title_marks=title.marks,
        snippet=highlights.snippet(page[1], looked_for) if page else None,
        agency=shown.get("agency"),
        unit=shown.get("unit"),
        date_text=shown.get("date_text"),
        years=(years[0], years[1]) if years else None,
        record_type=shown.get("record_type"),
        page_count=shown.get("page_count"),
        opens_on=shown.get("opens_on"),
    )


def _also(text: str, hits: Sequence[Hit]) -> tuple[str, ...]:
    marked = (part for hit in hits for part in (Marked(hit.title, hit.title_marks), hit.snippet) if part)
    words = (word for part in marked for word in highlights.written_in_hanja(part))
    return tuple(dict.fromkeys(word for word in words if word not in text))[:3]


def _next(results: Results, after: Cursor | None, sort: str) -> str | None:
    passed = (after.passed if after else 0) + len(results.found)
    if not results.more or not results.found or passed >= DEEPEST:
        return None
    last = results.found[-1]
    told = json.dumps([sort, last.key, last.reference, passed], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")


def _read_cursor(cursor: str, sort: str) -> Cursor:
    try:
        told = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        of_sort, key, reference, passed = told
    except (binascii.Error, ValueError, TypeError, RecursionError) as fault:
        raise _wrong("The cursor cannot be read.", "Search again from the first page.") from fault
    fits = isinstance(key, int | float) or (sort != "best" and isinstance(key, str))
    if of_sort != sort or not fits or not isinstance(reference, str) or not isinstance(passed, int):
        raise _wrong("The cursor belongs to another order.", "Search again from the first page.")
    return Cursor(key, reference, passed)
