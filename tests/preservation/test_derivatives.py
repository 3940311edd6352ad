"""The job that makes pages: what it leaves behind, run once, run twice, killed and crashed."""

import gzip
import hashlib
import io
import os
import shutil
import signal
import zipfile
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select

from archive.database import Base
from archive.errors import Missing, Unavailable
from archive.holdings import ContentFile, Item, Volume
from archive.outbox import OutboxRow
from archive.site import settings
from archive.site.site import Site
from preservation import derivatives, stored_archives
from preservation.derivatives import DerivedFile, Page, derive_volume
from preservation.packages import Bag, Copy
from preservation.reading import Limits, Reader
from tests.preservation.archive_files.making import named, tarred, zipped

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
CRASHING = "tests.preservation.reading.crashing_child"


@pytest.fixture
def site(tmp_path) -> Site:
    home = tmp_path / "home"
    site = Site(settings.read({"SEOGO_HOME": str(home), "SEOGO_CLOCK": AT.isoformat()}))
    home.mkdir()
    Base.metadata.create_all(site.engine)
    for store in site.stores:
        store.prepare()
    return site


def held(
    site: Site,
    *files: Path,
    listed_pages: int | None = None,
    verified: str = "verified",
    reference: str = "SG-2026-000001",
) -> int:
    """An item in custody with these files in every store; its id."""
    with site.open_session.begin() as session:
        volume = Volume(reference=reference, agency_code="3000000", title="시정 업무", accepted_at=AT)
        item = Item(
            volume=volume,
            reference=f"{reference}-0001",
            position=1,
            title="보고",
            listed_pages=listed_pages,
        )
        session.add(item)
        session.flush()
        bag = Bag(
            volume_id=volume.id, number=1, prefix=f"packages/{reference}/v1", tagmanifest_sha256="0" * 64,
            objects=len(files), bytes=0, packed_at=AT,
        )  # fmt: skip
        session.add(bag)
        session.flush()
        for place, path in enumerate(files, start=1):
            data = path.read_bytes()
            kept = f"data/representations/original/data/0001/{path.name}"
            session.add(
                ContentFile(
                    item=item,
                    position=place,
                    path=kept,
                    original_name=path.name,
                    bytes=len(data),
                    sha256=hashlib.sha256(data).hexdigest(),
                )
            )
            for store in site.stores:
                store.put(f"{bag.prefix}/{kept}", io.BytesIO(data))
        session.add_all(Copy(bag_id=bag.id, store=store.name, state=verified) for store in site.stores)
        return item.id


def volume_of(site: Site, item_id: int) -> int:
    with site.reading_session() as session:
        return session.get_one(Item, item_id).volume_id


def run(site: Site, item_id: int) -> list[tuple[int, int]]:
    return list(derive_volume(site, volume_id=volume_of(site, item_id)))


def pages(site: Site, item_id: int) -> list[Page]:
    with site.reading_session() as session:
        return derivatives.pages_of(session, item_id)


def states(site: Site, item_id: int) -> list[str]:
    with site.reading_session() as session:
        return [row.state for row in derivatives.derived_files_of(session, item_id)]


def rules(site: Site, item_id: int) -> list[str]:
    with site.reading_session() as session:
        return [row.rule for row in derivatives.findings_of(session, item_id)]


def book(path: Path, pages: int = 3) -> Path:
    sheets = [Image.new("L", (1200, 900), 40 + shade * 20) for shade in range(pages)]
    sheets[0].save(path, save_all=True, append_images=sheets[1:])
    return path


def test_pages_are_numbered_through_all_files_and_lie_on_the_shelf(site, hwp, records, tmp_path):
    letter = hwp / "python-hwpx/m3_gongmun_gold/seoul_sihaengmun.hwpx"
    bill = records / "pdf/2125318_의안원문.pdf"
    item_id = held(site, book(tmp_path / "scan.tif"), letter, bill)
    steps = run(site, item_id)
    assert steps[-1] == (1, 1)
    assert len(pages(site, item_id)) == 14
    made = pages(site, item_id)
    assert [page.number for page in made] == list(range(1, 15))
    assert [page.page_in_file for page in made] == [1, 2, 3, 1, *range(1, 11)]
    assert [page.has_image for page in made] == [True] * 3 + [False] + [True] * 10
    with derivatives.open_image(site.shelf, made[0], "small") as stream:
        assert Image.open(stream).size == (1000, 750)
    assert made[0].shelf_prefix == "pages/SG-2026-000001-0001/1"
    assert "국토교통부장관" in derivatives.page_text(site.shelf, made[3]).text.replace(" ", "")
    text = derivatives.page_text(site.shelf, made[5])
    assert text.words and len(text.words) == made[5].word_count
    assert all(0 <= edge <= 1 for word in text.words for edge in word[:4])
    with pytest.raises(Missing):
        derivatives.open_image(site.shelf, made[3], "thumb")


