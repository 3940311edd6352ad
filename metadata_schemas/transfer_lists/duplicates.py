"""Numbers that must stand once in a transfer and stand twice; each finding names both rows."""

from collections.abc import Callable, Mapping

from metadata_schemas.description import Finding, ItemDescription, VolumeDescription, Where
from metadata_schemas.spelling import plain
from metadata_schemas.transfer_lists.cards import Cards, Kind
from metadata_schemas.transfer_lists.cells import Findings
from metadata_schemas.transfer_lists.rows import ItemRow

Described = ItemDescription | VolumeDescription


def enter_volume(cards: Cards, number: int, volume: VolumeDescription) -> None:
    keys = {
        "관리번호": (plain(volume.sender_id or ""),),
        "등록번호": (volume.identifiers.get("folder", ""),),
        "일련번호": (volume.list, plain(volume.identifiers.get("serial", ""))),
    }
    cards.number("volume", number, volume.list, keys)


def enter_row(cards: Cards, number: int, row: ItemRow) -> None:
    """일련번호 may begin anew in each volume, and a registration number in each year."""
    known = row.item.identifiers
    keys = {
        "관리번호": (plain(row.item.sender_id or ""),),
        "등록번호": (
            known.get("year", ""),
            known.get("split_number", ""),
            known.get("registration_number", ""),
        ),
        "일련번호": (row.item.list, *row.named.key(), plain(known.get("serial", ""))),
    }
    cards.number("item", number, row.item.list, keys)


def report_all(cards: Cards, findings: Findings) -> None:
    """Nobody can tell which of the rows that share a number is right, so none of them may pass."""
    described: Mapping[Kind, Callable[[int], Described]] = {"volume": cards.volume, "item": cards.item}
    for kind in ("volume", "item"):
        before: tuple[str, int] | None = None
        for key, name, value, card in cards.shared_numbers(kind):
            if before is None or before[0] != key:
                before = key, card
                is_told = False
                continue
            first, other = described[kind](before[1]), described[kind](card)
            if not is_told:
                _report(name, value, first, other, findings)
                is_told = True
            _report(name, value, other, first, findings)


def _report(name: str, known: str, one: Described, other: Described, findings: Findings) -> None:
    column, value = _cell(one, name, known)
    fact = f"stands as {name} in row {other.row} of {other.list} too"
    report(one, "list.duplicate", value, f"each {name} once", fact, findings, column=column)


def _cell(described: Described, name: str, known: str) -> tuple[str, str]:
    """The column and the cell as written; for a number of several columns, its name and its last part."""
    cells = ((column, cell) for column, cell in described.raw.items() if plain(cell) == known)
    return next(cells, (name, known))


def report(
    described: Described,
    rule: str,
    value: str | None,
    expected: str,
    fact: str,
    findings: Findings,
    *,
    column: str | None = None,
) -> None:
    where = Where(described.list, described.row, column)
    shown = f" {value!r}" if value else ""
    message = f"Row {described.row} of {described.list}:{shown} {fact}. Expected: {expected}."
    findings.append(Finding(rule, "error", where, value, expected, message))
