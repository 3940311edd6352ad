"""Which column of a list is which: names and their variants are data in ``tables/columns.toml``.

The header may stand below a title and notes; it is the row that matches most names.
"""

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from metadata_schemas import codes
from metadata_schemas.description import Finding, Severity, Where
from metadata_schemas.spelling import plain, tidy

SEARCHED_ROWS = 40
LIKE = 0.7
"""How much a column's name shares with one that is missing, of 1, where it may be meant."""
LONGEST_TOLD = 200
_BRACKETS = re.compile(r"[(\[（].*[)\]）]\s*$", re.DOTALL)

Level = Literal["volume", "item"]


@dataclass(frozen=True)
class Header:
    """A recognised header: the names as written (made unique) and where each known field stands."""

    row: int
    names: tuple[str, ...]
    fields: Mapping[str, int]
    level: Level
    is_exchange_form: bool

    def has(self, *fields: str) -> bool:
        return any(field in self.fields for field in fields)

    @property
    def names_by_number(self) -> bool:
        """Whether rows of items name their volume by its number."""
        return self.has("volume_sender_id") or (self.has("sender_id") and self.has("item_sender_id"))

    def name(self, field: str) -> str:
        return self.names[self.fields[field]]


def find_header(rows: Sequence[Sequence[str]]) -> Header | None:
    """The best header among the first rows; None where no row reads like the header of a list."""
    best: Header | None = None
    for number, cells in enumerate(rows[:SEARCHED_ROWS], start=1):
        header = recognise(cells, number)
        if header and (best is None or len(header.fields) > len(best.fields)):
            best = header
    return best


def recognise(cells: Sequence[str], row: int) -> Header | None:
    fields = _fields(cells)
    if not _is_a_list(fields):
        return None
    wanted = {_folded(cell) for cell in cells if cell}
    whole = any(wanted >= {_folded(name) for name in form} for form in _data()["exchange_form"].values())
    return Header(row, _unique(cells), fields, _level(fields), whole)


def first_names(rows: Sequence[Sequence[str]]) -> str:
    """The cells of the first row that has any, as people read them, cut short."""
    cells = next((found for row in rows if (found := [cell for cell in map(tidy, row) if cell])), [])
    told = ", ".join(cells)
    return told if len(told) <= LONGEST_TOLD else f"{told[:LONGEST_TOLD]}…"


def unknown(name: str, first: str) -> Finding:
    """Of a table none of whose rows reads like the header of a list; ``first`` is what it begins with."""
    expected = (
        "a header with 기록물철 제목 or 제목 and columns like 관리번호, 생산연도, 보존기간, 공개구분, 파일"
    )
    begins = f"; it begins with {first}" if first else ""
    message = f"No row of {name} reads like the header of a transfer list{begins}. Expected: {expected}."
    return Finding("list.columns", "error", Where(list=name), first or None, expected, message)


def missing(headers: Mapping[str, Sequence[Header]], *, are_lost: bool) -> Iterator[Finding]:
    """What lists tell nothing of: an empty cell is told of its row, a column that is not there of its list.

    ``headers``: those of each list that has rows; ``are_lost``: items found no volume.  Of volumes that no
    list of volumes tells of, that is said already.
    """
    every = [each for of_list in headers.values() for each in of_list]
    if are_lost and _meet_nowhere(every):
        what = "by which rows of items name their volume, so these find none"
        yield from _lacking(headers, "sender_id", "volume", "error", what)
    what = "nor has another list, so nothing is known of it for any record"
    if not any(each.has("retention") for each in every):
        yield from _lacking(headers, "retention", "volume", "warning", what)
    if not any(each.has("access") for each in every):
        yield from _lacking(headers, "access", "item", "warning", what)


def _lacking(
    headers: Mapping[str, Sequence[Header]], field: str, level: Level, severity: Severity, what: str
) -> Iterator[Finding]:
    """The same of each list of this level."""
    name = known_names(field)[0]
    for told, of_list in headers.items():
        if any(each.level == level for each in of_list):
            message = f"{told} has no column {name}{_like(field, of_list)}, {what}. "
            message += "Add the column and send the list again."
            yield Finding("list.no_column", severity, Where(told, column=name), None, name, message)


