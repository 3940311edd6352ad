"""Plans what a transfer holds: volumes, their items, titles, dates, pages, disclosure and files.

A plan is made without touching a disk and comes volume by volume, so a list of hundreds of
thousands of rows needs no memory.  The same seed plans the same, in any process.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from ingest.samples import world
from ingest.samples.world import Matter

MARKED = re.compile(r"^(?P<reasons>[1-8](?:,[1-8])*)(?P<status>[~!#])(?P<title>.+)$")
MEDIA = {
    "a": (("pdf", 40), ("jpeg", 24), ("g4", 12), ("g4book", 14), ("gray", 10)),
    "b": (("pdf", 50), ("jpeg", 18), ("g4", 12), ("g4book", 16), ("gray", 4)),
    "c": (("pdf", 64), ("jpeg", 8), ("g4", 4), ("g4book", 8), ("hwpx", 8), ("docx", 5), ("odt", 3)),
}
LENGTHS = {
    "letter": (1, 1, 2, 2, 3, 3, 4, 5, 6, 8),
    "minutes": (6, 8, 9, 12, 16),
    "photograph": (1, 1, 2, 3),
    "drawing": (1, 1, 2),
}
RECORD_TYPES = {
    "letter": "일반문서",
    "minutes": "일반문서",
    "photograph": "사진필름류",
    "drawing": "도면/지도류",
}
# How many volumes the first files of a transfer are bound in, so that a small one shows every kind.
FIRST_BOUND = {1: 2, 2: 1, 3: 1, 4: 1, 5: 1}


@dataclass(frozen=True)
class PlannedItem:
    """One item: what the list says about it, and what is needed to draw it."""

    number: int
    sender_id: str
    title: str
    day: date
    serial: int
    document_number: str
    pages: int
    medium: str
    status: str
    reasons: tuple[int, ...]
    restricted: tuple[tuple[int, int], ...]
    list_open: bool
    sound: bool
    place: world.Place
    seed: str


@dataclass(frozen=True)
class PlannedVolume:
    """One bound volume of a file, with its items."""

    number: int
    sender_id: str
    matter: Matter
    title: str
    file_number: int
    volume_number: int
    of_volumes: int
    first_year: int
    last_year: int
    items: tuple[PlannedItem, ...] = ()


@dataclass
class Registers:
    """Registration numbers given so far: each office has one row of numbers a year, rising with the days."""

    given: set[tuple[str, int, int]] = field(default_factory=set)
    last: dict[tuple[str, date], int] = field(default_factory=dict)

    def enter(self, rng: Random, code: str, day: date) -> int:
        first = day.timetuple().tm_yday * 6 + rng.randint(0, 5)
        number = self.last.get((code, day), first - 1) + 1
        while (code, day.year, number) in self.given:
            number += 1
        self.given.add((code, day.year, number))
        self.last[code, day] = number
        return number


def plan(*, seed: int, volumes: int, pages: int, agency: str | None = None) -> Iterator[PlannedVolume]:
    """The volumes of one transfer.  A file is bound in one to three volumes."""
    registers, chosen, number, file_number = Registers(), world.matters(agency), 0, 0
    turns: list[Matter] = []
    while number < volumes:
        file_number += 1
        rng = Random(f"{seed}/{file_number}")
        turns = turns or _turns(rng, chosen, first=file_number == 1)
        matter = turns.pop()
        bound = min(FIRST_BOUND.get(file_number) or rng.choice((1, 1, 1, 1, 2, 3)), volumes - number)
        year = rng.randint(*matter.years)
        where = world.place(rng, year, among=matter.places, hanja=matter.era != "c")
        since = date(year, 1, 4)
        title = fill(
            rng.choice(matter.titles) if file_number > 1 else matter.titles[0],
            rng,
            where=where,
            day=date(year, 12, 1),
        )
        for volume_number in range(1, bound + 1):
            number += 1
            last = (
                year if "{year}" in "".join(matter.titles) else min(year + rng.randint(0, 1), matter.years[1])
            )
            volume = PlannedVolume(
                number=number,
                sender_id=f"S{seed % 10000:04d}-{number:06d}",
                matter=matter,
                title=title,
                file_number=file_number,
                volume_number=volume_number,
                of_volumes=bound,
                first_year=year,
                last_year=last,
            )
            volume = _with_items(volume, rng, pages, where, registers, since)
            since = volume.items[-1].day if volume.items else since
            year = since.year
            yield volume


def _turns(rng: Random, chosen: tuple[Matter, ...], *, first: bool) -> list[Matter]:
    """The order matters come in, last first.

    A transfer opens with the first matter, then one of each kind, then one from the years of word
    processors, so that a small transfer shows everything.
    """
    shuffled = list(chosen)
    rng.shuffle(shuffled)
    if first:
        kinds = {matter.kind: matter for matter in (*shuffled, chosen[0])}
        opening = [chosen[0], *(matter for matter in kinds.values() if matter is not chosen[0])]
        late = [matter for matter in shuffled if matter.kind == "letter" and matter.years[0] >= 1990]
        opening += [matter for matter in late if matter not in opening][:1]
        shuffled = [matter for matter in shuffled if matter not in opening] + opening[::-1]
    return shuffled


def fill(template: str, rng: Random, *, where: world.Place, day: date) -> str:
    """A title or sentence with its gaps filled in the manner of its year."""

    def gap(found: re.Match[str]) -> str:
        match found.group(1):
            case "gu":
                return where.district
            case "dong":
                return where.quarter
            case "bunji":
                return f"{rng.randint(1, 780)}-{rng.randint(1, 60)}"
            case "year":
                return world.year_name(day)
            case "small":
                return str(rng.randint(2, 24))
            case "few":
                return str(rng.randint(2, 5))
            case "pct":
                return str(rng.randint(12, 60))
            case "bore":
                return str(rng.choice((100, 150, 200, 300, 600, 900)))
            case "wide":
                return str(rng.choice((12, 15, 20, 25, 35, 40)))
            case "q":
                return '"'
            case _:
                return f"{rng.randint(12, 980) * 10:,}"

    return re.sub(r"\{(\w+)\}", gap, template)


def _with_items(
    volume: PlannedVolume, rng: Random, pages: int, where: world.Place, registers: Registers, since: date
) -> PlannedVolume:
    lengths = list(_split(rng, pages, volume.matter.kind))
    days = _days(rng, since, date(volume.last_year, 12, 28), len(lengths))
    templates: list[str] = []
    seen: set[str] = set()
    items = []
    for number, (length, day) in enumerate(zip(lengths, days, strict=True), start=1):
        templates = templates or rng.sample(volume.matter.items, len(volume.matter.items))
        items.append(_item(volume, rng, number, length, day, templates.pop(), where, seen, registers))
    return PlannedVolume(**{**vars(volume), "items": tuple(items)})


def _item(
    volume: PlannedVolume,
    rng: Random,
    number: int,
    length: int,
    day: date,
    template: str,
    home: world.Place,
    seen: set[str],
    registers: Registers,
) -> PlannedItem:
    marked = MARKED.match(template)
    reasons = tuple(int(reason) for reason in marked["reasons"].split(",")) if marked else ()
    status = {"~": "partial", "!": "closed", "#": "closed"}[marked["status"]] if marked else "open"
    if status == "partial" and length < 2:
        status = "closed"
    where = home if rng.random() < 0.5 else _neighbour(rng, volume.matter, day)
    title = _unseen(marked["title"] if marked else template, rng, where, day, seen)
    serial = registers.enter(rng, volume.matter.unit.code, day)
    medium = _medium(rng, volume.matter, day)
    return PlannedItem(
        number=number,
        sender_id=f"{volume.sender_id}-{number:03d}",
        title=title,
        day=day,
        serial=serial,
        document_number=_document_number(volume.matter, serial),
        pages=length,
        medium=medium,
        status=status,
        reasons=reasons,
        restricted=_restricted(rng, length) if status == "partial" else (),
        list_open=not (marked and marked["status"] == "#"),
        sound=volume.matter.kind == "minutes" and day.year >= 1956 and number % 2 == 1,
        place=where,
        seed=f"{volume.sender_id}/{number}/{rng.random():.9f}",
    )


def _neighbour(rng: Random, matter: Matter, day: date) -> world.Place:
    return world.place(rng, day.year, among=matter.places, hanja=matter.era != "c")


def _unseen(template: str, rng: Random, where: world.Place, day: date, seen: set[str]) -> str:
    """The filled title; one that the volume already has gets a number, as clerks did."""
    title = fill(template, rng, where=where, day=day)
    times = 1
    while title in seen:
        times += 1
        title = f"{fill(template, rng, where=where, day=day)}({times})"
    seen.add(title)
    return title


def _split(rng: Random, pages: int, kind: str) -> Iterator[int]:
    while pages > 0:
        length = min(pages, rng.choice(LENGTHS[kind]))
        yield length
        pages -= length


def _days(rng: Random, since: date, until: date, count: int) -> list[date]:
    """Days of office in order: no Sundays, and none of the summer of 1950, when the city was taken."""
    span = (until - since).days
    return sorted(_day_of_office(since + timedelta(days=rng.randint(0, span))) for _ in range(count))


def _day_of_office(day: date) -> date:
    first, last = date(1950, 6, 25), date(1950, 9, 28)
    if first <= day <= last:
        day = first - (last - day)
    return day - timedelta(days=1) if day.weekday() == 6 else day


def _document_number(matter: Matter, serial: int) -> str:
    if matter.era == "a":
        return f"{matter.unit.mark}第{serial}號"
    return f"{matter.unit.mark} {matter.unit.class_number}-{serial}"


def _medium(rng: Random, matter: Matter, day: date) -> str:
    if matter.kind == "photograph":
        return "photograph"
    if matter.kind == "drawing":
        return rng.choice(("g4", "pdf"))
    media, weights = zip(*MEDIA[matter.era], strict=True)
    medium: str = rng.choices(media, weights)[0]
    # Word processors reached the offices late in the 1980s.
    return (
        "pdf"
        if medium in {"hwpx", "docx", "odt"} and (day.year < 1989 or matter.kind == "minutes")
        else medium
    )


def _restricted(rng: Random, length: int) -> tuple[tuple[int, int], ...]:
    """One run of pages after the covering letter, or in longer items also a last page apart from it."""
    first = rng.randint(2, length)
    last = rng.randint(first, min(length, first + 2))
    return ((first, last), (length, length)) if last + 2 <= length else ((first, last),)
