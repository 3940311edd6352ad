"""A requirement of E-ARK CSIP or SIP, a place where a package departs from it, and the finding of that.

The level of a requirement decides: MUST is an error, SHOULD a warning, MAY a note.  A fault says so where
the test corpus of the DILCIS Board asks for another severity than the level.
"""

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Generic, Literal, Protocol, TypeVar

from metadata_schemas.description import Finding, Severity, Where
from metadata_schemas.eark.mets_reading import Mets, Part

Level = Literal["MUST", "SHOULD", "MAY"]
Subject = TypeVar("Subject", contravariant=True)
SEVERITY: Mapping[Level, Severity] = {"MUST": "error", "SHOULD": "warning", "MAY": "note"}


class Folder(Protocol):
    """The files of one package, by their paths from its METS.xml."""

    def size(self, path: str) -> int | None:
        """Bytes of a file; None when it is not there."""

    def holds(self, folder: str) -> bool:
        """Whether any file lies below a folder."""

    def folders(self, folder: str) -> list[str]:
        """Names of the folders in a folder; "" is the package's own."""


@dataclass(frozen=True)
class Document:
    """A METS document and where it lies.  ``name``: of the folder that it is in."""

    mets: Mets
    name: str
    folder: Folder
    is_root: bool = True


@dataclass(frozen=True)
class Fault:
    """One place that departs: the fact, what stands there, and what should."""

    fact: str
    value: str | None = None
    expected: str | None = None
    severity: Severity | None = None


@dataclass(frozen=True)
class Requirement(Generic[Subject]):
    """One row of the profile.  ``judge`` yields the faults of a document, a section or a file."""

    id: str
    level: Level
    judge: Callable[[Subject], Iterable[Fault]]


OfDocument = Requirement[Document]
OfPart = Requirement[Part]


def finding(
    requirement: Requirement[Any], fault: Fault, path: str, *, at_most: Severity = "error"
) -> Finding:
    """The finding of a fault; ``at_most`` lessens what a document below the root finds."""
    severity = fault.severity or SEVERITY[requirement.level]
    if at_most == "warning" and severity == "error":
        severity = at_most
    message = (
        f"{path}: {fault.fact} ({requirement.id}, {requirement.level}). "
        "Mend the package with the tool that made it and send it again."
    )
    return Finding(
        f"bag.eark.{requirement.id}", severity, Where(path=path), fault.value, fault.expected, message
    )


def has(name: str, what: str) -> Callable[[Part], Iterator[Fault]]:
    """Judges a part by one attribute that it must have."""

    def judge(part: Part) -> Iterator[Fault]:
        if not part.get(name):
            yield Fault(f"{what} {_named(part)}has no {name}", None, name)

    return judge


def equals(name: str, wanted: str, what: str) -> Callable[[Part], Iterator[Fault]]:
    """Judges a part by one attribute that has one value only."""

    def judge(part: Part) -> Iterator[Fault]:
        if part.get(name) != wanted:
            yield Fault(
                f"{what} {_named(part)}has {name} {part.get(name)!r}, not {wanted!r}", part.get(name), wanted
            )

    return judge


def one_of(
    name: str, vocabulary: str, what: str, *, missing: bool = True
) -> Callable[[Part], Iterator[Fault]]:
    """Judges a part by an attribute whose values are listed; ``missing``: whether it must be there."""

    def judge(part: Part) -> Iterator[Fault]:
        value = part.get(name)
        if value and value.replace("\u2013", "-") not in terms(vocabulary):
            yield Fault(
                f"{what} {_named(part)}has {name} {value!r}, which no vocabulary knows", value, vocabulary
            )
        elif not value and missing:
            yield Fault(f"{what} {_named(part)}has no {name}", None, name)

    return judge


def below(judge: Callable[[Part], Iterable[Fault]], name: str) -> Callable[[Part], Iterator[Fault]]:
    """Judges the parts of that name in a part."""

    def judge_all(part: Part) -> Iterator[Fault]:
        for each in part.all(name):
            yield from judge(each)

    return judge_all


def _named(part: Part) -> str:
    return f"{part.get('ID')} " if part.get("ID") else ""


def terms(vocabulary: str) -> frozenset[str]:
    return frozenset(_tables()[vocabulary])


def digest_names() -> Mapping[str, str]:
    """The algorithms of METS that can be compared here, by METS' name."""
    return dict(_tables()["digests"])


@cache
def _tables() -> dict[str, Any]:
    return tomllib.loads((files("metadata_schemas") / "tables" / "eark.toml").read_text("utf-8"))
