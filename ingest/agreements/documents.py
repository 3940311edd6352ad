"""An agreement as its document says it: an agency, a version, the day it begins, and clauses with names.

A clause that this version of the programme does not know is refused whole: a rule that is
silently left out would be no rule.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from archive.errors import WrongCall
from metadata_schemas.description import SEVERITIES

OPTIONS: dict[str, dict[str, type]] = {
    "formats": {"extensions": list, "puids": list},
    "largest-file": {"bytes": int},
    "largest-transfer": {"bytes": int, "files": int, "volumes": int},
    "columns": {"of": str, "names": list},
    "names": {"pattern": str, "longest": int},
    "checksums": {},
    "virus-scan": {"whole": bool},
}
"""The rules that a clause may name, and the options of each."""
SAYS_SOMETHING_ALONE = ("checksums", "virus-scan")


@dataclass(frozen=True)
class Clause:
    """One thing that was agreed.  ``id`` is how a refusal cites it."""

    id: str
    rule: str
    severity: str
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Agreement:
    """``accept``: what a watched folder or a program brings is taken at once where nothing is wrong."""

    agency: str
    version: int
    effective_from: date
    title: str
    clauses: tuple[Clause, ...]
    accept: bool = False

    def cited(self, clause: Clause) -> str:
        return f"agreement {self.agency}, version {self.version}, clause {clause.id}"


def read(text: str, *, is_entered: bool = False) -> Agreement:
    """The agreement of a TOML document.  WrongCall names every fault, not just the first.

    ``is_entered``: what was entered by a version that knew fewer faults is read as it was then.
    """
    try:
        told = tomllib.loads(text)
    except ValueError as error:
        raise WrongCall(f"The agreement is not TOML: {error}.", code="agreement.document") from error
    faults: list[str] = []
    agency = _value(told, "agency", str, faults)
    version = _value(told, "version", int, faults)
    begins = _value(told, "effective_from", date, faults)
    every = told["clause"] if isinstance(told.get("clause"), list) else []
    clauses = tuple(_clause(each, faults) for each in every if isinstance(each, dict))
    faults += [f"{key} is no key of an agreement." for key in sorted(told.keys() - _KEYS)]
    faults += ["It has no [[clause]]."] if not clauses else []
    if told.get("accept", False) not in (True, False):
        faults.append("accept is true or false.")
    faults += [] if is_entered else _left_out(told, clauses)
    if len({each.id for each in clauses}) < len(clauses):
        faults.append("Two clauses have one id.")
    if isinstance(version, int) and version < 1:
        faults.append("version counts from 1.")
    if faults:
        raise WrongCall(
            "The agreement is not right: " + " ".join(faults), code="agreement.document",
            next="Correct the document; docs/operating/agreements.md tells every key.",
        )  # fmt: skip
    return Agreement(agency, version, begins, str(told.get("title", "")), clauses, told.get("accept") is True)


def _left_out(told: Mapping[str, Any], clauses: Sequence[Clause]) -> Iterator[str]:
    """What would judge nothing, though somebody wrote it down."""
    every = told.get("clause", [])
    if not isinstance(every, list) or len(every) > len(clauses):
        yield "clause is no list of clauses: each one begins with [[clause]]."
    for clause in clauses:
        for key in sorted(key for key, value in clause.options.items() if value == []):
            yield f"Clause {clause.id or '?'}: {key} is empty and would judge nothing."


_KEYS = {"agency", "version", "effective_from", "title", "accept", "clause"}


def _value(told: Mapping[str, Any], key: str, kind: type, faults: list[str]) -> Any:
    value = told.get(key)
    if type(value) is not kind:
        faults.append(f"{key} is missing or is no {_KINDS[kind]}.")
    return value


_KINDS = {str: "text", int: "whole number", date: "day such as 2027-01-01", list: "list",
          bool: "word such as true"}  # fmt: skip


def _clause(told: Mapping[str, Any], faults: list[str]) -> Clause:
    name, rule, severity = (str(told.get(key, "")) for key in ("id", "rule", "severity"))
    options = {key: value for key, value in told.items() if key not in ("id", "rule", "severity")}
    where = f"Clause {name or '?'}"
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", name):
        faults.append(f"{where}: an id has small letters, digits and hyphens.")
    if severity and severity not in SEVERITIES:
        faults.append(f"{where}: severity is one of {', '.join(SEVERITIES)}.")
    if rule not in OPTIONS:
        faults.append(f"{where}: there is no rule {rule!r}; there are {', '.join(OPTIONS)}.")
    else:
        faults += [f"{where}: {each}" for each in _faults(rule, options)]
    return Clause(name, rule, severity or "error", options)


def _faults(rule: str, options: Mapping[str, Any]) -> list[str]:
    known = OPTIONS[rule]
    faults = [f"{key} is no option of {rule}." for key in sorted(options.keys() - known.keys())]
    for key in sorted(options.keys() & known.keys()):
        value: Any = options[key]
        if type(value) is not known[key]:
            faults.append(f"{key} is no {_KINDS[known[key]]}.")
        elif type(value) is int and value < 1:
            faults.append(f"{key} is at least 1.")
        elif isinstance(value, list) and not all(isinstance(each, str) for each in value):
            faults.append(f"{key} is a list of texts.")
    if rule not in SAYS_SOMETHING_ALONE and not options.keys() - {"of"}:
        faults.append(f"{rule} says nothing without {' or '.join(known.keys() - {'of'})}.")
    if options.get("of", "volume") not in ("volume", "item"):
        faults.append("of is volume or item.")
    if isinstance(pattern := options.get("pattern"), str):
        try:
            re.compile(pattern)
        except re.error as error:
            faults.append(f"pattern is no regular expression ({error}).")
    return faults
