"""What `seogo sample make` promises: same bytes, a true list, people on restricted pages only."""

import csv
import io
import json
import re
import wave
import zipfile
from datetime import date
from pathlib import Path
from random import Random

import docx
import hwpx
import pymupdf
import pytest
from PIL import Image

from archive.errors import Conflict, WrongCall
from archive.site.terminal import run
from ingest.looking.inspecting import inspect
from ingest.samples import drawing, faults, make, naming, office, papers, sample, titles, world
from metadata_schemas import transfer_lists

RESIDENT = re.compile(r"\d{6}-\d{6,7}")


@pytest.fixture(scope="module")
def transfer(tmp_path_factory) -> Path:
    """Every kind of record, small."""
    folder = tmp_path_factory.mktemp("samples") / "transfer"
    make(folder, volumes=8, pages=6, seed=5)
    return folder


def every_file(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def rows_of(path: Path, encoding: str = "utf-8-sig") -> list[dict[str, str]]:
    with path.open(encoding=encoding, newline="") as stream:
        return list(csv.DictReader(stream))


def read(folder: Path) -> transfer_lists.TransferLists:
    return transfer_lists.read(folder, sorted(every_file(folder)), source_system=None)


def planned_items(medium: str, *, count: int, seed: int = 9, volumes: int = 120):
    found = (
        (volume, item)
        for volume in titles.plan(seed=seed, volumes=volumes, pages=20)
        for item in volume.items
        if item.medium == medium
    )
    return [pair for pair, _ in zip(found, range(count), strict=False)]


@pytest.mark.parametrize("form", naming.FORMS)
def test_the_same_seed_makes_the_same_bytes(tmp_path, form):
    for name in ("one", "two"):
        make(tmp_path / name, volumes=5, pages=3, seed=11, form=form, faults=True)
    assert every_file(tmp_path / "one") == every_file(tmp_path / "two")
    assert faults.beside(tmp_path / "one").read_bytes() == faults.beside(tmp_path / "two").read_bytes()
    make(tmp_path / "other", volumes=5, pages=3, seed=12, form=form)
    assert every_file(tmp_path / "other") != every_file(tmp_path / "one")


def test_processes_make_the_bytes_that_one_process_makes(tmp_path, monkeypatch):
    make(tmp_path / "alone", volumes=2, pages=4, seed=2)
    monkeypatch.setattr("ingest.samples.making.PAGES_WORTH_PROCESSES", 1)
    make(tmp_path / "together", volumes=2, pages=4, seed=2)
    assert every_file(tmp_path / "alone") == every_file(tmp_path / "together")


@pytest.mark.parametrize("medium", ["hwpx", "docx", "odt"])
def test_word_processor_files_do_not_tell_when_they_were_made(medium):
    volume, item = planned_items(medium, count=1)[0]
    sheets = list(papers.sheets(volume, item))
    data = {
        "hwpx": lambda: office.hwpx(sheets, title=item.title),
        "docx": lambda: office.docx(sheets, title=item.title),
        "odt": lambda: office.odt(sheets),
    }[medium]()
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        assert {entry.date_time for entry in opened.infolist()} == {(2024, 3, 4, 9, 0, 0)}
        if medium != "docx":
            assert opened.infolist()[0].filename == "mimetype"
            assert opened.infolist()[0].compress_type == zipfile.ZIP_STORED


@pytest.mark.parametrize("form", naming.FORMS)
def test_the_lists_are_read_without_an_error_and_name_every_file(tmp_path, form):
    made = make(tmp_path / "t", volumes=6, pages=8, seed=4, form=form)
    lists = read(tmp_path / "t")
    assert [finding for finding in lists.findings if finding.severity != "note"] == []
    assert len(lists.volumes) == made.volumes == 6
    assert sum(len(volume.items) for volume in lists.volumes) == made.items
    assert set(lists.checksums) == set(every_file(tmp_path / "t")) - lists.claimed
    if form != "2013":
        named = {path for volume in lists.volumes for item in volume.items for path in item.files}
        assert named == set(lists.checksums)


def test_the_2013_form_codes_retention_and_access_and_takes_file_names_from_numbers(tmp_path):
    make(tmp_path, volumes=40, pages=2, seed=4, form="2013", descriptions_only=True)
    volumes, items = rows_of(tmp_path / "기록물철등록부.csv"), rows_of(tmp_path / "기록물등록대장.csv")
    assert {row["보존기간"] for row in volumes} == {"20", "30", "40"}
    assert all(re.fullmatch(r"[123][YN]{8}", row["공개여부"]) for row in items)
    assert all((row["공개여부"][0] == "1") == ("Y" not in row["공개여부"]) for row in items)
    assert all(len(row["분류번호"]) == 28 and len(row["생산(접수)등록번호"]) == 13 for row in items)
    numbers = [row["생산(접수)등록번호"] + row["등록일자"][:4] for row in items]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("form", ["plain", "2013"])
def test_every_file_is_found_by_the_row_that_describes_it(tmp_path, form):
    folder = tmp_path / "t"
    make(folder, volumes=6, pages=8, seed=4, form=form)
    looked = inspect(
        folder,
        scratch=tmp_path,
        source_system=None,
        agency_default=None,
        no_list=False,
        today=date(2026, 1, 1),
    )
    with looked as inspection:
        assert inspection.count("volumes") == 6 and inspection.count("files") > 6
        assert not [*inspection.unclaimed(), *inspection.claimed_twice(), *inspection.lacking()]


def test_counts_in_the_volume_list_agree_with_items_and_files(transfer):
    items = rows_of(transfer / "기록물건목록.csv")
    for volume in rows_of(transfer / "기록물철목록.csv"):
        own = [row for row in items if row["철 관리번호"] == volume["관리번호"]]
        assert int(volume["건수"]) == len(own)
        assert int(volume["쪽수"]) == sum(int(row["쪽수"]) for row in own) == 6
        assert int(volume["파일수"]) == sum(len(row["파일"].split(";")) for row in own)


def test_page_counts_agree_with_the_files(transfer):
    for row in rows_of(transfer / "기록물건목록.csv"):
        counted = sum(pages_in(transfer / name) for name in row["파일"].split(";"))
        assert counted == int(row["쪽수"]), row


def pages_in(path: Path) -> int:
    match path.suffix:
        case ".pdf":
            with pymupdf.open(path) as document:
                return document.page_count
        case ".tif" | ".jpg":
            with Image.open(path) as image:
                return getattr(image, "n_frames", 1)
        case ".wav":
            with wave.open(str(path)) as sound:
                assert sound.getnframes() > 8000
            return 0
        case ".hwpx":
            return 1 + zipfile.ZipFile(path).read("Contents/section0.xml").count(b'pageBreak="1"')
        case ".odt":
            return 1 + zipfile.ZipFile(path).read("content.xml").count(b'text:style-name="P1"')
        case _:
            return 1 + sum(
                bool(told.paragraph_format.page_break_before) for told in docx.Document(str(path)).paragraphs
            )


def test_dates_fall_in_the_years_of_the_volume_and_never_on_a_sunday():
    for volume in titles.plan(seed=3, volumes=200, pages=20):
        days = [item.day for item in volume.items]
        assert days == sorted(days)
        for day in days:
            assert volume.first_year <= day.year <= volume.last_year
            assert day.weekday() != 6 and 1946 <= day.year <= 1995
            assert not date(1950, 6, 25) < day <= date(1950, 9, 28)


def test_every_clause_status_retention_and_medium_comes_up():
    volumes = list(titles.plan(seed=1, volumes=200, pages=30))
    items = [item for volume in volumes for item in volume.items]
    assert {reason for item in items for reason in item.reasons} == set(range(1, 9))
    assert {item.status for item in items} == {"open", "partial", "closed"}
    assert {item.medium for item in items} == set(naming.EXTENSIONS)
    assert {volume.matter.retention for volume in volumes} == {"30년", "준영구", "영구"}
    assert any(volume.volume_number == 3 for volume in volumes)
    assert any(not item.list_open for item in items) and any(item.sound for item in items)
    assert volumes[0].title == volumes[1].title == "漢江鐵橋 復舊工事關係綴"


def test_a_partly_open_item_closes_pages_inside_it_and_leaves_the_first_one_open():
    for volume in titles.plan(seed=6, volumes=150, pages=25):
        for item in volume.items:
            assert bool(item.reasons) == (item.status != "open")
            assert bool(item.restricted) == (item.status == "partial")
            edges = [edge for pages in item.restricted for edge in pages]
            assert edges == sorted(edges) and all(1 < edge <= item.pages for edge in edges)


def test_people_stand_on_restricted_pages_only():
    rosters = 0
    for volume in titles.plan(seed=8, volumes=150, pages=20):
        for item in volume.items:
            for sheet in papers.sheets(volume, item):
                told = " ".join([*sheet.paragraphs, *(cell for row in sheet.rows for cell in row)])
                names = {"姓名", "성명"} & set(sheet.columns)
                rosters += bool(names)
                assert sheet.restricted or not (names or RESIDENT.search(told))
    assert rosters > 50


def test_a_resident_number_belongs_to_nobody():
    rng = Random(1)
    for year in [1970, 1990] * 500:
        number = world.resident_number(rng, year)
        assert RESIDENT.fullmatch(number)
        with pytest.raises(ValueError, match=r"must be in|out of range"):
            date(1900 + int(number[:2]), int(number[2:4]), int(number[4:6]))
        if year == 1990:
            digits = [int(digit) for digit in number.replace("-", "")]
            total = sum(
                digit * weight
                for digit, weight in zip(digits, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5), strict=False)
            )
            assert digits[12] != (11 - total % 11) % 10


