"""What is laid aside while a transfer is looked at comes back as it was."""

from datetime import date

from metadata_schemas.description import Access, DateSpan, Finding, ItemDescription, VolumeDescription, Where
from metadata_schemas.transfer_lists import packed, unpacked
from metadata_schemas.transfer_lists.cells import Cells

PLACES = {"제목": 0, "파일": 1}


def item(row: int) -> ItemDescription:
    day = date(1987, 3, row)
    return ItemDescription(
        title=f"통지 {row}", created=DateSpan("1987.3", day, day), access=Access("closed", (5, 6)),
        files=("가.txt", "나.txt"), raw=Cells(PLACES, (f"통지 {row}", "가.txt;나.txt")),
        row=row, list="목록.csv",
    )  # fmt: skip


def test_descriptions_and_findings_come_back_as_they_were_laid_aside() -> None:
    volume = VolumeDescription(title="철", access=Access("open"), items=(item(1), item(2)))
    finding = Finding("list.title", "error", Where("목록.csv", 3, "제목"), None, "a title", "Row 3.")
    for each in (item(1), volume, finding, (volume, {"retention": "영구"})):
        assert unpacked(packed(each)) == each


def test_a_row_that_is_laid_aside_names_neither_its_fields_nor_the_columns_of_its_list() -> None:
    octets = packed(item(1))
    assert b"document_number" not in octets and "제목".encode() not in octets
    assert "통지".encode() in octets
