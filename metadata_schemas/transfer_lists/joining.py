"""Puts items into their volumes.

A volume list and an item list meet by 관리번호, by the 28 signs of 분류번호 or by the
title. Without a volume list the volumes are what the item rows name.
"""

from collections.abc import Set

from metadata_schemas.description import DateSpan, Finding, ItemDescription, VolumeDescription, Where
from metadata_schemas.spelling import plain
from metadata_schemas.transfer_lists import duplicates
from metadata_schemas.transfer_lists.cards import Cards
from metadata_schemas.transfer_lists.cells import Findings
from metadata_schemas.transfer_lists.duplicates import report
from metadata_schemas.transfer_lists.rows import ItemRow, VolumeNamed
from metadata_schemas.transfer_lists.volume_index import VolumeCard, VolumeIndex

EXPECTED = "a volume of the volume list"


def join(cards: Cards, findings: Findings) -> int:
    """Every item into its volume.  One without is reported and stands in none; how many these are."""
    duplicates.report_all(cards, findings)
    if not cards.has_volumes():
        return _make_volumes(cards, findings)
    index, lost = VolumeIndex(cards), 0
    for number, named, said in cards.names_in_rows():
        common = index.meant(named)
        if len(common) == 1:
            cards.put(number, into=common[0].number)
            _compare_retention(said.get("retention"), common[0], cards, number, findings)
        else:
            _report_lost(cards.item(number), named, index.ways(named), common, findings)
            lost += 1
    return lost


def _report_lost(
    item: ItemDescription,
    named: VolumeNamed,
    ways: list[list[VolumeCard]],
    common: list[VolumeCard],
    findings: Findings,
) -> None:
    """An item whose volume nobody knows; ways of naming that point to different volumes are an error."""
    shown = _shown(named)
    if not ways:
        fact = "names a volume that is in no list" if shown else "it names no volume"
        report(item, "list.orphan_item", shown, EXPECTED, fact, findings)
    elif not common:
        fact = "its columns name different volumes"
        report(item, "list.disagreement", shown, "one volume", fact, findings)
    else:
        fact = f"its volume may be any of rows {', '.join(str(card.row) for card in common)}"
        report(item, "list.ambiguous_volume", shown, "one volume", fact, findings)


def _shown(named: VolumeNamed) -> str:
    return named.sender_id or named.folder or named.title or named.classification


def _compare_retention(
    given: str | None, volume: VolumeCard, cards: Cards, number: int, findings: Findings
) -> None:
    if given and volume.retention and given != volume.retention:
        item = cards.item(number)
        where = Where(item.list, item.row)
        message = (
            f"Row {item.row} of {item.list}: retention {given} differs from {volume.retention} "
            f"of its volume (row {volume.row} of {volume.list}). The volume's counts."
        )
        findings.append(Finding("list.retention_differs", "warning", where, given, volume.retention, message))


def _make_volumes(cards: Cards, findings: Findings) -> int:
    """The volumes that item rows name, in the order in which they are first named; rows that name none."""
    lost = 0
    for row in cards.nobodys():
        lost += 1
        report(row.item, "list.orphan_item", None, "a volume number or title", "it names no volume", findings)
    for key in cards.names_of_volumes():
        _make_volume(cards, key, findings)
    return lost


def _make_volume(cards: Cards, key: str, findings: Findings) -> None:
    """One volume from the rows of its items; what they repeat about it must be the same."""
    rows = cards.rows(key)
    first = next(rows)
    types, begin, end = {first.item.record_type}, first.item.created, first.item.created
    for row in rows:
        _compare(first, row, findings)
        types.add(row.item.record_type)
        begin = _earlier(begin, row.item.created)
        end = _later(end, row.item.created)
    volume = _volume_of(first, types, _spanned(begin, end))
    _note_implied(first, volume, findings)
    cards.put_all(key, into=cards.add_volume(volume, volume.list))


def _volume_of(first: ItemRow, types: Set[str | None], created: DateSpan | None) -> VolumeDescription:
    named, item = first.named, first.item
    identifiers = {"folder": named.folder, "classification": named.classification}
    return VolumeDescription(
        **first.volume,
        sender_id=named.sender_id or None,
        file_number=named.folder[:-3] or None,
        volume_number=named.volume_number
        or (int(named.folder[-3:]) if named.folder[-3:].isdigit() else None),
        title=named.title or f"{item.list} {_shown(named)}",
        created=created,
        record_type=next(iter(types)) if len(types) == 1 else None,
        identifiers={name: value for name, value in identifiers.items() if value},
        raw=item.raw,
        row=item.row,
        list=item.list,
    )


def _note_implied(first: ItemRow, volume: VolumeDescription, findings: Findings) -> None:
    """A volume that nothing but its items tells of.  A row that gives its title and retention does tell."""
    given = {"title": first.named.title, "retention": volume.retention}
    lacking = [name for name, value in given.items() if not value]
    if lacking:
        where, shown = Where(volume.list, volume.row), _shown(first.named)
        message = (
            f"Row {volume.row} of {volume.list}: {shown!r} is in no volume list, and the row gives no "
            f"{' and no '.join(lacking)} of that volume. It is known only as its items imply it."
        )
        findings.append(Finding("list.implied_volume", "warning", where, shown, EXPECTED, message))


def _compare(first: ItemRow, row: ItemRow, findings: Findings) -> None:
    said = {"title": row.named.title, **row.volume}
    before = {"title": first.named.title, **first.volume}
    for name, value in said.items():
        if value and before[name] and plain(str(value)) != plain(str(before[name])):
            fact = f"says another {name} of the volume than row {first.item.row} does"
            report(row.item, "list.disagreement", str(value), str(before[name]), fact, findings)


def _known(span: DateSpan | None) -> bool:
    return span is not None and span.earliest is not None and span.latest is not None


def _earlier(one: DateSpan | None, other: DateSpan | None) -> DateSpan | None:
    if not (_known(one) and _known(other)):
        return one if _known(one) else other
    return min(one, other, key=lambda span: str(span.earliest))


def _later(one: DateSpan | None, other: DateSpan | None) -> DateSpan | None:
    if not (_known(one) and _known(other)):
        return one if _known(one) else other
    return max(one, other, key=lambda span: str(span.latest))


def _spanned(first: DateSpan | None, last: DateSpan | None) -> DateSpan | None:
    if first is None or last is None or not (_known(first) and _known(last)):
        return None
    text = first.text if first.text == last.text else f"{first.text} ~ {last.text}"
    return DateSpan(text, first.earliest, last.latest)
