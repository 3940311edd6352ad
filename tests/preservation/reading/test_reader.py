"""What a crash costs: real signals in the reader process, and what comes after them."""

import mmap
import subprocess
import sys

import pytest
from PIL import Image

from archive.errors import Unavailable, Unreadable
from preservation.reading import Limits, Reader
from tests.preservation.corpus_files import ROOT

CRASHING = "tests.preservation.reading.crashing_child"


@pytest.fixture
def crashing():
    with Reader(Limits(seconds=3, memory=2 << 30), child=CRASHING) as reader:
        yield reader


def book(path, pages=4):
    sheets = [Image.new("L", (60, 40), shade * 20) for shade in range(pages)]
    sheets[0].save(path, save_all=True, append_images=sheets[1:])
    return path


@pytest.mark.parametrize(
    ("accident", "words"),
    [
        ("segfault", "crashed with SIGSEGV"),
        ("killed", "crashed with SIGKILL"),
        ("hang", "took longer than 3 seconds"),
    ],
)
def test_an_accident_costs_one_page_and_its_neighbours_still_come(crashing, tmp_path, accident, words):
    pages = list(crashing.pages(book(tmp_path / f"{accident}-3.tif"), "image/tiff"))
    assert [page.number for page in pages] == [1, 2, 3, 4]
    assert [page.images is not None for page in pages] == [True, True, False, True]
    assert words in (pages[2].reason or "")


def test_a_page_that_was_counted_and_does_not_come_is_told(crashing, tmp_path):
    pages = list(crashing.pages(book(tmp_path / "sound.tif"), "image/tiff", first=2, total=5))
    assert [page.number for page in pages] == [2, 3, 4, 5]
    assert [page.images is not None for page in pages] == [True, True, True, False]
    assert "fewer pages came" in (pages[3].reason or "")


def test_a_page_that_eats_all_memory_is_refused_within_the_limit(crashing, tmp_path):
    with pytest.raises(Unreadable) as told:
        list(crashing.pages(book(tmp_path / "memory-2.tif"), "image/tiff"))
    assert told.value.code == "limit.memory"


def test_what_the_asker_holds_takes_nothing_from_the_memory_of_the_reader(tmp_path):
    Image.new("RGB", (4000, 3000), "white").save(tmp_path / "large.tif")
    with mmap.mmap(-1, 1 << 30, mmap.MAP_PRIVATE), Reader(Limits(memory=512 << 20)) as reader:
        [page] = reader.pages(tmp_path / "large.tif", "image/tiff")
    assert page.images is not None, page.reason


def test_a_file_that_always_crashes_is_given_up_and_told_for_every_page(crashing, tmp_path):
    pages = list(crashing.pages(book(tmp_path / "segfault-1-2-3-4-5-6-7.tif", pages=9), "image/tiff"))
    assert [page.number for page in pages] == list(range(1, 10))
    assert all(page.images is None and page.reason for page in pages)


def test_a_file_that_crashes_when_opened_is_unreadable_and_the_next_one_is_read(crashing, tmp_path):
    with pytest.raises(Unreadable, match="crashed with SIGSEGV"):
        list(crashing.pages(book(tmp_path / "segfault-0.tif"), "image/tiff"))
    assert len(list(crashing.pages(book(tmp_path / "sound.tif"), "image/tiff"))) == 4


def test_a_listener_who_leaves_early_does_not_hear_old_answers(reader, tmp_path):
    path = book(tmp_path / "book.tif")
    heard = reader.pages(path, "image/tiff")
    assert next(heard).number == 1
    heard.close()
    assert reader.page_count(path, "image/tiff") == 4


def test_answers_that_nobody_heard_are_not_those_of_the_next_question(reader, tmp_path):
    path = book(tmp_path / "book.tif")
    reader.identify_all([(path, "book.tif")])
    assert reader.page_count(path, "image/tiff") == 4


def test_after_a_death_over_the_last_file_no_process_is_begun_for_nothing(crashing, tmp_path):
    path = book(tmp_path / "segfault-0.tif")
    [answer] = crashing.identify_all([(path, path.name)])
    assert isinstance(answer, Unavailable)
    assert crashing._process is None


def test_a_file_that_is_away_is_not_looked_at_rather_than_unknown(reader, tmp_path):
    with pytest.raises((Unavailable, Unreadable)):
        reader.identify(tmp_path / "away.pdf", "away.pdf")


def loaded(modules: str, among: tuple[str, ...]) -> str:
    """Which of some modules a process has loaded that imports others."""
    script = f"import sys, {modules}; print([name for name in {among!r} if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    return told.stdout.strip()


def test_asking_loads_no_library_that_decodes():
    assert loaded("preservation.derivatives", ("PIL", "pymupdf", "pygfried", "olefile")) == "[]"


def test_the_reader_that_looks_through_archive_files_loads_no_store():
    reader = "preservation.reading.child, preservation.reading.answers.archives"
    assert loaded(reader, ("archive.stores", "boto3")) == "[]"
