"""Damage is a changed byte on a disk: what the check finds, counts, writes down and tells the log."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.preservation.held import Held


@pytest.fixture
def reference(held: Held) -> str:
    listed = held.ask("volume", "list")[1]["volumes"]
    return str(listed[1]["reference"])


def content(bag: Path) -> Path:
    """The largest file of a bag that came from the agency."""
    return max(bag.glob("data/representations/**/*.*"), key=lambda path: path.stat().st_size)


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def flip_content(bag: Path) -> str:
    flip(content(bag))
    return str(content(bag).relative_to(bag))


def shorten(bag: Path) -> str:
    path = content(bag)
    path.write_bytes(path.read_bytes()[:-1])
    return str(path.relative_to(bag))


def add(bag: Path) -> str:
    (bag / "data/added.txt").write_text("not of this bag")
    return "data/added.txt"


def lose(bag: Path) -> str:
    path = content(bag)
    path.unlink()
    return str(path.relative_to(bag))


def change_manifest(bag: Path) -> str:
    path = bag / "manifest-sha256.txt"
    path.write_bytes(path.read_bytes() + b"0" * 64 + b"  data/../../outside\n")
    return "manifest-sha256.txt"


def change_tagmanifest(bag: Path) -> str:
    flip(bag / "tagmanifest-sha256.txt")
    return "tagmanifest-sha256.txt"


def change_description(bag: Path) -> str:
    flip(bag / "data/METS.xml")
    return "data/METS.xml"


ALTERATIONS = (flip_content, shorten, add, change_manifest, change_tagmanifest, change_description)


def test_an_undamaged_archive_is_intact(held: Held) -> None:
    code, told = held.ask("copy", "check")
    assert (code, told) == (
        0,
        {
            "intact": 6,
            "altered": 0,
            "absent": 0,
            "not_looked_at": 0,
            "exceptions": [],
            "lagging": [],
            "cold": [],
        },
    )


@pytest.mark.parametrize("damage", ALTERATIONS)
def test_a_copy_with_anything_changed_is_altered_and_named(
    held: Held, reference: str, damage: Callable[[Path], str]
) -> None:
    path = damage(held.bag("b", reference))
    code, told = held.ask("copy", "check")
    assert code == 5
    assert (told["intact"], told["altered"], told["absent"], told["not_looked_at"]) == (5, 1, 0, 0)
    assert {"volume": reference, "store": "b", "path": path, "verdict": "altered"} in told["exceptions"]
    assert {(each["volume"], each["store"]) for each in told["exceptions"]} == {(reference, "b")}
    assert (held.state("a", reference), held.state("b", reference)) == ("verified", "altered")


def test_a_copy_with_a_file_missing_is_absent_as_far_as_that_goes(held: Held, reference: str) -> None:
    path = lose(held.bag("a", reference))
    code, told = held.ask("copy", "check")
    assert (code, told["intact"], told["absent"]) == (5, 5, 1)
    assert told["exceptions"] == [{"volume": reference, "store": "a", "path": path, "verdict": "absent"}]


def test_a_copy_that_is_gone_is_absent(held: Held, reference: str) -> None:
    shutil.rmtree(held.bag("a", reference))
    code, told = held.ask("copy", "check")
    assert (code, told["intact"], told["absent"]) == (5, 5, 1)
    assert told["exceptions"] == [{"volume": reference, "store": "a", "path": None, "verdict": "absent"}]
    assert held.state("a", reference) == "absent"


def behind_a_link(path: Path, elsewhere: Path) -> None:
    """The same bytes, reached through a link only."""
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


@pytest.mark.parametrize("above", [0, 1])
def test_a_copy_that_is_only_a_link_to_another_store_is_absent_and_nothing_is_made_through_it(
    held: Held, reference: str, above: int
) -> None:
    mine, theirs = (
        [bag, *bag.parents][above] for bag in (held.bag("a", reference), held.bag("b", reference))
    )
    shutil.rmtree(mine)
    mine.symlink_to(theirs)
    code, told = held.ask("copy", "check")
    assert (code, told["intact"], told["absent"]) == (5, 5, 1)
    assert told["exceptions"] == [{"volume": reference, "store": "a", "path": None, "verdict": "absent"}]
    code, told = held.ask("copy", "fill", "--store", "a")
    assert (code, held.state("a", reference)) != (0, "verified")
    assert mine.is_symlink(), "nothing is replaced"
    mine.unlink()
    assert held.ask("copy", "fill", "--store", "a")[0] == 0
    assert held.ask("copy", "check")[1]["intact"] == 6


def test_no_copy_is_there_behind_a_link_that_stands_for_all_of_them(held: Held) -> None:
    behind_a_link(held.home / "stores/a/packages", held.home / "elsewhere")
    code, told = held.ask("copy", "check")
    assert (code, told["intact"], told["absent"]) == (5, 3, 3)


def test_a_store_may_itself_be_reached_through_a_link(held: Held) -> None:
    behind_a_link(held.home / "stores/a", held.home / "elsewhere")
    code, told = held.ask("copy", "check")
    assert (code, told["intact"]) == (0, 6)


def test_a_file_that_is_only_a_link_is_absent(held: Held, reference: str) -> None:
    bag = held.bag("a", reference)
    path = content(bag)
    behind_a_link(path, held.home / "elsewhere")
    code, told = held.ask("copy", "check")
    assert (code, told["intact"], told["absent"], told["not_looked_at"]) == (5, 5, 1, 0)
    assert [each["path"] for each in told["exceptions"]] == [str(path.relative_to(bag))]


def test_what_is_behind_a_linked_folder_of_a_bag_is_absent(held: Held, reference: str) -> None:
    bag = held.bag("a", reference)
    folder = bag / "data/representations"
    lost = sorted(str(path.relative_to(bag)) for path in folder.rglob("*") if path.is_file())
    behind_a_link(folder, held.home / "elsewhere")
    code, told = held.ask("copy", "check")
    assert (code, told["intact"], told["absent"]) == (5, 5, 1)
    assert sorted(each["path"] for each in told["exceptions"]) == lost


def test_a_store_that_is_away_was_not_looked_at(held: Held) -> None:
    (held.home / "stores/b").rename(held.home / "elsewhere")
    code, told = held.ask("copy", "check")
    assert (code, told["intact"], told["not_looked_at"], told["absent"]) == (4, 3, 3, 0)
    assert {(each["store"], each["verdict"]) for each in told["exceptions"]} == {("b", "not_looked_at")}
    why = f"Store b is not at {held.home}/stores/b."
    assert {each["reason"] for each in told["exceptions"]} == {why}
    assert held.say("copy", "check")[1].count(f" in b: {why}\n") == 3
    assert not (held.home / "stores/b").exists(), "an empty store must not be made where a full one was"
    (held.home / "elsewhere").rename(held.home / "stores/b")
    assert held.ask("copy", "check")[0] == 0


def test_damage_outweighs_what_was_not_looked_at(held: Held, reference: str) -> None:
    flip_content(held.bag("a", reference))
    (held.home / "stores/b").rename(held.home / "elsewhere")
    code, told = held.ask("copy", "check")
    assert (code, told["intact"], told["altered"], told["not_looked_at"]) == (5, 2, 1, 3)


def test_only_what_was_asked_for_is_looked_at(held: Held, reference: str) -> None:
    flip_content(held.bag("b", reference))
    code, told = held.ask("copy", "check", "--store", "a")
    assert (code, told["intact"]) == (0, 3)
    code, told = held.ask("copy", "check", "--volume", reference)
    assert (code, told["intact"], told["altered"]) == (5, 1, 1)


def test_other_copies_are_called_intact_only_where_some_were_looked_at(held: Held) -> None:
    others = "The other copies that were looked at are intact."
    for store, is_told in (("b", True), ("a", False)):
        folder = held.home / "stores" / store
        folder.rename(folder.with_name(f"{store}-away"))
        code, said = held.say("copy", "check")
        assert (code, others in said) == (4, is_told)
        assert "seogo volume show REFERENCE" in said


def test_damage_and_its_repair_are_acts_of_the_log_and_told_once(held: Held, reference: str) -> None:
    whole = content(held.bag("b", reference)).read_bytes()
    flip_content(held.bag("b", reference))
    for _ in range(2):
        assert held.ask("copy", "check")[0] == 5
    content(held.bag("b", reference)).write_bytes(whole)
    for _ in range(2):
        assert held.ask("copy", "check")[0] == 0
    assert held.state("b", reference) == "verified"
    shutil.rmtree(held.bag("a", reference))
    held.ask("copy", "check")
    told = [act for act in held.acts(reference) if act.startswith("copy.")]
    assert told == ["copy.altered", "copy.verified", "copy.lost"]


def test_a_store_that_was_just_added_is_being_filled_and_no_alarm(held: Held) -> None:
    more = held.with_store("c")
    more.ask("init")
    code, told = more.ask("copy", "check")
    assert (code, told["intact"], told["absent"], told["not_looked_at"]) == (4, 6, 0, 3)
    assert [each["owed"] for each in told["exceptions"]] == [True] * 3
    assert [(each["store"], each["copies"], each["late"]) for each in told["lagging"]] == [("c", 3, 0)]
    said = more.say("copy", "check")[1]
    assert "Store c is still being filled and owes 3 copies (3 volumes)" in said
    assert "not looked at: " not in said
    assert "LATE" not in said
    assert more.ask("copy", "fill", "--store", "c")[0] == 0
    assert more.ask("copy", "check")[0] == 0


def test_a_copy_that_was_never_made_is_absent_when_it_is_late(held: Held) -> None:
    held.with_store("c").ask("init")
    more = held.with_store("c").at(hours=5)
    code, told = more.ask("copy", "check")
    assert (code, told["intact"], told["absent"]) == (5, 6, 3)
    assert {(each["store"], each["path"], each["verdict"]) for each in told["exceptions"]} == {
        ("c", None, "absent")
    }
    code, told = more.ask("copy", "check", "--store", "c")
    assert (code, told["intact"], told["absent"]) == (5, 0, 3)


def test_every_check_is_an_act_of_the_log_with_what_it_covered_and_found(held: Held, reference: str) -> None:
    held.ask("copy", "check")
    shutil.rmtree(held.bag("a", reference))
    held.ask("copy", "check", "--store", "a")
    held.ask("copy", "check", "--volume", reference)
    scopes = [each["facts"] for about in ("copies", reference) for each in held.records(about)
              if each["act"] == "copies.checked"]  # fmt: skip
    assert scopes == [
        {"stores": ["a", "b"], "volume": None, "intact": 6, "altered": 0, "absent": 0, "not_looked_at": 0},
        {"stores": ["a"], "volume": None, "intact": 2, "altered": 0, "absent": 1, "not_looked_at": 0},
        {"stores": ["a", "b"], "volume": reference, "intact": 1, "altered": 0, "absent": 1,
         "not_looked_at": 0},
    ]  # fmt: skip
