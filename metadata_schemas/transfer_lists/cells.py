"""One row of a list while it is read: its cells as they came, and a finding for each one that is wrong."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from metadata_schemas import codes, dates
from metadata_schemas.description import LARGEST, DateSpan, Finding, Severity, Where
from metadata_schemas.spelling import plain, tidy
from metadata_schemas.transfer_lists.columns import Header

_NUMBER_SUFFIXES = ("쪽", "매", "장", "면", "건", "권", "개", "점", "p", "페이지")


class Cells(Mapping[str, str]):
    """A row as name -> cell. All rows of a list share the names, so that a long list stays small."""

    __slots__ = ("places", "row")

    def __init__(self, places: Mapping[str, int], row: tuple[str, ...]):
        self.places, self.row = places, row

    def __getitem__(self, name: str) -> str:
        place = self.places[name]
        return self.row[place] if place < len(self.row) else ""

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)

    def __repr__(self) -> str:
        return repr(dict(self))


class Findings(Protocol):
    """Where findings go."""

    def append(self, finding: Finding, /) -> object: ...


@dataclass
class Reading:
    """What is known about one list, and the findings of its rows."""

    list_name: str
    header: Header
    system: str | None
    today: date | None
    findings: "Findings"

    def __post_init__(self) -> None:
        self.places: Mapping[str, int] = {name: place for place, name in enumerate(self.header.names)}
        known = set(self.header.fields.values())
        self.unknown = [(name, place) for name, place in self.places.items() if place not in known]

    def row(self, number: int, values: Sequence[str]) -> "RowCells":
        return RowCells(self, number, tuple(values))


class RowCells:
    """The cells of one row by field; every method that reads a value reports what it cannot read."""

    __slots__ = ("_texts", "number", "reading", "values")

    def __init__(self, reading: Reading, number: int, values: tuple[str, ...]):
        self.reading, self.number, self.values = reading, number, values
        # Far more fields are asked for than a list has columns.
        cells = ((name, values[at]) for name, at in reading.header.fields.items() if at < len(values))
        self._texts = {
            name: cell if cell.isascii() and cell == cell.strip() else tidy(cell) for name, cell in cells
        }

    def text(self, name: str) -> str:
        """The cell without blanks at its ends; "" where there is no such column."""
        return self._texts.get(name, "")

    def first(self, *names: str) -> str:
        return next((text for name in names if (text := self.text(name))), "")

    def raw(self) -> Cells:
        return Cells(self.reading.places, self.values)

    def extra(self) -> Mapping[str, str]:
        found = {name: self.values[place] for name, place in self.reading.unknown if place < len(self.values)}
        return {name: value for name, value in found.items() if value.strip()}

    def report(
        self, rule: str, severity: Severity, name: str, value: str | None, expected: str | None, fact: str
    ) -> None:
        column = self.reading.header.name(name) if self.reading.header.has(name) else None
        place = f"Row {self.number} of {self.reading.list_name}" + (f", column {column}" if column else "")
        shown = f" {value!r}" if value else ""
        wanted = f" Expected: {expected}." if expected else ""
        where = Where(self.reading.list_name, self.number, column)
        self.reading.findings.append(
            Finding(rule, severity, where, value, expected, f"{place}:{shown} {fact}.{wanted}")
        )

    def coded(self, name: str, element: str, severity: Severity = "error") -> str | None:
        raw = self.text(name)
        if not raw or plain(raw) == "":
            return None
        found = codes.canonical(self.reading.system, element, raw)
        if isinstance(found, codes.Meaning):
            if found.note:
                self.report(f"list.{element}_changed", "note", name, raw, found.value, found.note)
            return found.value
        if found.needs_system:
            self.unknown_system(name, raw, found.expected)
        else:
            self.report(f"list.{element}", severity, name, raw, found.expected, "is not in the code table")
        return None

    def unknown_system(self, name: str, raw: str, expected: str) -> None:
        systems = ", ".join(codes.source_systems())
        fact = f"is a code and nobody said whose; name the source system ({systems}) or write the text value"
        self.report("list.code_without_system", "error", name, raw, expected, fact)

    def number_of(self, name: str) -> int | None:
        raw = self.text(name)
        if not raw:
            return None
        digits = raw.replace(",", "").strip()
        if not digits.isdigit():
            for suffix in _NUMBER_SUFFIXES:
                digits = digits.removesuffix(suffix).strip()
        if digits.isascii() and digits.isdigit():
            if len(digits := digits.lstrip("0") or "0") <= len(str(LARGEST)):
                return int(digits)
            self.report("list.number", "error", name, raw, f"at most {LARGEST:,}", "is too large")
        elif digits not in {"", "-"}:
            self.report("list.number", "error", name, raw, "a whole number", "is not a number")
        return None

    def span(self, *names: str) -> DateSpan | None:
        """The first of these columns that has a value. A text without digits, like 미상, is a warning."""
        name = next((name for name in names if self.text(name)), None)
        if name is None or self.text(name) == "-":
            return None
        span = dates.parse(self.text(name))
        if span.earliest is None:
            written = any(sign.isdigit() for sign in span.text)
            expected = "a date like 1955, 1955.10.3, 19551003 or 단기 4288년 10월 3일"
            self.report(
                "list.date", "error" if written else "warning", name, span.text, expected, "is no date"
            )
        return span
