"""A sample is drawn, looked at, and says what it proves."""

from pathlib import Path

import pytest

from archive.site.site import Site
from ingest import transfers
from ingest.acceptance import listed
from tests.ingest.conftest import Call, Said


@pytest.fixture
def number(call: Call, sample: Path) -> str:
    said = call("transfer", "receive", sample, "--agency", "6110000")
    return str(said.told["transfer"])


@pytest.mark.flow
def test_a_sample_is_counted_as_it_is_looked_at(call: Call, number: str) -> None:
    drawn = call("transfer", "sample", number, "--draw", "--acceptable", "10", "--seed", "a").told
    again = call("transfer", "sample", number, "--draw", "--acceptable", "10", "--seed", "a").told
    assert {**drawn, "times_drawn": 2} == again
    assert drawn["size"] == len(drawn["drawn"]) <= drawn["lot"]
    assert (drawn["looked_at"], drawn["at_most_unfit"], drawn["is_shown"]) == (0, 1, False)
    for place in drawn["drawn"]:
        call("transfer", "judge", number, "--volume", place["volume"], "--item", place["item"],
             "--verdict", "fit")  # fmt: skip
    shown = call("transfer", "sample", number).told
    assert shown["looked_at"] == shown["size"]
    assert shown["at_most_unfit"] <= 0.1
    assert shown["confidence_reached"] >= 0.95
    assert shown["is_shown"] is True
    first = shown["drawn"][0]
    call("transfer", "judge", number, "--volume", first["volume"], "--item", first["item"],
         "--verdict", "unfit", "--reason", "quality")  # fmt: skip
    spoilt = call("transfer", "sample", number).told
    assert spoilt["unfit"] == 1
    assert spoilt["is_shown"] is False
    assert spoilt["at_most_unfit"] > shown["at_most_unfit"]


def test_volumes_are_drawn_too_and_words_are_for_people(call: Call, number: str) -> None:
    call("transfer", "sample", number, "--draw", "--unit", "volume", "--acceptable", "0")
    said = call("transfer", "sample", number, words=True)
    assert "3 of 3 volumes were drawn" in said.out
    assert "at most 100 % are unfit" in said.out


def test_what_was_returned_or_closed_before_anybody_looked_is_not_told_as_to_be_looked_at(
    call: Call, number: str, site: Site
) -> None:
    call("transfer", "sample", number, "--draw", "--unit", "volume", "--acceptable", "0")
    call("transfer", "judge", number, "--volume", 1, "--verdict", "fit")
    call("transfer", "return", number, "--volume", 2, "--reason", "다시 스캔")
    told = call("transfer", "sample", number).told
    assert (told["looked_at"], told["to_look_at"], told["never_seen"]) == (1, 1, 1)
    said = call("transfer", "sample", number, words=True).out
    assert "1 are looked at, 1 are to be looked at, 1 was returned or closed unseen." in said
    assert "To judge the next one: " in said and "--volume 3 " in said
    with site.open_session.begin() as session:
        transfers.get(session, number).state = "closed"
        listed.volume_at(session, transfers.get(session, number), 2).state = "stored"
    closed = call("transfer", "sample", number, words=True).out
    assert "0 are to be looked at, 2 were returned or closed unseen." in closed
    assert "To judge the next one: " not in closed


def test_what_is_no_plan_is_refused(call: Call, number: str) -> None:
    assert call("transfer", "sample", number).exit_code == 3
    for option, value in (("--acceptable", "much"), ("--acceptable", "100"), ("--confidence", "100")):
        assert call("transfer", "sample", number, "--draw", option, value).exit_code == 2


def test_who_has_looked_cannot_choose_what_is_in_the_sample(call: Call, number: str) -> None:
    def draw(*more: str) -> Said:
        return call("transfer", "sample", number, "--draw", "--acceptable", "30", *more)

    draw("--seed", "a")
    first = draw("--seed", "b").told
    place = first["drawn"][0]
    call("transfer", "judge", number, "--volume", place["volume"], "--item", place["item"],
         "--verdict", "unfit", "--reason", "quality")  # fmt: skip
    for chosen in (("--seed", "a"), ("--confidence", "50"), ("--unit", "volume", "--seed", "a")):
        refused = draw(*chosen)
        assert (refused.exit_code, refused.told["error"]["code"]) == (3, "sampling.begun"), chosen
    grown = draw("--confidence", "99").told
    assert (grown["seed"], grown["unfit"], grown["size"] > first["size"]) == ("b", 1, True)
    assert grown["drawn"][0]["verdict"] == "unfit"
    assert draw("--unit", "volume").told["seed"] not in ("a", "b")
    assert draw("--confidence", "99").told["seed"] == "b"
    history = call("transfer", "show", number).told["history"]
    drawn = [each["detail"] for each in history if each["act"] == "sample-drawn"]
    assert len(drawn) == 5 and drawn[1].endswith(" item, b")
    assert "the last time of 5." in call("transfer", "sample", number, words=True).out
