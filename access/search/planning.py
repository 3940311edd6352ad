"""From the words of a query to a plan: what must be there, what may be, and what scores best."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from access.search import entries, eras, hanja, words
from access.search.analysis import Analysed, Unit, Word, analyse, bigrams
from access.search.index import WEIGHTS, All, Best, Node, Phrase, Plan, Term
from access.search.normalising import as_typed

_GLUED_NOISE = frozenset({"관계", "관련", "철", "건", "서류"})
_HALF = 0.5


@dataclass(frozen=True)
class Planned:
    plan: Plan
    analysed: Analysed
    looked_for: frozenset[str]  # every token a highlight may mark
    readings: tuple[str, ...]  # 한글 of the 한자 that were typed, and years as western years


def plan(text: str, *, today: date | None, exactly: bool = False) -> Planned:
    analysed = analyse(text, today)
    if exactly:
        return Planned(_exact_plan(text, analysed), analysed, _looked_for(analysed.words), ())
    required = [word for word in analysed.words if not _is_optional(word)] or list(analysed.words)
    optional = [word for word in analysed.words if word not in required]
    needed = tuple(_word(word) for word in required) or _only_codes(text)
    wanted = (*(_word(word) for word in optional), *_bonus(text, analysed))
    numbered = _with_codes(text, needed, wanted)
    return Planned(numbered, analysed, _looked_for(analysed.words), _readings(text, analysed))


def _with_codes(text: str, needed: tuple[Node, ...], wanted: tuple[Node, ...]) -> Plan:
    """A query that looks like a number may be found as one, whatever its parts mean."""
    codes = [word for word in as_typed(text).text.split() if any(sign.isdigit() for sign in word)]
    if codes and len(codes) == len(text.split()) and needed:
        as_codes = All(tuple(Term("c", code[:200], WEIGHTS["c"]) for code in codes))
        needed = (Best((All(needed), as_codes)),)
    return Plan(needed, wanted)


def _only_codes(text: str) -> tuple[Node, ...]:
    """Words of which the analyser keeps nothing are looked for as they are, so they find little, not all."""
    return tuple(Term("c", code[:200], WEIGHTS["c"]) for code in as_typed(text).text.split())


def _is_optional(word: Word) -> bool:
    return word.whole in words.noise() or all(
        unit.optional or (len(word.units) == 1 and unit.token in words.noise()) for unit in word.units
    )


def _word(word: Word) -> Node:
    """The best of: all its units; its pairs as a phrase; the word whole; its synonyms at half weight."""
    if word.units[0].years:
        return _years(word.units[0])
    ways: list[Node] = [_units(word)]
    pairs = bigrams([word])
    if _by_pairs(word):
        ways.append(_phrase("tb", pairs, WEIGHTS["tb"]))
    if word.whole:
        ways += [Term("xw", word.whole, WEIGHTS["xw"]), Term("am", word.whole, WEIGHTS["am"])]
    for synonym in words.synonyms().get(word.whole, ()):
        ways.append(_scaled(All(tuple(_units(other) for other in analyse(synonym).words)), _HALF))
    return Best(tuple(ways))


def _by_pairs(word: Word) -> bool:
    return len(word.whole) >= 3 or (len(word.whole) == 2 and not word.known)


def _units(word: Word) -> Node:
    units = [unit for unit in word.units if not unit.optional]
    if len(word.units) > 1:
        units = [unit for unit in units if unit.token not in _GLUED_NOISE] or units
    nodes = tuple(_unit(unit) for unit in units or word.units)
    return nodes[0] if len(nodes) == 1 else All(nodes)


def _scaled(node: Node, scale: float) -> Node:
    match node:
        case Term() | Phrase():
            return replace(node, weight=node.weight * scale)
        case Best(of):
            return Best(tuple(_scaled(part, scale) for part in of))
        case All(of):
            return All(tuple(_scaled(part, scale) for part in of))


def _unit(unit: Unit) -> Node:
    whole = _anywhere(unit.token)
    if not unit.parts or unit.negated:
        return Best(whole)
    kinds = tuple(Best(_anywhere(part, _HALF)) for part in unit.parts)
    return Best((*whole, All(kinds))) if not _is_kind_of(unit) else Best(whole)


def _is_kind_of(unit: Unit) -> bool:
    """재개발 is found by 개발, but a search for 재개발 does not mean every 개발."""
    return len(unit.parts) == 1 or sum(map(len, unit.parts)) < len(unit.token)


def _anywhere(token: str, scale: float = 1.0) -> tuple[Node, ...]:
    fields = ("tm", "am", "pm") if not any(sign.isdigit() for sign in token) else ("tm", "am", "pm", "c")
    return tuple(Term(name, token, WEIGHTS[name] * scale) for name in fields)


def _years(unit: Unit) -> Node:
    tokens = [eras.token(year) for year in unit.years]
    ways: list[Node] = [Term("y", token, WEIGHTS["y"]) for token in tokens]
    ways += [Term("tm", token, WEIGHTS["tm"]) for token in tokens]
    ways += [Term("pm", token, WEIGHTS["pm"] * _HALF) for token in tokens]
    return Best(tuple(ways))


def _phrase(name: str, tokens: Sequence[str], weight: float) -> Node:
    return Term(name, tokens[0], weight) if len(tokens) == 1 else Phrase(name, tuple(tokens), weight)


def _bonus(text: str, analysed: Analysed) -> list[Node]:
    """The whole query as it stands in a title, and 한자 as they were typed."""
    pairs = bigrams(analysed.words)
    nodes: list[Node] = [_phrase("tb", pairs, WEIGHTS["tb"])] if len(pairs) > 1 else []
    for run in hanja.RUN.findall(text):
        nodes.append(_phrase("h", entries.hanja_pairs([run]), WEIGHTS["h"]))
    return nodes


def _exact_plan(text: str, analysed: Analysed) -> Plan:
    """Titles by the very signs; numbers; page text by words, where nothing that was typed had to be read."""
    nodes: list[Node] = []
    for typed in as_typed(text).text.split():
        tokens = entries.typed(typed)
        ways: list[Node] = [Term("c", typed[:200], WEIGHTS["c"])]
        if tokens:
            ways.append(_phrase("o", tokens, WEIGHTS["o"]))
        if hanja.RUN.search(typed):
            ways.append(
                All(tuple(_phrase("h", entries.hanja_pairs([run]), 1) for run in hanja.RUN.findall(typed)))
            )
        else:
            ways += [_pages_only(word) for word in analyse(typed).words]
        nodes.append(Best(tuple(ways)))
    return Plan(tuple(nodes))


def _pages_only(word: Word) -> Node:
    return All(tuple(Term("pm", token, WEIGHTS["pm"]) for unit in word.units for token in unit.tokens[:1]))


def _looked_for(found: Sequence[Word]) -> frozenset[str]:
    tokens = {
        token for word in found if not _is_optional(word) for unit in word.units for token in unit.tokens
    }
    tokens |= {word.whole for word in found}
    return frozenset(tokens | {syn for word in found for syn in words.synonyms().get(word.whole, ())})


def _readings(text: str, analysed: Analysed) -> tuple[str, ...]:
    read = []
    for unit in analysed.units:
        if len(unit.years) == 1:
            start, end = analysed.normal.original(unit.start, unit.end)
            if str(unit.years[0]) not in text[start:end]:
                read.append(f"{unit.years[0]}")
    for run in hanja.RUN.finditer(text):
        reading = entries.squeezed(run[0])
        if reading != run[0] and not reading.isdigit():
            read.append(reading)
    return tuple(dict.fromkeys(read))
