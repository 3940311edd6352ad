"""Which files belong to which row of the list: by the column of files, by the standard's names, by folders.

What no row claims and what finds no file is left over here, and `ingest.checking.checks` says so.
"""

import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from posixpath import commonpath, dirname, splitext

from ingest.looking.inventory import Inventory
from ingest.looking.landing import FOUND, found, normal, raw, read_name
from ingest.looking.records import TOPS, Choice, Records, below_top, within
from metadata_schemas.description import ItemDescription, VolumeDescription
from metadata_schemas.transfer_lists import packed
from metadata_schemas.transfer_lists.cards import Items


@dataclass(frozen=True)
class PlannedVolume:
    """A volume of the list, its own folder if it has one, and what was found for it.

    ``lacking``: names of files that did not come; ``pages``: None where one of its items does not say.
    ``description`` comes without its items, of which there may be millions.
    """

    place: int
    description: VolumeDescription
    folder: str | None
    items: int
    files: int
    bytes: int
    lacking: int
    pages: int | None


_CLAIMED_SINCE = "FROM claims JOIN files ON files.id = file WHERE claims.id > ?"


def match(volumes: Iterable[VolumeDescription], records: Records) -> None:
    """Give each item its files, and write down what came of it."""
    for place, volume in enumerate(volumes):
        _Matching(records, place).match(volume)


def without_list(title: str, records: Records) -> None:
    """The folder is one volume, and what lies in it its items, in the order of their names."""
    described = VolumeDescription(title=title)
    matching = _Matching(records, 0)
    for item, choice in _entries(records.inventory):
        matching.add(item, choice)
    matching.finish(described, "")


def _entries(inventory: Inventory) -> Iterator[tuple[ItemDescription, Choice]]:
    """What lies in the folder itself, each once."""
    next_unclaimed = (
        f"SELECT {FOUND} FROM files WHERE id > ? AND is_record "
        "AND NOT EXISTS (SELECT 1 FROM claims WHERE claims.file = files.id) ORDER BY id LIMIT 1"
    )
    last = 0
    while row := inventory.row(next_unclaimed, last):
        last, path = row[0], found(*row).path
        name = normal(path).split("/")[0]
        inside = within(name)
        yield (
            ItemDescription(title=_title(name, is_file="/" not in path)),
            Choice(f"(reading = ? OR {inside.condition})", (raw(name), *inside.values)),
        )


def _title(name: str, *, is_file: bool) -> str:
    readable = read_name(name)[0]
    return (splitext(readable)[0] or readable) if is_file else readable


