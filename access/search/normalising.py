"""One writing for what is the same: signs folded, 한자 read, and for every sign its place in the original.

Documents and queries go through the same steps in the same order.  The map of places is what lets a
highlight mark 漢江 when the word that matched is 한강.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from access.search import hanja, numerals

_CLUSTER = re.compile(r"[\u1100-\u115f]+[\u1160-\u11a7]*[\u11a8-\u11ff]*|[\s\S][\u0300-\u036f]*")
_LOOSE_JAMO = re.compile(r"[\u3131-\u3163]{2,}")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")

_SIGNS: dict[int, str | int] = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}  # full width
_SIGNS |= {
    ord(sign): " "
    for sign in "·ㆍ‧・•∙･「」『』【】〔〕《》〈〉[](){}<>\t\n\r\v\f\u00a0\u3000\u200b\ufeff\x00"
}
_SIGNS |= {ord(sign): "'" for sign in "‘’`´＇"} | {ord(sign): "~" for sign in "∼～〜"} | {ord("–"): "-"}

_LEADS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_TAILS = "ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"


@dataclass(frozen=True)
class Normal:
    """Normalised text; `places[i]` is where its sign `i` stands in the original (None: at `i`)."""

    text: str
    places: tuple[tuple[int, int], ...] | None = None

    def original(self, start: int, end: int) -> tuple[int, int]:
        if self.places is None or start >= end:
            return start, end
        return self.places[start][0], self.places[end - 1][1]


Rewrite = Callable[[re.Match[str]], str | None]


def normalise(original: str) -> Normal:
    normal = as_typed(original)
    normal = replace(normal, numerals.HANJA, numerals.read_hanja)
    normal = hanja_read(normal)
    return replace(normal, numerals.ORDINAL, numerals.read_ordinal)


def as_typed(original: str) -> Normal:
    """Signs folded, nothing read: what the option to search exactly as typed compares."""
    normal = _composed(original)
    normal = Normal(normal.text.translate(_SIGNS), normal.places)
    normal = replace(normal, _LOOSE_JAMO, lambda match: compose(match[0]))
    normal = Normal(_lowered(normal.text), normal.places)
    return replace(normal, _THOUSANDS, lambda match: "")


def hanja_read(normal: Normal) -> Normal:
    if not hanja.RUN.search(normal.text):
        return normal
    return replace(normal, hanja.RUN, hanja.read)


def replace(normal: Normal, pattern: re.Pattern[str], rewrite: Rewrite) -> Normal:
    """`rewrite` gives the new text of a match, or None to leave it."""
    found = [(match, new) for match in pattern.finditer(normal.text) if (new := rewrite(match)) is not None]
    if not found:
        return normal
    places = normal.places or tuple((place, place + 1) for place in range(len(normal.text)))
    text: list[str] = []
    moved: list[tuple[int, int]] = []
    done = 0
    for match, new in found:
        start, end = match.span()
        text += normal.text[done:start], new
        moved += places[done:start]
        moved += _spread(places[start:end], len(new))
        done = end
    text.append(normal.text[done:])
    moved += places[done:]
    return Normal("".join(text), tuple(moved))


def compose(jamo: str) -> str:
    """한글 of letters typed one by one: ㅎㅏㄴㄱㅏㅇ is 한강.  Letters that make no syllable stay."""
    done: list[str] = []
    at = 0
    while at < len(jamo):
        length = _syllable_at(jamo, at)
        done.append(_syllable(jamo[at : at + length]) if length else jamo[at])
        at += length or 1
    return "".join(done)


def _syllable_at(jamo: str, at: int) -> int:
    def vowel(place: int) -> bool:
        return place < len(jamo) and "ㅏ" <= jamo[place] <= "ㅣ"

    if jamo[at] not in _LEADS or not vowel(at + 1):
        return 0
    closed = at + 2 < len(jamo) and jamo[at + 2] in _TAILS and not vowel(at + 3)
    return 3 if closed else 2


def _syllable(jamo: str) -> str:
    tail = _TAILS.index(jamo[2]) + 1 if len(jamo) == 3 else 0
    return chr(0xAC00 + _LEADS.index(jamo[0]) * 588 + (ord(jamo[1]) - ord("ㅏ")) * 28 + tail)


def _composed(original: str) -> Normal:
    if unicodedata.is_normalized("NFC", original):
        return Normal(original)
    return replace(Normal(original), _CLUSTER, lambda match: unicodedata.normalize("NFC", match[0]))


def _lowered(text: str) -> str:
    """Sign for sign, so that places stay: one whose small form is longer stays large."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(small if len(small := sign.lower()) == 1 else sign for sign in text)


def _spread(old: Sequence[tuple[int, int]], length: int) -> list[tuple[int, int]]:
    """Sign for sign where the lengths agree; else each new sign stands for the whole old stretch."""
    if length == len(old):
        return list(old)
    return [(old[0][0], old[-1][1])] * length