def _like(field: str, headers: Sequence[Header]) -> str:
    """The column that may be meant, among those that nobody knows."""
    unknown = [
        name for each in headers for place, name in enumerate(each.names) if place not in each.fields.values()
    ]
    for known in known_names(field):
        if found := difflib.get_close_matches(known, unknown, n=1, cutoff=LIKE):
            return f" (its column {found[0]} may be meant)"
    return ""


def _meet_nowhere(headers: Sequence[Header]) -> bool:
    """Whether items name volumes by a number and by nothing else, and no volume is listed with its number."""
    volumes = [each for each in headers if each.level == "volume"]
    if not volumes or any(each.has("sender_id", "volume_sender_id") for each in volumes):
        return False
    ways = {"classification": ("classification", "file_serial"), "file_serial": ("file_serial",)}
    of_both = (each for each, listed in ways.items() if any(it.has(*listed) for it in volumes))
    others = ("volume_title", *of_both)
    return any(each.level == "item" and each.names_by_number and not each.has(*others) for each in headers)


def named_like_a_list(name: str) -> bool:
    return any(plain(word) in plain(name) for word in _data()["meaning"]["list_names"])


@cache
def words(name: str) -> frozenset[str]:
    """A word list of the data, in plain spelling."""
    return frozenset(plain(word) for word in _data()["meaning"][name])


def known_names(field: str) -> tuple[str, ...]:
    return tuple(_data()["columns"][field])


def _fields(cells: Sequence[str]) -> dict[str, int]:
    """The first column of each field counts; a second one of the same field is kept as extra."""
    found: dict[str, int] = {}
    for place, cell in enumerate(cells):
        if len(cell) > 80:
            continue
        field = _names().get(_folded(cell)) or _names().get(_folded(_BRACKETS.sub("", cell)))
        if field and field not in found:
            found[field] = place
    return found


def _is_a_list(fields: Mapping[str, int]) -> bool:
    """A title beside a file column, or a title beside two known columns one of which only lists have."""
    meaning = _data()["meaning"]
    titles = [field for field in fields if field in meaning["titles"]]
    if not titles:
        return False
    others = [field for field in fields if field not in titles[:1]]
    return "files" in fields or (len(others) >= 2 and any(field in meaning["list_marks"] for field in others))


def _level(fields: Mapping[str, int]) -> Level:
    meaning = _data()["meaning"]
    if "item_title" in fields or ("volume_title" in fields and "title" in fields):
        return "item"
    if "item_sender_id" in fields or ("volume_sender_id" in fields and "sender_id" in fields):
        return "item"
    if any(field in fields for field in ("file_serial", "item_count", "quantity")):
        return "volume"
    marked = any(field in fields for field in meaning["item_marks"])
    return "item" if marked and "volume_title" not in fields else "volume"


def _unique(cells: Sequence[str]) -> tuple[str, ...]:
    seen: dict[str, int] = {}
    names = []
    for place, cell in enumerate(cells, start=1):
        name = tidy(cell) or f"#{place}"
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(names)


def _folded(name: str) -> str:
    word = plain(re.sub(r"[()（）\[\]]", "", name))
    for variant, right in _data()["spelling"].items():
        word = word.replace(variant, right)
    return word


@cache
def _names() -> dict[str, str]:
    names: dict[str, str] = {}
    for field, spelled in _data()["columns"].items():
        for name in spelled:
            names.setdefault(_folded(name), field)
    return names


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads((files("metadata_schemas") / "tables" / "columns.toml").read_text("utf-8"))


def source_system(header: Header, given: str | None, agency_default: str | None) -> str | None:
    """Whose codes the list uses: what the caller says, else its header; None where nobody knows."""
    return given or agency_default or (codes.EXCHANGE_FORM if header.is_exchange_form else None)
