"""Numbers that must stand once in a transfer and stand twice; each finding names both rows."""

from collections.abc import Mapping, Sequence
from typing import Any

from metadata_schemas.description import Finding, ItemDescription, VolumeDescription, Where
from metadata_schemas.spelling import plain
from metadata_schemas.transfer_lists.rows import ItemRow


def report_volumes(volumes: Sequence[VolumeDescription], findings: list[Finding]) -> None:
    seen: dict[tuple[str, ...], VolumeDescription] = {}
    for volume in volumes:
        keys = {
            "관리번호": ("관리번호", plain(volume.sender_id or "")),
            "등록번호": ("등록번호", volume.identifiers.get("folder", "")),
            "일련번호": ("일련번호", volume.list, plain(volume.identifiers.get("serial", ""))),
        }
        _report_seen(seen, keys, volume, findings)


def report_items(rows: Sequence[ItemRow], findings: list[Finding]) -> None:
    """일련번호 may begin anew in each volume, and a registration number in each year."""
    seen: dict[tuple[str, ...], ItemDescription] = {}
    for row in rows:
        item, known = row.item, row.item.identifiers
        keys = {
            "관리번호": ("관리번호", plain(item.sender_id or "")),
            "등록번호": (
                "등록번호",
                known.get("year", ""),
                known.get("split_number", ""),
                known.get("registration_number", ""),
            ),
            "일련번호": ("일련번호", item.list, *row.named.key(), plain(known.get("serial", ""))),
        }
        _report_seen(seen, keys, item, findings)


def _report_seen(
    seen: dict[tuple[str, ...], Any],
    keys: Mapping[str, tuple[str, ...]],
    described: ItemDescription | VolumeDescription,
    findings: list[Finding],
) -> None:
    for name, key in keys.items():
        if not key[-1]:
            continue
        before = seen.setdefault(key, described)
        if before is not described:
            _report_both(name, key[-1], before, described, findings)


def _report_both(
    name: str,
    known: str,
    before: ItemDescription | VolumeDescription,
    described: ItemDescription | VolumeDescription,
    findings: list[Finding],
) -> None:
    """Nobody can tell which of the two rows is right, so neither may pass."""
    for one, other in ((before, described), (described, before)):
        column, value = _cell(one, name, known)
        fact = f"stands as {name} in row {other.row} of {other.list} too"
        expected = f"each {name} once"
        if not any(each.rule == "list.duplicate" and each.where == Where(one.list, one.row, column)
                   for each in findings[-200:]):  # fmt: skip
            report(one, "list.duplicate", value, expected, fact, findings, column=column)


def _cell(described: ItemDescription | VolumeDescription, name: str, known: str) -> tuple[str, str]:
    """The column and the cell as written; for a number of several columns, its name and its last part."""
    cells = ((column, cell) for column, cell in described.raw.items() if plain(cell) == known)
    return next(cells, (name, known))


def report(
    described: ItemDescription | VolumeDescription,
    rule: str,
    value: str | None,
    expected: str,
    fact: str,
    findings: list[Finding],
    *,
    column: str | None = None,
) -> None:
    where = Where(described.list, described.row, column)
    shown = f" {value!r}" if value else ""
    message = f"Row {described.row} of {described.list}:{shown} {fact}. Expected: {expected}."
    findings.append(Finding(rule, "error", where, value, expected, message))
