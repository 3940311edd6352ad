"""Which files belong to which row of the list: by the column of files, by the standard's names, by folders.

What no row claims and what finds no file is left over here, and `ingest.checks` says so.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from posixpath import basename, commonpath, normpath, splitext

from ingest.landing import Found, normal, read_name
from metadata_schemas.description import ItemDescription, VolumeDescription

TOPS = ("", "objects/", "data/")
"""Where paths of a list may begin: the transfer folder, or the folder that some systems put files in."""


@dataclass(frozen=True)
class PlannedItem:
    description: ItemDescription
    files: tuple[Found, ...]
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlannedVolume:
    """A volume with its items and the files that were found for each.  ``folder``: its own, if it has one."""

    description: VolumeDescription
    items: tuple[PlannedItem, ...]
    folder: str | None = None

    @property
    def files(self) -> list[Found]:
        return [file for item in self.items for file in item.files]

    @property
    def lacks_files(self) -> bool:
        return any(item.missing for item in self.items)

    @property
    def bytes(self) -> int:
        return sum(file.size for file in self.files)


@dataclass(frozen=True)
class Leaves:
    """What matching came to.  ``twice``: paths that more than one item claims."""

    volumes: tuple[PlannedVolume, ...]
    unclaimed: tuple[Found, ...]
    twice: tuple[str, ...]


class Shelf:
    """The files of a transfer, found by path, by stem and by folder, all in NFC."""

    def __init__(self, files: Iterable[Found]) -> None:
        self.by_path: dict[str, list[Found]] = defaultdict(list)
        self.by_stem: dict[str, list[Found]] = defaultdict(list)
        self.folders: dict[str, list[Found]] = defaultdict(list)
        for file in files:
            path = normal(file.path)
            self.by_path[path].append(file)
            self.by_stem[_key(splitext(basename(path))[0])].append(file)
            parts = path.split("/")
            for depth in range(1, len(parts)):
                self.folders["/".join(parts[:depth])].append(file)
        self.children: dict[tuple[str, str], str] = {}
        for folder in self.folders:
            parent, _, name = folder.rpartition("/")
            self.children.setdefault((parent, _key(name)), folder)

    def named(self, path: str) -> list[Found]:
        """The file a list names, or all files of the folder it names."""
        for top in TOPS:
            wanted = normpath(top + normal(path).removeprefix("./"))
            if wanted in self.by_path:
                return self.by_path[wanted]
            if wanted in self.folders:
                return self.folders[wanted]
        return []

    def folder_called(
        self, names: Iterable[str], parents: Sequence[str] = ("", "objects", "data")
    ) -> str | None:
        for name in names:
            for parent in parents:
                if found := self.children.get((parent, _key(name))):
                    return found
        return None


def match(volumes: Sequence[VolumeDescription], files: Sequence[Found]) -> Leaves:
    """Give each item its files.  A file that is claimed again is reported."""
    shelf = Shelf(files)
    planned = [_plan(volume, shelf) for volume in volumes]
    claimed: set[str] = set()
    twice: list[str] = []
    for volume in planned:
        for item in volume.items:
            twice += [file.path for file in item.files if file.path in claimed]
            claimed.update(file.path for file in item.files)
    unclaimed = tuple(file for file in files if file.path not in claimed)
    return Leaves(tuple(planned), unclaimed, tuple(twice))


def without_list(title: str, files: Sequence[Found]) -> PlannedVolume:
    """The folder is one volume, and what lies in it its items, in the order of their names."""
    groups: dict[str, list[Found]] = defaultdict(list)
    for file in files:
        groups[normal(file.path).split("/")[0]].append(file)
    items = [
        PlannedItem(ItemDescription(title=_title(name, members)), tuple(members))
        for name, members in groups.items()
    ]
    described = VolumeDescription(title=title, items=tuple(item.description for item in items))
    return PlannedVolume(described, tuple(items), "")


def _title(name: str, members: Sequence[Found]) -> str:
    is_file = len(members) == 1 and "/" not in members[0].path
    readable = read_name(name)[0]
    return (splitext(readable)[0] or readable) if is_file else readable


def _plan(volume: VolumeDescription, shelf: Shelf) -> PlannedVolume:
    folder = shelf.folder_called(_volume_names(volume))
    if not volume.items:
        volume = replace(volume, items=(_the_one_item(volume),))
        files, missing = _named_files(volume.files, shelf)
        if not volume.files and folder:
            files = shelf.folders[folder]
        return PlannedVolume(volume, (PlannedItem(volume.items[0], tuple(files), tuple(missing)),), folder)
    items = [_plan_item(item, position, shelf, folder) for position, item in enumerate(volume.items, start=1)]
    own, missing = _named_files(volume.files, shelf)
    taken = {file.path for item in items for file in item.files}
    if rest := [file for file in own if file.path not in taken]:
        more = replace(_the_one_item(volume), files=(), page_count=None)
        volume = replace(volume, items=(*volume.items, more))
        items.append(PlannedItem(more, tuple(rest), tuple(missing)))
    return PlannedVolume(volume, tuple(items), folder or _common_folder(items))


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


def _plan_item(item: ItemDescription, position: int, shelf: Shelf, folder: str | None) -> PlannedItem:
    if item.files:
        files, missing = _named_files(item.files, shelf)
        return PlannedItem(item, tuple(files), tuple(missing))
    return PlannedItem(
        item, tuple(_by_standard_name(item, shelf) or _by_folder(item, position, shelf, folder))
    )


def _named_files(names: Iterable[str], shelf: Shelf) -> tuple[list[Found], list[str]]:
    files: list[Found] = []
    missing: list[str] = []
    for name in names:
        found = shelf.named(name)
        files += [file for file in found if file not in files]
        if not found:
            missing.append(name)
    return files, missing


def _by_standard_name(item: ItemDescription, shelf: Shelf) -> list[Found]:
    """Year, registration and split number, and the same with a serial for attachments (NAK 19-2 A.6)."""
    stem = item.identifiers.get("file_stem")
    if not stem:
        return []
    folder = shelf.folder_called([item.identifiers.get("folder", "")])
    where = shelf.folders[folder] if folder else [file for files in shelf.by_path.values() for file in files]
    pattern = re.compile(re.escape(stem) + r"(\d{1,4})?", re.IGNORECASE)
    return [file for file in where if pattern.fullmatch(splitext(basename(normal(file.path)))[0])]


def _by_folder(item: ItemDescription, position: int, shelf: Shelf, folder: str | None) -> list[Found]:
    """A folder of the item below the volume's, or files there that are called like the item."""
    if folder is None:
        return []
    names = [item.sender_id, item.identifiers.get("serial"), str(position), item.title, item.document_number]
    for name in filter(None, names):
        if own := shelf.folder_called([name], [folder]):
            return shelf.folders[own]
        files = [
            file for file in shelf.by_stem.get(_key(name), []) if normal(file.path).startswith(folder + "/")
        ]
        if files:
            return files
    return []


def _volume_names(volume: VolumeDescription) -> Iterator[str]:
    number = volume.volume_number
    own = [volume.identifiers.get("folder"), volume.sender_id]
    if volume.file_number and number is not None:
        own.append(f"{volume.file_number}-{number}")
    if number is not None:
        own += [f"{volume.title}({number})", f"{volume.title}-{number}", f"{volume.title}_{number}"]
    yield from filter(None, [*own, volume.title, volume.identifiers.get("serial")])


def _common_folder(items: Iterable[PlannedItem]) -> str | None:
    """The deepest folder that holds all files of a volume, where that is not the transfer folder itself."""
    folders = {normal(file.path).rpartition("/")[0] for item in items for file in item.files}
    common = commonpath(folders) if folders else ""
    return None if common in TOPS or f"{common}/" in TOPS else common


def _key(name: str) -> str:
    """Names that people take for the same: NFC, no case, no zeros before a number."""
    plain = normal(name).strip().casefold()
    return plain.lstrip("0") or "0" if plain.isdecimal() else plain
