"""The letters of printed papers: Droid Sans Fallback, which comes with MuPDF and has Hangul and Hanja.

A sign that they lack is printed as its number: what a paper names is never blank.
"""

import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Any

import pymupdf as pymupdf_untyped

from archive.names import STEERS

pymupdf: Any = pymupdf_untyped


@cache
def letters() -> Any:
    return pymupdf.Font("korea")


@cache
def _advance(sign: str) -> float:
    return float(letters().glyph_advance(ord(sign)))


def in_letters(words: str) -> str:
    """In NFC, since no letter is put together here."""
    return "".join(map(_letter, unicodedata.normalize("NFC", words)))


@cache
def _letter(sign: str) -> str:
    if sign.isspace():
        return sign if sign in "\n " else " "
    # MuPDF brings letters of other scripts too, and goes to them by itself; some signs have empty ones there.
    is_seen = not STEERS.search(sign) and letters().has_glyph(ord(sign), fallback=1)
    return sign if is_seen else f"[U+{ord(sign):04X}]"


def width_of(words: str, size: float) -> float:
    return sum(map(_advance, words)) * size


def wrapped(words: str, width: float, size: float) -> Iterator[str]:
    """Lines no longer than the width: broken between words, and inside one that is longer by itself."""
    for paragraph in in_letters(words).split("\n"):
        line, used = "", 0.0
        for word in _words(paragraph):
            longest = width_of(word.rstrip(), size)
            if line and used + longest > width:
                yield line.rstrip()
                line, used = "", 0.0
            for sign in word:
                step = _advance(sign) * size
                if line and used + step > width and sign != " ":
                    yield line
                    line, used = "", 0.0
                line, used = line + sign, used + step
        yield line.rstrip()


def _words(paragraph: str) -> Iterator[str]:
    """Words, each with the spaces that follow it."""
    start = 0
    for place in range(1, len(paragraph)):
        if paragraph[place - 1].isspace() and not paragraph[place].isspace():
            yield paragraph[start:place]
            start = place
    if paragraph:
        yield paragraph[start:]
