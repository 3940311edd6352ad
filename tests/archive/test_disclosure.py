from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from archive import disclosure, holdings
from archive.database import Base, OpenSession, open_engine, open_session_maker
from archive.disclosure import Decision, Ruling
from archive.holdings import Item, Volume

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
TODAY = date(2026, 11, 22)

DECISIONS = {
    "open": Decision(status="open"),
    "closed without a day": Decision(status="closed", reasons=(6,)),
    "closed until a day to come": Decision(status="closed", reasons=(6,), opens_on=date(2026, 11, 23)),
    "closed until today": Decision(status="closed", reasons=(5,), opens_on=TODAY),
    "partly open": Decision(status="partial", reasons=(6,), restricted_pages=((2, 3),)),
}
OPEN = {"open", "closed until today"}


@pytest.fixture
def open_session(tmp_path: Path) -> OpenSession:
    engine = open_engine(f"sqlite:///{tmp_path}/test.db")
    Base.metadata.create_all(engine)
    return open_session_maker(engine)


def an_item(session, number: int = 1) -> Item:
    volume = Volume(reference=f"SG-{number}", agency_code="6110000", title="시정일지", accepted_at=NOW)
    item = Item(volume=volume, reference=f"SG-{number}-0001", position=1, title="1월분")
    session.add(item)
    session.flush()
    return item


def test_an_item_that_nobody_ruled_on_is_closed(open_session):
    with open_session.begin() as session:
        item = an_item(session)
        assert not disclosure.is_open(item, TODAY)
        assert not disclosure.page_is_open(item, 1, TODAY)


@pytest.mark.parametrize("kind", DECISIONS)
def test_python_and_the_database_agree_on_what_is_open(open_session, kind):
    with open_session.begin() as session:
        item = an_item(session)
        disclosure.rule(session, item, DECISIONS[kind], by="p-1", today=TODAY, now=NOW)
    with open_session() as session:
        found = session.scalars(select(Item).where(disclosure.open_items(TODAY))).all()
        assert [each.reference for each in found] == (["SG-1-0001"] if kind in OPEN else [])
        assert disclosure.is_open(session.get_one(Item, 1), TODAY) == (kind in OPEN)


def test_pages_of_a_partly_open_item_are_judged_one_by_one(open_session):
    with open_session.begin() as session:
        item = an_item(session)
        disclosure.rule(session, item, DECISIONS["partly open"], by="p-1", today=TODAY, now=NOW)
        item.pages_agree = True
        assert [disclosure.page_is_open(item, page, TODAY) for page in (1, 2, 3, 4)] == [
            True,
            False,
            False,
            True,
        ]


def test_a_partly_open_item_whose_pages_may_be_counted_otherwise_shows_none(open_session):
    with open_session.begin() as session:
        item = an_item(session)
        disclosure.rule(session, item, DECISIONS["partly open"], by="p-1", today=TODAY, now=NOW)
        session.flush()
        assert not disclosure.page_is_open(item, 1, TODAY)


def test_a_partly_open_item_without_named_pages_shows_none(open_session):
    with open_session.begin() as session:
        item = an_item(session)
        disclosure.rule(
            session, item, Decision(status="partial", reasons=(5,)), by="p-1", today=TODAY, now=NOW
        )
        assert not disclosure.page_is_open(item, 1, TODAY)


def test_what_was_known_earlier_stays_readable_after_a_new_ruling(open_session):
    later = datetime(2027, 1, 4, tzinfo=UTC)
    with open_session.begin() as session:
        item = an_item(session)
        disclosure.rule(session, item, DECISIONS["closed without a day"], by="p-1", today=TODAY, now=NOW)
        disclosure.rule(session, item, DECISIONS["open"], by="p-2", today=later.date(), now=later)
    with open_session() as session:
        rulings = session.scalars(select(Ruling).order_by(Ruling.id)).all()
        told = [(each.status, each.decided_by, each.superseded_at) for each in rulings]
        assert told == [("closed", "p-1", later), ("open", "p-2", None)]


def test_references_are_never_given_twice(open_session):
    given: list[str] = []
    for count in (1, 3, 1):
        with open_session.begin() as session:
            given += holdings.next_references(session, "SG-2026", count)
    with open_session() as session:
        holdings.next_references(session, "SG-2026")  # rolled back: the number was never given
    with open_session.begin() as session:
        given += holdings.next_references(session, "SG-2026")
    assert given == [f"SG-2026-{number:06d}" for number in range(1, 7)]
