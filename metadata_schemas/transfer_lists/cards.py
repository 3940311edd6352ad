"""One card for each row of a list, in a box on disk, where millions of rows are joined and compared.

The box is a few tables in a SQLite file that the caller gives, or in memory where lists are small.
It is scratch paper: what it holds ends with the reading of one transfer.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, TypeVar, overload

from metadata_schemas.description import Finding, ItemDescription, VolumeDescription
from metadata_schemas.spelling import plain
from metadata_schemas.transfer_lists.packed import packed, unpacked
from metadata_schemas.transfer_lists.rows import ItemRow, VolumeNamed
from metadata_schemas.transfer_lists.sheets import is_table

TABLES = """
CREATE TABLE list_volumes (
  number INTEGER PRIMARY KEY, list TEXT, row INTEGER, packed BLOB, volume_number INTEGER, retention TEXT,
  id TEXT, folder TEXT, title TEXT, classification TEXT
);
CREATE INDEX list_volumes_by_id ON list_volumes (id);
CREATE INDEX list_volumes_by_folder ON list_volumes (folder);
CREATE INDEX list_volumes_by_title ON list_volumes (title);
CREATE INDEX list_volumes_by_class ON list_volumes (classification);
-- an item, how its row names its volume, and what the row says of the volume
CREATE TABLE list_items (number INTEGER PRIMARY KEY, list TEXT, key TEXT, named BLOB, packed BLOB);
CREATE INDEX list_items_by_key ON list_items (key);
CREATE TABLE list_members (volume INTEGER, item INTEGER, PRIMARY KEY (volume, item)) WITHOUT ROWID;
-- numbers that must stand once in a transfer; `card` is a number of list_volumes or list_items
CREATE TABLE list_numbers (kind TEXT, key TEXT, name TEXT, value TEXT, card INTEGER, list TEXT);
-- files and folders that rows of a metadata.csv name: as it writes them, and where they lie
CREATE TABLE list_places (list TEXT, path TEXT, found BLOB, volume INTEGER, item INTEGER);
CREATE INDEX list_places_by_path ON list_places (path);
CREATE INDEX list_places_by_found ON list_places (found);
CREATE TABLE list_mentions (list TEXT, file BLOB);
CREATE TABLE list_digests (
  id INTEGER PRIMARY KEY, path BLOB, algorithm TEXT, digest TEXT, UNIQUE (path, algorithm)
);
CREATE TABLE list_findings (id INTEGER PRIMARY KEY, stage INTEGER, list TEXT, packed BLOB);
"""

Kind = Literal["volume", "item"]
Thing = TypeVar("Thing")
GENERAL, OF_LISTS, JOINED = range(3)
"""Findings about files and digests come first, then those of rows, then those of lists put together."""


class Noting:
    """Findings of one stage, and of one list where they go if the list turns out to be none."""

    def __init__(self, cards: "Cards", stage: int, name: str | None = None) -> None:
        self._cards, self._stage, self._name = cards, stage, name

    def append(self, finding: Finding) -> None:
        self._cards.run(
            "INSERT INTO list_findings (stage, list, packed) VALUES (?, ?, ?)",
            self._stage, self._name, packed(finding),
        )  # fmt: skip


class Cards:
    """All cards of one transfer."""

    def __init__(self, connection: sqlite3.Connection | None = None) -> None:
        self._connection = connection or sqlite3.connect(":memory:", isolation_level=None)
        for statement in TABLES.split(";\n"):
            self._connection.execute(statement)
        self._told: tuple[VolumeNamed, Mapping[str, Any]] | None = None

    def run(self, statement: str, *values: Any) -> sqlite3.Cursor:
        return self._connection.execute(statement, values)

    def add(self, statement: str, *values: Any) -> int:
        """Insert a row; its number."""
        return int(self.run(statement, *values).lastrowid or 0)

    def value(self, question: str, *values: Any) -> Any:
        first = self.run(question, *values).fetchone()
        return first[0] if first else None

    # -- rows go in

    def add_volume(self, volume: VolumeDescription, name: str) -> int:
        """Lay a volume aside without its items; its number."""
        number = self.add(
            "INSERT INTO list_volumes VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            name, volume.row, packed(volume), volume.volume_number, volume.retention,
            plain(volume.sender_id or "") or None, volume.identifiers.get("folder"), plain(volume.title),
            plain(volume.classification or "") or None,
        )  # fmt: skip
        self._mention(volume, name)
        return number

    def give_files(self, number: int, files: tuple[str, ...], name: str) -> None:
        """Change a volume: it has these files besides those of its items."""
        volume = replace(self.volume(number), items=(), files=files)
        self.run("UPDATE list_volumes SET packed = ? WHERE number = ?", packed(volume), number)
        self._mention(volume, name)

    def add_row(self, row: ItemRow, name: str) -> int:
        """Lay an item aside with what its row says of its volume; its number."""
        told = row.named, row.volume
        if told != self._told:  # most rows say the same as the one before
            self._told, self._named = told, packed(told)
            self._key = None if row.named.is_nobody() else "\0".join(row.named.key())
        return self.add_item(row.item, name, key=self._key, named=self._named)

    def add_item(
        self, item: ItemDescription, name: str, *, key: str | None = None, named: bytes | None = None
    ) -> int:
        """Lay an item aside whose volume is known by other ways; its number."""
        number = self.add("INSERT INTO list_items VALUES (NULL, ?, ?, ?, ?)", name, key, named, packed(item))
        self._mention(item, name)
        return number

    def put(self, item: int, *, into: int) -> None:
        self.run("INSERT INTO list_members VALUES (?, ?)", into, item)

    def put_all(self, key: str, *, into: int) -> None:
        self.run("INSERT INTO list_members SELECT ?, number FROM list_items WHERE key = ?", into, key)

    def number(self, kind: Kind, card: int, name: str, numbers: Mapping[str, tuple[str, ...]]) -> None:
        """Enter numbers that must stand once: what each is called, and what tells it from others."""
        for called, key in numbers.items():
            if key[-1]:
                self.run(
                    "INSERT INTO list_numbers VALUES (?, ?, ?, ?, ?, ?)",
                    kind, "\0".join((called, *key)), called, key[-1], card, name,
                )  # fmt: skip

    def shared_numbers(self, kind: Kind) -> Iterator[tuple[str, str, str, int]]:
        """Numbers that stand more than once, with each card they stand on; those of one number together."""
        shared = "SELECT key FROM list_numbers WHERE kind = ? GROUP BY key HAVING count(*) > 1"
        yield from self.run(
            f"SELECT key, name, value, card FROM list_numbers WHERE kind = ? AND key IN ({shared}) "
            "ORDER BY key, card",
            kind, kind,
        )  # fmt: skip

    def _mention(self, described: VolumeDescription | ItemDescription, name: str) -> None:
        """Remember files that may be lists themselves, or lie where administrative files do."""
        for file in described.files:
            if "metadata" in file or is_table(file):
                self.run("INSERT INTO list_mentions VALUES (?, ?)", name, octets_of(file))

    def mentioned(self) -> Iterator[tuple[str, str]]:
        """Lists, each with the files that its rows name and that may be more than records."""
        for name, file in self.run("SELECT list, file FROM list_mentions ORDER BY rowid"):
            yield name, path_of(file)

    def forget(self, name: str) -> None:
        """Take out all cards of a list that may not be used."""
        mine = "SELECT number FROM list_volumes WHERE list = ?"
        self.run(f"DELETE FROM list_members WHERE volume IN ({mine})", name)
        for table in ("volumes", "items", "numbers", "places", "mentions", "findings"):
            self.run(f"DELETE FROM list_{table} WHERE list = ?", name)

    # -- and come out again

    def item(self, number: int) -> ItemDescription:
        item: ItemDescription = unpacked(self.value("SELECT packed FROM list_items WHERE number = ?", number))
        return item

    def volume(self, number: int) -> VolumeDescription:
        """A volume with its items, which are read as they are gone through."""
        described = self.value("SELECT packed FROM list_volumes WHERE number = ?", number)
        volume: VolumeDescription = unpacked(described)
        return replace(volume, items=Items(self, number))

    def rows(self, key: str) -> Iterator[ItemRow]:
        """Item rows that name one volume."""
        rows = "SELECT named, packed FROM list_items WHERE key = ? ORDER BY number"
        for named, item in self.run(rows, key):
            yield ItemRow(unpacked(item), *unpacked(named))

    def names_in_rows(self) -> Iterator[tuple[int, VolumeNamed, Mapping[str, Any]]]:
        """Numbers of item rows that may name their volume: how they do, and what they say of it.

        Most rows say the same as the one before; that is not unpacked again.
        """
        before: bytes | None = None
        for number, named in self.run(
            "SELECT number, named FROM list_items WHERE named IS NOT NULL ORDER BY number"
        ):
            if named != before:
                before = named
                name, said = unpacked(named)
            yield number, name, said

    def has_volumes(self) -> bool:
        return self.value("SELECT 1 FROM list_volumes LIMIT 1") is not None

    def names_of_volumes(self) -> Iterator[str]:
        """What names a volume, in the order in which rows do so first."""
        keys = "SELECT key FROM list_items WHERE key IS NOT NULL GROUP BY key ORDER BY min(number)"
        for (key,) in self.run(keys):
            yield key

    def nobodys(self) -> Iterator[ItemRow]:
        """Rows that name no volume."""
        rows = "SELECT named, packed FROM list_items WHERE key IS NULL AND named IS NOT NULL ORDER BY number"
        for named, item in self.run(rows):
            yield ItemRow(unpacked(item), *unpacked(named))


class Rows(Sequence[Thing]):
    """What a question finds, asked anew by each who goes through it; nothing of it is held in memory."""

    def __init__(self, cards: Cards, count: str, each: str, *values: Any) -> None:
        self._cards, self._count, self._each, self._values = cards, count, each, values

    def read(self, column: Any) -> Thing:
        thing: Thing = unpacked(column)
        return thing

    def __len__(self) -> int:
        return int(self._cards.value(self._count, *self._values))

    def __iter__(self) -> Iterator[Thing]:
        for (column,) in self._cards.run(self._each, *self._values):
            yield self.read(column)

    @overload
    def __getitem__(self, at: int) -> Thing: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Thing]: ...
    def __getitem__(self, at: int | slice) -> Thing | Sequence[Thing]:
        if isinstance(at, slice):
            return tuple(self)[at]
        found = self._cards.value(f"{self._each} LIMIT 1 OFFSET ?", *self._values, range(len(self))[at])
        return self.read(found)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]


class Items(Rows[ItemDescription]):
    """The items of one volume, in the order of their rows."""

    def __init__(self, cards: Cards, volume: int) -> None:
        super().__init__(
            cards,
            "SELECT count(*) FROM list_members WHERE volume = ?",
            "SELECT packed FROM list_members JOIN list_items ON number = item WHERE volume = ? ORDER BY item",
            volume,
        )

    def with_octets(self) -> Iterator[tuple[ItemDescription, bytes]]:
        """Each with what it is packed as."""
        for (octets,) in self._cards.run(self._each, *self._values):
            yield unpacked(octets), octets


class Volumes(Rows[VolumeDescription]):
    """Every volume, in the order of the lists."""

    def __init__(self, cards: Cards) -> None:
        super().__init__(
            cards, "SELECT count(*) FROM list_volumes", "SELECT number FROM list_volumes ORDER BY number"
        )

    def read(self, column: Any) -> VolumeDescription:
        return self._cards.volume(column)


class AllFindings(Rows[Finding]):
    """Every finding of every list, in the order of the stages."""

    def __init__(self, cards: Cards) -> None:
        super().__init__(
            cards,
            "SELECT count(*) FROM list_findings",
            "SELECT packed FROM list_findings ORDER BY stage, id",
        )


def octets_of(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")


def path_of(octets: bytes) -> str:
    return octets.decode("utf-8", "surrogateescape")
