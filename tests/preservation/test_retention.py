"""How long a lock follows the retention of a record."""

from datetime import date

import pytest

from preservation.retention import kept_until

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
