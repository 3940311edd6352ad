"""The layout of tiles, bundles and checkpoints."""

import pytest

from archive.errors import Unreadable
from archive.ledger.tiles import Tile, bundle, entries_in, parse_checkpoint, parse_path, tiles_of


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 1234067), "tile/0/x001/x234/067"),
        (Tile(-1, 0, 17), "tile/entries/000.p/17"),
        (Tile(1, 1000, 255), "tile/1/x001/000.p/255"),
    ],
)
def test_a_tile_has_the_path_that_other_tools_look_for(tile, path):
    assert tile.path == path
    assert parse_path(path) == tile


@pytest.mark.parametrize(
    "path", ["tile/0/0", "tile/0/x000/001", "tile/0/000.p/0", "tile/0/000.p/256", "tile/00/000", "x"]
)
def test_what_is_not_a_tile_is_not_taken_for_one(path):
    assert parse_path(path) is None


def test_a_log_has_its_full_tiles_and_one_partial_a_level():
    assert [tile.path for tile in tiles_of(600)] == [
        "tile/entries/000", "tile/entries/001", "tile/entries/002.p/88",
        "tile/0/000", "tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2",
    ]  # fmt: skip
    assert [tile.path for tile in tiles_of(600, after=512)] == ["tile/entries/002.p/88", "tile/0/002.p/88"]
    assert list(tiles_of(0)) == [] == list(tiles_of(600, after=600))
    assert "tile/2/000.p/1" in [tile.path for tile in tiles_of(65_536, after=65_535)]
    assert Tile(1, 0, 2).needs == 512


def test_a_bundle_comes_apart_as_it_was_put_together():
    entries = [b"", b"x", b"y" * 65_535]
    assert entries_in(bundle(entries)) == entries
    for cut in (1, 3, 20):
        with pytest.raises(Unreadable):
            entries_in(bundle(entries)[:-cut])
    with pytest.raises(Unreadable):
        entries_in(b"\x00")


@pytest.mark.parametrize(
    "text", ["", "a\n1\n", "a\n01\nAAAA\n", "a\n1\nAAAA\n", "a\n1\n" + "A" * 43 + "=\nmore\n"]
)
def test_what_is_no_checkpoint_is_refused(text):
    with pytest.raises(Unreadable):
        parse_checkpoint(text)
    assert parse_checkpoint("a\n1\n" + "A" * 43 + "=\n").size == 1
