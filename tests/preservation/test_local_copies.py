"""Copies of far stores: fetched within the recorded size, or not at all."""

import hashlib
import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from archive.errors import Damaged, Missing, Unavailable, Unreadable
from archive.holdings import ContentFile
from preservation.contents import RenderedPage
from preservation.local_copies import (
    Holders,
    Pages,
    asked_of_an_intact_copy,
    be_intact,
    fetched,
    local_copy,
    of_an_intact_copy,
    scratch,
)


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


@pytest.fixture
def intact(tmp_path: Path) -> tuple[Path, ContentFile]:
    path = tmp_path / "1.pdf"
    path.write_bytes(b"one")
    return path, ContentFile(sha256=hashlib.sha256(b"one").hexdigest())


class Passing:
    """Three pages; each asking for them fails at the pages that are given for it.

    As a reader does, it hears one question at a time.
    """

    def __init__(self, *failing: set[int]) -> None:
        self.failing, self.asked, self.is_asked = list(failing), list[int](), False

    def __call__(self, first: int) -> Pages:
        assert not self.is_asked
        self.is_asked = True
        self.asked.append(first)
        try:
            yield from self._pages(first, self.failing.pop(0))
        finally:
            self.is_asked = False

    def _pages(self, first: int, fails: set[int]) -> Iterator[RenderedPage]:
        return (
            RenderedPage(each, None, reason="spoilt" if each in fails else None) for each in range(first, 4)
        )


@pytest.mark.parametrize(
    ("failing", "asked", "spoilt"),
    [
        ([set()], [1], []),
        ([{2}, set()], [1, 2], []),
        ([{2, 3}, {3}], [1, 2], [3]),
        ([{1, 2, 3}, {1, 2, 3}], [1, 1], [1, 2, 3]),
    ],
)
def test_a_page_that_a_medium_spoilt_in_passing_is_made_again_from_the_intact_copy(
    intact: tuple[Path, ContentFile], failing: list[set[int]], asked: list[int], spoilt: list[int]
) -> None:
    pages_from = Passing(*failing)
    pages = list(of_an_intact_copy(pages_from, 1, *intact))
    assert [page.number for page in pages] == [1, 2, 3]
    assert [page.number for page in pages if page.reason] == spoilt
    assert pages_from.asked == asked


def test_a_page_of_a_copy_that_is_not_intact_is_not_given_out(intact: tuple[Path, ContentFile]) -> None:
    path, file = intact
    path.write_bytes(b"two")
    with pytest.raises(Unavailable, match="not what was recorded"):
        list(of_an_intact_copy(Passing({1}, set()), 1, path, file))


@pytest.mark.parametrize(
    ("code", "fails", "times"), [("file.damaged", 1, 2), ("file.damaged", 2, 2), ("file.encrypted", 2, 1)]
)
def test_what_seems_damaged_is_asked_twice_of_an_intact_copy_and_nothing_else_is(
    intact: tuple[Path, ContentFile], code: str, fails: int, times: int
) -> None:
    asked = []

    def ask() -> int:
        asked.append(1)
        if len(asked) <= fails:
            raise Unreadable("It cannot be read.", code=code)
        return 7

    if fails < times:
        assert asked_of_an_intact_copy(ask, *intact) == 7
    else:
        with pytest.raises(Unreadable):
            asked_of_an_intact_copy(ask, *intact)
    assert len(asked) == times


def test_a_folder_of_copies_goes_although_the_disk_fails_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site: Any = SimpleNamespace(settings=SimpleNamespace(home=tmp_path))
    real, failed = shutil.rmtree, []

    def once(path: Path, **how: Any) -> None:
        if path.exists() and not failed:
            failed.append(path)
            return
        real(path, **how)

    monkeypatch.setattr(shutil, "rmtree", once)
    with scratch(site, "derive-1") as folder:
        assert folder.is_dir()
    assert failed == [folder] and not folder.exists()
