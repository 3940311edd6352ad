"""Writes A4 documents as PDF: headings, paragraphs, facts, tables that break over pages, places to sign.

Only the glyphs that a document uses go into it (`archive.lettering`).  The text can be searched and read
out; title, language and bookmarks are told.  There is no structure tree, for MuPDF writes none: a reader
for the blind meets the lines of a table one after the other.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import zip_longest
from typing import Any

import pymupdf as pymupdf_untyped

from archive.lettering import in_letters, letters, width_of, wrapped

pymupdf: Any = pymupdf_untyped

WIDTH, HEIGHT = 595, 842
LEFT, RIGHT, TOP, BOTTOM = 48, 547, 56, 782
TEXT, SMALL, LEAD = 9.5, 8.0, 1.45
GREY, LINE = (0.35, 0.35, 0.35), (0.75, 0.75, 0.75)
PAD = 4
FACTS = (0.24, 0.76)
SHORT = 12
"""Tables with so many rows at most are not torn over two pages, unless they are higher than `KEPT`."""
KEPT = 250


@dataclass(frozen=True)
class Heading:
    words: str


@dataclass(frozen=True)
class Paragraph:
    words: str


@dataclass(frozen=True)
class Facts:
    """Names and values, one below the other."""

    rows: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Table:
    """``widths`` are shares of the line; ``numbers`` the columns that stand to the right."""

    head: Sequence[str]
    rows: Iterable[Sequence[str]]
    widths: Sequence[float]
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Signatures:
    """Who signs; each gets a line for the office, the name and the seal."""

    people: Sequence[str]
    words: Sequence[str]


Block = Heading | Paragraph | Facts | Table | Signatures


@dataclass(frozen=True)
class Document:
    title: str
    under: str
    foot: str
    language: str
    made_at: datetime
    blocks: Sequence[Block] = field(default_factory=tuple)


def pdf(document: Document) -> bytes:
    """The document as a file; the same document always gives the same bytes."""
    press = _Press(document.language)
    press.title(document.title, document.under)
    for block, following in zip_longest(document.blocks, document.blocks[1:]):
        press.print(block, following)
    return press.finish(document)


class _Press:
    """Pages as they fill: ``y`` is where the next line begins."""

    def __init__(self, language: str) -> None:
        self.file = pymupdf.open()
        self.file.set_language(language)
        self.page: Any = None
        self.y = float(BOTTOM)
        self.outline: list[tuple[int, str, int]] = []

    def print(self, block: Block, following: Block | None) -> None:
        match block:
            case Heading(words):
                self._heading(words, following)
            case Paragraph(words):
                self._lines(wrapped(words, RIGHT - LEFT, TEXT), TEXT)
                self.y += 5
            case Facts(rows):
                self._table(Table((), rows, FACTS))
            case Table():
                self._table(block)
            case Signatures(people, words):
                self._signatures(people, words)

    def title(self, words: str, under: str) -> None:
        self._turn()
        self._lines(wrapped(words, RIGHT - LEFT, 18), 18, bold=True)
        self.y += 3
        self._lines(wrapped(under, RIGHT - LEFT, TEXT), TEXT, GREY)
        self.y += 8

    def finish(self, document: Document) -> bytes:
        count = self.file.page_count
        for number in range(count):
            self.page, self.y = self.file[number], BOTTOM + 14
            words = f"{number + 1} / {count}"
            self._put(RIGHT - width_of(words, SMALL), words, SMALL, GREY)
            self._put(LEFT, document.foot, SMALL, GREY)
        at = document.made_at.strftime("D:%Y%m%d%H%M%S+00'00'")
        self.file.set_metadata({"title": document.title, "producer": "Seogo", "creator": "Seogo",
                                "creationDate": at, "modDate": at})  # fmt: skip
        self.file.xref_set_key(self.file.pdf_catalog(), "ViewerPreferences", "<</DisplayDocTitle true>>")
        self.file.set_toc([list(entry) for entry in self.outline])
        self.file.subset_fonts()
        made: bytes = self.file.tobytes(garbage=3, deflate=True, use_objstms=1, no_new_id=True)
        self.file.close()
        return made

    def _turn(self) -> None:
        self.page, self.y = self.file.new_page(width=WIDTH, height=HEIGHT), float(TOP)

    def _room(self, height: float) -> bool:
        """Turn the page when the height does not fit on it; whether it was turned."""
        turned = self.y + height > BOTTOM
        if turned:
            self._turn()
        return turned

    def _heading(self, words: str, following: Block | None) -> None:
        self.y += 10
        self._room(60 + _height_if_short(following))  # never alone at the foot of a page
        self.outline.append((1, words, self.file.page_count))
        self._lines(wrapped(words, RIGHT - LEFT, 12.5), 12.5, bold=True)
        self.y += 3

    def _lines(
        self, lines: Iterable[str], size: float, colour: tuple[float, ...] = (0, 0, 0), *, bold: bool = False
    ) -> None:
        for line in lines:
            self._room(size * LEAD)
            self._put(LEFT, line, size, colour, bold=bold)
            self.y += size * LEAD

    def _put(
        self, x: float, words: str, size: float, colour: tuple[float, ...] = (0, 0, 0), *, bold: bool = False
    ) -> None:
        """Write one line whose top is at ``y``."""
        words = in_letters(words)
        if not words:
            return
        writer = pymupdf.TextWriter(self.page.rect, color=colour)
        writer.append((x, self.y + size), words, font=letters(), fontsize=size)
        writer.write_text(self.page, render_mode=2 if bold else 0)

    def _table(self, table: Table) -> None:
        widths = [share * (RIGHT - LEFT) for share in table.widths]
        head = _cells(table.head, widths) if table.head else None
        self._rule()
        if head:
            self._row(head, widths, table.numbers, GREY)
        for row in table.rows:
            cells = _cells(row, widths)
            for part in _parts(cells):
                if self._room(_height(part)) and head:
                    self._rule()
                    self._row(head, widths, table.numbers, GREY)
                self._row(part, widths, table.numbers)
        self.y += 8

    def _row(
        self,
        cells: Sequence[Sequence[str]],
        widths: Sequence[float],
        numbers: frozenset[int],
        colour: tuple[float, ...] = (0, 0, 0),
    ) -> None:
        top, x = self.y, float(LEFT)
        for place, (lines, width) in enumerate(zip(cells, widths, strict=True)):
            for number, line in enumerate(lines):
                self.y = top + PAD + number * SMALL * LEAD
                at = x + width - PAD - width_of(line, SMALL) if place in numbers else x + PAD
                self._put(at, line, SMALL, colour)
            x += width
        self.y = top + _height(cells)
        self._rule()

    def _rule(self) -> None:
        self.page.draw_line((LEFT, self.y), (RIGHT, self.y), color=LINE, width=0.6)

    def _signatures(self, people: Sequence[str], words: Sequence[str]) -> None:
        self.y += 14
        self._room(52 * len(people))
        for who in people:
            self._put(LEFT, who, 11, bold=True)
            for place, each in enumerate(words):
                x = LEFT + 90 + place * 140
                self._put(x, each, TEXT, GREY)
                start = x + width_of(each, TEXT) + 8
                self.page.draw_line((start, self.y + 14), (x + 130, self.y + 14), color=GREY, width=0.6)
            self.y += 44


def _cells(row: Sequence[str], widths: Sequence[float]) -> list[list[str]]:
    return [
        list(wrapped(str(cell), width - 2 * PAD, SMALL)) or [""]
        for cell, width in zip(row, widths, strict=True)
    ]


def _height(cells: Sequence[Sequence[str]]) -> float:
    return max(map(len, cells)) * SMALL * LEAD + 2 * PAD


def _height_if_short(block: Block | None) -> float:
    """How high a table is that is not torn over two pages; 0 of what may be."""
    match block:
        case Facts(rows):
            return _height_if_short(Table((), rows, FACTS))
        case Table(head, rows, widths) if isinstance(rows, Sequence) and len(rows) <= SHORT:
            room = [share * (RIGHT - LEFT) for share in widths]
            height = sum(_height(_cells(row, room)) for row in (*([head] if head else []), *rows))
            return height if height <= KEPT else 0
    return 0


def _parts(cells: Sequence[Sequence[str]]) -> Iterator[list[list[str]]]:
    """A row that is higher than a page, in pieces that are not."""
    most = 50
    for start in range(0, max(map(len, cells)), most):
        yield [list(lines[start : start + most]) or [""] for lines in cells]
