"""Years in a text, however they are written, as western years: 단기 4288년, 소화 20년, 1950년대, '68."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

_ERAS = {"단기": -2333, "서기": 0, "소화": 1925, "대정": 1911, "명치": 1867, "메이지": 1867,
         "건양": 1895, "광무": 1896, "융희": 1906}  # fmt: skip
FIRST, LAST = 1850, 2100  # a bare number outside is no year
_LONGEST_RANGE = 150
_TWO_DIGITS_FROM = 45  # 10년 is mostly a length of time; 68년 is mostly 1968

_END = r"\s*년(?!\s*(?:간|동안|이상|이하|이내|차))(?:도)?"
_ERA = re.compile(rf"({'|'.join(_ERAS)})\s*(\d{{1,4}}|원)(?!\d)(?:\s*년(?:도|대)?)?")
_RANGE = re.compile(rf"(?<![\d-])(\d{{4}})\s*년?(?:도)?\s*[-~]\s*(\d{{4}})(?![\d-])(?:{_END})?")
_DECADE = re.compile(r"(?<!\d)'?((?:1[89]|20)?\d0)\s*년대")
_DANGI = re.compile(rf"(?<!\d)(4[2-4]\d\d)(?:{_END}|(?=\s*[.]\s*\d))")
_PLAIN = re.compile(
    rf"(?<![\d.-])(?<!제)(\d{{4}})(?![\d%㎡-])(?!\s*(?:호|번|원|명|건|개|필지|평|톤|부|매))(?:{_END})?"
)
_SHORT = re.compile(rf"(?<!\d)(?:'(\d\d)(?!\d)(?:{_END})?|(\d\d){_END})")


@dataclass(frozen=True)
class Span:
    start: int
    end: int
    years: tuple[int, ...]


def spans(text: str, today: date | None = None) -> list[Span]:
    """In order and without overlap.  `today` decides the century of two digits; without it, the 20th."""
    found: list[Span] = []
    if not any(sign.isdigit() for sign in text) and "원년" not in text:
        return found
    free = text
    for pattern, years_of in _READERS:
        for match in pattern.finditer(free):
            if years := years_of(match, today):
                found.append(Span(match.start(), match.end(), years))
        free = blanked(text, found)
    return sorted(found, key=lambda span: span.start)


def blanked(text: str, found: list[Span]) -> str:
    for span in found:
        text = text[: span.start] + " " * (span.end - span.start) + text[span.end :]
    return text


def token(year: int) -> str:
    return f"y{year}"


def _era(match: re.Match[str], today: date | None) -> tuple[int, ...]:
    number = 1 if match[2] == "원" else int(match[2])
    year = number + _ERAS[match[1]]
    return _likely(year)


def _range(match: re.Match[str], today: date | None) -> tuple[int, ...]:
    first, last = (_western(int(number)) for number in match.groups())
    if not (FIRST <= first <= last <= LAST and last - first <= _LONGEST_RANGE):
        return ()
    return tuple(range(first, last + 1))


def _decade(match: re.Match[str], today: date | None) -> tuple[int, ...]:
    first = int(match[1]) if len(match[1]) == 4 else 1900 + int(match[1])
    return tuple(range(first, first + 10))


def _single(match: re.Match[str], today: date | None) -> tuple[int, ...]:
    return _likely(_western(int(match[1])))


def _plain(match: re.Match[str], today: date | None) -> tuple[int, ...]:
    return _likely(int(match[1]))


def _short(match: re.Match[str], today: date | None) -> tuple[int, ...]:
    number = int(match[1] or match[2])
    if match[2] and number < _TWO_DIGITS_FROM:
        return ()
    this_century = today is not None and 2000 + number <= today.year and number < _TWO_DIGITS_FROM
    return (2000 + number if this_century else 1900 + number,)


def _western(year: int) -> int:
    return year - 2333 if 4200 <= year < 4500 else year


def _likely(year: int) -> tuple[int, ...]:
    return (year,) if FIRST <= year <= LAST else ()


_Reader = Callable[[re.Match[str], date | None], tuple[int, ...]]
_READERS: tuple[tuple[re.Pattern[str], _Reader], ...] = (
    (_RANGE, _range), (_ERA, _era), (_DECADE, _decade), (_DANGI, _single), (_PLAIN, _plain),
    (_SHORT, _short),
)  # fmt: skip


def decades(years: tuple[int, ...]) -> Iterator[str]:
    """What the facet of decades counts a record under."""
    yield from dict.fromkeys(f"{year // 10 * 10}" for year in years)
