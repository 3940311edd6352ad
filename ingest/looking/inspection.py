"""A transfer as it was looked at: what arrived, what the list says, and which files belong where."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from posixpath import commonpath, dirname
from typing import Any

from ingest.looking import inventory
from ingest.looking.inventory import Inventory
from ingest.looking.landing import FOUND, Arrival, Found, found, normal, raw
from ingest.looking.matching import PlannedVolume
from metadata_schemas.description import Finding, ItemDescription
from metadata_schemas.transfer_lists import unpacked

LEAVE_ROWS_OUT = (
    *("list.orphan_item", "list.ambiguous_volume", "list.disagreement"),
    *("list.columns", "list.empty", "list.encoding", "list.unreadable"),
)
"""What keeps rows, or all rows of a list, from being in a volume."""


@dataclass(frozen=True)
class Inspection:
    """A transfer of any size: everything is asked for, nothing of it is held in memory.

    ``arrival`` is the folder of the records: for a bag its ``data``.  ``administrative``: name to full
    path of lists, checksum lists, tag files: they describe records and are none.
    """

    arrival: Arrival
    administrative: Mapping[str, str]

    @property
    def inventory(self) -> Inventory:
        return self.arrival.inventory

    def volumes(self) -> Iterator[PlannedVolume]:
        """Every volume, in the order of the list."""
        for row in self.inventory.rows(f"SELECT {_PLANNED} FROM volumes ORDER BY place"):
            yield _planned(row)

    def volume(self, place: int) -> PlannedVolume:
        row = self.inventory.row(f"SELECT {_PLANNED} FROM volumes WHERE place = ?", place)
        if row is None:
            raise ValueError(f"the list has no volume {place}")
        return _planned(row)

    def count(self, what: str) -> int:
        """How many there are of all volumes together: volumes, items, files, bytes."""
        total = "count(*)" if what == "volumes" else f"coalesce(sum({what}), 0)"
        return int(self.inventory.value(f"SELECT {total} FROM volumes"))

    def count_files(self, place: int) -> int:
        return int(self.inventory.value("SELECT files FROM volumes WHERE place = ?", place) or 0)

    def items(self, place: int) -> Iterator[ItemDescription]:
        """The items of a volume."""
        for (item,) in self.inventory.rows(
            "SELECT packed FROM items WHERE volume = ? ORDER BY position", place
        ):
            yield unpacked(item)

    def listed_items(self) -> Iterator[tuple[Any, ...]]:
        """Every item: its volume, its position from 0, and what people look at, without unpacking it."""
        return self.inventory.rows(
            "SELECT volume, position, sender_id, title, pages, files, lacking, list, row "
            "FROM items ORDER BY volume, position"
        )

    def sources(self, place: int) -> Iterator[tuple[int, str, int, int, dict[str, str]]]:
        """What `files` tells: item, path, size and time, and every digest that is promised or known."""
        asked = f"SELECT item, {_EXPECTED}, {FOUND} {_CLAIMED}"
        rows = self.inventory.rows(asked, *self._claims(place))
        for item, promised, sha256, _, path, size, modified_ns in rows:
            expected = json.loads(promised) if promised != "{}" else {}
            if sha256:
                expected["sha256"] = sha256
            yield item, os.fsdecode(path), size, modified_ns, expected

    def own_folders(self, place: int) -> Iterator[tuple[int, str]]:
        """The folder that all files of an item share, with its slash, for each item that has files."""
        first_and_last = (
            f"SELECT item, coalesce(a.path, a.reading), coalesce(z.path, z.reading) FROM ({_SPANS}) "
            "JOIN files a ON a.id = first JOIN files z ON z.id = last ORDER BY item"
        )
        for item, first, last in self.inventory.rows(first_and_last, *self._claims(place)):
            # Files are numbered in the order of their paths: what these two share, all between them share.
            one, other = dirname(first), dirname(last)
            shared = os.fsdecode(one if one == other else commonpath([one, other]))
            yield item, f"{shared}/" if shared else ""

    def files(self, place: int) -> Iterator[tuple[int, Found]]:
        """The files of a volume, each with the position of its item, from 0."""
        for item, *row in self.inventory.rows(f"SELECT item, {FOUND} {_CLAIMED}", *self._claims(place)):
            yield item, found(*row)

    def records(self, places: Iterable[int] | None = None) -> Iterator[tuple[int, Found]]:
        """Every file of all volumes, or of those at these places: with its volume, each once."""
        among = (volume.place for volume in self.volumes()) if places is None else places
        for place in among:
            for row in self.inventory.rows(f"SELECT {FOUND} {_CLAIMED_LAST}", *self._claims(place)):
                yield place, found(*row)

    def _claims(self, place: int) -> tuple[int, int]:
        wanted = "SELECT claims_after, claims_after + files FROM volumes WHERE place = ?"
        return self.inventory.row(wanted, place) or (0, 0)

    def owner(self, file: Found) -> int | None:
        """The volume that a record belongs to."""
        last = "SELECT volume FROM claims WHERE file = ? ORDER BY id DESC LIMIT 1"
        place: int | None = self.inventory.value(last, file.id)
        return place

    def promised(self, file: Found) -> dict[str, str]:
        """What checksum lists and manifests promise for a file: algorithm to hex digest."""
        return dict(self.inventory.rows("SELECT algorithm, digest FROM promised WHERE file = ?", file.id))

    def promised_to(self, path: str) -> dict[str, str]:
        """The same for a file by its path; nothing where no such file arrived."""
        file = self.arrival.file(path)
        return self.promised(file) if file else {}

    def digest(self, file: Found) -> str | None:
        """SHA-256 of a file that was read before."""
        sha256: str | None = self.inventory.value("SELECT sha256 FROM digests WHERE file = ?", file.id)
        return sha256

    def keep_digest(self, file: Found, sha256: str) -> None:
        self.inventory.write("INSERT OR REPLACE INTO digests VALUES (?, ?, NULL)", file.id, sha256)

    def remember(self, known: Iterable[tuple[str, str, int | None]]) -> None:
        """Keep what is known of files, in place of what was kept so far: path, SHA-256, second of custody."""
        self.inventory.write("DELETE FROM digests")
        self.inventory.write_all(
            "INSERT OR REPLACE INTO digests SELECT id, ?, ? FROM files "
            "WHERE reading = ? AND coalesce(path, reading) = ?",
            ((sha256, seconds, raw(normal(path)), raw(path)) for path, sha256, seconds in known),
        )

    def remembered(self) -> Iterator[tuple[Found, str, int | None]]:
        """Files with their digest, and of those in custody the second in which they were modified."""
        for sha256, seconds, *row in self.inventory.rows(
            f"SELECT sha256, seconds, {FOUND} FROM digests JOIN files ON files.id = file ORDER BY files.id"
        ):
            yield found(*row), sha256, seconds

    def is_read(self, place: int) -> bool:
        """Whether the bytes of all files of a volume are known."""
        unread = f"{_CLAIMS} AND NOT EXISTS (SELECT 1 FROM digests WHERE digests.file = files.id) LIMIT 1"
        return self.inventory.value(f"SELECT 1 {unread}", *self._claims(place)) is None

    def hold(self, place: int, volume_id: int, *, came_in_part: bool = False) -> None:
        """Note that a volume is in custody already, and as which.

        ``came_in_part``: what did not come of it again is in custody with the rest.
        """
        self.inventory.write("UPDATE volumes SET held_as = ? WHERE place = ?", volume_id, place)
        if came_in_part:
            self.inventory.write("INSERT OR IGNORE INTO kept_whole VALUES (?)", place)

    def is_held(self, place: int) -> bool:
        return self.inventory.value("SELECT held_as FROM volumes WHERE place = ?", place) is not None

    def held(self) -> Iterator[tuple[int, int]]:
        """Places of volumes that are in custody already, each with the id that it has there."""
        wanted = "SELECT place, held_as FROM volumes WHERE held_as IS NOT NULL ORDER BY place"
        for place, volume_id in self.inventory.rows(wanted):
            yield int(place), int(volume_id)

    def lacking(self) -> Iterator[tuple[int, ItemDescription, str | None, str | None]]:
        """Items that lack files, each with its volume and each name that found none; None: it has no file.

        Last comes the folder that is called like the volume, if there is one.
        A volume in custody of which nothing came again, or a part of its very files, lacks nothing.
        """
        wanted = (
            "SELECT volume, items.packed, name, called FROM items JOIN volumes ON place = volume "
            "LEFT JOIN missing USING (volume, position) "
            "WHERE (items.lacking > 0 OR items.files = 0) AND volume NOT IN "
            "(SELECT place FROM kept_whole) ORDER BY volume, position"
        )
        for place, item, *paths in self.inventory.rows(wanted):
            name, called = (None if path is None else os.fsdecode(path) for path in paths)
            yield place, unpacked(item), name, called

    def leaves_rows_out(self) -> bool:
        """Whether lists have rows in no volume: files that no volume has may be on a list nevertheless."""
        marks = ", ".join("?" * len(LEAVE_ROWS_OUT))
        wanted = f"SELECT 1 FROM findings WHERE stage = ? AND rule IN ({marks}) LIMIT 1"
        return self.inventory.value(wanted, inventory.LISTED, *LEAVE_ROWS_OUT) is not None

    def lacks(self, place: int) -> bool:
        """Whether an item of a volume lacks a file."""
        wanted = "SELECT 1 FROM items WHERE volume = ? AND (lacking > 0 OR files = 0) LIMIT 1"
        return self.inventory.value(wanted, place) is not None

    def unclaimed(self) -> Iterator[Found]:
        """Records that no row claims."""
        among = "FROM files WHERE is_record AND NOT EXISTS (SELECT 1 FROM claims WHERE file = files.id)"
        for row in self.inventory.rows(f"SELECT {FOUND} {among} ORDER BY id"):
            yield found(*row)

    def claimed_twice(self) -> Iterator[tuple[int, Found]]:
        """Records that more than one item claims, once for each volume that does."""
        twice = "SELECT file FROM claims GROUP BY file HAVING count(*) > 1"
        for place, *row in self.inventory.rows(
            f"SELECT volume, {FOUND} FROM claims JOIN files ON files.id = claims.file "
            f"WHERE claims.file IN ({twice}) GROUP BY volume, claims.file ORDER BY volume, min(claims.id)"
        ):
            yield place, found(*row)

    def empty(self) -> Iterator[tuple[int, Found]]:
        """Files of volumes without a byte."""
        of_volume = "(SELECT volume FROM claims WHERE file = files.id ORDER BY claims.id DESC LIMIT 1)"
        empty = f"SELECT {of_volume}, {FOUND} FROM files WHERE size = 0 ORDER BY files.id"
        for place, *row in self.inventory.rows(empty):
            if place is not None:
                yield place, found(*row)

    def colliding(self) -> Iterator[tuple[Found, str, int]]:
        """Files whose names are one name to people, name after name: that name, and how many have it."""
        several = "SELECT reading, count(*) times FROM files GROUP BY reading HAVING times > 1"
        for name, times, *row in self.inventory.rows(
            f"SELECT several.reading, times, {FOUND} FROM ({several}) several "
            "JOIN files ON files.reading = several.reading ORDER BY several.reading, files.id"
        ):
            yield found(*row), os.fsdecode(name), times

    def alike(self) -> Iterator[tuple[Found, int]]:
        """Files whose names differ from others in capitals only, and how many names are alike."""
        several = (
            "SELECT coalesce(folded, reading) AS name, count(DISTINCT reading) AS times FROM files "
            "GROUP BY name HAVING times > 1"
        )
        for times, *row in self.inventory.rows(
            f"SELECT times, {FOUND} FROM ({several}) several "
            "JOIN files ON coalesce(files.folded, files.reading) = several.name ORDER BY files.id"
        ):
            yield found(*row), times

    def promised_in_vain(self) -> Iterator[str]:
        """Names on checksum lists that did not arrive, are not held, and are missed by no row of the list."""
        vain = (
            "SELECT path FROM promised WHERE file IS NULL AND NOT is_held AND NOT EXISTS "
            "(SELECT 1 FROM missing WHERE missing.below = promised.below) GROUP BY path ORDER BY min(id)"
        )
        for (path,) in self.inventory.rows(vain):
            yield os.fsdecode(path)

    def findings(self) -> Iterator[Finding]:
        """What is wrong with folder, lists and bag."""
        for stage in (inventory.LOOKED, inventory.LISTED):
            for _, each in self.inventory.noted(stage):
                yield each


_PLANNED = "place, packed, folder, items, files, bytes, lacking, pages"
_CLAIMS = "FROM claims JOIN files ON files.id = claims.file WHERE claims.id > ? AND claims.id <= ?"
_SPANS = (
    "SELECT item, min(file) AS first, max(file) AS last FROM claims WHERE id > ? AND id <= ? GROUP BY item"
)
_EXPECTED = (
    "(SELECT json_group_object(algorithm, digest) FROM promised WHERE promised.file = files.id), "
    "(SELECT sha256 FROM digests WHERE digests.file = files.id)"
)
_CLAIMED = f"{_CLAIMS} ORDER BY claims.id"
_CLAIMED_LAST = (
    f"{_CLAIMS} AND NOT EXISTS (SELECT 1 FROM claims later WHERE later.file = files.id "
    "AND later.id > claims.id) ORDER BY claims.id"
)


def _planned(row: tuple[Any, ...]) -> PlannedVolume:
    place, described, folder, *counts = row
    own = None if folder is None else os.fsdecode(folder)
    return PlannedVolume(place, unpacked(described), own, *counts)
