"""What is taken in goes into the stores that the policy asks for, and is stored when those have it."""

from pathlib import Path

import pytest

from tests.ingest.test_owed_copies import bring_back, copies, files, receive, take_away, three
from tests.preservation.held import AGENCY, Held

__all__ = ["three"]


@pytest.fixture
def ruled(three: Held) -> Held:
    """Records of this agency belong into a and c, everything else into all three."""
    path = three.home / "policy.toml"
    path.write_text(f'version = 1\n[[class]]\nid = "city"\nagencies = ["{AGENCY}"]\nstores = ["a", "c"]\n')
    assert three.ask("policy", "add", path)[0] == 0
    return three


def test_a_volume_goes_into_the_stores_of_its_class_and_into_no_other(ruled: Held, sample: Path) -> None:
    code, told = receive(ruled, sample)
    assert (code, told["state"]) == (0, "stored")
    first = told["references"][0]
    assert copies(ruled, first) == {"a": "verified", "c": "verified"}
    assert files(ruled, "b", "packages") == {}
    [stored] = [each["facts"] for each in ruled.records(first) if each["act"] == "volume.stored"]
    assert stored["stores"] == ["a", "c"]
    assert ruled.ask("copy", "check")[1]["intact"] == 6
    assert ruled.ask("policy", "show")[1]["meeting"] == 3


def test_a_class_of_two_stores_waits_for_both_and_no_other_stands_in(ruled: Held, sample: Path) -> None:
    take_away(ruled, "c")
    code, told = receive(ruled, sample)
    assert (code, told["error"]["code"]) == (4, "store.away")
    assert files(ruled, "b", "packages") == {}
    bring_back(ruled, "c")
    assert receive(ruled, sample)[1]["state"] == "stored"


def test_a_store_that_no_volume_needs_may_be_away(ruled: Held, sample: Path) -> None:
    take_away(ruled, "b")
    told = receive(ruled, sample)[1]
    assert told["volumes"]["stored"] == 3
    assert copies(ruled, told["references"][0]) == {"a": "verified", "c": "verified"}


def test_a_volume_is_stored_when_the_policy_stops_asking_for_what_it_owes(three: Held, sample: Path) -> None:
    take_away(three, "c")
    told = receive(three, sample)[1]
    assert copies(three, told["references"][0])["c"] == "writing"
    path = three.home / "policy.toml"
    path.write_text(f'version = 1\n[[class]]\nid = "city"\nagencies = ["{AGENCY}"]\nstores = ["a", "b"]\n')
    three.ask("policy", "add", path)
    three.ask("work", "--until-idle")
    assert three.ask("transfer", "show", told["transfer"])[1]["state"] == "stored"
    bring_back(three, "c")
    code, checked = three.ask("copy", "check")
    assert (code, checked["intact"], checked["not_looked_at"], checked["lagging"]) == (0, 6, 0, [])


def test_a_completion_notice_rests_on_the_copies_that_the_policy_asks_for(ruled: Held, sample: Path) -> None:
    told = receive(ruled, sample)[1]
    assert ruled.ask("transfer", "complete", told["transfer"])[0] == 0
    acts = [each for each in ruled.records(told["transfer"]) if each["act"] == "transfer.completion_notified"]
    assert acts[0]["facts"]["stores"] == ["a", "c"]
