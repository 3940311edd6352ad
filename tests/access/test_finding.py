"""The hits of a search as the gate allows them, with one question for all their pictures."""

from collections.abc import Iterator
from unittest.mock import Mock

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from access import finding
from access.search import query
from access.search.query import Hit, Hits
from access.viewing import Asking, begin_viewing
from archive.errors import WrongCall
from archive.holdings import Item
from archive.people import Reader
from preservation.pages import Page
from tests.access.conftest import NOW, TODAY, Shown

VOLUME = "SG-2026-000001"
OPEN, PARTLY, CLOSED, UNTITLED, OTHER = EVERY = [f"{VOLUME}-{number:04d}" for number in range(1, 6)]
ANYBODY = Asking(Reader(), NOW, TODAY)
ARCHIVIST = Asking(Reader("p-1", "archivist"), NOW, TODAY)


@pytest.fixture
def session(shown: Shown) -> Iterator[Session]:
    """Nothing that a test changes here is kept."""
    with shown.site.open_session() as session:
        yield session
        session.rollback()


def thumbs(session: Session, asking: Asking, references: list[str] = EVERY) -> dict[str, int | None]:
    hits = tuple(Hit(each, None, VOLUME, "", "open", None, 1.0, agency="한빛시") for each in references)
    found = finding.checked(session, Hits(len(hits), None, hits), asking)
    return {each.hit.reference: each.thumb.number if each.thumb else None for each in found}


def item(session: Session, reference: str) -> Item:
    return session.scalars(select(Item).where(Item.reference == reference)).one()


def test_a_hit_shows_its_first_page_that_is_open(session: Session) -> None:
    assert thumbs(session, ANYBODY) == {OPEN: 1, PARTLY: 1, CLOSED: None, UNTITLED: None, OTHER: 1}
    item(session, PARTLY).restricted_pages = [[1, 2]]
    assert thumbs(session, ANYBODY)[PARTLY] == 3
    item(session, PARTLY).restricted_pages = []
    assert thumbs(session, ANYBODY)[PARTLY] is None


def test_a_page_without_a_picture_is_passed_over(session: Session) -> None:
    first = select(Page).where(Page.item_id == item(session, OPEN).id, Page.number == 1)
    session.scalars(first).one().has_image = False
    assert thumbs(session, ANYBODY)[OPEN] == 2


def test_staff_who_said_why_see_the_first_page_of_what_is_closed(session: Session) -> None:
    assert thumbs(session, ARCHIVIST)[CLOSED] is None
    begin_viewing(session, item(session, CLOSED), ARCHIVIST, "review")
    assert thumbs(session, ARCHIVIST)[CLOSED] == 1
    assert thumbs(session, ANYBODY)[CLOSED] is None


def test_the_pages_of_many_hits_are_one_question_that_reads_one_page_each(session: Session) -> None:
    read: list[Page] = []
    sent: list[str] = []

    def note(*given: object) -> None:
        sent.append(str(given[2]))

    def keep(page: Page, _context: object) -> None:
        read.append(page)

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    event.listen(Page, "load", keep)
    try:
        thumbs(session, ANYBODY)
    finally:
        event.remove(engine, "before_cursor_execute", note)
        event.remove(Page, "load", keep)
    assert len([each for each in sent if "FROM pages" in each]) == 1
    assert len(read) == 3


def test_a_query_of_bytes_that_are_no_text_is_a_wrong_call() -> None:
    with pytest.raises(WrongCall, match="no UTF-8"):
        query.find(Mock(), "a\udcff")
