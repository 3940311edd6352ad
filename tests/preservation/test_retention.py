"""How long a lock follows the retention of a record."""

from datetime import UTC, date, datetime

import pytest

from archive import registration
from archive.registration import Registration
from metadata_schemas import terms
from metadata_schemas.description import DateSpan, VolumeDescription
from preservation.packing import Plan
from preservation.retention import kept_until, of_volume
from tests.preservation.held import AGENCY, Held

TODAY = date(2026, 11, 28)


@pytest.mark.parametrize(
    ("retention", "completed", "until"),
    [
        ("30년", date(2020, 3, 1), date(2050, 12, 31)),
        ("10년", date(2020, 12, 31), date(2030, 12, 31)),
        ("준영구", date(2020, 3, 1), None),
        ("영구", date(2020, 3, 1), None),
        (None, date(2020, 3, 1), None),
        ("30년", None, None),
        ("of its own", date(2020, 3, 1), None),
    ],
)
def test_a_dated_class_has_a_last_day_and_nothing_else_has(
    retention: str | None, completed: date | None, until: date | None
) -> None:
    assert kept_until(retention, completed, on=TODAY) == until


IN_1990 = DateSpan("1990", date(1990, 1, 1), date(1990, 12, 31))
IN_1995 = DateSpan("1995.3", date(1995, 3, 1), date(1995, 3, 31))
UNCLEAR = DateSpan("연도 미상", None, None)


def plan(volume: VolumeDescription, packed_at: datetime) -> Plan:
    return Plan(
        reference="SG-2026-000009", volume=volume, files=(), packed_at=packed_at,
        archive="서고 기록원", agency="서울특별시", agency_code=AGENCY, transfer="2026-0001",
    )  # fmt: skip


@pytest.mark.parametrize("closed", [IN_1995, UNCLEAR, None])
@pytest.mark.parametrize("created", [IN_1990, UNCLEAR, None])
def test_a_bag_is_locked_as_long_when_it_is_packed_as_when_it_is_copied(
    held: Held, created: DateSpan | None, closed: DateSpan | None
) -> None:
    volume = VolumeDescription(title="철", retention="30년", created=created, closed=closed)
    site = held.place.site()
    told = Registration(
        reference="SG-2026-000009", described=volume, state="stored", files=0, octets=0,
        agency="서울특별시", agency_code=AGENCY,
    )  # fmt: skip
    with site.open_session.begin() as session:
        registration.register(session, [told], now=site.now())
        in_custody = of_volume(session, told.reference, site.today())
    site.engine.dispose()
    known = closed if closed is IN_1995 else created
    expected = date(known.latest.year + 30, 12, 31) if known and known.latest else None
    assert (plan(volume, site.now()).kept_until, in_custody) == (expected, expected)


def test_the_rule_is_that_of_the_day_in_seoul_on_which_it_is_packed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[date] = []
    monkeypatch.setattr(terms, "retention_end", lambda completed, retention, *, on: asked.append(on))
    volume = VolumeDescription(title="철", retention="30년", created=IN_1990)
    for hour in (14, 15):
        assert plan(volume, datetime(2026, 12, 31, hour, tzinfo=UTC)).kept_until is None
    assert asked == [date(2026, 12, 31), date(2027, 1, 1)]
