"""Lists come as CSV in several encodings and line ends, as XLSX and as ODS; each says the same."""

import os
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P

from metadata_schemas.transfer_lists import sheets, text_encoding
from tests.metadata_schemas.transfer_lists.folders import csv_text, errors, read, rules

CORPUS = Path(os.environ.get("SEOGO_CORPUS", Path(__file__).parents[4] / "shared" / "corpus"))
ROWS = [
    ["관리번호", "기록물철 제목", "생산년도", "보존기간", "공개구분"],
    ["0001234567890123456789", "도로 굴착 허가 관계철 똠", "단기 4288년", "030", "2NNNNNYNN"],
]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
def test_a_csv_says_the_same_in_every_encoding_and_line_end(tmp_path: Path, encoding: str, end: str):
    (tmp_path / "이관목록.csv").write_bytes(csv_text(ROWS, end).encode(encoding))
    lists = read(tmp_path, "nak19-2013")
    assert errors(lists) == []
    (volume,) = lists.volumes
    assert (volume.sender_id, volume.title) == (ROWS[1][0], ROWS[1][1])
    assert (volume.retention, volume.row) == ("준영구", 2)
    assert volume.created
    assert volume.created.earliest == date(1955, 1, 1)
    assert ("list.encoding_read" in rules(lists, "note")) == (encoding == "cp949")
    assert {each.value for each in lists.findings if each.rule == "list.encoding_read"} <= {"CP949"}


@pytest.mark.parametrize("sign", ["\t", ";"])
def test_a_text_list_may_be_parted_by_tabs_or_semicolons(tmp_path: Path, sign: str):
    text = "\r\n".join(sign.join(row) for row in ROWS)
    (tmp_path / "이관목록.csv").write_bytes(text.encode("utf-16"))
    assert len(read(tmp_path, "nak19-2013").volumes) == 1


def test_codes_and_ids_of_a_workbook_stay_as_a_reader_sees_them(tmp_path: Path):
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["이관목록"])
    sheet.append(ROWS[0])
    sheet.append(["0001234567890123456789", "글자", 1998, 30, "공개"])
    sheet.append([42, "숫자", date(1998, 3, 2), "01", "공개"])
    book.save(tmp_path / "이관목록.xlsx")
    first, second = read(tmp_path, "nak19-2013").volumes
    assert (first.sender_id, first.retention, first.raw["생산년도"]) == (ROWS[1][0], "준영구", "1998")
    assert (second.sender_id, second.retention, second.row) == ("42", "1년", 4)
    assert second.created
    assert second.created.earliest == date(1998, 3, 2)


def test_a_number_shown_with_leading_zeros_keeps_them(tmp_path: Path):
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(ROWS[0])
    sheet.append([7, "숫자", 1998, 3, "공개"])
    sheet["A2"].number_format = "000000"
    sheet["D2"].number_format = "00"
    book.save(tmp_path / "이관목록.xlsx")
    (volume,) = read(tmp_path, "nak19-2013").volumes
    assert (volume.sender_id, volume.raw["보존기간"], volume.retention) == ("000007", "03", "3년")


def test_each_sheet_with_a_header_is_read_and_a_hidden_one_is_named(tmp_path: Path):
    book = openpyxl.Workbook()
    volumes = book.active
    assert volumes is not None
    volumes.append(ROWS[0])
    volumes.append(["V-1", "굴착", "1998", "영구", "공개"])
    items = book.create_sheet("건")
    items.append(["철 관리번호", "건제목", "파일"])
    items.append(["V-1", "허가", "a.pdf"])
    hidden = book.create_sheet("숨김")
    hidden.append(ROWS[0])
    hidden.append(["V-2", "숨은 철", "1998", "영구", "공개"])
    hidden.sheet_state = "hidden"
    book.save(tmp_path / "이관목록.xlsx")
    lists = read(tmp_path)
    assert errors(lists) == []
    assert [(volume.title, [item.title for item in volume.items]) for volume in lists.volumes] == [
        ("굴착", ["허가"])
    ]
    assert "list.hidden_sheet" in rules(lists, "warning")


def test_merged_cells_are_not_filled_in(tmp_path: Path):
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        ["철제목", "건제목", "보존기간", "파일", "공개여부"],
        ["굴착", "가", "영구", "a", "공개"],
        [None, "나", "영구", "b", "공개"],
    ):
        sheet.append(row)
    sheet.merge_cells("A2:A3")
    book.save(tmp_path / "이관목록.xlsx")
    lists = read(tmp_path)
    assert rules(lists, "warning") == ["list.merged_cells"]
    assert [(error.rule, error.where.row) for error in errors(lists)] == [("list.orphan_item", 3)]
    assert len(lists.volumes[0].items) == 1


