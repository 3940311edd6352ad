"""From a document to what the engines keep: the fields of tokens, the exact values, and the text to show."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from access.search import eras, hanja
from access.search.analysis import Analysed, Word, analyse, bigrams
from access.search.index import Document, Entry
from access.search.normalising import as_typed, normalise

_LAST_OF_ALL = 2**31  # a record without a date comes last in both orders
_LONGEST_EXACT = 500
PAGE_BREAK = "\f"  # a space to the engines, a border of pages to us


def entry(document: Document) -> Entry:
    titles = [analyse(title) for title in (document.title, *document.alt_titles)]
    found = [word for title in titles for word in title.words]
    pages = _pages(document)
    first, last = document.years or (0, 0)
    years = _years(document, titles)
    return Entry(
        reference=document.reference,
        version=document.version,
        tokens={
            "tm": _tokens(found),
            "tb": " ".join(bigrams(found)),
            "xw": " ".join(word.whole for word in found if word.whole),
            "o": " ".join(
                token for title in (document.title, *document.alt_titles) for token in typed(title)
            ),
            "c": " ".join(codes(_numbers(document))),
            "h": " ".join(
                hanja_pairs([document.title, *document.alt_titles, *(text for _, text in document.pages)])
            ),
            "am": _agency_tokens(document),
            "pm": PAGE_BREAK.join(page.tokens for page in pages),
            "y": " ".join(eras.token(year) for year in years),
        },
        exact=_exact(document, years),
        oldest=document.first_day or _LAST_OF_ALL,
        newest=document.last_day or 0,
        title_key=title_key(document.title),
        first_year=first,
        last_year=last,
        shown=_shown(document, pages),
    )


@dataclass(frozen=True)
class _Page:
    number: int | None
    text: str
    tokens: str


def _pages(document: Document) -> list[_Page]:
    """The sender's own columns are searched like a page, but are on none."""
    texts: list[tuple[int | None, str]] = [(None, document.extra)] if document.extra else []
    texts += document.pages
    return [_Page(number, text, _page_tokens(text)) for number, text in texts]


@lru_cache(maxsize=8192)  # a page goes to the staff's index and then to the public's
def _page_tokens(text: str) -> str:
    return _tokens(analyse(text).words)


def _tokens(found: Iterable[Word]) -> str:
    return " ".join(token for word in found for unit in word.units for token in unit.tokens if token)


def _agency_tokens(document: Document) -> str:
    names = [name for name in (document.agency, document.unit) if name]
    return " ".join(token for name in names for token in (_tokens(analyse(name).words), squeezed(name)))


def squeezed(text: str) -> str:
    return re.sub(r"[\W_]", "", normalise(text).text)


def title_key(title: str) -> str:
    """Titles in the order of their 한글 reading, without regard to spaces and signs."""
    return (squeezed(title) or title)[:_LONGEST_EXACT]


def _numbers(document: Document) -> list[str]:
    numbers = (document.reference, document.volume, document.sender_id, document.document_number,
               document.classification, document.agency_code)  # fmt: skip
    return [number for number in numbers if number]


def codes(numbers: Iterable[str]) -> Sequence[str]:
    """A number whole and in its parts: 건설-1234 is also 건설 and 1234."""
    tokens: list[str] = []
    for number in numbers:
        for whole in as_typed(number).text.split():
            parts = re.findall(r"[^\W\d_]+|\d+", whole)
            tokens += [whole[:200], *(part for part in parts if part != whole)]
    return list(dict.fromkeys(tokens))


def hanja_pairs(texts: Iterable[str]) -> list[str]:
    """Pairs of 한자 as they were written; a sign that stands alone, alone."""
    runs = (run for text in texts for run in hanja.RUN.findall(text))
    return [pair for run in runs for pair in ([run] if len(run) == 1 else map("".join, pairwise(run)))]


def typed(text: str) -> list[str]:
    """The signs of a text unread, in pairs, negated words whole: for the search exactly as typed."""
    analysed = analyse(text)
    tokens: list[str] = []
    run = ""
    for word in analysed.words:
        for unit in word.units:
            start, end = analysed.normal.original(unit.start, unit.end)
            written = re.sub(r"[\W_]", "", as_typed(text[start:end]).text)
            if unit.negated:
                tokens += [*_pairs(run), written]
                run = ""
            else:
                run += written
    return tokens + _pairs(run)


def _pairs(run: str) -> list[str]:
    return [run] if len(run) == 1 else [run[place : place + 2] for place in range(len(run) - 1)]


def _years(document: Document, titles: Sequence[Analysed]) -> tuple[int, ...]:
    years = {year for title in titles for unit in title.units for year in unit.years}
    if document.years:
        first, last = document.years
        years |= set(range(first, min(last, first + 150) + 1))
    return tuple(sorted(years))


def _exact(document: Document, years: tuple[int, ...]) -> dict[str, tuple[str, ...]]:
    made = tuple(range(document.years[0], document.years[1] + 1)) if document.years else years
    single = {
        "agency": document.agency, "record_type": document.record_type, "disclosure": document.disclosure,
        "volume": document.volume, "retention": document.retention,
    }  # fmt: skip
    values = {name: (value[:_LONGEST_EXACT],) for name, value in single.items() if value}
    return values | {"decade": tuple(eras.decades(made))}


def _shown(document: Document, pages: Sequence[_Page]) -> str:
    shown = {
        "sender_id": document.sender_id, "volume": document.volume, "title": document.title,
        "disclosure": document.disclosure, "opens_on": document.opens_on, "agency": document.agency,
        "unit": document.unit, "date_text": document.date_text, "years": document.years,
        "record_type": document.record_type, "page_count": document.page_count,
        "pages": [[page.number, page.text, page.tokens] for page in pages],
    }  # fmt: skip
    return json.dumps(shown, ensure_ascii=False, separators=(",", ":"))
