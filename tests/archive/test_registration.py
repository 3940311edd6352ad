"""The law's own numbers: what a status in a transfer list comes to on the day of transfer."""

from datetime import date

import pytest

from archive.registration import first_ruling, review_year
from metadata_schemas.description import NO_STATUS, Access, DateSpan, ItemDescription

TODAY = date(2026, 11, 22)


def made_in(year: int | None, access: Access | None) -> ItemDescription:
    span = DateSpan(str(year), date(year, 1, 1), date(year, 12, 31)) if year else None
    return ItemDescription(title="건", created=span, access=access)


def test_without_a_status_nothing_is_opened():
    ruling = first_ruling(made_in(1955, None), None, TODAY)
    assert (ruling.status, ruling.opens_on) == ("closed", None)


def test_a_closed_list_entry_without_a_status_keeps_its_title_closed_and_opens_on_no_day():
    access = Access("closed", list_open=False, basis=NO_STATUS)
    ruling = first_ruling(made_in(2010, access), Access("open"), TODAY)
    assert (ruling.status, ruling.list_open, ruling.opens_on) == ("closed", False, None)


def test_an_item_without_a_status_has_that_of_its_volume():
    assert first_ruling(made_in(1955, None), Access("open"), TODAY).status == "open"
    assert first_ruling(made_in(1955, Access("closed", (6,))), Access("open"), TODAY).status == "closed"


@pytest.mark.parametrize(
    ("year", "opens_on"),
    [(2010, date(2041, 1, 1)), (1996, date(2027, 1, 1)), (1995, None), (1955, None), (None, None)],
)
def test_a_closed_record_opens_after_thirty_years_unless_they_have_passed(year, opens_on):
    assert first_ruling(made_in(year, Access("closed", (6,))), None, TODAY).opens_on == opens_on


def test_a_day_in_the_list_counts_first():
    access = Access("closed", (5,), opens_on=date(2030, 1, 1))
    assert first_ruling(made_in(2010, access), None, TODAY).opens_on == date(2030, 1, 1)


def test_an_open_record_has_no_day_to_wait_for():
    assert first_ruling(made_in(2010, Access("open")), None, TODAY).opens_on is None


@pytest.mark.parametrize(
    ("year", "reasons", "due"),
    [
        (2010, (5, 6), 2031),  # five years after the transfer
        (2010, (6,), 2040),  # clause 6 alone waits for its thirty years
        (1997, (5,), 2027),  # the thirty years come before the five
        (1960, (6,), 2031),  # kept closed beyond thirty years: every five years
    ],
)
def test_the_year_of_the_next_review_follows_article_35(year, reasons, due):
    ruling = first_ruling(made_in(year, Access("closed", reasons)), None, TODAY)
    assert review_year(ruling, date(year, 12, 31), TODAY) == due


def test_an_open_record_is_not_reviewed():
    assert (
        review_year(first_ruling(made_in(2010, Access("open")), None, TODAY), date(2010, 1, 1), TODAY) is None
    )
