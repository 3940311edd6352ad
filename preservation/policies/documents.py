"""A storage policy as its document says it: classes of records, and the stores that must hold each.

A class is told by what never changes after acceptance (보존기간, agency), so that no ruling moves
masters about.  What this programme does not know is refused whole: a rule left out would be no rule.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from archive.errors import WrongCall
from metadata_schemas import terms

LEAST = 2
"""So many stores hold every record, whatever a policy says: one of them may be lost."""

REST = "rest"
"""What no class names."""


@dataclass(frozen=True)
class RecordClass:
    """Records of these retention periods and of these agencies; an empty list leaves its part open."""

    id: str
    stores: tuple[str, ...]
    retention: tuple[str, ...] = ()
    agencies: tuple[str, ...] = ()

    def takes(self, retention: str | None, agency: str) -> bool:
        return (not self.retention or retention in self.retention) and (
            not self.agencies or agency in self.agencies
        )


@dataclass(frozen=True)
class Policy:
    """``classes`` are asked in their order, the first that fits decides.

    ``stores`` hold what no class names; empty: every store of the installation.
    """

    version: int
    title: str
    stores: tuple[str, ...]
    classes: tuple[RecordClass, ...]

    @property
    def named(self) -> set[str]:
        """Every store that it speaks of."""
        return {*self.stores, *(store for each in self.classes for store in each.stores)}


@lru_cache(maxsize=8)
def read(text: str) -> Policy:
    """The policy of a TOML document.  WrongCall names every fault, not just the first."""
    try:
        told = tomllib.loads(text)
    except ValueError as error:
        raise WrongCall(f"The storage policy is not TOML: {error}.", code="policy.document") from error
    faults = [f"{key} is no key of a policy." for key in sorted(told.keys() - _KEYS)]
    version = told.get("version")
    if type(version) is not int or version < 1:
        faults.append("version is missing or does not count from 1.")
    stores = _stores(told, "The policy", faults) if "stores" in told else ()
    classes = tuple(_class(each, faults) for each in _tables(told, faults))
    if len({each.id for each in classes}) < len(classes):
        faults.append("Two classes have one id.")
    if faults:
        raise WrongCall(
            "The storage policy is not right: " + " ".join(faults), code="policy.document",
            next="Correct the document; docs/operating/policies.md tells every key.",
        )  # fmt: skip
    return Policy(int(told["version"]), str(told.get("title", "")), stores, classes)


_KEYS = {"version", "title", "stores", "class"}
_CLASS_KEYS = {"id", "stores", "retention", "agencies"}


def _tables(told: Mapping[str, Any], faults: list[str]) -> list[Mapping[str, Any]]:
    tables = told.get("class", [])
    if isinstance(tables, list) and all(isinstance(each, dict) for each in tables):
        return tables
    faults.append("Classes are written as [[class]].")
    return []


def _class(told: Mapping[str, Any], faults: list[str]) -> RecordClass:
    name = str(told.get("id", ""))
    where = f"Class {name or '?'}"
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", name) or name == REST:
        faults.append(f"{where}: an id has small letters, digits and hyphens, and is not {REST!r}.")
    faults += [f"{where}: {key} is no key of a class." for key in sorted(told.keys() - _CLASS_KEYS)]
    stores = _stores(told, where, faults)
    retention, agencies = _texts(told, "retention", where, faults), _texts(told, "agencies", where, faults)
    faults += [
        f"{where}: {each!r} is no retention period; there are {', '.join(terms.retention_periods())}."
        for each in retention
        if each not in terms.retention_periods()
    ]
    if not retention and not agencies:
        faults.append(f"{where}: it says nothing without retention or agencies.")
    return RecordClass(name, stores, retention, agencies)


def _stores(told: Mapping[str, Any], where: str, faults: list[str]) -> tuple[str, ...]:
    stores = _texts(told, "stores", where, faults)
    if len(set(stores)) < LEAST:
        faults.append(f"{where}: stores names {LEAST} at least.")
    return tuple(sorted(set(stores)))


def _texts(told: Mapping[str, Any], key: str, where: str, faults: list[str]) -> tuple[str, ...]:
    value = told.get(key, [])
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return tuple(value)
    faults.append(f"{where}: {key} is a list of texts.")
    return ()
