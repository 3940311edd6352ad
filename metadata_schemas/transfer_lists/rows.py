"""Makes the canonical values of one row: a volume, or an item with the volume it names."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from metadata_schemas import terms
from metadata_schemas.description import DateSpan, ItemDescription, VolumeDescription
from metadata_schemas.spelling import plain
from metadata_schemas.transfer_lists import paths, row_access
from metadata_schemas.transfer_lists.cells import RowCells
from metadata_schemas.transfer_lists.columns import words

_CLASS_PARTS = (("agency_code", 7), ("task_code", 8), ("year", 4), ("file_serial", 6), ("volume_number", 3))
_LOST_DIGITS = re.compile(r"\d\.\d{15}e\+\d+")
_CLASS_LENGTH = sum(length for _, length in _CLASS_PARTS)


@dataclass(frozen=True)
class VolumeNamed:
    """How an item row names its volume. ``folder`` is the 28 signs of 분류번호, cut to one spelling."""

    sender_id: str
    folder: str
    title: str
    volume_number: int | None
    classification: str

    def is_nobody(self) -> bool:
        return not (self.sender_id or self.folder or self.title or self.classification)

    def key(self) -> tuple[str, str]:
        if self.sender_id:
            return "id", plain(self.sender_id)
        if self.folder:
            return "folder", self.folder
        return "title", f"{plain(self.title)}/{self.volume_number}/{plain(self.classification)}"


@dataclass(frozen=True)
class ItemRow:
    """An item, the volume it names, and what its row says about that volume."""

    item: ItemDescription
    named: VolumeNamed
    volume: Mapping[str, Any]


def is_no_record(row: RowCells) -> bool:
    """Blank rows, totals, repeated headers and closing words stand in lists and describe nothing."""
    filled = [value for value in row.values if value.strip()]
    if not filled:
        return True
    if tuple(row.values) == row.reading.header.names[: len(row.values)]:
        return True
    first = plain(filled[0])
    if len(filled) == 1 and (first in words("end_words") or filled[0].strip()[0] in "※*"):
        return True
    identified = any(row.text(name) for name in ("retention", "files", "access", "year", "created"))
    return first in words("total_words") and not identified


def read_volume(row: RowCells) -> VolumeDescription:
    _check_numbers(row)
    title = row.first("volume_title", "title")
    if not title:
        row.report("list.title", "error", "volume_title", None, "a title", "the volume has no title")
    record_type = row.coded("record_type", "record_type", "warning")
    pages = row.number_of("page_count")
    number = row.number_of("volume_number")
    folder = _folder_of(row, number)
    _check_quantity(row)
    created = row.span("created", "year")
    row_access.refuse_live_secret(row, created)
    _check_sheets(row, pages, record_type)
    return VolumeDescription(
        **volume_fields(row),
        title=title,
        sender_id=row.first("volume_sender_id", "sender_id") or None,
        file_number=folder[:-3] or row.text("file_serial") or None,
        volume_number=number,
        created=created,
        closed=row.span("closed"),
        record_type=record_type,
        carrier_kind=row.coded("carrier_kind", "carrier_kind", "warning"),
        access=row_access.read_access(
            row, "access" if row.reading.header.has("access") else "volume_access", pages
        ),
        description=row.text("description") or None,
        item_count=row.number_of("item_count"),
        page_count=pages,
        file_count=row.number_of("file_count"),
        files=_files(row),
        identifiers=_present(row, folder=folder),
        raw=row.raw(),
        extra=row.extra(),
        row=row.number,
        list=row.reading.list_name,
    )


def _access_column(row: RowCells) -> str:
    return "access" if row.reading.header.has("access") else "volume_access"


def volume_fields(row: RowCells) -> dict[str, Any]:
    """The fields that stand in the row of a volume and may be repeated in each row of its items."""
    return {
        "creator_agency": row.first("agency", "former_agency") or None,
        "creator_code": row.text("agency_code") or None,
        "creating_unit": row.text("unit") or None,
        "retention": _retention(row),
        "classification": row.first("classification", "task_code", "task_name") or None,
    }


def read_item(row: RowCells, named: VolumeNamed) -> ItemDescription:
    _check_numbers(row)
    title = row.first("item_title", "title")
    if not title:
        row.report("list.title", "error", "item_title", None, "a title", "the item has no title")
    pages = row.number_of("page_count")
    created = row.span("created", "registered", "enforced", "year")
    row_access.refuse_live_secret(row, created)
    return ItemDescription(
        sender_id=row.first("item_sender_id", "sender_id") or None,
        title=title,
        created=created,
        record_type=_item_type(row),
        access=row_access.read_access(row, "access", pages),
        page_count=pages,
        document_number=row.first("registration_number", "former_number", "sender_number") or None,
        description=row.text("description") or None,
        files=_files(row),
        identifiers=_item_identifiers(row, named, created),
        raw=row.raw(),
        extra=row.extra(),
        row=row.number,
        list=row.reading.list_name,
    )


def volume_named(row: RowCells) -> VolumeNamed:
    header = row.reading.header
    written = row.text("classification")
    folder = "".join(sign for sign in written if sign.isalnum())
    own_id = header.has("item_sender_id") and not header.has("volume_sender_id")
    return VolumeNamed(
        sender_id=row.first("volume_sender_id", *(("sender_id",) if own_id else ())),
        folder=folder if len(folder) == _CLASS_LENGTH else _folder_of(row, row.number_of("volume_number")),
        title=row.text("volume_title"),
        volume_number=row.number_of("volume_number"),
        classification=written if header.has("classification") and not header.has("volume_title") else "",
    )


def _folder_of(row: RowCells, number: int | None) -> str:
    """The name of a volume in the 2013 form: agency, task, year, file, volume, each at its full length."""
    values = {name: row.text(name) for name, _ in _CLASS_PARTS}
    values["volume_number"] = "" if number is None else str(number)
    if not all(values.values()) or any(len(values[name]) > length for name, length in _CLASS_PARTS):
        return ""
    return "".join(values[name].zfill(length) for name, length in _CLASS_PARTS)


def _retention(row: RowCells) -> str | None:
    value = row.coded("retention", "retention")
    if value is None:
        if row.reading.header.has("retention") and not row.text("retention"):
            row.report(
                "list.retention", "error", "retention", None, "a retention period", "the cell is empty"
            )
        return None
    if not terms.is_for_the_archive(value, on=_law_of(row)):
        fact = f"is {value}; an archive takes in 30년, 준영구 and 영구"
        row.report(
            "list.retention_short", "warning", "retention", row.text("retention"), "30년 or longer", fact
        )
    return value


def _item_type(row: RowCells) -> str | None:
    if row.text("registration_type"):
        return row.coded("registration_type", "registration_type")
    return row.coded("record_type", "record_type", "warning")


def _check_numbers(row: RowCells) -> None:
    """A workbook keeps fifteen digits of a number; an identifier that was longer has lost its end."""
    for name in ("sender_id", "volume_sender_id", "item_sender_id", "classification", "registration_number"):
        if (raw := row.text(name)) and _LOST_DIGITS.fullmatch(raw):
            fact = "is a number whose last digits the workbook has dropped"
            row.report("list.number_lost", "error", name, raw, "the cell as text", fact)


def _check_sheets(row: RowCells, pages: int | None, record_type: str | None) -> None:
    limit = terms.sheets_per_volume(record_type, on=_law_of(row))
    if pages is not None and limit is not None and pages > limit and row.text("page_count"):
        fact = "is more than one 권 should hold; it is taken as it is"
        row.report("list.thick_volume", "warning", "page_count", str(pages), f"{limit} sheets or fewer", fact)


def _check_quantity(row: RowCells) -> None:
    if row.reading.header.has("quantity") and (row.number_of("quantity") or 1) > 1:
        fact = "says that the row stands for several volumes; it is read as one"
        row.report(
            "list.several_volumes", "warning", "quantity", row.text("quantity"), "one row for each 권", fact
        )


def _law_of(row: RowCells) -> date:
    return row.reading.today or date.max


def _files(row: RowCells) -> tuple[str, ...]:
    """The paths that the row names, with forward slashes; one that leaves the transfer is an error."""
    found = []
    for part in row.text("files").split(";"):
        path = paths.clean(part)
        if path:
            found.append(path)
        elif part.strip():
            row.report(
                "list.path", "error", "files", part.strip(), "a relative path", "is no path in the transfer"
            )
    return tuple(found)


def _present(row: RowCells, **more: str) -> Mapping[str, str]:
    names = ("agency_code", "task_code", "year", "file_serial", "volume_number", "classification", "serial")
    found = {name: row.text(name) for name in names} | more
    return {name: value for name, value in found.items() if value}


def _item_identifiers(row: RowCells, named: VolumeNamed, created: DateSpan | None) -> Mapping[str, str]:
    """``folder`` and ``file_stem`` are the standard's own names of the volume folder and the item file."""
    number, split = row.text("registration_number"), row.text("split_number")
    year = str(created.latest.year) if created and created.latest else ""
    found = {
        "serial": row.text("serial"),
        "classification": row.text("classification"),
        "folder": named.folder,
        "year": year,
        "registration_number": number,
        "split_number": split,
        "file_stem": f"{year}{number}{split}" if year and number else "",
    }
    return {name: value for name, value in found.items() if value}
