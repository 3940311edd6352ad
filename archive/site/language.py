"""How sentences, days, sizes and numbers are written in Korean and in English.

Nothing here knows of requests: the language is an argument.
"""

import base64
import re
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

Language = Literal["ko", "en"]
LANGUAGES: tuple[Language, ...] = ("ko", "en")
SEOUL = ZoneInfo("Asia/Seoul")
NBSP = "\u00a0"

PARTICLES = {
    "을(를)": ("을", "를"),
    "이(가)": ("이", "가"),
    "은(는)": ("은", "는"),
    "과(와)": ("과", "와"),
    "(으)로": ("으로", "로"),
}
_SLOT = re.compile(r"\{(\w+)\}(?:([’”'\")\]」]*)(" + "|".join(map(re.escape, PARTICLES)) + r"))?")
_NUMBER = re.compile(r"\[(\w+)\|(\w+)\]")
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_DAYS = {"ko": "월화수목금토일", "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}
_RIEUL = 8


def fill(sentence: str, **values: object) -> str:
    """Put values into a sentence; a particle follows the last letter of its value, [page|pages] follows n."""

    def one(found: re.Match[str]) -> str:
        name, closing, pair = found.groups()
        value = str(values[name])
        return value if pair is None else value + closing + particle(value, pair)

    one_of_it = str(values.get("n")) == "1"
    return _SLOT.sub(one, _NUMBER.sub(r"\1" if one_of_it else r"\2", sentence))


def particle(value: str, pair: str) -> str:
    """The right half of a pair such as 을(를); the pair itself where the last letter is not Hangul."""
    last = value.rstrip(" ’”'\")]」")[-1:]
    if not "가" <= last <= "힣":
        return pair
    final = (ord(last) - ord("가")) % 28
    with_final, without = PARTICLES[pair]
    if pair == "(으)로" and final == _RIEUL:
        return without
    return with_final if final else without


def day(value: date | datetime, language: Language) -> str:
    """A day; of an instant its day in Seoul, whoever reads it."""
    if isinstance(value, datetime):
        value = value.astimezone(SEOUL).date()
    if language == "ko":
        return f"{value.year}.{NBSP}{value.month}.{NBSP}{value.day}."
    return f"{value.day}{NBSP}{_MONTHS[value.month - 1]}{NBSP}{value.year}"


def moment(value: datetime, language: Language) -> str:
    """A day with its time in Seoul, whoever reads it."""
    local = value.astimezone(SEOUL)
    if language == "ko":
        return f"{day(local.date(), language)}{NBSP}{local:%H:%M}"
    return f"{day(local.date(), language)}, {local:%H:%M}{NBSP}KST"


def clock(value: datetime) -> str:
    return f"{value.astimezone(SEOUL):%H:%M}"


def deadline(value: date, language: Language) -> str:
    if language == "ko":
        return f"{day(value, language)}({_DAYS['ko'][value.weekday()]})까지"
    return f"by {_DAYS['en'][value.weekday()]} {day(value, language)}"


def machine_time(value: date | datetime) -> str:
    """The value of a `datetime` attribute."""
    if isinstance(value, datetime):
        return value.astimezone(SEOUL).isoformat(timespec="seconds")
    return value.isoformat()


def span(first: date | None, last: date | None, written: str | None, language: Language) -> str:
    """A record's date: as written on the record first when that is Dangi, else the day or the days."""
    if first is None:
        return written or ""
    plain = _days(first, last or first, language)
    if written and "단기" in written:
        year = re.search(r"4\d{3}", written)
        dangi = (
            f"단기{NBSP}{year[0]}년"
            if language == "ko" and year
            else f"Dangi{NBSP}{year[0]}"
            if year
            else written
        )
        return f"{dangi}({plain})" if language == "ko" else f"{dangi} ({plain})"
    return plain


def _days(first: date, last: date, language: Language) -> str:
    if first == last:
        return day(first, language)
    whole_years = (first.month, first.day, last.month, last.day) == (1, 1, 12, 31)
    if whole_years:
        years = str(first.year) if first.year == last.year else f"{first.year}–{last.year}"
        return f"{years}년" if language == "ko" else years
    return f"{day(first, language)}–{day(last, language)}"


def number(value: int) -> str:
    return f"{value:,}"


def amount(n: int, one: str, several: str = "") -> str:
    """How many there are of a thing, in English: ``1 volume``, ``2 volumes``, ``3 copies``."""
    return f"{n:,} {one if n == 1 else several or one + 's'}"


def size(value: int) -> str:
    """Bytes in the unit that leaves one to three digits before the point."""
    if value < 1000:
        return f"{value}{NBSP}B"
    amount = float(value)
    for unit in ("kB", "MB", "GB", "TB", "PB"):
        amount /= 1000
        if amount < 999.95 or unit == "PB":
            return f"{amount:,.1f}{NBSP}{unit}"
    raise AssertionError("unreachable")


def ranges(spans: list[tuple[int, int]]) -> str:
    """Page ranges as they are said: 6–8, 11."""
    return ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in spans)


def base64_of(hexadecimal: str) -> str:
    """A digest as headers write it."""
    return base64.b64encode(bytes.fromhex(hexadecimal)).decode()
