"""Reads ``metadata.csv`` of digital preservation transfers: one row a file or folder, Dublin Core columns.

A row that names a folder is a volume; a file goes to the nearest folder that has a
row, or else to one volume named like the transfer.
"""

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from posixpath import basename, dirname

from metadata_schemas.description import Finding, ItemDescription, VolumeDescription, Where
from metadata_schemas.spelling import plain
from metadata_schemas.transfer_lists.cards import Cards
from metadata_schemas.transfer_lists.cells import Reading, RowCells
from metadata_schemas.transfer_lists.columns import Header
from metadata_schemas.transfer_lists.paths import Paths, clean
from metadata_schemas.transfer_lists.places import Places

_COLUMNS = {
    "title": "title",
    "date": "created",
    "created": "created",
    "description": "description",
    "identifier": "sender_id",
    "creator": "agency",
}


@dataclass(frozen=True)
class _Row:
    """``found``: the file on disk; ``base``: the folder on disk, with its slash."""

    cells: RowCells
    path: str
    found: str | None
    base: str | None = None


def recognise(rows: Sequence[Sequence[str]]) -> Header | None:
    """A first row with ``filename`` and at least one dc. column."""
    if not rows or not any(plain(cell) == "filename" for cell in rows[0]):
        return None
    fields: dict[str, int] = {}
    for place, cell in enumerate(rows[0]):
        name = plain(cell)
        if name == "filename":
            fields.setdefault("files", place)
        elif name.startswith(("dcterms", "dc")):
            field = _COLUMNS.get(name.removeprefix("dcterms").removeprefix("dc"))
            if field:
                fields.setdefault(field, place)
    if not any(plain(cell).startswith("dc") for cell in rows[0]):
        return None
    names = [cell.strip() or f"#{place}" for place, cell in enumerate(rows[0], start=1)]
    unique = tuple(
        name if name not in names[:place] else f"{name} ({names[: place + 1].count(name)})"
        for place, name in enumerate(names)
    )
    return Header(1, unique, fields, "item", False)


def read(
    reading: Reading, rows: Iterable[Sequence[str]], paths: Paths, transfer_name: str, cards: Cards
) -> int:
    """Lay volumes and items aside; how many rows told of one."""
    name, count = reading.list_name, 0
    places = Places(cards, name)
    for number, values in enumerate(rows, start=1):
        if number > 1 and any(value.strip() for value in values):
            count += _lay_aside(_located(reading.row(number, values), paths), name, cards, places)
    _put_into_folders(reading, transfer_name, cards, places)
    for base, volume in places.folders():
        if rest := tuple(_rest(base, volume, paths, places)):
            cards.give_files(volume, rest, name)
    return count


def _located(cells: RowCells, paths: Paths) -> _Row:
    written = cells.text("files")
    path = clean(written)
    if path is None:
        cells.report("list.path", "error", "files", written or None, "a relative path", "is no path in here")
        return _Row(cells, "", None)
    near = cells.reading.list_name
    found = paths.find(path, near=near)
    return _Row(cells, path, found, None if found else paths.base(path, near=near))


def _lay_aside(row: _Row, name: str, cards: Cards, places: Places) -> bool:
    if not row.path:
        return False
    if row.base is not None:
        places.add_folder(row.path, row.base, cards.add_volume(_volume(row), name))
    else:
        places.add_file(row.path, row.found, cards.add_item(_item(row), name))
    return True


def _put_into_folders(reading: Reading, transfer_name: str, cards: Cards, places: Places) -> None:
    """Each item into the volume of the nearest folder that has a row, or into one for all the others."""
    implied: int | None = None
    for path, item in places.files():
        volume = _nearest(path, places.written)
        if volume is None:
            if implied is None:
                implied = cards.add_volume(
                    _implied(reading, cards.item(item).row, transfer_name), reading.list_name
                )
            volume = implied
        cards.put(item, into=volume)


def _nearest(path: str, volume_of: Callable[[str], int | None]) -> int | None:
    folder = dirname(path)
    while folder:
        if (volume := volume_of(folder)) is not None:
            return volume
        folder = dirname(folder)
    return None


def _rest(base: str, volume: int, paths: Paths, places: Places) -> Iterator[str]:
    """Files below a folder that no row describes, nor lie in a described folder inside, are its own."""
    for file in paths.names.below(base):
        below = unicodedata.normalize("NFC", file)
        if not places.has_file(file) and _nearest(below, places.lying) == volume:
            yield file


def _volume(row: _Row) -> VolumeDescription:
    cells = row.cells
    return VolumeDescription(
        title=_title(row),
        sender_id=cells.text("sender_id") or None,
        creator_agency=cells.text("agency") or None,
        created=cells.span("created"),
        description=cells.text("description") or None,
        identifiers={"folder": row.path},
        raw=cells.raw(),
        extra=cells.extra(),
        row=cells.number,
        list=cells.reading.list_name,
    )


def _item(row: _Row) -> ItemDescription:
    cells = row.cells
    return ItemDescription(
        title=_title(row),
        sender_id=cells.text("sender_id") or None,
        created=cells.span("created"),
        description=cells.text("description") or None,
        files=(row.found or row.path,),
        raw=cells.raw(),
        extra=cells.extra(),
        row=cells.number,
        list=cells.reading.list_name,
    )


def _title(row: _Row) -> str:
    """Some tools write a title in a second pair of quotes; those are no part of it."""
    title = row.cells.text("title")
    if len(title) > 2 and title[0] == title[-1] == '"' and '"' not in title[1:-1]:
        title = title[1:-1].strip()
    if title:
        return title
    row.cells.report(
        "list.title", "warning", "title", None, "a title", "there is no title; the file name stands for it"
    )
    return basename(row.path)


def _implied(reading: Reading, row: int, transfer_name: str) -> VolumeDescription:
    message = (
        f"{reading.list_name} has no row for a folder; its files are one volume named {transfer_name!r}."
    )
    reading.findings.append(
        Finding("list.implied_volume", "warning", Where(list=reading.list_name), transfer_name, None, message)
    )
    return VolumeDescription(title=transfer_name, row=row, list=reading.list_name)
