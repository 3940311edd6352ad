"""Reads the lists of a transfer folder: volumes, items, digests, and all that is wrong with them.

A list is a table whose header is recognised, at the top or in ``metadata/``. A row with
a wrong cell stays among the volumes, with an error finding that names list and row.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain
from pathlib import Path
from posixpath import dirname
from sqlite3 import Connection

from metadata_schemas import codes
from metadata_schemas.description import Finding, Severity, VolumeDescription, Where
from metadata_schemas.transfer_lists import (
    checksum_lists,
    columns,
    duplicates,
    joining,
    metadata_csv,
    rows,
    sheets,
)
from metadata_schemas.transfer_lists.cards import (
    GENERAL,
    JOINED,
    OF_LISTS,
    AllFindings,
    Cards,
    Noting,
    Volumes,
)
from metadata_schemas.transfer_lists.cells import Reading
from metadata_schemas.transfer_lists.digests import Digests
from metadata_schemas.transfer_lists.list_places import bases_of, is_at_a_list_place
from metadata_schemas.transfer_lists.packed import packed, unpacked
from metadata_schemas.transfer_lists.paths import FewNames, Names, Paths, label
from metadata_schemas.transfer_lists.rows import ItemRow
from metadata_schemas.transfer_lists.sheets import BrokenTable, Sheet, is_table

__all__ = ["Names", "Paths", "TransferLists", "is_table", "label", "packed", "read", "unpacked"]

_BAG_FILES = ("bagit.txt", "bag-info.txt", "fetch.txt")


@dataclass(frozen=True)
class TransferLists:
    """What all lists of a folder say together. ``claimed`` are lists and other administrative files."""

    volumes: Sequence[VolumeDescription]
    findings: Sequence[Finding]
    lists: tuple[str, ...]
    checksums: Mapping[str, Mapping[str, str]]
    claimed: frozenset[str]

    def errors(self) -> Mapping[tuple[str | None, int | None], tuple[Finding, ...]]:
        """Error findings by (list, row): a volume with one on its row, or on an item's row, may not pass."""
        found: dict[tuple[str | None, int | None], tuple[Finding, ...]] = {}
        for finding in self.findings:
            if finding.severity == "error":
                key = (finding.where.list, finding.where.row)
                found[key] = (*found.get(key, ()), finding)
        return found


@dataclass
class _List:
    """One file that was read as a list: its name in words, its findings, and how many rows it has."""

    path: str
    told: str
    findings: Noting
    rows: int = 0
    first: str = ""
    """What a row reads like that stands first and is no header, cut short."""

    def tell(self, rule: str, severity: Severity, message: str, **fact: str | None) -> None:
        """``fact``: the ``value`` that was found, or what was ``expected``."""
        where, value, expected = Where(self.told), fact.get("value"), fact.get("expected")
        self.findings.append(Finding(rule, severity, where, value, expected, message))


@dataclass
class _Folder:
    """The folder while it is read."""

    root: Path
    paths: Paths
    system: str | None
    agency_default: str | None
    today: date | None
    cards: Cards
    lists: list[str] = field(default_factory=list)
    not_lists: dict[str, Finding] = field(default_factory=dict)
    claimed: set[str] = field(default_factory=set)
    headers: dict[str, list[columns.Header]] = field(default_factory=dict)
    """Those of lists with rows, by the path of the list."""

    def __post_init__(self) -> None:
        self.findings = Noting(self.cards, GENERAL)
        self.digests = Digests(self.cards)


def read(
    folder: Path,
    names: Iterable[str],
    *,
    source_system: str | None,
    agency_default: str | None = None,
    today: date | None = None,
    connection: Connection | None = None,
) -> TransferLists:
    """Read every list among ``names``, all file paths below ``folder`` as found.

    ``today`` decides whether the protection of a secret has ended; without it none has.
    Rows are laid aside in the database of ``connection``, so that there may be millions.
    """
    wrong = [
        _unknown_system(name)
        for name in (source_system, agency_default)
        if name and not codes.find_system(name)
    ]
    if wrong:
        return TransferLists((), tuple(wrong), (), {}, frozenset())
    paths = Paths(names if isinstance(names, Names) else FewNames(names))
    cards = Cards(connection)
    found = _Folder(folder, paths, _system(source_system), _system(agency_default), today, cards)
    _read_checksum_lists(found)
    bases = bases_of(paths.names)
    for name in paths.names:
        if is_table(name) and name not in found.claimed and is_at_a_list_place(name, bases):
            _read_candidate(name, found)
    _drop_records(found)
    lost = joining.join(cards, Noting(cards, JOINED))
    headers = {label(path): each for path, each in found.headers.items()}
    for finding in columns.missing(headers, are_lost=lost > 0):
        found.findings.append(finding)
    _judge_the_rest(found)
    _claim_administrative_files(found)
    claimed = frozenset(found.claimed.union(found.lists))
    return TransferLists(Volumes(cards), AllFindings(cards), tuple(found.lists), found.digests, claimed)


def _system(name: str | None) -> str | None:
    table = codes.find_system(name) if name else None
    return table.system if table else None


def _unknown_system(name: str) -> Finding:
    known = ", ".join(codes.source_systems())
    message = f"Nobody knows a source system {name!r}. Known are: {known}. Name one of them and begin again."
    return Finding("list.source_system", "error", Where(), name, known, message)


