"""Writes the text of the papers: what stands on each page of an item, in the manner of its time.

Before 1962 letters are mixed script in the old administrative voice, then the official letter with
its numbered paragraphs, then Hangul only.  Invented people and what a clause of the law keeps back
are on restricted pages and nowhere else.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from ingest.samples import tables, world
from ingest.samples.titles import PlannedItem, PlannedVolume, fill


@dataclass(frozen=True)
class Sheet:
    """One page before it is set: only words, no positions."""

    kind: str
    era: str
    number: int
    heading: str = ""
    letterhead: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    paragraphs: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    signed: str = ""
    restricted: bool = False
    seed: str = ""


def sheets(volume: PlannedVolume, item: PlannedItem) -> Iterator[Sheet]:
    """The pages of an item in order."""
    for number in range(1, item.pages + 1):
        rng = Random(f"{item.seed}/{number}")
        page = _Page(volume, item, number, rng)
        if number == 1 and volume.matter.kind == "letter" and not _is_all_roster(item):
            yield _letter(page)
        elif volume.matter.kind == "photograph":
            yield _photograph(page)
        elif volume.matter.kind == "drawing":
            yield _plan(page)
        elif volume.matter.kind == "minutes":
            yield _minutes(page)
        elif page.restricted:
            yield _kept_back(page)
        else:
            yield _open_sheet(page)


@dataclass(frozen=True)
class _Page:
    volume: PlannedVolume
    item: PlannedItem
    number: int
    rng: Random

    @property
    def era(self) -> str:
        return self.volume.matter.era

    @property
    def restricted(self) -> bool:
        inside = any(first <= self.number <= last for first, last in self.item.restricted)
        return self.item.status == "closed" or inside

    @property
    def phrases(self) -> dict[str, Any]:
        told: dict[str, Any] = world.words("phrases")[self.era]
        return told

    def fill(self, template: str) -> str:
        return fill(template, self.rng, where=self.item.place, day=self.item.day)

    def some(self, templates: list[str] | tuple[str, ...], count: int) -> list[str]:
        return [self.fill(told) for told in self.rng.sample(templates, min(count, len(templates)))]

    def sheet(self, kind: str, **more: Any) -> Sheet:
        return Sheet(
            kind=kind,
            era=self.era,
            number=self.number,
            restricted=self.restricted,
            seed=f"{self.item.seed}/{self.number}",
            **more,
        )


def _is_all_roster(item: PlannedItem) -> bool:
    return item.status == "closed" and item.pages == 1 and 6 in item.reasons


def _letter(page: _Page) -> Sheet:
    own = page.volume.matter.unit.agency == "6110000"
    name = world.AGENCIES[page.volume.matter.unit.agency].split()[-1]
    letterhead = page.phrases["letterhead"] if own else " ".join(_district_name(name, page.era))
    sender = page.phrases["sender"] if own else " ".join(_district_name(name, page.era) + _head(page.era))
    receiver = page.rng.choice(page.phrases["receivers"])
    return page.sheet(
        "letter",
        letterhead=letterhead,
        heading=page.item.title,
        signed=sender,
        fields=_fields(page, receiver),
        paragraphs=tuple(_body(page)),
    )


def _district_name(name: str, era: str) -> str:
    return name if era == "c" else world.words("places")["districts"][name]


def _head(era: str) -> str:
    return "청장" if era == "c" else "廳長"


def _fields(page: _Page, receiver: str) -> tuple[tuple[str, str], ...]:
    day, number = world.written_date(page.item.day, page.era), page.item.document_number
    match page.era:
        case "a":
            return (("", number), ("", day), ("", receiver))
        case "b":
            return (
                ("文書番號", number),
                ("施行日字", day),
                ("受    信", receiver),
                ("題    目", page.item.title),
            )
        case _:
            return (
                ("문서번호", number),
                ("시행일자", day),
                ("수    신", receiver),
                ("제    목", page.item.title),
            )


def _body(page: _Page) -> Iterator[str]:
    facts = page.some(page.volume.matter.facts, page.rng.randint(2, 4))
    filler = page.some(page.phrases["filler"], 2)
    opening, closing = page.rng.choice(page.phrases["opening"]), page.rng.choice(page.phrases["closing"])
    if page.era == "a":
        yield opening
        yield "記"
        for mark, told in zip("一二三四五六", [*facts, *filler], strict=False):
            yield f"{mark}, {told}"
        yield closing
        return
    relation = "1. 관련 : " if page.era == "c" else "1. 關聯: "
    yield relation + f"{page.item.document_number.rsplit('-', 1)[0]}-{page.rng.randint(10, 900)}호"
    yield f"2. {opening}"
    for mark, told in zip("가나다라마바", facts, strict=False):
        yield f"  {mark}. {told}"
    for mark, told in zip("345", filler, strict=False):
        yield f"{mark}. {told}"
    yield closing


def _open_sheet(page: _Page) -> Sheet:
    kinds = page.volume.matter.sheets
    kind = kinds[(page.number - 2) % len(kinds)]
    match kind:
        case "prose" | "roster" | "minutes":
            return page.sheet("prose", heading=_part(page), paragraphs=tuple(_report(page)))
        case "plan":
            return _plan(page)
        case _:
            return _table(page, kind)


def _part(page: _Page) -> str:
    headings = page.phrases["headings"]
    heading: str = headings[(page.number - 2) % len(headings)]
    return heading


def _report(page: _Page) -> Iterator[str]:
    mark = "一, " if page.era == "a" else "○ "
    told = page.some(page.volume.matter.facts, 4) + page.some(page.phrases["filler"], 4)
    page.rng.shuffle(told)
    for sentence in told:
        yield mark + sentence


def _table(page: _Page, kind: str) -> Sheet:
    made = tables.table(kind, page.rng, page.era, page.item.day, page.item.place)
    return page.sheet("table", heading=made.heading, columns=made.columns, rows=made.rows)


def _kept_back(page: _Page) -> Sheet:
    script = "new" if page.era == "c" else "old"
    reasons = world.words("phrases")["restricted"][script]
    notes = tuple(reasons[str(reason)] for reason in page.item.reasons)
    kind = "roster" if 6 in page.item.reasons else "estimate"
    made = tables.table(kind, page.rng, page.era, page.item.day, page.item.place)
    return page.sheet("table", heading=made.heading, columns=made.columns, rows=made.rows, paragraphs=notes)


def _minutes(page: _Page) -> Sheet:
    told = world.words("phrases")["minutes"]["c" if page.era == "c" else "a"]
    paragraphs: list[str] = []
    fields: tuple[tuple[str, str], ...] = ()
    if page.number == 1:
        day = world.written_date(page.item.day, page.era)
        fields = ((told["head"][0], day), (told["head"][1], told["place"]))
        begun = f"○{told['speakers']['chair'][0]} : {page.fill(told['begun'])}"
        paragraphs = [told["head"][2], *told["agenda"], told["opening"], begun]
    paragraphs += _speeches(page, told)
    if page.number == page.item.pages:
        paragraphs.append(told["closing"])
    heading = page.item.title if page.number == 1 else ""
    return page.sheet("minutes", heading=heading, fields=fields, paragraphs=tuple(paragraphs))


def _speeches(page: _Page, told: dict[str, Any]) -> list[str]:
    """What each said: only the chair leads the meeting, officers answer, members ask."""
    spoken = [(role, sentence) for role, sentences in told["said"].items() for sentence in sentences]
    spoken += [
        (role, sentence) for role, _, sentence in (fact.partition("|") for fact in page.volume.matter.facts)
    ]
    page.rng.shuffle(spoken)
    return [
        f"○{page.rng.choice(told['speakers'][role])} : {page.fill(sentence)}"
        for role, sentence in spoken[: 10 if page.number == 1 else 15]
    ]


def _photograph(page: _Page) -> Sheet:
    caption = f"{page.item.title}  {world.written_date(page.item.day, page.era)}"
    return page.sheet("photograph", heading=caption, fields=(("", page.volume.matter.unit.name),))


def _plan(page: _Page) -> Sheet:
    scale = page.rng.choice(("1/600", "1/1,200", "1/3,000"))
    label = "축척" if page.era == "c" else "縮尺"
    return page.sheet("plan", heading=page.item.title, fields=((label, scale), ("", page.item.place.quarter)))
