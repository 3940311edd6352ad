"""Where words stand inside one record: on which pages that may be seen, and where on the page."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from access import viewing
from access.search import highlights, planning
from access.search.highlights import Marked
from access.viewing import Asking
from archive.holdings import Item
from archive.site.site import Site
from preservation.pages import PageText

MOST = 500
LONGEST = 200
AROUND = 30
"""Signs of context on either side of a place."""

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Place:
    page: int
    words: Marked


def find(session: Session, site: Site, item: Item, text: str, asking: Asking) -> list[Place]:
    """Each place of the words in the pages that may be seen, in order of pages; at most 500."""
    looked_for = words_of(text, asking.today)
    places: list[Place] = []
    for number, page_text in viewing.texts(session, site, item, asking) if looked_for else ():
        places += [
            Place(number, _around(page_text, *mark)) for mark in highlights.mark(page_text, looked_for).marks
        ]
        if len(places) >= MOST:
            break
    return places[:MOST]


def words_of(text: str, today: date) -> Collection[str]:
    return planning.plan(text[:LONGEST], today=today).looked_for if text.strip() else ()


def boxes(page: PageText, looked_for: Collection[str]) -> list[Box]:
    """The boxes of the words found, as parts of the page's width and height."""
    if not looked_for:
        return []
    return [
        (x0, y0, x1, y1) for x0, y0, x1, y1, word in page.words if highlights.mark(word, looked_for).marks
    ]


def _around(text: str, start: int, end: int) -> Marked:
    first, last = max(0, start - AROUND), min(len(text), end + AROUND)
    return Marked(
        " ".join(text[first:start].split("\n")) + text[start:end] + text[end:last].replace("\n", " "),
        ((start - first, end - first),),
    )