def test_the_format_is_entered_and_the_index_is_told_once(site, records):
    item_id = held(site, records / "pdf/2125318_의안원문.pdf")
    run(site, item_id)
    with site.reading_session() as session:
        (file,) = session.scalars(select(ContentFile))
        assert (file.format, file.mimetype) == ("fmt/354", "application/pdf")
        told = session.scalars(select(OutboxRow)).all()
        assert [(row.kind, row.subject_id) for row in told] == [("item", item_id)]


def test_a_second_run_makes_nothing_twice(site, tmp_path):
    item_id = held(site, book(tmp_path / "scan.tif"))
    run(site, item_id)
    before = [(page.id, page.number) for page in pages(site, item_id)]
    run(site, item_id)
    assert [(page.id, page.number) for page in pages(site, item_id)] == before


@pytest.mark.parametrize(("listed", "found"), [(3, []), (5, ["file.page_count"]), (None, [])])
def test_counted_pages_are_compared_with_the_list(site, tmp_path, listed, found):
    item_id = held(site, book(tmp_path / "scan.tif"), listed_pages=listed)
    run(site, item_id)
    run(site, item_id)
    assert rules(site, item_id) == found


@pytest.mark.parametrize(("listed", "agree"), [(3, True), (5, False), (None, True)])
def test_pages_as_shown_are_the_senders_when_all_are_counted(site, tmp_path, listed, agree):
    item_id = held(site, book(tmp_path / "scan.tif"), listed_pages=listed)
    run(site, item_id)
    with site.reading_session() as session:
        assert session.get_one(Item, item_id).pages_agree is agree


@pytest.mark.parametrize("other", ["memo.txt", "a_broken.pdf"])
def test_a_file_without_counted_pages_leaves_it_open_which_pages_are_closed(site, tmp_path, other):
    (tmp_path / other).write_bytes(b"%PDF-1.4 broken" if other.endswith("pdf") else b"one line\n" * 300)
    item_id = held(site, tmp_path / other, book(tmp_path / "scan.tif"))
    run(site, item_id)
    with site.reading_session() as session:
        assert session.get_one(Item, item_id).pages_agree is False


def test_pages_that_cannot_be_counted_are_a_warning_and_not_a_guess(site, hwp):
    item_id = held(site, hwp / "python-hwpx/m3_gongmun_gold/seoul_sihaengmun.hwpx", listed_pages=1)
    run(site, item_id)
    with site.reading_session() as session:
        (finding,) = derivatives.findings_of(session, item_id)
    assert (finding.rule, finding.value, finding.expected) == ("file.page_count", None, "1")


