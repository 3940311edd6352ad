"""Copies of far stores: fetched within the recorded size, or not at all."""

import hashlib
import io
from pathlib import Path
from types import SimpleNamespace

import pytest

from archive.errors import Damaged, Missing, Unavailable
from archive.holdings import ContentFile
from preservation.local_copies import Holders, be_intact, fetched, local_copy


class FarStore:
    """A store whose objects are streams without a file behind them, as of a server."""

    name = "far"

    def __init__(self, data: bytes) -> None:
        self.data = data

    def open(self, key: str) -> io.BytesIO:
        return io.BytesIO(self.data)


def file_of(size: int) -> ContentFile:
    return ContentFile(id=7, path="0001/scan.tif", bytes=size)


def test_an_object_of_a_server_is_fetched_whole_with_its_suffix(tmp_path):
    data = b"x" * 3_000_000
    path = fetched(FarStore(data), "k", file_of(len(data)), tmp_path)
    assert path.read_bytes() == data
    assert (path.parent, path.suffix) == (tmp_path, ".tif")


@pytest.mark.parametrize("recorded", [2_999_999, 3_000_001])
def test_an_object_of_another_size_than_recorded_is_called_damaged(tmp_path, recorded):
    with pytest.raises(Damaged, match="recorded"):
        fetched(FarStore(b"x" * 3_000_000), "k", file_of(recorded), tmp_path)


def test_a_file_of_a_folder_is_read_in_place(tmp_path):
    kept = tmp_path / "kept.tif"
    kept.write_bytes(b"abc")

    class NearStore(FarStore):
        def open(self, key: str) -> io.BufferedReader:
            return kept.open("rb")

    assert fetched(NearStore(b""), "k", file_of(3), tmp_path / "scratch") == Path(kept)


@pytest.mark.parametrize("kind", [Missing, Unavailable, Damaged])
def test_a_copy_that_cannot_be_fetched_is_told_without_its_name(tmp_path, kind):
    class AwayStore(FarStore):
        def open(self, key: str) -> io.BytesIO:
            raise kind(f"There is no {key}.")

    site = SimpleNamespace(near_stores=(AwayStore(b""),))
    file = ContentFile(id=7, item_id=3, position=2, path="0001/hong_gildong.pdf", bytes=3)
    held = Holders("packages/SG-2026-000001/v1", ("far",))
    with pytest.raises(Unavailable) as told, local_copy(site, held, file, tmp_path):
        pass
    assert "hong_gildong" not in told.value.message
    assert told.value.message.startswith("File 2 of item 3 in packages/SG-2026-000001/v1 could not")


def test_a_copy_that_is_not_what_was_recorded_is_not_the_fault_of_its_file(tmp_path: Path) -> None:
    path = tmp_path / "1.pdf"
    path.write_bytes(b"one")
    file = ContentFile(sha256=hashlib.sha256(b"one").hexdigest())
    be_intact(path, file)
    path.write_bytes(b"two")
    with pytest.raises(Unavailable, match="not what was recorded"):
        be_intact(path, file)
    path.unlink()
    with pytest.raises(Unavailable, match="could not be read"):
        be_intact(path, file)
