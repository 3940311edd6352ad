"""A4 documents: where tables break."""

import unicodedata
from datetime import UTC, datetime

import pymupdf
import pytest

from archive.printing import Block, Document, Facts, Heading, Paragraph, Table, pdf

MADE = datetime(2026, 11, 29, tzinfo=UTC)


def pages(*blocks: Block) -> list[str]:
    made = pdf(Document("검수 보고서", "서고", "검수 보고서", "ko", MADE, blocks))
    with pymupdf.open(stream=made) as document:
        return [page.get_text() for page in document]


def table(rows: int) -> Table:
    return Table(("규칙", "수"), [(f"줄 {number}", "1") for number in range(rows)], (0.6, 0.4))


@pytest.mark.parametrize("lines", range(15, 30))
@pytest.mark.parametrize("short", [table(8), Facts([(f"줄 {number}", "1") for number in range(8)])])
def test_a_short_table_stands_on_one_page_with_its_heading(lines: int, short: Block) -> None:
    told = pages(*(Paragraph(f"{number}") for number in range(lines)), Heading("결과"), short)
    [on] = [page for page in told if "결과\n" in page]
    assert all(f"줄 {number}" in on for number in range(8))


def test_a_long_table_begins_below_its_heading_and_repeats_its_head_on_every_page() -> None:
    told = pages(Heading("결과"), table(100))
    assert len(told) > 2
    assert "결과\n" in told[0]
    assert all("규칙" in page for page in told)
    assert sum(page.count("줄 ") for page in told) == 100


def test_a_name_is_printed_however_it_is_written_and_what_has_no_letter_by_its_number() -> None:
    [told] = pages(Paragraph(unicodedata.normalize("NFD", "지적도.txt")), table(1),
                   Facts([("제목", "\u3400\U0002000b\u202e가"), ("이름", "Nguyễn −5 ☑ µm")]))  # fmt: skip
    assert "지적도.txt\n" in told
    assert "[U+3400][U+2000B][U+202E]가" in told
    assert "Nguyễn −5 ☑ µm" in told
