"""The sample city: its offices, quarters, matters and invented people.

Words lie in `words/` as TOML.  Offices and quarters carry the name they had in their year, so a
parcel of 화양동 is in 성동구 until 1994 and in 광진구 from 1995 on.  Every person is made of
syllables, and no resident number here can belong to anybody: its date does not exist.
"""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

WORDS = Path(__file__).parent / "words"

AGENCIES = {
    "6110000": "서울특별시",
    "3030000": "서울특별시 성동구",
    "3160000": "서울특별시 구로구",
    "3180000": "서울특별시 영등포구",
    "3220000": "서울특별시 강남구",
}
# The era of Dangun was the legal one from 25 September 1948 to the end of 1961.
DANGUN_FROM, DANGUN_TO, DANGUN_YEARS = date(1948, 9, 25), date(1961, 12, 31), 2333


@dataclass(frozen=True)
class Unit:
    """An office that made records, under the name of its time."""

    key: str
    agency: str
    code: str
    name: str
    mark: str
    task: str
    class_number: str
    heir: str


@dataclass(frozen=True)
class Matter:
    """What an office dealt with: titles, the papers in it, and how long they are kept."""

    unit: Unit
    era: str
    years: tuple[int, int]
    titles: tuple[str, ...]
    retention: str
    kind: str
    sheets: tuple[str, ...]
    items: tuple[str, ...]
    facts: tuple[str, ...]
    places: tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """A quarter and the district it belonged to in one year, in the script of the time."""

    quarter: str
    district: str


@cache
def words(name: str) -> dict[str, Any]:
    with (WORDS / f"{name}.toml").open("rb") as stream:
        return tomllib.load(stream)


@cache
def units() -> dict[str, Unit]:
    return {
        key: Unit(
            key=key,
            agency=told["agency"],
            code=told["code"],
            name=told["name"],
            mark=told["mark"],
            task=told["task"],
            class_number=told["class"],
            heir=told["heir"],
        )
        for key, told in words("units").items()
    }


@cache
def matters(agency: str | None = None) -> tuple[Matter, ...]:
    """All matters in the order of the file, or those of one agency."""
    return tuple(
        matter for matter in map(_matter, words("matters")["matter"]) if agency in (None, matter.unit.agency)
    )


def _matter(told: dict[str, Any]) -> Matter:
    return Matter(
        unit=units()[told["unit"]],
        era=told["era"],
        years=(told["years"][0], told["years"][1]),
        titles=tuple(told["title"]),
        retention=told["retention"],
        kind=told.get("kind", "letter"),
        sheets=tuple(told["sheets"]),
        items=tuple(told["items"]),
        facts=tuple(told["facts"]),
        places=tuple(told.get("places", ())),
    )


def place(rng: Random, year: int, *, among: tuple[str, ...], hanja: bool) -> Place:
    """A quarter that stood inside the city in that year."""
    quarters = words("places")["quarters"]
    standing = [name for name in (among or quarters) if quarters[name]["in"][0][0] <= year]
    name = rng.choice(standing)
    district = [of for since, of in quarters[name]["in"] if since <= year][-1]
    if not hanja:
        return Place(name, district)
    return Place(quarters[name]["hanja"], words("places")["districts"][district])


def person(rng: Random, *, hanja: bool) -> str:
    told = words("people")
    family: str = rng.choice(told["families"])
    given: str = rng.choice(told["first"]) + rng.choice(told["second"])
    shown: str = told["hanja"][family] if hanja else family
    return shown + given


def resident_number(rng: Random, year: int) -> str:
    """A number of the form used in that year that nobody can hold: its month or day does not exist."""
    wrong_month, wrong_day = rng.randint(13, 19), rng.randint(32, 39)
    month, day = rng.choice([(wrong_month, rng.randint(1, 28)), (rng.randint(1, 12), wrong_day)])
    born = f"{rng.randint(10, year - 1922):02d}{month:02d}{day:02d}"
    sex = rng.choice("12")
    if year < 1975:
        return f"{born}-{sex}{rng.randint(0, 99999):05d}"
    serial = f"{born}{sex}{rng.randint(0, 99999):05d}"
    total = sum(int(digit) * (2 + at % 8) for at, digit in enumerate(serial))
    wrong = ((11 - total % 11) % 10 + rng.randint(1, 9)) % 10
    return f"{born}-{serial[6:]}{wrong}"


def made_up_address(rng: Random, where: Place, *, hanja: bool) -> str:
    """A lot number far above any the quarter ever had."""
    lot = rng.randint(9000, 9899)
    return f"{where.district} {where.quarter} {lot}{'番地' if hanja else '번지'}"


def is_dangun(day: date) -> bool:
    return DANGUN_FROM <= day <= DANGUN_TO


def year_name(day: date) -> str:
    return str(day.year + DANGUN_YEARS) if is_dangun(day) else str(day.year)


def written_date(day: date, era: str) -> str:
    """The day as a clerk of the time wrote it at the head of a letter."""
    if is_dangun(day):
        return f"檀紀 {day.year + DANGUN_YEARS}年 {day.month}月 {day.day}日"
    if era == "a":
        return f"西紀 {day.year}年 {day.month}月 {day.day}日"
    return f"{day.year}. {day.month}. {day.day}."


def in_hanja(number: int) -> str:
    return "".join("〇一二三四五六七八九"[int(digit)] for digit in str(number))
