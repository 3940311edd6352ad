"""Korean dates as archives find them: common calendar, Dangi, Korean and Japanese year names, spans.

A date stays as it was written; beside it stand the first and the last day it may mean.
Where the text is no possible date both are None, and the caller reports it.
"""

import calendar
import re
import tomllib
import unicodedata
from datetime import date
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from metadata_schemas.description import DateSpan

_HANJA_DIGITS = dict(zip("〇零○一二三四五六七八九", "000123456789", strict=True))
_HANJA_UNITS = {"十": 10, "百": 100, "千": 1000}
_HANJA_NUMBER = re.compile("[" + "".join(_HANJA_DIGITS) + "".join(_HANJA_UNITS) + "]+")
_REMARK = re.compile(r"[\[(〔【]?(대략|주로|추정|경|약|circa|ca\.?)[\])〕】]?", re.IGNORECASE)
_WEEKDAY = re.compile(r"\([월화수목금토일]\)")
_TIME = re.compile(
    r"(?<=\d)[T\s]+(?:오전|오후)?\s*\d{1,2}[:시]\s*(?:\d{1,2}(?:[:분]\s*(?:\d{1,2})?(?:\.\d+)?초?)?)?Z?$"
)
_DECADE = re.compile(r"^(\d{3}0)\s*년대(?:\s*(초|중|말|초반|중반|후반))?$")
_RANGE = re.compile(r"\s*(?:~|〜|∼|–|—|부터|에서)\s*")
_PACKED = re.compile(r"^(\d{4})(\d{2})(\d{2})(?:\d{4}|\d{6})?$")
_PARTS = re.compile(
    r"^(\d{1,4})\s*(?:년|年|[.\-/])?"
    r"(?:\s*(\d{1,2})\s*(?:월|月|[.\-/])?"
    r"(?:\s*(\d{1,2})\s*(?:일|日|\.)?)?)?$"
)
_MARKED = re.compile(
    r"^\d{1,4}(?:\s*(?:년|年|[.\-/])\s*(?:\d{1,2}\s*(?:월|月|[.\-/])?\s*(?:\d{1,2}\s*(?:일|日|\.)?)?)?)?$"
)

_ENGLISH = re.compile(r"^(?:(\d{1,2})\s+)?([A-Za-z]{3,9})\.?\s*(?:(\d{1,2})\s*,\s*)?\s*(\d{4})$")

Days = tuple[date, date]


@lru_cache(maxsize=16_384)
def parse(text: str) -> DateSpan:
    """Read one date or span. ``earliest`` is None where the text is not a possible date."""
    days = _span(_cleaned(text))
    return DateSpan(text, *days) if days else DateSpan(text, None, None)


def exact_day(text: str) -> date | None:
    """The one day the text names, or None where it names more than one or none."""
    span = parse(text)
    return span.earliest if span.earliest == span.latest else None


def _cleaned(text: str) -> str:
    flat = unicodedata.normalize("NFKC", text).strip()
    flat = _REMARK.sub("", _WEEKDAY.sub("", flat))
    flat = _HANJA_NUMBER.sub(lambda found: str(_hanja_number(found.group())), flat)
    flat = flat.replace("元年", "1년").replace("원년", "1년").replace("년도", "년").replace("年度", "年")
    return _TIME.sub("", flat.strip(" []")).strip()


def _hanja_number(text: str) -> int:
    """四二八八 is read by place, 三十 by units."""
    if not any(sign in _HANJA_UNITS for sign in text):
        return int("".join(_HANJA_DIGITS[sign] for sign in text))
    total, digit = 0, 0
    for sign in text:
        if sign in _HANJA_UNITS:
            total += (digit or 1) * _HANJA_UNITS[sign]
            digit = 0
        else:
            digit = int(_HANJA_DIGITS[sign])
    return total + digit


def _span(text: str) -> Days | None:
    """A single date first, so that 1955-10 is a month and 1955-1960 a span of years."""
    if not text:
        return None
    single = _single(text)
    if single:
        return single
    ends = [part for part in _RANGE.split(text.removesuffix("까지").strip()) if part]
    if len(ends) != 2:
        ends = _halves_at_hyphen(text)
    if len(ends) != 2:
        return None
    first = _single(ends[0])
    last = _single(_completed(ends[1], like=ends[0]))
    return (first[0], last[1]) if first and last and first[0] <= last[1] else None


