"""PDF pages with their text layer, as the corpus of public documents and of broken files asks."""

import json
import re

import pymupdf
import pytest

from archive.errors import Unreadable
from preservation import rendering
from preservation.rendering.sizes import SMALL_BYTES
from tests.preservation.corpus_files import rows

PDF = "application/pdf"
FACTS = {
    "pdf/2125318_의안원문.pdf": (10, ["의안", "법률"]),
    "pdf/제안요청서_온나라_웹기안기_2023.pdf": (68, ["제안요청서", "온나라"]),
    "pdf/특허_1020210175798.pdf": (22, ["특허", "발명"]),
}


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize("path", [path for path, _ in rows("korean-records", "open")])
def test_a_korean_document_gives_every_page_with_picture_and_text(records, path):
    count, facts = FACTS[path]
    pages = list(rendering.pages(records / path, PDF))
    assert [page.number for page in pages] == list(range(1, count + 1))
    assert all(page.images and len(page.images.small) <= SMALL_BYTES for page in pages)
    assert all(max(page.images.width, page.images.height) <= 2000 for page in pages if page.images)
    text = squeezed("".join(page.text for page in pages))
    assert all(fact in text for fact in facts)


def test_the_text_agrees_with_an_extraction_of_another_program(records):
    reference = json.loads((records / "pdf/2125318_의안원문.layout.json").read_text(encoding="utf-8"))

    def strings(part: object) -> list[str]:
        if isinstance(part, dict):
            own = [part["content"]] if isinstance(part.get("content"), str) else []
            return own + [each for value in part.values() for each in strings(value)]
        return [each for value in part for each in strings(value)] if isinstance(part, list) else []

    wanted = {word for each in strings(reference) for word in each.split() if len(word) > 2}
    found = squeezed(
        "".join(page.text for page in rendering.pages(records / "pdf/2125318_의안원문.pdf", PDF))
    )
    assert len(wanted) > 100
    assert sum(squeezed(word) in found for word in wanted) / len(wanted) > 0.95


def test_word_boxes_lie_where_the_word_is_seen_also_on_a_turned_page(tmp_path):
    path = tmp_path / "turned.pdf"
    document = pymupdf.open()
    page = document.new_page(width=600, height=800)
    page.insert_text((60, 80), "TOPLEFT", fontsize=20)
    page.set_rotation(90)
    document.save(path)
    (made,) = rendering.pages(path, PDF)
    ((left, top, right, bottom, word),) = made.words
    # A quarter turn to the right brings the upper left corner to the upper right.
    assert word == "TOPLEFT"
    assert 0.85 < left < right <= 1 and 0 <= top < bottom < 0.35
    assert made.images is not None and made.images.width > made.images.height


def test_a_small_page_is_not_blown_up(tmp_path):
    path = tmp_path / "stamp.pdf"
    document = pymupdf.open()
    document.new_page(width=72, height=36)
    document.save(path)
    (page,) = rendering.pages(path, PDF)
    assert page.images is not None and (page.images.width, page.images.height) == (300, 150)


@pytest.mark.parametrize("path", [path for path, _ in rows("pdf-robustness", "encrypted")])
def test_an_encrypted_pdf_is_named_as_such(pdfs, path):
    with pytest.raises(Unreadable) as told:
        list(rendering.pages(pdfs / path, PDF))
    assert told.value.code == "file.encrypted"


def test_a_page_that_cannot_be_made_has_its_reason_and_the_others_come(pdfs):
    pages = list(rendering.pages(pdfs / "Pages-tree-refs.pdf", PDF))
    assert pages[0].images
    broken = [page for page in pages if page.images is None]
    assert broken and all(page.reason for page in broken)


def test_no_reason_names_a_path_of_this_machine(pdfs):
    for path in sorted(pdfs.glob("issue1*.pdf")):
        try:
            reasons = [page.reason for page in rendering.pages(path, PDF)]
        except Unreadable as told:
            reasons = [told.message]
        assert not [reason for reason in reasons if reason and str(pdfs) in reason]


def test_an_empty_file_is_called_empty(tmp_path):
    path = tmp_path / "empty.pdf"
    path.touch()
    with pytest.raises(Unreadable, match="no bytes"):
        rendering.pages(path, PDF)
