"""The analyser: a text becomes words, a word becomes units, and no unit shares a token with its opposite.

비공개 is one token without 공개 in it; 재개발 is a kind of 개발 and gives both.  The same function reads
documents and queries, so whatever it decides, it decides for both.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from itertools import pairwise
from typing import Literal

from access.search import eras, korean, negating, words
from access.search.korean import Morpheme
from access.search.normalising import Normal, normalise

# Raise a number with every change of tokens, or of what is put into which document: indexes that
# carry another version are built again.
TOKENS, SHAPE = 2, 2
VERSION = f"{TOKENS}.{SHAPE}-{words.fingerprint()}"

_NEGATING = frozenset({"비", "미", "무", "불", "부", "준", "반", "부분"})
# A lone 미 or 불 before a noun is hardly ever a noun of its own; 부 and 반 mostly are (총무부, 2반).
_NEGATING_UNTAGGED = frozenset({"미", "불", "비", "무", "준"})
_UNITS = frozenset("차호회기과국군권장절조항편구동가층명개년월일시분원평")
_OPTIONAL_TAGS = ("VV", "VA", "VCN", "MM", "MAG", "IC", "NP", "XPN")
_DROPPED = ("J", "E", "SF", "SE", "SS", "SP", "SC", "SY", "MAJ", "VCP", "XSV", "XSA", "VX")
_LONGEST_TOKEN = 80


@dataclass(frozen=True, slots=True)
class Unit:
    """The smallest thing that is looked for; its places are those of the normalised text."""

    start: int
    end: int
    token: str
    parts: tuple[str, ...] = ()
    negated: bool = False
    optional: bool = False
    years: tuple[int, ...] = ()

    @property
    def tokens(self) -> tuple[str, ...]:
        return tuple(eras.token(year) for year in self.years) if self.years else (self.token, *self.parts)


@dataclass(frozen=True, slots=True)
class Word:
    """What stands between spaces, without its particle."""

    units: tuple[Unit, ...]
    whole: str

    @property
    def known(self) -> bool:
        """Whether it is one morpheme, and not a guess put together from single signs."""
        return len(self.units) == 1 and len(self.units[0].token) > 1


@dataclass(frozen=True)
class Analysed:
    normal: Normal
    words: tuple[Word, ...]

    @property
    def units(self) -> Iterator[Unit]:
        return (unit for word in self.words for unit in word.units)


def analyse(original: str, today: date | None = None) -> Analysed:
    normal = normalise(original)
    found = eras.spans(normal.text, today)
    units = list(_units(eras.blanked(normal.text, found)))
    units += [_years(normal.text, span) for span in found]
    units.sort(key=lambda unit: unit.start)
    return Analysed(normal, tuple(_words(normal.text, units)))


def _years(text: str, span: eras.Span) -> Unit:
    return Unit(span.start, span.end, text[span.start : span.end], years=span.years)


def _units(text: str) -> Iterator[Unit]:
    morphemes = list(korean.morphemes(text))
    at = 0
    while at < len(morphemes):
        count, unit = _unit_at(morphemes, at)
        if unit is not None:
            yield unit
        at += count


def _unit_at(morphemes: Sequence[Morpheme], at: int) -> tuple[int, Unit | None]:
    """How many morphemes it takes, and the unit they make; None for a particle or a sign."""
    return (
        _listed(morphemes, at)
        or _negated(morphemes, at)
        or _overlooked(morphemes, at)
        or _counted(morphemes, at)
        or _kind_of(morphemes, at)
        or (1, _plain(morphemes[at]))
    )


def _listed(morphemes: Sequence[Morpheme], at: int) -> tuple[int, Unit] | None:
    """The longest word of our lists that begins here and ends where a morpheme ends."""
    if morphemes[at].surface[0] not in words.first_signs():
        return None
    text, best = "", None
    for count, morpheme in enumerate(morphemes[at : at + 5], 1):
        if count > 1 and morpheme.start != morphemes[at + count - 2].end:
            break
        text += morpheme.surface
        if text in words.negated():
            best = count, Unit(morphemes[at].start, morpheme.end, text, negated=True)
        elif text in words.wholes():
            best = count, Unit(morphemes[at].start, morpheme.end, text, words.wholes()[text])
    return best


def _negated(morphemes: Sequence[Morpheme], at: int) -> tuple[int, Unit] | None:
    """A negating prefix and its noun are one token, also where a space stands between them."""
    first = morphemes[at]
    if first.surface not in _NEGATING or at + 1 == len(morphemes):
        return None
    noun = morphemes[at + 1]
    together = first.surface + noun.surface
    if not noun.tag.startswith(("NNG", "NNP", "XR")) or noun.start - first.end > 1:
        return None
    adjacent = noun.start == first.end
    follows = at > 0 and morphemes[at - 1].end == first.start and morphemes[at - 1].tag.startswith("N")
    likely = first.tag == "XPN" or (adjacent and not follows and first.surface in _NEGATING_UNTAGGED)
    if not (likely and len(noun.surface) > 1) and together not in words.negated():
        return None
    return 2, Unit(first.start, noun.end, together, negated=True)


def _overlooked(morphemes: Sequence[Morpheme], at: int) -> tuple[int, Unit] | None:
    """A negated noun that neither the lists nor mecab know: 미점검, 부분개방."""
    found = negating.checked(morphemes, at)
    if found is None:
        return None
    count, token = found
    return count, Unit(morphemes[at].start, morphemes[at + count - 1].end, token, negated=True)


def _counted(morphemes: Sequence[Morpheme], at: int) -> tuple[int, Unit] | None:
    """A number and its unit are one token: 제3차 and 3차 are 3차."""
    first, skipped = morphemes[at], 0
    if first.surface == "제" and at + 1 < len(morphemes):
        first, skipped = morphemes[at + 1], 1
    if first.tag != "SN":
        return None
    after = at + skipped + 1
    if after < len(morphemes):
        unit = morphemes[after]
        counts = unit.tag in ("NNBC", "NNB") or unit.surface in _UNITS
        if counts and unit.start == first.end:
            return skipped + 2, Unit(morphemes[at].start, unit.end, first.surface + unit.surface)
    return skipped + 1, Unit(first.start, first.end, first.surface)


def _kind_of(morphemes: Sequence[Morpheme], at: int) -> tuple[int, Unit] | None:
    """재개발 is a kind of 개발 and gives both."""
    first = morphemes[at]
    if first.tag != "XPN" or at + 1 == len(morphemes):
        return None
    noun = morphemes[at + 1]
    if noun.start != first.end or not noun.tag.startswith("NN") or len(noun.surface) < 2:
        return None
    return 2, Unit(first.start, noun.end, first.surface + noun.surface, (noun.surface, *_parts(noun)))


def _plain(morpheme: Morpheme) -> Unit | None:
    kind = _kind(morpheme.tag)
    if kind == "dropped" or not any(sign.isalnum() for sign in morpheme.surface):
        return None
    token = morpheme.surface[:_LONGEST_TOKEN]
    if kind == "noun":
        return Unit(morpheme.start, morpheme.end, token, _parts(morpheme), _opens_negated(morpheme))
    if morpheme.tag.startswith("V") and morpheme.parts:
        token = morpheme.parts[0]
    optional = kind == "optional" or (kind == "suffix" and len(token) == 1)
    return Unit(morpheme.start, morpheme.end, token, (), False, optional)


@cache
def _kind(tag: str) -> Literal["dropped", "noun", "optional", "suffix", "other"]:
    """What a tag of mecab means here.  Nouns may have parts; verbs and suffixes need not be there."""
    first = tag.partition("+")[0]
    if first.startswith(_DROPPED):
        return "dropped"
    if first.startswith("NN"):
        return "noun"
    if first.startswith(_OPTIONAL_TAGS):
        return "optional"
    return "suffix" if first == "XSN" else "other"


def _parts(morpheme: Morpheme) -> tuple[str, ...]:
    if morpheme.tag not in ("NNG", "NNP") or _opens_negated(morpheme):
        return ()
    parts = list(morpheme.parts) or list(_halves(morpheme.surface))
    for place, (prefix, noun) in enumerate(pairwise(parts)):
        negates = prefix in _NEGATING and len(prefix) == 1 and prefix != "부"
        if negates or prefix + noun in words.negated():
            parts[place : place + 2] = [prefix + noun]
            break
    return tuple(part for part in parts if part != morpheme.surface)


def _opens_negated(morpheme: Morpheme) -> bool:
    """A compound of the dictionary that begins with a negation stays whole: 무허가."""
    return len(morpheme.parts) > 1 and morpheme.parts[0] in _NEGATING and morpheme.parts[0] != "부"


@lru_cache(maxsize=50_000)
def _halves(word: str) -> tuple[str, ...]:
    """Names that the dictionary knows whole: 한강철교 is also 한강 and 철교."""
    if len(word) < 4 or not re.fullmatch("[가-힣]+", word):
        return ()
    for cut in range(2, len(word) - 1):
        halves = word[:cut], word[cut:]
        if halves[1][0] not in "비미무불" and all(negating.is_noun(half) for half in halves):
            return halves
    return ()


def _words(text: str, units: Sequence[Unit]) -> Iterator[Word]:
    together: list[Unit] = []
    for unit in units:
        apart = together and (
            unit.years or together[-1].years or re.search(r"\s", text[together[-1].end : unit.start])
        )
        if apart:
            yield _word(text, together)
            together = []
        together.append(unit)
    if together:
        yield _word(text, together)


def _word(text: str, units: Sequence[Unit]) -> Word:
    whole = re.sub(r"[^\w]", "", text[units[0].start : units[-1].end])
    return Word(tuple(units), whole[:_LONGEST_TOKEN])


def bigrams(found: Sequence[Word]) -> tuple[str, ...]:
    """Pairs of signs across spaces; a negated word or a number stands as one, and no pair reaches into it."""
    tokens: list[str] = []
    run = ""
    for word in found:
        for unit, text in _pieces(word):
            if unit.negated or unit.years or any(sign.isdigit() for sign in text):
                tokens += _pairs(run)
                tokens += unit.tokens if unit.years else (unit.token,)
                run = ""
            else:
                run += text
    return (*tokens, *_pairs(run))


def _pieces(word: Word) -> Iterator[tuple[Unit, str]]:
    """Each unit with its text; what lies between units of a word (a particle inside) goes with neither."""
    for unit in word.units:
        yield unit, unit.token if not unit.years else ""


def _pairs(run: str) -> list[str]:
    return [run] if len(run) == 1 else [first + second for first, second in pairwise(run)]
