"""What to mark and where: places of the words that matched, in the text as it was written.

The engines do not help: the marks come from our own units, so both engines show the same, and a
negated word is never marked for its opposite.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from access.search.analysis import Unit, Word, analyse
from access.search.entries import squeezed

_AROUND = 60  # signs of context on either side
_WINDOW = 160
_ENOUGH = 2  # different words in one part of a page
# A part ends at the end of a line, else between words, but not where a negation may stand before its noun.
_PART = re.compile(r"(?:[^\n]{0,150}(?<![비미무불부준반분])(?:\n|\s|$)){1,3}|[^\n]{1,150}\n?")


@dataclass(frozen=True)
class Marked:
    """A text and the stretches of it to mark."""

    text: str
    marks: tuple[tuple[int, int], ...] = ()


def mark(text: str, looked_for: Collection[str]) -> Marked:
    analysed = analyse(text)
    places = [
        analysed.normal.original(*place) for word in analysed.words for place in _places(word, looked_for)
    ]
    return Marked(text, tuple(_joined(places)))


def _places(word: Word, looked_for: Collection[str]) -> Iterator[tuple[int, int]]:
    if word.whole in looked_for and len(word.whole) > 1:
        yield word.units[0].start, word.units[-1].end
        return
    # A longer word of the query may lie across several units here (한강교 in 한강교가설).
    longer = {token for token in looked_for if len(token) >= 3}
    for unit in word.units:
        if not longer.isdisjoint([unit.token]) or not set(unit.tokens).isdisjoint(looked_for):
            yield _part(unit, looked_for)


def _part(unit: Unit, looked_for: Collection[str]) -> tuple[int, int]:
    """The whole unit, or the part of it that was looked for."""
    if unit.years or unit.token in looked_for:
        return unit.start, unit.end
    part = max((part for part in unit.parts if part in looked_for), key=len)
    at = unit.token.find(part)
    if at < 0 or len(unit.token) != unit.end - unit.start:
        return unit.start, unit.end
    return unit.start + at, unit.start + at + len(part)


def _joined(places: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(places):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined


def best_page(pages: Sequence[Sequence[Any]], looked_for: Collection[str]) -> Sequence[Any] | None:
    """The page that holds most of what was looked for; of equals the first.  None when none holds any."""
    best, most = None, (0, 0)
    for page in pages:
        tokens = page[2].split()
        held = [token for token in tokens if token in looked_for]
        score = (len(set(held)), len(held))
        if score > most:
            best, most = page, score
    return best


def snippet(text: str, looked_for: Collection[str]) -> Marked:
    """The stretch of a page with most marks in it."""
    marked = _richest(text, looked_for)
    if not marked.marks:
        return Marked(re.sub(r"\s", " ", text[:_WINDOW]))
    start = max((mark[0] for mark in marked.marks), key=lambda at: (_held(marked.marks, at), -at))
    return _cut(marked, max(0, start - _AROUND), start - min(start, _AROUND) + _WINDOW)


def _richest(text: str, looked_for: Collection[str]) -> Marked:
    """The part of a long page with the most different words marked; the first that holds them well will do.

    Parts in which the words stand literally are read first, because most of the time of a search goes
    into this.
    """
    best, most = Marked(text), 0
    parts = [(sum(token in part for token in looked_for), part) for part in _PART.findall(text)]
    for literally, part in sorted(parts, key=lambda row: -row[0]):
        if most and most >= min(_ENOUGH, literally):
            break
        marked = mark(part, looked_for)
        different = len({squeezed(part[start:end]) for start, end in marked.marks})
        if different > most:
            best, most = marked, different
    return best


def _held(marks: Sequence[tuple[int, int]], start: int) -> int:
    return sum(start <= place[0] and place[1] <= start + _WINDOW - _AROUND for place in marks)


def _cut(marked: Marked, start: int, end: int) -> Marked:
    """A stretch that begins and ends between words and holds no mark by half."""
    while start > 0 and not marked.text[start - 1].isspace() and marked.text[start].isalnum():
        start -= 1
    end = max([end, *(last for first, last in marked.marks if first < end)])
    text = re.sub(r"\s", " ", marked.text[start:end])
    marks = tuple(
        (first - start, last - start) for first, last in marked.marks if start <= first and last <= end
    )
    return Marked(text, marks)


def written_in_hanja(marked: Marked) -> Iterator[str]:
    """Marked words that are written in 한자: what a search in 한글 also found."""
    for start, end in marked.marks:
        word = marked.text[start:end]
        if re.fullmatch(r"[\u3400-\u9fff]{2,}", word) and squeezed(word).isalpha():
            yield word


def pages_of(shown: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
    return list(shown.get("pages") or ())
