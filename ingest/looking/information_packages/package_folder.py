"""The files of one package within a transfer, by their paths from the package's own folder.

All is asked of the inventory, and what is noted of files is kept there: nothing grows with the package.
"""

import json
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

from ingest.looking.inventory import Inventory
from ingest.looking.landing import Arrival, normal, raw, read_name

_NOTES = (
    "CREATE TABLE IF NOT EXISTS package_notes (kind TEXT, path BLOB, value TEXT, PRIMARY KEY (kind, path)) "
    "WITHOUT ROWID"
)


class PackageFolder:
    """``prefix`` is "" where the transfer folder is the package, else its folder with a slash."""

    def __init__(self, arrival: Arrival, prefix: str) -> None:
        self.arrival = arrival
        self.prefix = prefix

    @property
    def name(self) -> str:
        """What the package is called: its folder."""
        return normal(read_name(self.prefix.rstrip("/") or self.arrival.folder.name)[0])

    def size(self, path: str) -> int | None:
        size: int | None = self._ask("size", path)
        return size

    def arrived(self, path: str) -> str:
        """A path as the transfer has it; one that is not there, as it would have been."""
        found = self._ask("coalesce(path, reading)", path)
        return self.prefix + path if found is None else found.decode("utf-8", "surrogateescape")

    def _ask(self, column: str, path: str) -> Any:
        reading = raw(normal(self.prefix + path))
        return self.arrival.inventory.value(
            f"SELECT {column} FROM files WHERE reading = ? ORDER BY id LIMIT 1", reading
        )

    def full_path(self, path: str) -> Path:
        return Path(self.arrival.full_path(self.arrived(path)))

    def paths(self) -> Iterator[str]:
        """Every file of the package, by its path in NFC."""
        yield from self._below(self.prefix)

    def below(self, folder: str) -> Iterator[str]:
        yield from self._below(f"{self.prefix}{folder.rstrip('/')}/")

    def _below(self, start: str) -> Iterator[str]:
        own = normal(self.prefix)
        for file in self.arrival.below(start, exactly=False):
            yield normal(file.path).removeprefix(own)

    def holds(self, folder: str) -> bool:
        return next(self.below(folder), None) is not None

    def folders(self, folder: str) -> list[str]:
        """The folders in a folder, found by leaping over what lies in each."""
        start = raw(normal(self.prefix + folder)).rstrip(b"/") + b"/" if self.prefix or folder else b""
        end, after, names = start[:-1] + b"0" if start else b"\xff", start, []
        asked = "SELECT reading FROM files WHERE reading >= ? AND reading < ? ORDER BY reading LIMIT 1"
        while (reading := self.arrival.inventory.value(asked, after, end)) is not None:
            name, slash, _ = reading.removeprefix(start).partition(b"/")
            if slash:
                names.append(name.decode("utf-8", "surrogateescape"))
            after = start + name + (b"0" if slash else b"\0")
        return names

    def notes(self, kind: str) -> "Notes":
        return Notes(self.arrival.inventory, f"{kind} {self.prefix}")


class Notes(MutableMapping[str, Any]):
    """A mapping of paths or identifiers that lies in the inventory.  A value is set again to be changed."""

    def __init__(self, inventory: Inventory, kind: str) -> None:
        self.inventory, self.kind = inventory, kind.encode("utf-8", "surrogateescape").hex()
        inventory.write(_NOTES)

    def __getitem__(self, path: str) -> Any:
        asked = "SELECT value FROM package_notes WHERE kind = ? AND path = ?"
        value = self.inventory.value(asked, self.kind, raw(path))
        if value is None:
            raise KeyError(path)
        return json.loads(value)

    def __setitem__(self, path: str, value: Any) -> None:
        told = "INSERT OR REPLACE INTO package_notes VALUES (?, ?, ?)"
        self.inventory.write(told, self.kind, raw(path), json.dumps(value))

    def __delitem__(self, path: str) -> None:
        self.inventory.write("DELETE FROM package_notes WHERE kind = ? AND path = ?", self.kind, raw(path))

    def __iter__(self) -> Iterator[str]:
        for (path,) in self.inventory.rows("SELECT path FROM package_notes WHERE kind = ?", self.kind):
            yield path.decode("utf-8", "surrogateescape")

    def __len__(self) -> int:
        return int(self.inventory.value("SELECT count(*) FROM package_notes WHERE kind = ?", self.kind))