def _halves_at_hyphen(text: str) -> list[str]:
    """1955-1960 and 1955.1-1956.3: the middle hyphen parts the two dates."""
    places = [place for place, sign in enumerate(text) if sign == "-"]
    if len(places) % 2 == 0:
        return []
    middle = places[len(places) // 2]
    return [text[:middle].strip(), text[middle + 1 :].strip()]


def _completed(end: str, *, like: str) -> str:
    """A span may leave out what both ends share: 1955.1 ~ 3, 단기 4288년 1월 ~ 4289년 3월."""
    era = next((name for name in _era_names() if like.startswith(name)), "")
    if era and end[:1].isdigit() and re.match(r"\d{1,4}\s*(?:년|年)", end):
        return f"{era} {end}"
    starts = re.match(r"(\d{4})\s*(?:년|年|[.\-/])\s*(\d{1,2})\s*(?:(?:월|月|[.\-/])\s*(\d{1,2}))?", like)
    if not starts or re.match(r"\d{4}", end):
        return end
    numbers = re.findall(r"\d{1,2}", end)
    year, month, day = starts.groups()
    if day and len(numbers) == 1:
        return f"{year}.{month}.{numbers[0]}"
    return ".".join([year, *numbers])


def _single(text: str) -> Days | None:
    english = _ENGLISH.match(text)
    if english:
        return _in_english(*english.groups())
    decade = _DECADE.match(text)
    if decade:
        return _decade(int(decade[1]))
    for era in _eras()["era"]:
        for name in era["names"]:
            if text.startswith(name):
                return _in_era(text[len(name) :].strip(), era)
    packed = _PACKED.match(text)
    if packed:
        return _days(_common_year(int(packed[1])), int(packed[2]), int(packed[3]))
    parts = _PARTS.match(text) if _MARKED.match(text) else None
    if not parts or len(parts[1]) != 4:
        return None
    return _days(_common_year(int(parts[1])), _number(parts[2]), _number(parts[3]))


def _in_english(day_first: str | None, month: str, day: str | None, year: str) -> Days | None:
    """7 October 2014, Oct. 7, 2014 and October 2014; some donors write no other way."""
    named = [name for name in calendar.month_name[1:] if name.casefold().startswith(month.casefold())]
    if len(named) != 1:
        return None
    return _days(int(year), list(calendar.month_name).index(named[0]), _number(day_first or day))


def _in_era(text: str, era: dict[str, Any]) -> Days | None:
    packed = _PACKED.match(text)
    parts = packed or (_PARTS.match(text) if _MARKED.match(text) else None)
    if not parts or not era["first"] <= int(parts[1]) <= era["last"]:
        return None
    return _days(int(parts[1]) + era["add"], _number(parts[2]), _number(parts[3]))


def _decade(year: int) -> Days | None:
    first = _days(_common_year(year), None, None)
    return (first[0], date(first[0].year + 9, 12, 31)) if first else None


def _common_year(year: int) -> int | None:
    bare, may_be = _eras()["bare_dangi"], _eras()["plain"]
    if bare["first"] <= year <= bare["last"]:
        return int(year + bare["add"])
    return year if may_be["first"] <= year <= may_be["last"] else None


def _days(year: int | None, month: int | None, day: int | None) -> Days | None:
    if year is None or not 1 <= year <= 9999:
        return None
    if month is None:
        return date(year, 1, 1), date(year, 12, 31)
    if not 1 <= month <= 12:
        return None
    last = calendar.monthrange(year, month)[1]
    if day is None:
        return date(year, month, 1), date(year, month, last)
    return (date(year, month, day),) * 2 if 1 <= day <= last else None


def _number(text: str | None) -> int | None:
    return int(text) if text else None


@cache
def _eras() -> dict[str, Any]:
    return tomllib.loads((files("metadata_schemas") / "tables" / "eras.toml").read_text("utf-8"))


@cache
def _era_names() -> tuple[str, ...]:
    return tuple(name for era in _eras()["era"] for name in era["names"])
