"""The records of a transfer, found by path, by folder and by stem, all in NFC."""

import json
import os
import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from posixpath import basename, normpath, splitext
from typing import Any, NamedTuple

from ingest.looking.inventory import Inventory
from ingest.looking.landing import normal, raw

TOPS = ("", "objects/", "data/")
"""Where paths of a list may begin: the transfer folder, or the folder that some systems put files in."""

ASKED = 500
"""Paths that are asked for together."""


class Choice(NamedTuple):
    """Some of the records, however many: a condition on ``among`` and its values, and their order."""

    condition: str
    values: tuple[Any, ...]
    among: str = "files"
    order: str = "files.id"


class Records:
    """What is no list or other administrative file.  ``administrative`` are the paths of those."""

    def __init__(self, inventory: Inventory, administrative: Iterable[str]) -> None:
        self.inventory = inventory
        self._knows_stems = False
        for path in administrative:
            inventory.write(
                "UPDATE files SET is_record = 0 WHERE reading = ? AND coalesce(path, reading) = ?",
                raw(normal(path)),
                raw(path),
            )
        inventory.write_all("INSERT OR IGNORE INTO folders VALUES (?, ?, ?)", self._folders())

    def _folders(self) -> Iterable[tuple[bytes, bytes, bytes]]:
        before = b""
        for (reading,) in self.inventory.rows("SELECT reading FROM files WHERE is_record ORDER BY id"):
            folder = reading.rpartition(b"/")[0]
            if folder == before:
                continue
            before = folder
            parts = os.fsdecode(folder).split("/") if folder else []
            for depth in range(1, len(parts) + 1):
                parent, name = "/".join(parts[: depth - 1]), parts[depth - 1]
                yield raw(parent), raw(alike(name)), raw("/".join(parts[:depth]))

    def any(self) -> bool:
        return self.inventory.value("SELECT 1 FROM files WHERE is_record LIMIT 1") is not None

    def named(self, paths: Sequence[str]) -> list[Choice | str]:
        """What paths name, in their order: files, or all files of a folder; what names nothing itself."""
        wanted = [raw(_below("", path)) for path in paths]
        there: dict[bytes, list[int]] = {}
        for first in range(0, len(wanted), ASKED):
            some = wanted[first : first + ASKED]
            marks = ",".join("?" * len(some))
            asked = f"SELECT reading, id FROM files WHERE reading IN ({marks}) AND is_record ORDER BY id"
            for reading, file in self.inventory.rows(asked, *some):
                there.setdefault(reading, []).append(file)
        found: list[Choice | str] = []
        for are_files, run in groupby(zip(paths, wanted, strict=True), lambda each: each[1] in there):
            if are_files:
                found.append(_numbered(file for _, reading in run for file in there[reading]))
            else:
                found += [self._named(path) or path for path, _ in run]
        return found

    def _named(self, path: str) -> Choice | None:
        for top in TOPS:
            wanted = _below(top, path)
            for choice in (_exactly(raw(wanted)), within(wanted)):
                if self._has(choice):
                    return choice
        return None

    def folder_called(
        self, names: Iterable[str], parents: Sequence[str] = ("", "objects", "data")
    ) -> str | None:
        for name in names:
            for parent in parents:
                found = self.inventory.value(
                    "SELECT folder FROM folders WHERE parent = ? AND key = ?", raw(parent), raw(alike(name))
                )
                if found is not None:
                    return os.fsdecode(found)
        return None

    def called(self, name: str, folder: str) -> Choice | None:
        """Files anywhere in a folder that people would say are called so."""
        self._know_stems()
        inside = within(folder)
        choice = Choice(
            f"id IN (SELECT file FROM stems WHERE key = ?) AND {inside.condition}",
            (raw(alike(name)), *inside.values),
        )
        return choice if self._has(choice) else None

    def numbered(self, stem: str, folder: str | None) -> Choice | None:
        """Files whose stem is this one, or this one and up to four digits of a serial."""
        self._know_stems()
        pattern = re.compile(re.escape(stem.casefold()) + r"\d{0,4}")
        begin = raw(stem.casefold())
        near = self.inventory.rows(
            "SELECT file, folded FROM stems WHERE folded >= ? AND folded < ?", begin, begin + b"\xff"
        )
        chosen = [file for file, folded in near if pattern.fullmatch(os.fsdecode(folded))]
        if not chosen:
            return None
        condition, values = f"id IN ({','.join(map(str, chosen))})", ()
        choice = Choice(condition, values)
        if folder is not None:
            inside = within(folder)
            choice = Choice(f"{condition} AND {inside.condition}", inside.values)
        return choice if self._has(choice) else None

    def _has(self, choice: Choice) -> bool:
        question = f"SELECT 1 FROM files WHERE {choice.condition} AND is_record LIMIT 1"
        return self.inventory.value(question, *choice.values) is not None

    def _know_stems(self) -> None:
        if self._knows_stems:
            return
        self._knows_stems = True
        files = self.inventory.rows("SELECT id, reading FROM files WHERE is_record ORDER BY id")
        stems = ((file, splitext(basename(os.fsdecode(reading)))[0]) for file, reading in files)
        self.inventory.write_all(
            "INSERT INTO stems VALUES (?, ?, ?)",
            ((raw(alike(stem)), raw(stem.casefold()), file) for file, stem in stems),
        )
        self.inventory.write("CREATE INDEX stems_by_key ON stems (key)")
        self.inventory.write("CREATE INDEX stems_folded ON stems (folded)")


def _below(top: str, path: str) -> str:
    return normpath(top + normal(path).removeprefix("./"))


def _exactly(reading: bytes) -> Choice:
    return Choice("reading = ?", (reading,))


def _numbered(files: Iterable[int]) -> Choice:
    """Files by their numbers, in this order; one statement claims all of them."""
    numbers = json.dumps(list(files))
    return Choice("files.id = value", (numbers,), among="json_each(?) JOIN files", order="key")


def within(folder: str) -> Choice:
    """All files of a folder, also those of folders in it."""
    below = raw(folder + "/")
    return Choice("reading >= ? AND reading < ?", (below, below[:-1] + b"0"))


def below_top(path: str) -> str:
    """A list and a checksum list may begin a path at the transfer or at its folder of objects."""
    plain = normal(path)
    return next((plain.removeprefix(top) for top in TOPS if top and plain.startswith(top)), plain)


def alike(name: str) -> str:
    """Names that people take for the same: NFC, no case, no zeros before a number."""
    plain = normal(name).strip().casefold()
    return plain.lstrip("0") or "0" if plain.isdecimal() else plain
