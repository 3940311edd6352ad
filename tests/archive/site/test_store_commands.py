"""``seogo store check`` tries the stores as they are now, and believes nothing it was told."""

import shutil

from tests.conftest import Installation


def test_each_store_says_what_it_can_and_cannot_keep(place: Installation) -> None:
    place.run("init")
    checked = place.run("store", "check")
    assert checked.exit_code == 0
    for told in checked.told["stores"]:
        seen = {each["name"]: each["holds"] for each in told["capabilities"]}
        assert seen["refuses to replace"] and seen["refuses a wrong digest"] and not seen["locks hold"]
        assert (told["away"], told["lacking"]) == (None, [])
    one = place.run("store", "check", "--store", "b")
    assert [each["store"] for each in one.told["stores"]] == ["b"]


def test_a_store_that_is_away_is_not_looked_at(place: Installation) -> None:
    place.run("init")
    site = place.site()
    shutil.rmtree(site.settings.home / "stores" / "b")
    checked = place.run("store", "check")
    told = {each["store"]: each for each in checked.told["stores"]}
    assert checked.exit_code == 4
    assert told["b"]["away"] and not told["b"]["capabilities"] and not told["a"]["away"]


def test_a_folder_locks_nothing_and_says_so(place: Installation) -> None:
    place.run("init")
    refused = place.run("copy", "lock", "--store", "a")
    assert (refused.exit_code, refused.told["error"]["code"]) == (3, "store.no_locks")
