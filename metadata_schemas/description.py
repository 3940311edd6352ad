"""What a transfer list says, in canonical values: volumes, their items, and what is wrong with them.

Nothing here reads a file. Codes of a source system are already turned into the
text values of NAK 8; the cells as they came stay beside them in ``raw``.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, get_args

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""The gravest first."""
Status = Literal["open", "partial", "closed"]
NO_STATUS = "no status in the transfer list"
"""The basis of an access status that nobody set."""
LARGEST = 999_999_999
"""No count of pages and no number of a volume is larger; what is larger no database has room for."""


@dataclass(frozen=True)
class Where:
    """The place a finding is about: a cell of a list, or a path of the transfer."""

    list: str | None = None
    row: int | None = None
    column: str | None = None
    path: str | None = None


@dataclass(frozen=True)
class Finding:
    """One thing a check found: the fact in fields, and one English sentence."""

    rule: str
    severity: Severity
    where: Where
    value: str | None
    expected: str | None
    message: str


@dataclass(frozen=True)
class Access:
    """Access status as the agency set it; reasons are clauses of FOI act article 9 (1)."""

    status: Status
    reasons: tuple[int, ...] = ()
    restricted_pages: tuple[tuple[int, int], ...] = ()
    opens_on: date | None = None
    list_open: bool = True
    basis: str | None = None


@dataclass(frozen=True)
class DateSpan:
    """A date as written, and the first and last day it may mean; None where nobody can know."""

    text: str
    earliest: date | None
    latest: date | None


@dataclass(frozen=True, kw_only=True)
class ItemDescription:
    """One 기록물건 of a list. ``files`` are the paths the row names, ``row`` its line in ``list``."""

    sender_id: str | None = None
    title: str
    created: DateSpan | None = None
    record_type: str | None = None
    access: Access | None = None
    page_count: int | None = None
    document_number: str | None = None
    description: str | None = None
    files: tuple[str, ...] = ()
    identifiers: Mapping[str, str] = field(default_factory=dict)
    raw: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, str] = field(default_factory=dict)
    row: int = 0
    list: str = ""


@dataclass(frozen=True, kw_only=True)
class VolumeDescription:
    """One 권 of a 기록물철. All volumes of one file carry the same ``file_number``."""

    sender_id: str | None = None
    file_number: str | None = None
    volume_number: int | None = None
    title: str
    creator_agency: str | None = None
    creator_code: str | None = None
    creating_unit: str | None = None
    created: DateSpan | None = None
    closed: DateSpan | None = None
    retention: str | None = None
    record_type: str | None = None
    carrier_kind: str | None = None
    classification: str | None = None
    access: Access | None = None
    description: str | None = None
    item_count: int | None = None
    page_count: int | None = None
    file_count: int | None = None
    items: Collection[ItemDescription] = ()
    files: tuple[str, ...] = ()
    identifiers: Mapping[str, str] = field(default_factory=dict)
    raw: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, str] = field(default_factory=dict)
    row: int = 0
    list: str = ""

    @property
    def span(self) -> DateSpan | None:
        """From when it was begun to when it was closed, as far as either is known."""
        created, closed = self.created, self.closed
        if created is None or closed is None:
            return created or closed
        text = created.text if created.text == closed.text else f"{created.text}–{closed.text}"
        return DateSpan(text, created.earliest or closed.earliest, closed.latest or created.latest)
