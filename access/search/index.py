"""What an index promises, whichever engine keeps it.

Tokens and plans are made by us; an engine stores them in fields that are split at spaces only, and
scores.  The two engines stand behind one suite of tests, so a plan finds the same records on both.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Sort = Literal["best", "oldest", "newest", "title"]
SORTS: tuple[Sort, ...] = ("best", "oldest", "newest", "title")
Facet = Literal["agency", "decade", "record_type", "disclosure"]
FACETS: tuple[Facet, ...] = ("agency", "decade", "record_type", "disclosure")

# Token fields: the weight stands beside the field, because both engines multiply by it.
WEIGHTS: Mapping[str, float] = {"tm": 4, "tb": 3, "c": 4, "h": 3, "am": 2, "xw": 1.5, "o": 3, "pm": 1, "y": 1}
DEEPEST = 10_000  # hits that may be stepped through


@dataclass(frozen=True)
class Document:
    """An item as the index may know it: the staff's whole, the public's without what is closed."""

    reference: str
    version: int
    title: str
    volume: str = ""
    sender_id: str | None = None
    alt_titles: tuple[str, ...] = ()
    agency: str | None = None
    agency_code: str | None = None
    unit: str | None = None
    classification: str | None = None
    document_number: str | None = None
    years: tuple[int, int] | None = None  # first and last
    first_day: int | None = None  # ordinals of the earliest and latest day, for sorting
    last_day: int | None = None
    record_type: str | None = None
    retention: str | None = None
    disclosure: str = "closed"
    opens_on: str | None = None
    date_text: str | None = None
    page_count: int | None = None
    pages: tuple[tuple[int, str], ...] = ()
    extra: str = ""


@dataclass(frozen=True)
class Deletion:
    reference: str
    version: int


@dataclass(frozen=True)
class Entry:
    """A document made ready for an engine: tokens, exact values, numbers, and what is only shown."""

    reference: str
    version: int
    tokens: Mapping[str, str]
    exact: Mapping[str, tuple[str, ...]]
    oldest: int
    newest: int
    title_key: str
    first_year: int
    last_year: int
    shown: str  # JSON

    @property
    def orders(self) -> dict[str, str]:
        """One text for each order, different for each record, whose plain order is the order asked for."""
        return {
            "oldest": f"{self.oldest:010}{self.reference}",
            "newest": f"{10**9 - self.newest:010}{self.reference}",
            "title": f"{self.title_key}\x01{self.reference}",
        }


@dataclass(frozen=True)
class Term:
    field: str
    token: str
    weight: float = 1.0


@dataclass(frozen=True)
class Phrase:
    field: str
    tokens: tuple[str, ...]
    weight: float = 1.0


@dataclass(frozen=True)
class Best:
    """Any of them; the best one scores."""

    of: tuple["Node", ...]


@dataclass(frozen=True)
class All:
    """Each of them; their sum scores."""

    of: tuple["Node", ...]


Node = Term | Phrase | Best | All


@dataclass(frozen=True)
class Plan:
    """Each required node must match; wanted ones only add to the score.  An empty plan finds everything."""

    required: tuple[Node, ...] = ()
    wanted: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Filters:
    """Values of one field are alternatives; fields add up."""

    agency: tuple[str, ...] = ()
    decade: tuple[str, ...] = ()
    record_type: tuple[str, ...] = ()
    disclosure: tuple[str, ...] = ()
    volume: tuple[str, ...] = ()
    first_year: int | None = None
    last_year: int | None = None

    def exact(self) -> dict[str, tuple[str, ...]]:
        fields = (*FACETS, "volume")
        return {name: values for name in fields if (values := getattr(self, name))}


EVERYTHING = Filters()


@dataclass(frozen=True)
class Cursor:
    """Where the last page ended: the key it was sorted by, the reference, and how many came before."""

    key: float | int | str
    reference: str
    passed: int


@dataclass(frozen=True)
class Found:
    reference: str
    score: float
    key: float | int | str
    shown: Mapping[str, Any]


@dataclass(frozen=True)
class Results:
    total: int
    found: tuple[Found, ...]
    more: bool
    facets: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)
    complete: bool = True  # False: a part of the index did not answer


class Index(Protocol):
    name: str

    def send(self, documents: Iterable[Document], deletions: Iterable[Deletion] = ()) -> None:
        """Durable when it returns.  A version older than the one that is there loses, without an error."""

    def refresh(self) -> None:
        """What was sent before is found from now on."""

    def search(
        self,
        plan: Plan,
        *,
        filters: Filters = EVERYTHING,
        facets: Sequence[str] = (),
        limit: int = 20,
        cursor: Cursor | None = None,
        sort: Sort = "best",
    ) -> Results:
        """Sorted by (key, reference), so that the order of equals is one order on every engine.

        A facet counts under every filter but its own.  Unavailable when the engine does not answer.
        """

    def count(self) -> int: ...

    def references(self) -> Iterator[tuple[str, int]]:
        """Each reference with its version, in order of reference."""

    def rebuild(self, documents: Iterable[Document]) -> int:
        """Make the index anew beside the old one and swap when it is whole; searches go on meanwhile."""

    def analyser(self) -> str | None:
        """The version of the analyser that made its tokens; None when there is no index yet."""