class _Matching:
    """One volume while its items are given their files."""

    def __init__(self, records: Records, place: int) -> None:
        self.records, self.inventory, self.place = records, records.inventory, place
        self.items = 0
        self.before = self.inventory.value("SELECT coalesce(max(id), 0) FROM claims")

    def match(self, volume: VolumeDescription) -> None:
        folder = self.records.folder_called(_volume_names(volume))
        if not volume.items:
            whole = self.records.named(volume.files)
            if not volume.files and folder:
                whole = [within(folder)]
            self.add(_the_one_item(volume), *whole)
            self.finish(replace(volume, items=()), folder, called=folder)
            return
        for position, (item, octets) in enumerate(_with_octets(volume.items), start=1):
            self.add(item, *self._choices_of(item, position, folder), octets=octets)
        self._add_the_rest(volume)
        self.finish(replace(volume, items=()), folder or self._common_folder(), called=folder)

    def add(self, item: ItemDescription, *choices: Choice | str, octets: bytes | None = None) -> None:
        """Add an item with the files it claims; a choice that is a name found no file.

        ``octets``: what the item is packed as, where that is known.
        """
        position, self.items = self.items, self.items + 1
        missing = [choice for choice in choices if isinstance(choice, str)]
        files = self._claim(position, choices)
        self._enter(position, item, octets or packed(item), files, missing)

    def _enter(
        self, position: int, item: ItemDescription, octets: bytes, files: int, missing: list[str]
    ) -> None:
        self.inventory.write(
            "INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            self.place, position, item.list, item.row, files, len(missing), item.page_count,
            item.sender_id, item.title, octets,
        )  # fmt: skip
        if not missing:
            return
        self.inventory.write_all(
            "INSERT INTO missing VALUES (?, ?, ?, ?)",
            ((self.place, position, raw(name), raw(below_top(name))) for name in missing),
        )

    def _claim(self, position: int, choices: Iterable[Choice | str], *, by_others: bool = False) -> int:
        """Claim files for an item, each once; with ``by_others`` none that another item of the volume has."""
        taken = "SELECT 1 FROM claims WHERE file = files.id AND volume = ?"
        free, others = (f"NOT EXISTS ({taken})", (self.place,)) if by_others else ("true", ())
        return sum(
            self.inventory.write(
                "INSERT OR IGNORE INTO claims (volume, item, file) "
                f"SELECT ?, ?, files.id FROM {choice.among} WHERE {choice.condition} AND is_record "
                f"AND {free} ORDER BY {choice.order}",
                self.place, position, *choice.values, *others,
            )
            for choice in choices if isinstance(choice, Choice)
        )  # fmt: skip

    def _add_the_rest(self, volume: VolumeDescription) -> None:
        """Files that the row of the volume names and none of its items has."""
        own = self.records.named(volume.files)
        rest = self._claim(self.items, own, by_others=True)
        if rest:
            more = replace(_the_one_item(volume), files=(), page_count=None)
            missing = [choice for choice in own if isinstance(choice, str)]
            self._enter(self.items, more, packed(more), rest, missing)
            self.items += 1

    def finish(self, volume: VolumeDescription, folder: str | None, *, called: str | None = None) -> None:
        files, size = self.inventory.row(
            f"SELECT count(*), coalesce(sum(size), 0) {_CLAIMED_SINCE}", self.before
        ) or (0, 0)
        lacking, pages = self.inventory.row(
            "SELECT sum(lacking), iif(count(pages) = count(*), sum(pages), NULL) FROM items WHERE volume = ?",
            self.place,
        ) or (0, None)
        self.inventory.write(
            "INSERT INTO volumes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?)",
            self.place, volume.list, volume.row, None if folder is None else raw(folder), packed(volume),
            self.items, files, size, lacking or 0, pages, self.before,
            None if called is None else raw(called),
        )  # fmt: skip

    def _choices_of(self, item: ItemDescription, position: int, folder: str | None) -> list[Choice | str]:
        if item.files:
            return self.records.named(item.files)
        choice = self._by_standard_name(item) or self._by_folder(item, position, folder)
        return [choice] if choice else []

    def _by_standard_name(self, item: ItemDescription) -> Choice | None:
        """Year, registration and split number, and the same with a serial for attachments (NAK 19-2 A.6)."""
        stem = item.identifiers.get("file_stem")
        if not stem:
            return None
        folder = self.records.folder_called([item.identifiers.get("folder", "")])
        return self.records.numbered(stem, folder)

    def _by_folder(self, item: ItemDescription, position: int, folder: str | None) -> Choice | None:
        """A folder of the item below the volume's, or files there that are called like the item."""
        if folder is None:
            return None
        names = [
            item.sender_id,
            item.identifiers.get("serial"),
            str(position),
            item.title,
            item.document_number,
        ]
        for name in filter(None, names):
            if own := self.records.folder_called([name], [folder]):
                return within(own)
            if files := self.records.called(name, folder):
                return files
        return None

    def _common_folder(self) -> str | None:
        """The deepest folder that holds all files of a volume, where it is not the transfer folder itself."""
        first, last = self.inventory.row(
            f"SELECT min(reading), max(reading) {_CLAIMED_SINCE}", self.before
        ) or (None, None)
        if first is None:
            return None
        common = os.fsdecode(commonpath([dirname(first), dirname(last)]))
        return None if common in TOPS or f"{common}/" in TOPS else common


def _with_octets(items: Collection[ItemDescription]) -> Iterator[tuple[ItemDescription, bytes | None]]:
    """Items with what they are packed as, where they are: those of a list."""
    return items.with_octets() if isinstance(items, Items) else ((item, None) for item in items)


def _the_one_item(volume: VolumeDescription) -> ItemDescription:
    """A volume without item rows has one item that carries its title, its identifier and all its files."""
    return ItemDescription(
        title=volume.title,
        sender_id=volume.sender_id,
        created=volume.created,
        record_type=volume.record_type,
        access=volume.access,
        page_count=volume.page_count,
        files=volume.files,
        row=volume.row,
        list=volume.list,
    )


def _volume_names(volume: VolumeDescription) -> Iterator[str]:
    number = volume.volume_number
    own = [volume.identifiers.get("folder"), volume.sender_id]
    if volume.file_number and number is not None:
        own.append(f"{volume.file_number}-{number}")
    if number is not None:
        own += [f"{volume.title}({number})", f"{volume.title}-{number}", f"{volume.title}_{number}"]
    yield from filter(None, [*own, volume.title, volume.identifiers.get("serial")])
