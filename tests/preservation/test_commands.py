"""What the commands say of a volume in custody."""

from datetime import date

import pytest

from archive.holdings import Item
from preservation.commands import of_item


@pytest.mark.parametrize(
    ("today", "state"),
    [(date(2026, 11, 22), "closed"), (date(2026, 11, 23), "open"), (date(2030, 1, 1), "open")],
)
def test_an_item_is_shown_as_it_is_on_that_day(today, state):
    item = Item(reference="SG-1-0001", title="건", disclosure="closed", opens_on=date(2026, 11, 23))
    assert of_item(item, today)["disclosure"] == state
