"""A server that is away is said in a sentence; nothing is lost, and what waits is caught up with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from access.web import blueprints as portal
from archive.site.web import create_app
from tests.conftest import Answer, Installation
from tests.flows.doors import Door, State, door

AGENCY = "6110000"
AWAY = 4
pytestmark = pytest.mark.servers


def receive(place: Installation, folder: Path, *more: str) -> Answer:
    return place.run("transfer", "receive", folder, "--agency", AGENCY, "--accept", *more)


def through(place: Installation, made: Door, *settings: str) -> Installation:
    """The same installation, which finds one server behind a door only."""
    return Installation({
        **place.environment, **{name: made.of(place.environment[name]) for name in settings},
    })  # fmt: skip


def assert_all_is_well(place: Installation) -> None:
    checked = place.run("copy", "check")
    assert (checked.exit_code, checked.told["altered"], checked.told["absent"]) == (0, 0, 0)
    assert place.run("ledger", "verify").told["holds"]
    for audience in ("public", "staff"):
        compared = place.run("index", "compare", "--as", audience)
        assert compared.exit_code == 0, compared.told
        assert compared.told["equal"] > 0
    assert place.run("job", "list", "--state", "failed").told["jobs"] == []


@pytest.fixture
def index_door(served: Installation) -> Iterator[Door]:
    with door(served.environment["SEOGO_INDEX"]) as made:
        yield made


@pytest.fixture
def s3_door(served: Installation) -> Iterator[Door]:
    _, _, server = served.environment["SEOGO_STORES"].split()[1].partition("endpoint=")
    with door(server) as made:
        yield made


@pytest.fixture
def database_door(served: Installation) -> Iterator[Door]:
    with door(served.environment["SEOGO_DATABASE"]) as made:
        yield made


# The index


@pytest.mark.parametrize("how", ["shut", "silent"])
def test_without_the_index_all_is_stored_and_it_catches_up_by_itself(
    served: Installation, sample: Path, index_door: Door, how: State
) -> None:
    place = through(served, index_door, "SEOGO_INDEX")
    index_door.turn(how)
    received = receive(place, sample)
    assert received.told["state"] == "stored", received.errors
    assert received.told["volumes"]["accepted"] == 3
    asked = place.run("search", "기록", "--as", "staff")
    assert (asked.exit_code, asked.told["error"]["code"]) == (AWAY, "index_away")
    assert asked.told["error"]["message"].startswith("The search server does not answer")
    assert search_over_http(place) == 503
    waits = place.run("work", "--until-idle")
    assert waits.exit_code == AWAY
    assert [each["job"].split()[0] for each in waits.told["waiting"]] == ["index-changes"]
    index_door.turn("open")
    worked = place.run("work", "--until-idle")
    assert (worked.exit_code, worked.told["waiting"], worked.told["failed"]) == (0, [], [])
    assert_all_is_well(place)


def search_over_http(place: Installation) -> int:
    site = place.site()
    return create_app(site, portal(site)).test_client().get("/api/search?q=기록").status_code


def test_an_index_that_goes_away_in_the_middle_catches_up(
    served: Installation, sample: Path, index_door: Door
) -> None:
    place = through(served, index_door, "SEOGO_INDEX")
    place.run("index", "rebuild")
    index_door.turn("open", allowance=4_000)
    received = receive(place, sample)
    assert received.told["state"] == "stored", received.errors
    assert index_door.state == "shut"
    index_door.turn("open")
    assert place.run("work", "--until-idle").exit_code == 0
    assert_all_is_well(place)


# A store


def test_without_a_store_nothing_is_half_taken_and_the_same_command_completes(
    served: Installation, sample: Path, s3_door: Door
) -> None:
    place = store_b_through(served, s3_door)
    place.run("init")
    s3_door.turn("shut")
    refused = receive(place, sample)
    assert refused.exit_code == AWAY
    assert "Store b" in refused.told["error"]["message"]
    assert served.run("volume", "list").told["volumes"] == []
    s3_door.turn("open")
    assert receive(place, sample).told["state"] == "stored"
    assert_all_is_well(served)


@pytest.mark.parametrize("allowance", [20_000, 300_000])
def test_a_store_that_goes_away_in_the_middle_is_completed_by_the_same_command(
    served: Installation, sample: Path, s3_door: Door, allowance: int
) -> None:
    place = store_b_through(served, s3_door)
    place.run("init")
    s3_door.turn("open", allowance)
    refused = receive(place, sample)
    assert s3_door.state == "shut"
    assert refused.exit_code == AWAY, refused.errors
    held = served.run("volume", "list").told["volumes"]
    assert all(each["state"] == "stored" for each in held)
    s3_door.turn("open")
    again = receive(place, sample)
    assert (again.exit_code, again.told["volumes"]["accepted"]) == (0, 3), again.errors
    assert {each["reference"] for each in held} <= set(again.told["references"])
    assert len(served.run("volume", "list").told["volumes"]) == 3
    assert len(served.run("transfer", "list").told["transfers"]) == 1
    assert_all_is_well(served)


def test_copies_in_a_store_that_is_away_are_not_looked_at_and_not_called_absent(
    served: Installation, sample: Path, s3_door: Door
) -> None:
    place = store_b_through(served, s3_door)
    receive(place, sample, "--until", "stored")
    s3_door.turn("shut")
    checked = place.run("copy", "check")
    assert checked.exit_code == AWAY
    counts = [checked.told[name] for name in ("intact", "altered", "absent", "not_looked_at")]
    assert counts == [3, 0, 0, 3]
    assert place.run("ledger", "verify", "--store", "b").exit_code == AWAY
    assert place.run("ledger", "verify", "--store", "a").told["holds"]


def store_b_through(place: Installation, made: Door) -> Installation:
    one, other = place.environment["SEOGO_STORES"].split()
    return Installation({**place.environment, "SEOGO_STORES": f"{one} {made.of(other)}"})


# The database


@pytest.mark.parametrize("how", ["shut", "silent"])
def test_without_the_database_a_sentence_says_so(
    served: Installation, sample: Path, database_door: Door, how: State
) -> None:
    place = through(served, database_door, "SEOGO_DATABASE")
    database_door.turn(how)
    for asked in (receive(place, sample), place.run("volume", "list")):
        assert asked.exit_code == AWAY, asked.errors
        assert asked.told["error"]["code"] == "database"
        sentence = asked.told["error"]["message"]
        assert sentence.startswith(("The database did not answer.", "No database server answers there."))
        assert "Traceback" not in asked.errors


@pytest.mark.parametrize("allowance", [30_000, 60_000])
def test_a_database_that_goes_away_in_the_middle_loses_nothing(
    served: Installation, sample: Path, database_door: Door, allowance: int
) -> None:
    place = through(served, database_door, "SEOGO_DATABASE")
    place.run("init")
    database_door.turn("open", allowance)
    refused = receive(place, sample)
    assert database_door.state == "shut"
    assert refused.exit_code == AWAY, refused.errors
    database_door.turn("open")
    again = receive(place, sample)
    assert (again.exit_code, again.told["volumes"]["accepted"]) == (0, 3), again.errors
    assert len(served.run("transfer", "list").told["transfers"]) == 1
    assert_all_is_well(served)
