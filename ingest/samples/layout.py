"""Sets a sheet on A4: which words and strokes stand where, in points, with no drawing library.

Letters of the 1950s that come as scans stand upright, in ruled columns from the right; everything
else runs from left to right.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from ingest.samples.papers import Sheet
from ingest.samples.world import in_hanja

WIDTH, HEIGHT = 595, 842
LEFT, RIGHT, TOP, BOTTOM = 62, 538, 70, 790
Measure = Callable[[str, float], float]
Point = tuple[float, float]


@dataclass(frozen=True)
class Words:
    x: float
    y: float
    size: float
    text: str
    colour: str = "ink"


@dataclass(frozen=True)
class Stroke:
    points: tuple[Point, ...]
    width: float = 0.7
    colour: str = "ink"
    closed: bool = False


Mark = Words | Stroke


def marks(sheet: Sheet, measure: Measure, *, scanned: bool) -> Iterator[Mark]:
    """Everything on the sheet.  A scanned sheet bears the square seal; a text page only a round one."""
    if scanned and sheet.era == "a" and sheet.kind in {"letter", "prose"}:
        yield from _upright(sheet, measure)
        return
    setting = _Setting(measure)
    match sheet.kind:
        case "letter":
            yield from _letter(setting, sheet, scanned)
        case "plan":
            yield from _plan(setting, sheet)
        case _:
            yield from _text_page(setting, sheet)
    yield from setting.centred(f"- {sheet.number} -", 815, 9)


@dataclass
class _Setting:
    """A page being set: `y` is the line the next words stand on."""

    measure: Measure
    y: float = TOP

    def centred(self, text: str, y: float, size: float, colour: str = "ink") -> Iterator[Mark]:
        yield Words((WIDTH - self.measure(text, size)) / 2, y, size, text, colour)

    def paragraph(
        self, text: str, *, size: float = 11.5, left: float = LEFT, hang: float = 16
    ) -> Iterator[Mark]:
        indent = 0.0
        for line in self._lines(text, size, RIGHT - left, hang):
            yield Words(left + indent, self.y, size, line)
            self.y, indent = self.y + size * 1.75, hang

    def _lines(self, text: str, size: float, width: float, hang: float) -> Iterator[str]:
        line, room = "", width
        for piece in _pieces(text):
            if line and self.measure(line + piece.rstrip(), size) > room:
                yield line.rstrip()
                line, room = "", width - hang
            line += piece
        yield line.rstrip()


def _pieces(text: str) -> Iterator[str]:
    """Words with the space after them; long runs without a space may break anywhere."""
    word = ""
    for sign in text:
        word += sign
        if sign == " " or len(word) >= 12:
            yield word
            word = ""
    if word:
        yield word


def _letter(page: _Setting, sheet: Sheet, scanned: bool) -> Iterator[Mark]:
    page.y = 96
    yield from page.centred(sheet.letterhead, page.y, 22)
    page.y += 34
    if sheet.era == "a":
        yield from _old_head(page, sheet)
    else:
        yield from _head(page, sheet)
    for told in sheet.paragraphs:
        if told == "記":
            yield from page.centred(told, page.y, 12)
            page.y += 24
        else:
            yield from page.paragraph(told, left=LEFT + (len(told) - len(told.lstrip())) * 9)
    page.y = min(max(page.y + 40, 560), 740)
    yield from page.centred(sheet.signed, page.y, 18)
    right = (WIDTH + page.measure(sheet.signed, 18)) / 2
    if scanned:
        yield from _seal(sheet.signed, right - 14, page.y - 32)
    else:
        yield from _round_seal(right + 20, page.y - 7)


def _old_head(page: _Setting, sheet: Sheet) -> Iterator[Mark]:
    for _, value in sheet.fields[:2]:
        yield Words(RIGHT - page.measure(value, 11), page.y, 11, value)
        page.y += 20
    yield Words(LEFT, page.y, 12, sheet.fields[2][1])
    page.y += 34
    yield from page.centred(sheet.heading, page.y, min(15.0, 470 / max(page.measure(sheet.heading, 1), 1)))
    page.y += 36


def _head(page: _Setting, sheet: Sheet) -> Iterator[Mark]:
    yield _line(LEFT, page.y - 16, RIGHT, page.y - 16, 1.2)
    for label, value in sheet.fields:
        yield Words(LEFT + 4, page.y, 11, label)
        yield Words(LEFT + 74, page.y, min(11.0, 395 / max(page.measure(value, 1), 1)), value)
        yield _line(LEFT, page.y + 8, RIGHT, page.y + 8, 0.5)
        page.y += 25
    page.y += 14


def _text_page(page: _Setting, sheet: Sheet) -> Iterator[Mark]:
    page.y = 92
    if sheet.heading:
        size = min(16.0, 470 / max(page.measure(sheet.heading, 1), 1))
        if sheet.kind == "prose":
            yield Words(LEFT, page.y, 14, sheet.heading)
        else:
            yield from page.centred(sheet.heading, page.y, size)
        page.y += 34
    for label, value in sheet.fields:
        yield Words(LEFT, page.y, 11, f"{label}  {value}")
        page.y += 21
    if sheet.rows:
        yield from _table(page, sheet)
    for told in sheet.paragraphs:
        yield from page.paragraph(told)
        page.y += 5


def _table(page: _Setting, sheet: Sheet) -> Iterator[Mark]:
    table = (sheet.columns, *sheet.rows)
    natural = [max(page.measure(cell, 10) for cell in column) + 14 for column in zip(*table, strict=True)]
    scale = (RIGHT - LEFT) / sum(natural)
    widths = [width * scale for width in natural]
    size = min(10.0, 10 * scale)
    edges = [LEFT + sum(widths[:at]) for at in range(len(widths) + 1)]
    top, pitch = page.y - 14, 24.0
    for at, row in enumerate(table):
        base = top + at * pitch + 16
        for edge, width, cell in zip(edges, widths, row, strict=False):
            centred = at == 0 or not cell.replace(",", "").isdigit()
            room = width - page.measure(cell, size)
            if cell:
                yield Words(edge + (room / 2 if centred else room - 6), base, size, cell)
    bottom = top + len(table) * pitch
    for at in range(len(table) + 1):
        yield _line(LEFT, top + at * pitch, RIGHT, top + at * pitch, 1.1 if at in (0, 1, len(table)) else 0.5)
    for edge in edges:
        yield _line(edge, top, edge, bottom, 0.5)
    page.y = bottom + 30


def _plan(page: _Setting, sheet: Sheet) -> Iterator[Mark]:
    """Parcels along a road, numbered, with the title block of a survey drawing."""
    rng = Random(f"plan/{sheet.seed}")
    columns, rows = 6, 8
    grid = [
        [
            (LEFT + 10 + x * 76 + rng.uniform(-13, 13), 90 + y * 76 + rng.uniform(-13, 13) + x * 3.0)
            for x in range(columns + 1)
        ]
        for y in range(rows + 1)
    ]
    road = rng.randint(2, 5)
    for y in range(rows):
        for x in range(columns):
            corners = (grid[y][x], grid[y][x + 1], grid[y + 1][x + 1], grid[y + 1][x])
            if y == road:
                continue
            yield Stroke(corners, 0.8, closed=True)
            across, down = sum(p[0] for p in corners) / 4, sum(p[1] for p in corners) / 4
            yield Words(across - 14, down + 3, 7.5, f"{rng.randint(1, 420)}-{rng.randint(1, 40)}")
    left, right = grid[road][0], grid[road][columns]
    yield Words(left[0] + 150, (left[1] + right[1]) / 2 + 42, 10, f"{rng.choice((6, 8, 12, 20, 25))}m")
    yield Stroke((left, right), 2.0, "red")
    yield Stroke((grid[road + 1][0], grid[road + 1][columns]), 2.0, "red")
    yield Stroke(((520, 60), (514, 84), (520, 78), (526, 84)), 0.9, closed=True)
    yield Words(516, 56, 9, "N")
    yield Stroke(((LEFT, 740), (RIGHT, 740), (RIGHT, 795), (LEFT, 795)), 1.2, closed=True)
    yield Words(LEFT + 10, 762, min(13.0, 440 / max(page.measure(sheet.heading, 1), 1)), sheet.heading)
    yield Words(LEFT + 10, 784, 9.5, "   ".join(f"{label} {value}".strip() for label, value in sheet.fields))


def _upright(sheet: Sheet, measure: Measure) -> Iterator[Mark]:
    """Ruled paper of the 1950s: columns from right to left, figures in Hanja, a seal at the end."""
    columns = list(_columns(sheet, 41))
    pitch = min(33.0, 470 / max(len(columns), 1))
    count = int(470 // pitch)
    for at in range(count + 1):
        yield Stroke(((RIGHT - at * pitch, 86), (RIGHT - at * pitch, 786)), 0.6, "rule")
    frame = ((RIGHT - count * pitch, 86), (RIGHT, 86), (RIGHT, 786), (RIGHT - count * pitch, 786))
    yield Stroke(frame, 1.6, "rule", closed=True)
    yield Words((WIDTH - measure("서울特別市", 10)) / 2, 806, 10, "서울特別市", "rule")
    for at, (indent, text) in enumerate(columns):
        x = RIGHT - (at + 0.5) * pitch
        for place, sign in enumerate(text):
            yield Words(x - measure(sign, 13) / 2, 104 + (place + indent) * 16.4, 13, sign)
    if sheet.signed:
        indent, text = columns[-1]
        yield from _seal(
            sheet.signed, RIGHT - (len(columns) - 0.5) * pitch - 20, 92 + (len(text) + indent) * 16.4
        )


def _columns(sheet: Sheet, height: int) -> Iterator[tuple[int, str]]:
    told = [
        (height - len(value) - 1 if at < 2 else 1, value)
        for at, (_, value) in enumerate((mark, upright_text(value)) for mark, value in sheet.fields)
    ]
    told += [(3, upright_text(sheet.heading))] if sheet.heading else []
    told += [(18 if text == "記" else 0, upright_text(text)) for text in sheet.paragraphs]
    told += [(height - len(sheet.signed) - 5, sheet.signed)] if sheet.signed else []
    for indent, text in told:
        room = height - indent
        for start in range(0, len(text), room):
            yield indent, text[start : start + room]


def upright_text(text: str) -> str:
    """Figures in Hanja and no spaces, as written in columns."""
    figures = "".join(in_hanja(int(sign)) if sign.isascii() and sign.isdigit() else sign for sign in text)
    return figures.translate({ord(sign): None for sign in " ,"}).translate(str.maketrans(".()", "、︵︶"))


def _seal(signed: str, x: float, y: float) -> Iterator[Mark]:
    text = (signed.replace(" ", "") + "之印")[:9]
    rows = -(-len(text) // 3)
    yield Stroke(((x, y), (x + 46, y), (x + 46, y + 46), (x, y + 46)), 2.2, "red", closed=True)
    size = 41 / max(rows, 3)
    for at, sign in enumerate(text):
        yield Words(x + 31 - at // rows * 14.2, y + 13 + at % rows * (size + 0.6), size, sign, "red")


def _round_seal(x: float, y: float) -> Iterator[Mark]:
    ring = ((0, -13), (9, -9), (13, 0), (9, 9), (0, 13), (-9, 9), (-13, 0), (-9, -9))
    yield Stroke(tuple((x + across, y + down) for across, down in ring), 1.2, "red", closed=True)
    yield Words(x - 6, y + 4.5, 12, "인", "red")


def _line(x0: float, y0: float, x1: float, y1: float, width: float) -> Stroke:
    return Stroke(((x0, y0), (x1, y1)), width)