def test_a_quarter_is_in_the_district_of_its_year():
    def district(quarter: str, year: int) -> str:
        return world.place(Random(0), year, among=(quarter,), hanja=False).district

    assert (district("화양동", 1994), district("화양동", 1995)) == ("성동구", "광진구")
    assert (district("구로동", 1979), district("구로동", 1980)) == ("영등포구", "구로구")


def test_the_text_of_a_pdf_comes_out_as_it_was_written():
    for volume, item in planned_items("pdf", count=40):
        sheets = list(papers.sheets(volume, item))
        data = drawing.pdf(sheets, title=item.title)
        assert len(data) <= 30 * 1024 * item.pages
        with pymupdf.open(stream=data) as document:
            assert document.page_count == item.pages
            for page, sheet in zip(document, sheets, strict=True):
                found = re.sub(r"\s", "", page.get_text())
                for told in [
                    sheet.heading,
                    sheet.letterhead,
                    *sheet.paragraphs,
                    *(cell for row in sheet.rows for cell in row),
                ]:
                    assert re.sub(r"\s", "", told) in found


def test_nothing_is_set_outside_the_page():
    for volume, item in planned_items("pdf", count=25) + planned_items("jpeg", count=25):
        with pymupdf.open(stream=drawing.pdf(papers.sheets(volume, item), title="")) as document:
            for page in document:
                for x0, y0, x1, y1, word, *_ in page.get_text("words"):
                    assert x0 > 40 and y0 > 30 and x1 < 575 and y1 < 835, word


