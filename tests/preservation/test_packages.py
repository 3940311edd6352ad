"""A copy's life is a table: every state with every move, and what is entered with a bag."""

from datetime import UTC, datetime
from itertools import product
from typing import get_args

import pytest

from archive.errors import Conflict
from preservation.packages import MOVES, Copy, CopyMove, CopyState

NOW = datetime(2026, 11, 28, tzinfo=UTC)
STATES: tuple[CopyState, ...] = get_args(CopyState)


def test_every_move_is_in_the_table_and_every_state_can_be_reached():
    assert set(get_args(CopyMove)) == MOVES.keys()
    assert {after for _, after in MOVES.values()} == set(STATES)


@pytest.mark.parametrize(("state", "verb"), list(product(STATES, MOVES)))
def test_a_copy_makes_the_moves_of_the_table_and_no_other(state: CopyState, verb: CopyMove):
    before, after = MOVES[verb]
    copy = Copy(bag_id=1, store="a", state=state)
    if state in before:
        copy.move(verb, NOW)
        assert copy.state == after
    else:
        with pytest.raises(Conflict):
            copy.move(verb, NOW)
        assert copy.state == state


def test_an_altered_copy_is_never_written_again_and_only_a_look_calls_a_copy_verified():
    assert "altered" not in MOVES["begin"][0] | MOVES["write"][0]
    assert [verb for verb, (_, after) in MOVES.items() if after == "verified"] == ["verify"]
    copy = Copy(bag_id=1, store="a", state="written")
    copy.move("verify", NOW)
    assert (copy.verified_at, copy.checked_at) == (NOW, NOW)
    copy.move("find altered", NOW.replace(hour=1))
    assert (copy.verified_at, copy.checked_at) == (NOW, NOW.replace(hour=1))
