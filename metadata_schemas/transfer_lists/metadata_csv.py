"""Reads ``metadata.csv`` of digital preservation transfers: one row a file or folder, Dublin Core columns.

A row that names a folder is a volume; a file goes to the nearest folder that has a
row, or else to one volume named like the transfer.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from posixpath import basename, dirname

from metadata_schemas.description import Finding, ItemDescription, VolumeDescription, Where
from metadata_schemas.spelling import plain
from metadata_schemas.transfer_lists.cells import Reading, RowCells
from metadata_schemas.transfer_lists.columns import Header
from metadata_schemas.transfer_lists.paths import Paths, clean

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
    cells: RowCells
    path: str
    found: str | None
    below: tuple[str, ...] = ()


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
    reading: Reading, rows: Iterator[Sequence[str]], paths: Paths, transfer_name: str
) -> list[VolumeDescription]:
    described = [
        _located(reading.row(number, values), paths)
        for number, values in enumerate(rows, start=1)
        if number > 1 and any(value.strip() for value in values)
    ]
    folders = {row.path: row for row in described if row.below}
    items: dict[str | None, list[ItemDescription]] = {}
    for row in described:
        if row.path and row.path not in folders:
            items.setdefault(_nearest(row.path, folders), []).append(_item(row))
    volumes = [_volume(row, items.get(path, []), folders, described) for path, row in folders.items()]
    if None in items:
        volumes.append(_implied(reading, items[None], transfer_name))
    return volumes


def _located(cells: RowCells, paths: Paths) -> _Row:
    written = cells.text("files")
    path = clean(written)
    if path is None:
        cells.report("list.path", "error", "files", written or None, "a relative path", "is no path in here")
        return _Row(cells, "", None)
    near = cells.reading.list_name
    found = paths.find(path, near=near)
    return _Row(cells, path, found, () if found else tuple(paths.below(path, near=near)))


def _nearest(path: str, folders: Mapping[str, _Row]) -> str | None:
    folder = dirname(path)
    while folder and folder not in folders:
        folder = dirname(folder)
    return folder or None


def _volume(
    row: _Row, items: list[ItemDescription], folders: Mapping[str, _Row], described: Sequence[_Row]
) -> VolumeDescription:
    """Files below the folder that no row describes, nor lie in a described folder inside, are its own."""
    taken = {other.found for other in described}
    inner = {
        name for path, other in folders.items() if path.startswith(row.path + "/") for name in other.below
    }
    files = tuple(name for name in row.below if name not in taken and name not in inner)
    cells = row.cells
    return VolumeDescription(
        title=_title(row),
        sender_id=cells.text("sender_id") or None,
        creator_agency=cells.text("agency") or None,
        created=cells.span("created"),
        description=cells.text("description") or None,
        items=tuple(items),
        files=files,
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


def _implied(reading: Reading, items: list[ItemDescription], transfer_name: str) -> VolumeDescription:
    message = (
        f"{reading.list_name} has no row for a folder; its files are one volume named {transfer_name!r}."
    )
    reading.findings.append(
        Finding("list.implied_volume", "note", Where(list=reading.list_name), transfer_name, None, message)
    )
    return VolumeDescription(
        title=transfer_name, items=tuple(items), row=items[0].row, list=reading.list_name
    )