def test_scans_stay_within_their_budget_and_have_no_text_layer(transfer):
    scans = [path for path in transfer.rglob("*") if path.suffix in {".tif", ".jpg"}]
    assert {path.suffix for path in scans} == {".tif", ".jpg"}
    for path in scans:
        with Image.open(path) as image:
            frames = getattr(image, "n_frames", 1)
            if path.suffix == ".jpg":
                assert path.stat().st_size < 250_000 and image.mode == "RGB"
            elif image.mode == "1":
                assert path.stat().st_size < 60_000 * frames and image.info["compression"] == "group4"
            else:
                assert path.stat().st_size < 250_000 * frames


@pytest.mark.parametrize("medium", ["hwpx", "docx"])
def test_word_processor_files_open_in_their_own_library(medium):
    volume, item = planned_items(medium, count=1)[0]
    sheets = list(papers.sheets(volume, item))
    if medium == "hwpx":
        opened = hwpx.HwpxDocument.open(io.BytesIO(office.hwpx(sheets, title=item.title)))
        told = opened.text.plain()
    else:
        told = "\n".join(
            p.text for p in docx.Document(io.BytesIO(office.docx(sheets, title=item.title))).paragraphs
        )
    for paragraph in sheets[0].paragraphs:
        assert paragraph.strip() in told


