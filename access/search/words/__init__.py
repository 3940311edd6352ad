"""The word lists of the search: text files an archivist may edit; the first line of each says what it is."""

import hashlib
from collections.abc import Iterator
from functools import cache
from importlib import resources


@cache
def readings() -> dict[str, str]:
    """한자 to its reading."""
    return {
        sign: reading
        for reading, signs in (row.split(" ") for row in _rows("readings.txt"))
        for sign in signs
    }


@cache
def negated() -> frozenset[str]:
    """Nouns that are the opposite of what they contain: 비공개, 준영구."""
    return frozenset(word for row in _rows("negated.txt") for word in row.split())


@cache
def wholes() -> dict[str, tuple[str, ...]]:
    """Words that mecab splits wrongly or not at all, and what a part of them may find."""
    return {row.split()[0]: tuple(row.split()[1:]) for row in _rows("compounds.txt")}


@cache
def first_signs() -> frozenset[str]:
    """With which a word of the two lists above may begin."""
    return frozenset(word[0] for word in (*negated(), *wholes()))


@cache
def noise() -> frozenset[str]:
    """Words that a query may contain and a record need not."""
    return frozenset(word for row in _rows("noise.txt") for word in row.split())


@cache
def synonyms() -> dict[str, tuple[str, ...]]:
    """Each word of a row is searched with the others of its row, at half weight."""
    rows = [row.split() for row in _rows("synonyms.txt")]
    return {word: tuple(other for other in row if other != word) for row in rows for word in row}


def fingerprint() -> str:
    """Of the lists that decide tokens: editing one makes the indexes be built again."""
    whole = hashlib.sha256()
    for name in ("readings.txt", "negated.txt", "compounds.txt"):
        whole.update((resources.files(__name__) / name).read_bytes())
    return whole.hexdigest()[:12]


def _rows(name: str) -> Iterator[str]:
    text = (resources.files(__name__) / name).read_text("utf-8")
    return (row for row in (line.partition("#")[0].strip() for line in text.splitlines()) if row)
