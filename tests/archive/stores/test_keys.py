"""Key rules: what a name from outside becomes, and that no two names become one."""

import random
import unicodedata

import pytest

from archive.errors import WrongCall
from archive.segments import LONGEST_SEGMENT, safe_segment
from archive.stores import keys
from archive.stores.keys import LONGEST_KEY, Names, check_key

PREFIX = "packages/R-1/v1/data/representations/original/data"


@pytest.mark.parametrize(
    "name", ["기록물 1호.hwpx", "a.PDF", ".DS_Store", "a b+c&=#.txt", "漢字.hwp", "emoji-😀"]
)
def test_an_ordinary_name_is_kept(name):
    assert safe_segment(name) == (name, None)


def test_a_decomposed_name_is_the_same_name():
    assert safe_segment(unicodedata.normalize("NFD", "대통령.hwp")) == ("대통령.hwp", None)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a.", "trailing"), ("a ", "trailing"), (" a", "trailing"), ("CON", "reserved"),
        ("com1.txt", "reserved"),
        ("NUL .x", "reserved"), ("..", "reserved"), ("a\\b", "characters"), ("a:b", "characters"),
        ("50%", "characters"),
        ("tab\t", "characters"), ("bad\udcff.hwp", "characters"), ("가" * 67, "too long"),
        ("x" * 201 + ".hwpx", "too long"),
    ],
)  # fmt: skip
def test_a_name_that_is_unsafe_somewhere_is_shortened_with_a_digest(name, reason):
    segment, changed = safe_segment(name)
    assert changed == reason
    assert len(segment.encode()) <= LONGEST_SEGMENT
    assert safe_segment(segment) == (segment, None)
    assert safe_segment(name + "x")[0] != segment


def test_the_suffix_survives():
    assert safe_segment("x" * 300 + ".hwpx").segment.endswith(".hwpx")


def place_all(*paths: str) -> list[str]:
    names = Names(PREFIX)
    placed = [names.place(path).path for path in paths]
    for each in placed:
        check_key(f"{PREFIX}/{each}")
    assert len(set(placed)) == len(placed)
    folders = {each[:at] for each in placed for at, sign in enumerate(each) if sign == "/"}
    assert not folders & set(placed)
    return placed


def test_names_made_equal_by_nfc_are_told_apart():
    nfc, nfd = "가.hwp", unicodedata.normalize("NFD", "가.hwp")
    assert place_all(nfc, nfd)[0] == nfc
    assert place_all(nfd, nfc)[0] == nfc


def test_names_that_differ_in_case_are_two_names():
    assert place_all("1/A.txt", "1/a.txt") == ["1/A.txt", "1/a.txt"]


def test_a_file_is_never_also_a_folder():
    nfd = unicodedata.normalize("NFD", "가")
    place_all("가", f"{nfd}/1", f"{nfd}/2", f"{nfd}/2/3")
    place_all(f"{nfd}/1", "가")


def test_a_deep_path_keeps_its_item_and_its_name():
    path = "R-1-0001/" + "/".join(["가나다라마바사"] * 30) + "/마지막.hwp"
    names = Names(PREFIX)
    placed, changed = names.place(path)
    assert changed == ("too long",)
    assert placed.startswith("R-1-0001/") and placed.endswith(".hwp") and "마지막" in placed
    assert len(f"{PREFIX}/{placed}".encode()) <= LONGEST_KEY
    place_all(path, path.replace("마지막", "처음"), path.replace("가나다", "가나", 1))


def test_the_same_paths_get_the_same_places():
    paths = ["a/1", "a", "a/2", unicodedata.normalize("NFD", "가"), "가", "x" * 300]
    assert place_all(*paths) == place_all(*paths)


@pytest.mark.parametrize("key", ["", "a//b", ".hidden", "a/./b", "a" * 201, "/".join(["a" * 100] * 6)])
def test_a_key_against_the_rules_is_a_wrong_call(key):
    with pytest.raises(WrongCall):
        check_key(key)
    assert check_key("packages/R-1/v1/bagit.txt")


@pytest.mark.parametrize(
    "name", ["nul.tar.gz", "con", "COM1 .txt", "a\u2028b", "...", " .con", "x" * 300 + ".", "%"]
)
def test_a_name_that_was_made_safe_is_safe(name):
    first = safe_segment(name)
    assert first.changed
    assert safe_segment(first.segment) == (first.segment, None)


def test_a_look_at_first_sight_never_says_other_than_the_rules(monkeypatch: pytest.MonkeyPatch):
    rng = random.Random(7)
    parts = [
        "con",
        "NUL",
        "com1",
        "lpt",
        "a",
        "Z",
        "가",
        "힣",
        "ㄱ",
        "\u1100\u1161",
        ".",
        " ",
        "-",
        "_",
        "9",
        "\u212a",
        "%",
        ":",
    ]
    names = ["".join(rng.choices(parts, k=rng.randint(1, 6))) for _ in range(20_000)]
    names += ["가" * count for count in (60, 61, 66, 67)]
    paths = ["/".join(rng.choices(names, k=rng.randint(1, 3))) for _ in range(20_000)]
    assert 1_000 < sum(map(keys.are_plain, paths)) < len(paths) - 1_000
    quick = [Names("x").place(path) for path in paths]
    monkeypatch.setattr(keys, "are_plain", lambda path: False)
    assert [Names("x").place(path) for path in paths] == quick