def test_every_broken_thing_is_broken_and_nothing_else(tmp_path):
    make(tmp_path / "good", volumes=8, pages=6, seed=3)
    made = make(tmp_path / "bad", volumes=8, pages=6, seed=3, faults=True)
    told = json.loads(faults.beside(tmp_path / "bad").read_text("utf-8"))
    assert [fault["rule"] for fault in told] == [fault.rule for fault in made.faults]
    assert {
        "file.missing",
        "file.extra",
        "file.digest",
        "file.empty",
        "file.unreadable",
        "name.nfd",
        "list.retention",
        "list.duplicate",
    } == {fault.rule for fault in made.faults}
    good, bad = every_file(tmp_path / "good"), every_file(tmp_path / "bad")
    changed = {path for path in good.keys() | bad.keys() if good.get(path) != bad.get(path)}
    lists = {"기록물철목록.csv", "기록물건목록.csv", "checksum.sha256"}
    named = {fault.path for fault in made.faults if fault.path}
    moved_from = changed - lists - named
    assert len(moved_from) == 1 and moved_from.pop() in good, "the name that was decomposed"
    for fault in made.faults:
        if fault.rule == "file.missing":
            assert fault.path in good and fault.path not in bad
        elif fault.path:
            assert fault.path in bad


def test_broken_lists_give_the_findings_that_the_account_expects(tmp_path):
    made = make(tmp_path / "bad", volumes=6, pages=8, seed=3, faults=True)
    found = {
        (finding.rule, finding.where.list, finding.where.row) for finding in read(tmp_path / "bad").findings
    }
    assert {(fault.rule, fault.list, fault.row) for fault in made.faults if fault.list} <= found


def test_unreadable_files_are_unreadable(tmp_path):
    made = make(tmp_path / "bad", volumes=8, pages=6, seed=3, faults=True)
    locked, cut = 0, 0
    for fault in made.faults:
        if fault.rule == "file.unreadable":
            try:
                with pymupdf.open(tmp_path / "bad" / fault.path) as document:
                    locked += bool(document.needs_pass)
                    cut += document.page_count == 0
            except pymupdf.FileDataError:
                cut += 1
    assert (locked, cut) == (1, 1)


def test_descriptions_only_writes_lists_and_nothing_else(tmp_path):
    made = make(tmp_path / "t", volumes=300, pages=100, seed=1, descriptions_only=True)
    assert set(every_file(tmp_path / "t")) == {"기록물철목록.csv", "기록물건목록.csv"}
    assert made.files == 0 and made.items == len(rows_of(tmp_path / "t" / "기록물건목록.csv")) > 5000
    assert len({row["관리번호"] for row in rows_of(tmp_path / "t" / "기록물건목록.csv")}) == made.items


def test_titles_of_any_matter_can_be_written_in_cp949():
    for volume in titles.plan(seed=2, volumes=300, pages=60):
        for item in volume.items:
            assert (volume.title + item.title + item.document_number).encode("cp949")


def test_one_agency_may_be_asked_for(tmp_path):
    make(tmp_path / "t", volumes=4, pages=3, seed=1, agency="3030000", descriptions_only=True)
    assert {row["생산기관"] for row in rows_of(tmp_path / "t" / "기록물철목록.csv")} == {"서울특별시 성동구"}
    with pytest.raises(WrongCall, match="9999999"):
        make(tmp_path / "u", volumes=4, pages=3, seed=1, agency="9999999")


def test_a_folder_with_something_in_it_is_refused(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(Conflict, match="not empty"):
        make(tmp_path, volumes=1, pages=1, seed=1)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_the_command_prints_one_object_and_refuses_with_its_exit_code(tmp_path, capfd):
    arguments = ["make", str(tmp_path / "t"), "--volumes", "2", "--pages", "2", "--json"]
    assert run(sample, arguments) == 0 and json.loads(capfd.readouterr().out)["volumes"] == 2
    assert run(sample, arguments) == 3 and json.loads(capfd.readouterr().out)["error"]["code"] == "conflict"


def test_progress_ends_at_the_number_of_volumes(tmp_path):
    seen: list[tuple[int, int]] = []
    make(tmp_path / "t", volumes=3, pages=1, seed=1, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]