def _read_checksum_lists(found: _Folder) -> None:
    names = found.paths.names
    is_bag = "bagit.txt" in names
    for name in checksum_lists.lists_among(names):
        if is_bag and "/" not in name:
            found.claimed.add(name)
            continue
        checksum_lists.read(found.root / name, label(name), found.paths, found.digests, found.findings)
        found.claimed.add(name)
    if is_bag:
        found.claimed.update(name for name in _BAG_FILES if name in names)
        found.claimed.update(name for name in names if name.startswith("tagmanifest-"))


def _read_candidate(name: str, found: _Folder) -> None:
    told = label(name)
    opened = sheets.open_sheets(found.root / name, told)
    if isinstance(opened, Finding):
        found.not_lists[name] = opened
        return
    one = _List(name, told, Noting(found.cards, OF_LISTS, told))
    try:
        read_any = [_read_sheet(sheet, one, found) for sheet in opened]
    except BrokenTable as broken:
        message = (
            f"Row {broken.row} of {told} cannot be read: {broken.reason}. Save the list again and send it."
        )
        found.cards.forget(told)
        found.headers.pop(name, None)
        found.not_lists[name] = Finding(
            "list.unreadable", "error", Where(told, broken.row), None, None, message
        )
        return
    if any(read_any):
        found.lists.append(name)
        return
    found.cards.forget(told)
    if name not in found.claimed:
        found.not_lists[name] = columns.unknown(told, one.first)


def _read_sheet(sheet: Sheet, one: _List, found: _Folder) -> bool:
    """Whether the sheet was a list."""
    first = sheets.head(sheet)
    header = metadata_csv.recognise(first) or columns.find_header(first)
    if header is None:
        one.first = one.first or columns.first_names(first)
        hashed = checksum_lists.hash_columns(first[0]) if first else None
        if hashed:
            checksum_lists.read_table(
                sheet.rows(), one.told, hashed, found.paths, found.digests, found.findings
            )
            found.claimed.add(one.path)
        return False
    if sheet.is_hidden:
        message = f"{one.told} has a hidden sheet {sheet.name} that looks like a list; it was not read."
        one.tell("list.hidden_sheet", "warning", message, value=sheet.name)
        return False
    _note_reading(sheet, one)
    system = columns.source_system(header, found.system, found.agency_default)
    reading = Reading(one.told, header, system, found.today, one.findings)
    before = one.rows
    if metadata_csv.recognise(first):
        one.rows += metadata_csv.read(reading, sheet.rows(), found.paths, label(found.root.name), found.cards)
    else:
        _read_rows(reading, sheet, one, found.cards)
        if one.rows > before:
            found.headers.setdefault(one.path, []).append(header)
    if one.rows == before:
        message = f"The list {one.told} has a header and no rows. Send the list with its rows."
        one.tell("list.empty", "error", message, expected="at least one row")
    return True


def _read_rows(reading: Reading, sheet: Sheet, one: _List, cards: Cards) -> None:
    for number, values in enumerate(sheet.rows(), start=1):
        if number <= reading.header.row:
            continue
        row = reading.row(number, values)
        if rows.is_no_record(row):
            continue
        one.rows += 1
        if reading.header.level == "volume":
            volume = rows.read_volume(row)
            duplicates.enter_volume(cards, cards.add_volume(volume, one.told), volume)
        else:
            named = rows.volume_named(row)
            item = ItemRow(rows.read_item(row, named), named, rows.volume_fields(row))
            duplicates.enter_row(cards, cards.add_row(item, one.told), item)


def _note_reading(sheet: Sheet, one: _List) -> None:
    if sheet.encoding in ("cp949", "euc_kr"):
        # EUC-KR is a part of CP949, and that is the name under which people save it.
        one.tell("list.encoding_read", "note", f"{one.told} was read as CP949.", value="CP949")
    if sheet.has_merged_cells:
        message = f"{one.told} has merged cells; only the first row has its value, nothing is filled in."
        one.tell("list.merged_cells", "warning", message, expected="one cell a row")


def _drop_records(found: _Folder) -> None:
    """A table that a row of another list names is a record, not a list."""
    claimed = {
        path
        for name, file in found.cards.mentioned()
        if is_table(file) and (path := found.paths.find(file, near=name)) and label(path) != name
    }
    for name in claimed.intersection(found.lists):
        found.cards.forget(label(name))
        found.headers.pop(name, None)
    found.lists = [name for name in found.lists if name not in claimed]
    found.not_lists = {path: why for path, why in found.not_lists.items() if path not in claimed}


def _judge_the_rest(found: _Folder) -> None:
    """A table that is no list is an error where it is named like one, and where there is no other."""
    for path, why in found.not_lists.items():
        is_alone = not found.lists and not dirname(path).endswith("metadata")
        if is_alone or columns.named_like_a_list(label(path)):
            found.findings.append(why)
            found.claimed.add(path)


def _claim_administrative_files(found: _Folder) -> None:
    """What else lies in ``metadata/`` belongs to the transfer and describes no record."""
    places = tuple(f"{base}metadata/" for base in bases_of(found.paths.names))
    described = {found.paths.find(file, near=name) for name, file in found.cards.mentioned()}
    listed = found.claimed.union(found.lists, described)
    below = chain.from_iterable(map(found.paths.names.below, places))
    for name in below:
        if name.startswith(places) and name not in listed:
            found.claimed.add(name)
            told = label(name)
            message = (
                f"{told} is kept as an administrative file of the transfer; it is not read as a description."
            )
            Noting(found.cards, JOINED).append(
                Finding("file.administrative", "note", Where(path=told), None, None, message)
            )
