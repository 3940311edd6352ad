"""DOCX, ODT and spreadsheets, made by the libraries that offices' own programs agree with."""

import docx
import openpyxl
import pytest
from odf.opendocument import OpenDocumentText
from odf.text import P, Tab

from archive.errors import Unreadable
from preservation import documents
from preservation.media_types import DOCX, LOCKED_OFFICE, ODT, XLS, XLSX, media_type
from tests.preservation.corpus_files import folder


def test_a_docx_gives_paragraphs_and_table_cells(tmp_path):
    path = tmp_path / "letter.docx"
    letter = docx.Document()
    letter.add_paragraph("시정 주요업무 보고").add_run("\t끝.")
    letter.add_table(1, 2).rows[0].cells[1].text = "교통국"
    letter.save(str(path))
    assert media_type(path) == (DOCX, None)
    assert documents.text(path, DOCX).whole.split() == ["시정", "주요업무", "보고", "끝.", "교통국"]


def test_an_odt_gives_its_paragraphs(tmp_path):
    path = tmp_path / "letter.odt"
    letter = OpenDocumentText()
    first = P(text="수신")
    first.addElement(Tab())
    first.addText("서울특별시장")
    letter.text.addElement(first)
    letter.text.addElement(P(text="끝."))
    letter.save(str(path))
    assert media_type(path) == (ODT, None)
    assert documents.text(path, ODT).pages == ("수신\t서울특별시장\n끝.",)


def test_an_xlsx_gives_each_sheet_as_a_page(tmp_path):
    path = tmp_path / "list.xlsx"
    book = openpyxl.Workbook()
    book.active.title = "목록"
    book.active.append(["관리번호", 12, 3.5])
    book.create_sheet("둘째").append(["교통국"])
    book.save(path)
    assert media_type(path) == (XLSX, None)
    assert documents.text(path, XLSX).pages == ("목록\n관리번호\t12\t3.5", "둘째\n교통국")


@pytest.mark.parametrize(("name", "fact"), [("population.xls", "인구"), ("facilities.xls", "시설")])
def test_an_old_xls_gives_its_korean_text(name, fact):
    path = folder("hwp") / "kordoc/xls" / name
    assert media_type(path) == (XLS, None)
    assert fact in documents.text(path, XLS).whole


def test_a_cut_docx_is_called_damaged(tmp_path):
    path = tmp_path / "cut.docx"
    docx.Document().save(str(path))
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(Unreadable, match="damaged"):
        documents.text(path, DOCX)


def test_a_locked_office_file_is_called_encrypted(tmp_path):
    path = tmp_path / "locked.docx"
    path.write_bytes(b"anything")
    with pytest.raises(Unreadable, match="encrypted"):
        documents.text(path, LOCKED_OFFICE)
