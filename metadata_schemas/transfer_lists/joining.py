"""Puts items into their volumes.

A volume list and an item list meet by 관리번호, by the 28 signs of 분류번호 or by the
title. Without a volume list the volumes are what the item rows name.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from metadata_schemas.description import (
    DateSpan,
    Finding,
    ItemDescription,
    VolumeDescription,
    Where,
)
from metadata_schemas.spelling import plain
from metadata_schemas.transfer_lists import duplicates
from metadata_schemas.transfer_lists.duplicates import report
from metadata_schemas.transfer_lists.rows import ItemRow, VolumeNamed


@dataclass
class _Index:
    """Volumes by each way to name one; the value is their place in the result."""

    ids: dict[str, int] = field(default_factory=dict)
    folders: dict[str, int] = field(default_factory=dict)
    titles: dict[str, list[int]] = field(default_factory=dict)
    classes: dict[str, list[int]] = field(default_factory=dict)


def join(
    volumes: Sequence[VolumeDescription], rows: Sequence[ItemRow], findings: list[Finding]
) -> tuple[VolumeDescription, ...]:
    """Every item in its volume. An item without one is reported and stands in none."""
    duplicates.report_volumes(volumes, findings)
    duplicates.report_items(rows, findings)
    if not rows:
        return tuple(volumes)
    if not volumes:
        return _volumes_of_items(rows, findings)
    index = _indexed(volumes)
    items: dict[int, list[ItemDescription]] = {}
    for row in rows:
        place = _place(row, index, volumes, findings)
        if place is not None:
            items.setdefault(place, []).append(row.item)
            _compare_retention(row, volumes[place], findings)
    return tuple(
        replace(volume, items=tuple(items[place])) if place in items else volume
        for place, volume in enumerate(volumes)
    )


def _indexed(volumes: Sequence[VolumeDescription]) -> _Index:
    index = _Index()
    for place, volume in enumerate(volumes):
        if volume.sender_id:
            index.ids.setdefault(plain(volume.sender_id), place)
        if folder := volume.identifiers.get("folder"):
            index.folders.setdefault(folder, place)
        if volume.classification:
            index.classes.setdefault(plain(volume.classification), []).append(place)
        index.titles.setdefault(plain(volume.title), []).append(place)
    return index


def _place(
    row: ItemRow, index: _Index, volumes: Sequence[VolumeDescription], findings: list[Finding]
) -> int | None:
    """The volume of an item row; ways of naming that point to different volumes are an error."""
    named = row.named
    found = [set(way) for way in _ways(row.named, index, volumes) if way]
    if not found:
        report(
            row.item,
            "list.orphan_item",
            _shown(named),
            "a volume of the volume list",
            "its volume is in no list",
            findings,
        )
        return None
    common = set.intersection(*found)
    if len(common) == 1:
        return common.pop()
    if not common:
        report(
            row.item,
            "list.disagreement",
            _shown(named),
            "one volume",
            "its columns name different volumes",
            findings,
        )
    else:
        fact = (
            f"its volume may be any of rows {', '.join(str(volumes[place].row) for place in sorted(common))}"
        )
        report(row.item, "list.ambiguous_volume", _shown(named), "one volume", fact, findings)
    return None


def _ways(named: VolumeNamed, index: _Index, volumes: Sequence[VolumeDescription]) -> list[list[int]]:
    """The volumes that each column of the row may mean."""
    ways: list[list[int]] = []
    if named.sender_id:
        ways.append(_one(index.ids.get(plain(named.sender_id))))
    if named.folder:
        ways.append(_one(index.folders.get(named.folder)))
    if named.title:
        ways.append(_numbered(index.titles.get(plain(named.title), []), named.volume_number, volumes))
    if not any(ways) and named.classification:
        ways.append(index.classes.get(plain(named.classification), []))
    return ways


def _one(place: int | None) -> list[int]:
    return [] if place is None else [place]


def _numbered(places: list[int], number: int | None, volumes: Sequence[VolumeDescription]) -> list[int]:
    if number is None:
        return places
    return [place for place in places if volumes[place].volume_number in (number, None)]


def _shown(named: VolumeNamed) -> str:
    return named.sender_id or named.folder or named.title or named.classification


def _compare_retention(row: ItemRow, volume: VolumeDescription, findings: list[Finding]) -> None:
    given = row.volume.get("retention")
    if given and volume.retention and given != volume.retention:
        where = Where(row.item.list, row.item.row)
        message = (
            f"Row {row.item.row} of {row.item.list}: retention {given} differs from {volume.retention} "
            f"of its volume (row {volume.row} of {volume.list}). The volume's counts."
        )
        findings.append(Finding("list.retention_differs", "warning", where, given, volume.retention, message))


def _volumes_of_items(rows: Sequence[ItemRow], findings: list[Finding]) -> tuple[VolumeDescription, ...]:
    groups: dict[tuple[str, str], list[ItemRow]] = {}
    for row in rows:
        if row.named.is_nobody():
            report(
                row.item, "list.orphan_item", None, "a volume number or title", "it names no volume", findings
            )
            continue
        groups.setdefault(row.named.key(), []).append(row)
    return tuple(_volume_of(group, findings) for group in groups.values())


def _volume_of(group: Sequence[ItemRow], findings: list[Finding]) -> VolumeDescription:
    """One volume from the rows of its items; what they repeat about it must be the same."""
    first = group[0]
    for row in group[1:]:
        _compare(first, row, findings)
    named, item = first.named, first.item
    types = {row.item.record_type for row in group}
    identifiers = {"folder": named.folder, "classification": named.classification}
    return VolumeDescription(
        **first.volume,
        sender_id=named.sender_id or None,
        file_number=named.folder[:-3] or None,
        volume_number=named.volume_number
        or (int(named.folder[-3:]) if named.folder[-3:].isdigit() else None),
        title=named.title or f"{item.list} {_shown(named)}",
        created=_spanned(row.item.created for row in group),
        record_type=types.pop() if len(types) == 1 else None,
        items=tuple(row.item for row in group),
        identifiers={name: value for name, value in identifiers.items() if value},
        raw=item.raw,
        row=item.row,
        list=item.list,
    )


def _compare(first: ItemRow, row: ItemRow, findings: list[Finding]) -> None:
    said = {"title": row.named.title, **row.volume}
    before = {"title": first.named.title, **first.volume}
    for name, value in said.items():
        if value and before[name] and plain(str(value)) != plain(str(before[name])):
            fact = f"says another {name} of the volume than row {first.item.row} does"
            report(row.item, "list.disagreement", str(value), str(before[name]), fact, findings)


def _spanned(spans: Iterable[DateSpan | None]) -> DateSpan | None:
    known = [span for span in spans if span and span.earliest and span.latest]
    if not known:
        return None
    first = min(known, key=lambda span: str(span.earliest))
    last = max(known, key=lambda span: str(span.latest))
    text = first.text if first.text == last.text else f"{first.text} ~ {last.text}"
    return DateSpan(text, first.earliest, last.latest)