def test_a_file_that_cannot_be_read_costs_its_own_pages_and_nothing_else(site, hwp, tmp_path):
    locked = hwp / "pyhwp/password-12345.hwp"
    unknown = tmp_path / "data.q9z"
    unknown.write_bytes(bytes(range(256)) * 8)
    empty = tmp_path / "empty.pdf"
    empty.touch()
    item_id = held(site, locked, unknown, empty, book(tmp_path / "scan.tif"))
    run(site, item_id)
    assert states(site, item_id) == ["unreadable", "unsupported", "unreadable", "made"]
    assert [page.number for page in pages(site, item_id)] == [1, 2, 3]
    with site.reading_session() as session:
        reasons = [row.reason for row in derivatives.derived_files_of(session, item_id)]
    assert "password" in (reasons[0] or "") and "no bytes" in (reasons[2] or "")
    assert set(rules(site, item_id)) == {"file.unreadable", "file.unsupported", "format.unknown"}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_half_a_picture_is_told_of(site, tmp_path, kind):
    whole = io.BytesIO()
    Image.effect_noise((400, 400), 80).save(whole, kind)
    (tmp_path / "half").write_bytes(whole.getvalue()[: len(whole.getvalue()) // 2])
    item_id = held(site, tmp_path / "half")
    run(site, item_id)
    with site.reading_session() as session:
        told = {row.rule: (row.severity, row.message) for row in derivatives.findings_of(session, item_id)}
    severity, message = told["file.unreadable"]
    assert severity == "warning" and "No picture of page 1 could be made" in message


def test_an_archive_too_large_to_be_held_is_looked_through_in_its_stored_copy(site, tmp_path, monkeypatch):
    small, large = tmp_path / "small.zip", tmp_path / "large.zip"
    for path, size in ((small, 1), (large, 5_000)):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("../outside.txt", bytes(size))
    monkeypatch.setattr(stored_archives, "HELD_IN_MEMORY", 1_000)
    item_id = held(site, small, large)
    run(site, item_id)
    with site.reading_session() as session:
        (found,) = [
            each for each in derivatives.findings_of(session, item_id) if each.rule == "file.archive_path"
        ]
    assert found.severity == "warning"
    assert "large.zip" in found.message


@pytest.mark.parametrize("scanner", ["clamd://127.0.0.1:3310", ""])
def test_what_was_not_scanned_in_an_archive_too_large_to_be_held_is_told_of_its_stored_copy(
    site, tmp_path, monkeypatch, scanner
):
    large = tmp_path / "large.tgz"
    inner = zipped({"letters.mbox": bytes((4 << 20) + 1)})
    large.write_bytes(gzip.compress(tarred(named("inner.zip"), data=inner)))
    monkeypatch.setattr(stored_archives, "HELD_IN_MEMORY", 100)
    told = replace(site.settings.scanner, address=scanner, whole=4 << 20)
    scanned = replace(site, settings=replace(site.settings, scanner=told))
    item_id = held(scanned, large)
    run(scanned, item_id)
    with site.reading_session() as session:
        found = [each for each in derivatives.findings_of(session, item_id) if each.rule.startswith("virus.")]
    assert [(each.rule, each.severity) for each in found] == (
        [("virus.not_scanned_whole", "warning")] if scanner else []
    )
    assert all("inner.zip › letters.mbox" in each.message for each in found)


def test_a_page_that_crashes_the_reader_has_its_reason_and_the_item_its_other_pages(
    site, tmp_path, monkeypatch
):
    monkeypatch.setattr(derivatives, "Reader", partial(Reader, Limits(seconds=20), child=CRASHING))
    item_id = held(site, book(tmp_path / "segfault-2.tif"), book(tmp_path / "sound.tif", pages=2))
    run(site, item_id)
    made = pages(site, item_id)
    assert [page.has_image for page in made] == [True, False, True, True, True]
    assert "SIGSEGV" in (made[1].reason or "")
    assert states(site, item_id) == ["made", "made"]


def test_pages_beyond_those_that_were_counted_are_entered_before_those_of_the_next_file(
    site, tmp_path, monkeypatch
):
    monkeypatch.setattr(Reader, "page_count", lambda self, path, mimetype: 2)
    item_id = held(site, book(tmp_path / "scan.tif"), book(tmp_path / "more.tif"))
    run(site, item_id)
    assert [(page.number, page.page_in_file) for page in pages(site, item_id)] == [
        (1, 1), (2, 2), (3, 3), (4, 1), (5, 2), (6, 3)
    ]  # fmt: skip
    with site.reading_session() as session:
        assert [row.page_count for row in derivatives.derived_files_of(session, item_id)] == [3, 3]


def test_a_run_that_is_killed_ends_in_the_same_pages_as_one_that_is_not(site, tmp_path, monkeypatch):
    monkeypatch.setattr(derivatives, "GROUP", 2)
    item_id = held(site, book(tmp_path / "scan.tif", pages=7), book(tmp_path / "more.tif", pages=2))
    run(site, item_id)
    whole = told(site, item_id)
    for stop_at in (1, 2, 4):
        forget(site)
        kill_a_run(site, item_id, after=stop_at)
        assert len(pages(site, item_id)) < 9
        run(site, item_id)
        assert told(site, item_id) == whole


def told(site: Site, item_id: int) -> list[tuple[object, ...]]:
    facts = [
        (page.number, page.page_in_file, page.has_image, page.reason, page.width)
        for page in pages(site, item_id)
    ]
    shelf = sorted(key_and_size for key_and_size in site.shelf.find("pages/"))
    return [*facts, *shelf, *states(site, item_id)]


def forget(site: Site) -> None:
    with site.open_session.begin() as session:
        for model in (Page, DerivedFile):
            session.query(model).delete()
    shutil.rmtree(site.settings.home / "shelf" / "pages")


def kill_a_run(site: Site, item_id: int, after: int) -> None:
    """A real SIGKILL in a process of its own, at the given progress step."""
    site.engine.dispose()
    if (child := os.fork()) == 0:
        fresh = Site(site.settings)
        for step, _ in enumerate(derive_volume(fresh, volume_id=volume_of(fresh, item_id)), start=1):
            if step == after:
                os.kill(os.getpid(), signal.SIGKILL)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def test_without_a_verified_copy_the_job_waits_and_nothing_is_called_unreadable(site, tmp_path):
    item_id = held(site, book(tmp_path / "scan.tif"), verified="written")
    with pytest.raises(Unavailable, match="verified"):
        run(site, item_id)
    assert states(site, item_id) == []


def test_a_copy_that_goes_away_while_it_is_looked_at_is_no_file_without_a_format(site, tmp_path, monkeypatch):
    item_id = held(site, book(tmp_path / "scan.tif"))
    looked_up = derivatives.local_copy

    @contextmanager
    def gone(site, holders, file, folder):
        with looked_up(site, holders, file, folder) as path:
            yield path.with_name("gone.tif")

    monkeypatch.setattr(derivatives, "local_copy", gone)
    with pytest.raises(Unavailable) as told:
        run(site, item_id)
    assert (told.value.code, states(site, item_id)) == ("copy.away", [])


def test_when_one_store_is_away_another_copy_is_read(site, tmp_path):
    item_id = held(site, book(tmp_path / "scan.tif"))
    shutil.rmtree(site.settings.home / "stores" / "a")
    run(site, item_id)
    assert states(site, item_id) == ["made"]
