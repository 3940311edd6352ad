"""Rows that go into a table as values, and the ids that they get."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session, mapped_column

from archive import database
from archive.database import Base, insert_all, insert_for_ids, insert_values
from archive.site.site import Site

NAMES = ("told", "at", "kept")
AT = datetime(1987, 3, 2, 9, 5, 7, tzinfo=timezone(timedelta(hours=9)))
ROWS = [("도로 %s", AT, {"가": [1]}), (None, None, {}), ("?", AT, {})]


@dataclass(frozen=True)
class Place:
    session: Session
    table: Any

    def rows(self) -> list[tuple[Any, ...]]:
        asked = select(*(getattr(self.table, name) for name in NAMES)).order_by(self.table.id)
        return [tuple(each) for each in self.session.execute(asked)]


class Told(Base):
    __tablename__ = "told_in_tests"

    id: Mapped[int] = mapped_column(primary_key=True)
    told: Mapped[str | None]
    at: Mapped[datetime | None]
    kept: Mapped[dict[str, Any]] = mapped_column(default=dict)


Base.metadata.remove(Told.__table__)  # it is in no installation


@pytest.fixture
def place(site: Site) -> Iterator[Place]:
    Told.__table__.create(site.engine)
    with site.open_session.begin() as session:
        yield Place(session, Told)


def test_values_are_kept_as_rows_that_are_looked_at_by_name(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "ROWS_AT_ONCE", 2)
    insert_all(place.session, Told, (dict(zip(NAMES, row, strict=True)) for row in ROWS))
    by_name = place.rows()
    insert_values(place.session, Told, NAMES, iter(ROWS))
    assert place.rows() == by_name * 2
    assert by_name[0] == ("도로 %s", AT.astimezone(UTC), {"가": [1]})


def test_a_value_that_no_column_may_hold_is_refused(place: Place) -> None:
    with pytest.raises(ValueError, match="without a time zone"):
        insert_values(place.session, Told, NAMES, [("", datetime(1987, 3, 2), {})])
    assert place.rows() == []


@pytest.mark.parametrize("names", [("at", "told", "kept"), ("told", "at")])
def test_values_in_another_order_or_without_one_that_has_a_default_are_refused(
    place: Place, names: tuple[str, ...]
) -> None:
    with pytest.raises(ValueError, match="have to be told, at, kept"):
        insert_values(place.session, Told, names, [(None,) * len(names)])


def test_ids_come_in_the_order_of_the_rows(place: Place) -> None:
    rows = [{"told": str(number)} for number in range(50)]
    ids = insert_for_ids(place.session, Told, rows)
    told = dict(place.session.execute(select(Told.id, Told.told)).all())
    assert [told[id] for id in ids] == [row["told"] for row in rows]
    assert insert_for_ids(place.session, Told, []) == ()