def test_an_open_document_is_read_like_a_workbook(tmp_path: Path):
    book = OpenDocumentSpreadsheet()
    table = Table(name="목록")
    for row in ROWS:
        line = TableRow()
        for text in row:
            cell = TableCell(valuetype="string")
            cell.addElement(P(text=text))
            line.addElement(cell)
        table.addElement(line)
    book.spreadsheet.addElement(table)
    book.save(str(tmp_path / "이관목록.ods"))
    (volume,) = read(tmp_path, "nak19-2013").volumes
    assert (volume.sender_id, volume.retention) == (ROWS[1][0], "준영구")


def test_a_large_workbook_is_streamed_and_reads_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for line in (ROWS[0], *([f"A{n}", f"굴착 {n}", 1998 + n, "영구", date(2026, 1, 1)] for n in range(30))):
        sheet.append(line)
    book.save(tmp_path / "이관목록.xlsx")
    held = [dict(volume.raw) for volume in read(tmp_path).volumes]
    monkeypatch.setattr(sheets, "LARGE_SHEET", 0)
    assert [dict(volume.raw) for volume in read(tmp_path).volumes] == held and len(held) == 30


@pytest.mark.parametrize("name", ["이관목록.xlsx", "이관목록.ods", "이관목록.xls"])
def test_a_damaged_workbook_is_one_clear_error(tmp_path: Path, name: str):
    (tmp_path / name).write_bytes(b"PK\x03\x04 and no more")
    assert rules(read(tmp_path)) == ["list.unreadable"]


OTHER_KINDS = (
    ("이관목록.csv", b"%PDF-1.7\n\0\xff", "it is a PDF."),
    ("이관목록.xlsx", b"%PDF-1.7\n\0\xff", "it is a PDF."),
    ("이관목록.csv", b"\xff\xd8\xff\xe0\0\x10JFIF", "it is a picture."),
    ("이관목록.csv", b"PK\3\4 and so on", "it is a workbook or another packed file."),
    ("이관목록.csv", b"\xd0\xcf\x11\xe0\xa1\xb1", "it is an old workbook or document."),
    ("이관목록.xlsx", b"PK\3\4 and no more", "it is no workbook, or a damaged one."),
    ("이관목록.xls", b"<html><table></table></html>", "it is no workbook, or a damaged one."),
)


@pytest.mark.parametrize(("name", "octets", "fact"), OTHER_KINDS)
def test_a_file_of_another_kind_is_told_as_that_in_plain_words(
    tmp_path: Path, name: str, octets: bytes, fact: str
):
    (tmp_path / name).write_bytes(octets)
    [found] = read(tmp_path).findings
    assert (found.rule, found.severity) == ("list.unreadable", "error")
    assert f"The list {name} cannot be read: {fact}" in found.message


@pytest.mark.parametrize("name", ["cp949", "euc_kr", "big5", "cp949-utf8"])
def test_encodings_of_public_texts_are_told_apart(name: str):
    path = CORPUS / "text-encodings" / "cjk" / f"{name}.txt"
    if not CORPUS.is_dir():
        pytest.skip("the test corpus is not here; set SEOGO_CORPUS")
    found = text_encoding.detect(path)
    expected = {"cp949": "cp949", "euc_kr": "euc_kr", "cp949-utf8": "utf-8"}.get(name)
    if expected:
        assert found == expected
        twin = path.with_name(name.removesuffix("-utf8") + "-utf8.txt")
        assert path.read_text(expected) == twin.read_text("utf-8")
    else:
        assert isinstance(found, text_encoding.Undecodable)


@pytest.mark.parametrize("cut", [1, 2])
def test_a_utf8_list_that_was_cut_is_not_taken_for_cp949(tmp_path: Path, cut: int):
    (tmp_path / "이관목록.csv").write_bytes(csv_text(ROWS).rstrip().encode()[:-30] + "한".encode()[:cut])
    assert rules(read(tmp_path)) == ["list.encoding"]


def test_an_id_that_a_workbook_has_cut_is_not_taken_for_an_id(tmp_path: Path):
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(ROWS[0])
    sheet.append([1234567890123456789, "굴착", 1998, "영구", "공개"])
    sheet.append([123456789012345, "보수", 1998, "영구", "공개"])
    book.save(tmp_path / "이관목록.xlsx")
    lists = read(tmp_path)
    assert [(error.rule, error.where.row) for error in errors(lists)] == [("list.number_lost", 2)]
    assert lists.volumes[1].sender_id == "123456789012345"
