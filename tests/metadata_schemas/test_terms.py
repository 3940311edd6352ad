"""The terms of the law, with the values of the standards' own examples."""

from datetime import date

import pytest

from metadata_schemas import terms

NOW = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("completed", "due"), [(2012, 2023), (2016, 2027), (2020, 2031), (2021, 2027), (2025, 2031), (2026, 2032)]
)
def test_a_file_is_handed_over_in_the_year_the_law_says(completed: int, due: int):
    assert terms.transfer_due_year(completed, on=NOW) == due


def test_before_the_amendment_ten_years_held_for_every_file():
    assert terms.transfer_due_year(2021, on=date(2026, 8, 24)) == 2032
    assert terms.transfer_due_year(2021, on=date(2026, 8, 25)) == 2027


def test_counting_begins_on_new_years_day_after_completion():
    assert terms.gisan_date(2026) == date(2027, 1, 1)


@pytest.mark.parametrize(
    ("retention", "end"),
    [("1년", date(2013, 12, 31)), ("30년", date(2042, 12, 31)), ("준영구", None), ("영구", None)],
)
def test_retention_ends_with_its_last_year_or_never(retention: str, end: date | None):
    assert terms.retention_end(2012, retention, on=NOW) == end


def test_a_retention_that_is_no_class_has_no_end_to_compute():
    with pytest.raises(KeyError):
        terms.retention_end(2012, "20년", on=NOW)


def test_a_record_of_1994_is_reviewed_in_2024_and_opens_in_2025():
    assert terms.review_30y_year(1994, on=NOW) == 2024
    assert terms.open_on_30y(1994, on=NOW) == date(2025, 1, 1)
    assert terms.is_due(status="closed", reasons=(6,), created=1994, last_review=2022, year=2024, on=NOW)


def test_a_record_closed_at_review_2019_is_due_in_2024():
    assert terms.due_5y(2019, on=NOW) == 2024
    assert terms.is_due(status="closed", reasons=(5,), created=2010, last_review=2019, year=2024, on=NOW)
    assert not terms.is_due(status="closed", reasons=(5,), created=2010, last_review=2019, year=2023, on=NOW)


def test_clause_6_alone_waits_thirty_years_and_with_another_clause_does_not():
    assert not terms.is_due(status="closed", reasons=(6,), created=2010, last_review=2019, year=2026, on=NOW)
    assert terms.is_due(status="closed", reasons=(5, 6), created=2010, last_review=2019, year=2026, on=NOW)


def test_an_open_record_is_never_due():
    assert not terms.is_due(status="open", reasons=(), created=1980, last_review=1990, year=2026, on=NOW)


def test_only_long_retention_is_for_the_archive():
    kept = [
        name for name in ("1년", "10년", "30년", "준영구", "영구") if terms.is_for_the_archive(name, on=NOW)
    ]
    assert kept == ["30년", "준영구", "영구"]
