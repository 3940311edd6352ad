"""What a code of a source system means, one table per system; the tables are data in ``tables/codes``.

Retention ``30`` is 준영구 in the 2013 exchange form and 30년 elsewhere. So a code
without a known system is Unknown, never a guess; text values mean the same everywhere.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from metadata_schemas.spelling import plain

TEXT_SYSTEM = "nak8"
EXCHANGE_FORM = "nak19-2013"


@dataclass(frozen=True)
class CodeTable:
    """All mappings of one source system: element -> spelled-out code -> canonical value."""

    system: str
    name: str
    aliases: tuple[str, ...]
    source: str
    effective_from: date
    values: Mapping[str, Mapping[str, str]]
    notes: Mapping[str, Mapping[str, str]]
    shown: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Meaning:
    """A value that is known. ``note`` says when the law has moved it."""

    value: str
    note: str | None = None


@dataclass(frozen=True)
class Unknown:
    """A value that stands in no table. ``needs_system``: it is a code and nobody said whose."""

    expected: str
    needs_system: bool = False


@cache
def tables() -> Mapping[str, CodeTable]:
    folder = files("metadata_schemas") / "tables" / "codes"
    read = [
        _table(tomllib.loads(entry.read_text("utf-8"))) for entry in folder.iterdir() if _is_toml(entry.name)
    ]
    return MappingProxyType({table.system: table for table in sorted(read, key=lambda table: table.system)})


def source_systems() -> tuple[str, ...]:
    """The names a caller may give, in order."""
    return tuple(tables())


def find_system(name: str) -> CodeTable | None:
    wanted = plain(name)
    for table in tables().values():
        if wanted in {plain(table.system), *map(plain, table.aliases)}:
            return table
    return None


@cache
def canonical(system: str | None, element: str, raw: str) -> Meaning | Unknown:
    """Read one value of ``element``: as text of the standard first, then as a code of ``system``."""
    text_table = tables()[TEXT_SYSTEM]
    found = _look_up(text_table, element, raw)
    if found is not None:
        return found
    table = tables()[system] if system else None
    if table is not None:
        found = _look_up(table, element, raw)
        return found or Unknown(_expected(table, element))
    return Unknown(_expected(text_table, element), needs_system=_is_code_somewhere(element, raw))


def _look_up(table: CodeTable, element: str, raw: str) -> Meaning | None:
    known = table.values.get(element, {})
    for spelled in _spellings(raw):
        if spelled in known:
            return Meaning(known[spelled], table.notes.get(element, {}).get(spelled))
    return None


def _spellings(raw: str) -> tuple[str, ...]:
    """A spreadsheet drops leading zeros, so 1 and 01 and 001 are one number, never two codes."""
    spelled = plain(raw)
    if not (spelled.isascii() and spelled.isdigit()):
        return (spelled,)
    bare = spelled.lstrip("0") or "0"
    return (spelled, bare, bare.zfill(2))


def _expected(table: CodeTable, element: str) -> str:
    text = tables()[TEXT_SYSTEM].shown.get(element, ())
    codes = table.shown.get(element, ()) if table.system != TEXT_SYSTEM else ()
    words = "one of " + ", ".join(text) if text else "no text value"
    return f"{words}; codes of {table.system}: {', '.join(codes)}" if codes else words


def _is_code_somewhere(element: str, raw: str) -> bool:
    return any(_look_up(table, element, raw) for table in tables().values())


def _table(data: dict[str, Any]) -> CodeTable:
    elements = {key: value for key, value in data.items() if isinstance(value, dict) and key != "notes"}
    return CodeTable(
        system=data["system"],
        name=data["name"],
        aliases=tuple(data["aliases"]),
        source=data["source"],
        effective_from=data["effective_from"],
        values={
            key: {plain(raw): value for raw, value in element.items()} for key, element in elements.items()
        },
        notes={
            key: {plain(raw): note for raw, note in notes.items()}
            for key, notes in data.get("notes", {}).items()
        },
        shown={
            key: tuple(
                raw if data["system"] == TEXT_SYSTEM else f"{raw} = {value}" for raw, value in element.items()
            )
            for key, element in elements.items()
        },
    )


def _is_toml(name: str) -> bool:
    return name.endswith(".toml")
