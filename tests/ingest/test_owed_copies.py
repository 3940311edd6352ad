"""A volume is taken in while a store is away, owes it a copy, and is stored when that copy was read back."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from archive.errors import Damaged, Refused, Unavailable
from archive.stores import Delivery
from archive.stores.folder import FolderStore
from preservation import completing
from tests.ingest.test_bad_input import row, transfer
from tests.preservation.held import AGENCY, Held

AWAY = 4


@pytest.fixture
def three(tmp_path: Path) -> Held:
    """An installation with three stores, the third of which can be taken away."""
    held = Held(tmp_path / "home").with_store("c")
    assert held.ask("init")[0] == 0
    return held


def take_away(held: Held, *stores: str) -> None:
    for store in stores:
        (held.home / "stores" / store).rename(held.home / f"away-{store}")


def bring_back(held: Held, *stores: str) -> None:
    for store in stores:
        (held.home / f"away-{store}").rename(held.home / "stores" / store)


def receive(held: Held, folder: Path) -> tuple[int, dict]:
    return held.ask("transfer", "receive", folder, "--agency", AGENCY, "--accept", "--until", "stored")


def copies(held: Held, reference: str) -> dict[str, str]:
    return {copy["store"]: copy["state"] for copy in held.ask("volume", "show", reference)[1]["copies"]}


def files(held: Held, store: str, below: str) -> dict[str, bytes]:
    root = held.home / "stores" / store / below
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def assert_stored(held: Held, number: str, references: list[str]) -> None:
    shown = held.ask("transfer", "show", number)[1]
    assert (shown["state"], shown["volumes"]["stored"]) == ("stored", 3)
    assert {each["state"] for each in held.ask("volume", "list")[1]["volumes"]} == {"stored"}
    for reference in references:
        assert copies(held, reference) == dict.fromkeys("abc", "verified")
    for below in ("packages", "transfers"):
        assert files(held, "c", below) == files(held, "a", below)
    code, told = held.ask("copy", "check")
    assert (code, told["intact"], told["lagging"]) == (0, 9, [])
    assert held.ask("ledger", "verify")[1]["holds"]


def test_two_stores_are_enough_to_take_a_volume_in_and_not_to_store_it(three: Held, sample: Path) -> None:
    take_away(three, "c")
    code, told = receive(three, sample)
    assert (code, told["state"]) == (AWAY, "accepted")
    assert told["volumes"].items() >= {"listed": 3, "accepted": 3, "stored": 0, "returned": 0}.items()
    first = told["references"][0]
    assert copies(three, first) == {"a": "verified", "b": "verified", "c": "writing"}
    assert three.acts(first) == ["volume.accepted", "volume.packed"]
    [packed] = [each["facts"] for each in three.records(first) if each["act"] == "volume.packed"]
    assert (packed["stores"], packed["owed"]) == (["a", "b"], ["c"])
    code, checked = three.ask("copy", "check")
    assert (code, checked["intact"], checked["not_looked_at"], checked["absent"]) == (AWAY, 6, 3, 0)
    [lag] = checked["lagging"]
    assert (lag["store"], lag["volumes"], lag["late"]) == ("c", 3, 0)
    assert three.at(hours=2).ask("copy", "check")[1]["lagging"][0]["late"] == 3


def test_the_owed_copies_are_made_by_themselves_when_the_store_is_back_and_without_the_transfer(
    three: Held, sample: Path
) -> None:
    take_away(three, "c")
    told = receive(three, sample)[1]
    shutil.rmtree(sample)
    code, worked = three.ask("work", "--until-idle")
    assert code == AWAY
    assert [each["job"].split()[0] for each in worked["waiting"]] == ["complete-copies"]
    bring_back(three, "c")
    code, worked = three.ask("work", "--until-idle")
    assert (code, worked["failed"], worked["waiting"]) == (0, [], [])
    assert_stored(three, told["transfer"], told["references"])
    acts = three.acts(told["references"][0])
    assert acts == ["volume.accepted", "volume.packed", "copy.verified", "volume.stored"]
    history = three.ask("transfer", "show", told["transfer"])[1]["history"]
    assert [each["act"] for each in history][-1] == "stored"


def test_sources_that_are_away_are_waited_for_and_are_no_damage(three: Held, sample: Path) -> None:
    take_away(three, "c")
    told = receive(three, sample)[1]
    bring_back(three, "c")
    take_away(three, "a", "b")
    site = three.place.site()
    with pytest.raises(Unavailable) as waits:
        list(completing.complete(site))
    assert waits.value.next == "It is tried again by itself."
    assert [waits.value.message.count(f"Store {each} is not at") for each in "abc"] == [1, 1, 0]
    bring_back(three, "a", "b")
    assert three.ask("work", "--until-idle")[0] == 0
    assert_stored(three, told["transfer"], told["references"])


def test_copies_that_are_damaged_are_told_apart_from_those_whose_sources_are_away(
    three: Held, sample: Path
) -> None:
    take_away(three, "c")
    damaged, _, away = receive(three, sample)[1]["references"]
    bring_back(three, "c")
    for store in "ab":
        (three.bag(store, damaged) / "tagmanifest-sha256.txt").write_text("something else")
    assert three.ask("copy", "check", "--volume", damaged)[1]["altered"] == 2
    take_away(three, "a", "b")
    with pytest.raises(Damaged, match=rf"^1 copy could not be made: {damaged}: ") as told:
        list(completing.complete(three.place.site()))
    assert away not in told.value.message


def test_a_store_that_refuses_keeps_no_other_waiting(
    three: Held, sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    four = Held(three.home, f"{three.stores} d={(three.home / 'stores/d').as_uri()}")
    assert four.ask("init")[0] == 0
    take_away(four, "c", "d")
    reference = receive(four, sample)[1]["references"][0]
    bring_back(four, "c", "d")
    begin = FolderStore.begin

    def refuse(store: FolderStore, prefix: str, **more: Any) -> Delivery:
        if store.name == "c":
            raise Refused("Store c does not say that it is locked.", code="store.unlocked")
        return begin(store, prefix, **more)

    monkeypatch.setattr(FolderStore, "begin", refuse)
    with pytest.raises(Refused, match="locked"):
        list(completing.complete(four.place.site()))
    assert copies(four, reference) == {**dict.fromkeys("abd", "verified"), "c": "writing"}


def test_the_same_command_completes_what_a_store_was_owed(three: Held, sample: Path) -> None:
    take_away(three, "c")
    first = receive(three, sample)[1]
    bring_back(three, "c")
    code, told = receive(three, sample)
    assert (code, told["state"], told["references"]) == (0, "stored", first["references"])
    assert_stored(three, told["transfer"], told["references"])


def test_filling_the_store_stores_the_volumes_that_owed_it_a_copy(three: Held, sample: Path) -> None:
    take_away(three, "c")
    told = receive(three, sample)[1]
    bring_back(three, "c")
    assert three.ask("copy", "fill", "--store", "c")[0] == 0
    assert three.ask("work", "--until-idle")[0] == 0
    assert_stored(three, told["transfer"], told["references"])


def test_with_fewer_than_two_stores_nothing_is_taken(three: Held, sample: Path) -> None:
    take_away(three, "b", "c")
    code, told = receive(three, sample)
    assert (code, told["error"]["code"]) == (AWAY, "store.away")
    assert three.ask("volume", "list")[1]["volumes"] == []
    assert files(three, "a", "packages") == {}
    bring_back(three, "b", "c")
    assert receive(three, sample)[1]["state"] == "stored"


def test_a_store_that_leaves_the_settings_is_owed_nothing_any_more(three: Held, sample: Path) -> None:
    take_away(three, "c")
    told = receive(three, sample)[1]
    without = Held(three.home)
    assert without.ask("work", "--until-idle")[0] == 0
    assert without.ask("transfer", "show", told["transfer"])[1]["state"] == "stored"
    assert without.ask("copy", "check")[1]["lagging"] == []


def test_a_process_that_does_not_know_a_store_yet_leaves_its_copies_to_those_that_do(
    three: Held, sample: Path
) -> None:
    take_away(three, "c")
    told = receive(three, sample)[1]
    Held(three.home).ask("work", "--until-idle")
    bring_back(three, "c")
    code, refused = three.ask("transfer", "complete", told["transfer"])
    assert (code, {each["why"] for each in refused["obstacles"]}) == (3, {"unfinished"})
    assert three.ask("work", "--until-idle")[0] == 0
    assert_stored(three, told["transfer"], told["references"])
    assert three.ask("transfer", "complete", told["transfer"])[0] == 0


def test_a_store_that_is_away_is_told_by_a_check_also_where_it_owes_a_copy(
    three: Held, sample: Path, tmp_path: Path
) -> None:
    receive(three, sample)
    take_away(three, "c")
    receive(three, transfer(tmp_path / "more", row("A-1", "가.txt"), files=("가.txt",)))
    said = three.say("copy", "check")[1]
    assert "6 intact" not in said and "4 not looked at" in said
    assert said.count(f"in c: Store c is not at {three.home / 'stores/c'}.") == 3
    assert "Store c is still being filled and owes 1 copy (1 volume)" in said


def test_a_volume_that_owes_a_copy_is_not_shown_to_the_public(three: Held, sample: Path) -> None:
    take_away(three, "c")
    three.ask("transfer", "receive", sample, "--agency", AGENCY, "--accept")
    code, told = three.ask("index", "compare", "--as", "public")
    assert (code, told["equal"], told["missing"], told["extra"]) == (0, 0, 0, 0)
    bring_back(three, "c")
    three.ask("work", "--until-idle")
    code, told = three.ask("index", "compare", "--as", "public")
    assert (code, told["missing"], told["different"]) == (0, 0, 0)
    assert told["equal"] > 0


def test_a_volume_that_owes_a_copy_is_its_own_in_a_check_and_no_more_stored_in_another_round(
    three: Held, tmp_path: Path
) -> None:
    rows = (row("A-1", "가.txt"), row("A-2", "나.txt"))
    take_away(three, "c")
    first = receive(three, transfer(tmp_path / "1", *rows, files=("가.txt",)))[1]
    checked = three.ask("transfer", "check", first["transfer"])[1]
    assert "list.already_held" not in {each["rule"] for each in checked["findings"]}
    corrected = transfer(tmp_path / "2", *rows, files=("가.txt", "나.txt"))
    code, second = three.ask(
        "transfer", "receive", corrected, "--agency", AGENCY, "--accept", "--until", "stored",
        "--round-of", first["transfer"],
    )  # fmt: skip
    assert (code, second["state"]) == (AWAY, "accepted")
    assert second["volumes"].items() >= {"listed": 2, "accepted": 2, "stored": 0, "returned": 0}.items()
    bring_back(three, "c")
    assert three.ask("work", "--until-idle")[0] == 0
    shown = three.ask("transfer", "show", second["transfer"])[1]
    assert (shown["state"], shown["volumes"]["stored"]) == ("stored", 2)


def test_what_was_done_is_told_with_its_result_also_while_a_store_cannot_be_sealed(
    three: Held, tmp_path: Path
) -> None:
    folder = transfer(tmp_path / "t", row("A-1", "가.txt"), row("A-2", "나.txt"), files=("가.txt", "나.txt"))
    number = three.ask("transfer", "receive", folder, "--agency", AGENCY)[1]["transfer"]
    take_away(three, "c")
    judged = three.ask("transfer", "judge", number, "--volume", "1", "--verdict", "fit")
    assert (judged[0], judged[1]["verdict"]) == (AWAY, "fit")
    drawn = three.ask("transfer", "sample", number, "--draw")
    assert (drawn[0], drawn[1]["lot"]) == (AWAY, 2)
    back = three.ask("transfer", "return", number, "--volume", "2", "--reason", "틀림")
    assert (back[0], back[1]["volumes"]["returned"]) == (AWAY, 1)
    bring_back(three, "c")
    assert three.ask("ledger", "seal")[0] == 0
    assert three.ask("ledger", "verify")[1]["holds"]
