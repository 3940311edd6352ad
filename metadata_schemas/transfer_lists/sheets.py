"""Opens a list as rows of text: CSV in Korean encodings, XLSX, XLS and ODS.

A CSV is streamed, and so is a large XLSX. Other workbooks are read by calamine; a number keeps the
digits a reader sees, never a decimal point that nobody wrote.
"""

import csv
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import openpyxl
import python_calamine

from metadata_schemas.description import Finding, Where
from metadata_schemas.transfer_lists import columns, text_encoding

# What it says of styles that it does without is for nobody who reads a list.
warnings.filterwarnings("ignore", module="openpyxl")

SUFFIXES = (".csv", ".tsv", ".xlsx", ".xlsm", ".xls", ".ods")
UNPACKED_LIMIT = 1 << 30
CELL_LIMIT = 1 << 20
LARGE_SHEET = 32 << 20
_EXACT_NUMBER = 10**15
# What the two libraries raise for a workbook that is not as its format asks; entities are a ValueError.
CANNOT_READ = (
    python_calamine.CalamineError, zipfile.BadZipFile, OSError, ValueError, LookupError, TypeError,
    AttributeError, SyntaxError,
)  # fmt: skip
_PADDED_FORMAT = re.compile(rb'formatCode="0{2,}"')

NO_TABLE = ((b"%PDF", "a PDF"), (b"\x89PNG", "a picture"), (b"\xff\xd8\xff", "a picture"))
NO_TEXT = (
    (b"PK\3\4", "a workbook or another packed file"),
    (b"\xd0\xcf\x11\xe0", "an old workbook or document"),
)
"""How files of other kinds begin that come under the name of a list."""

Row = list[str]


class BrokenTable(Exception):
    """The rows cannot be read to the end; nothing of the list may be used."""

    def __init__(self, row: int, reason: str):
        super().__init__(reason)
        self.row, self.reason = row, reason


@dataclass(frozen=True)
class Sheet:
    """One table. ``name`` is the path of the list, with the sheet where a workbook has several."""

    name: str
    path: str
    encoding: str | None
    is_hidden: bool
    has_merged_cells: bool
    rows: Callable[[], Iterator[Row]]


def is_table(name: str) -> bool:
    return name.lower().endswith(SUFFIXES)


def open_sheets(path: Path, name: str) -> list[Sheet] | Finding:
    """All tables of the file, or the reason why it cannot be read as one."""
    is_text = name.lower().endswith((".csv", ".tsv"))
    if other := _other_kind(path, is_text=is_text):
        return _refusal("list.unreadable", name, "CSV, XLSX, XLS or ODS", f"it is {other}")
    if is_text:
        return _text_sheet(path, name)
    try:
        return _workbook(path, name)
    except python_calamine.PasswordError:
        return _refusal("list.unreadable", name, "a workbook without a password", "it is encrypted")
    except CANNOT_READ as error:
        fact = (isinstance(error, OSError) and error.strerror) or "it is no workbook, or a damaged one"
        return _refusal("list.unreadable", name, "an XLSX, XLS or ODS workbook", fact)


def _other_kind(path: Path, *, is_text: bool) -> str | None:
    """What a file is that begins as no list of its name does."""
    with path.open("rb") as stream:
        start = stream.read(8)
    kinds = (*NO_TABLE, *NO_TEXT) if is_text else NO_TABLE
    return next((what for begins, what in kinds if start.startswith(begins)), None)


def head(sheet: Sheet) -> list[Row]:
    """The first rows, as far as they can be read."""
    return _first_rows(sheet.rows)


def _first_rows(rows: Callable[[], Iterator[Row]]) -> list[Row]:
    found: list[Row] = []
    try:
        found.extend(islice(rows(), columns.SEARCHED_ROWS))
    except BrokenTable:
        return found
    return found


def _refusal(rule: str, name: str, expected: str, fact: str) -> Finding:
    message = f"The list {name} cannot be read: {fact}. Save it as {expected} and send it again."
    return Finding(rule, "error", Where(list=name), None, expected, message)


def _text_sheet(path: Path, name: str) -> list[Sheet] | Finding:
    encoding = text_encoding.detect(path)
    if isinstance(encoding, text_encoding.Undecodable):
        return _refusal(encoding.rule, name, encoding.expected, encoding.fact)
    return [Sheet(name, name, encoding, False, False, _text_rows(path, encoding, _delimiter(path, encoding)))]


def _text_rows(path: Path, encoding: str, delimiter: str) -> Callable[[], Iterator[Row]]:
    def rows() -> Iterator[Row]:
        csv.field_size_limit(CELL_LIMIT)
        number = 0
        with path.open(encoding=encoding, newline="") as stream:
            reader = csv.reader(stream, delimiter=delimiter, strict=True)
            try:
                for row in reader:
                    number += 1
                    yield row
            except (csv.Error, UnicodeDecodeError) as error:
                raise BrokenTable(number + 1, str(error)) from error

    return rows


def _delimiter(path: Path, encoding: str) -> str:
    """The sign under which a header is found; a comma where none is."""
    for sign in (",", "\t", ";"):
        if columns.find_header(_first_rows(_text_rows(path, encoding, sign))):
            return sign
    return ","


def _workbook(path: Path, name: str) -> list[Sheet] | Finding:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as parts:
            if sum(part.file_size for part in parts.infolist()) > UNPACKED_LIMIT:
                return _refusal("limit.list", name, "a workbook under 1 GiB unpacked", "it unpacks to more")
            if _is_large(parts) or _shows_zeros(parts):
                return _streamed_workbook(path, name)
    book = python_calamine.CalamineWorkbook.from_path(path)
    sheets = []
    for about in book.sheets_metadata:
        if about.typ != python_calamine.SheetTypeEnum.WorkSheet:
            continue
        shown = about.visible == python_calamine.SheetVisibleEnum.Visible
        sheet = book.get_sheet_by_name(about.name)
        merged = bool(sheet.merged_cell_ranges)
        sheets.append(Sheet(about.name, name, None, not shown, merged, _calamine_rows(sheet)))
    return sheets


def _calamine_rows(sheet: python_calamine.CalamineSheet) -> Callable[[], Iterator[Row]]:
    return _rows_or_reason(lambda: ([_text(cell) for cell in row] for row in sheet.iter_rows()))


def _is_large(parts: zipfile.ZipFile) -> bool:
    """Calamine holds a whole sheet in memory, ten times its size; what is larger than this is streamed."""
    return any(
        part.file_size > LARGE_SHEET
        for part in parts.infolist()
        if part.filename.startswith("xl/worksheets/")
    )


def _shows_zeros(parts: zipfile.ZipFile) -> bool:
    """Where numbers are shown with leading zeros only openpyxl tells."""
    return "xl/styles.xml" in parts.namelist() and bool(_PADDED_FORMAT.search(parts.read("xl/styles.xml")))


def _streamed_workbook(path: Path, name: str) -> list[Sheet]:
    """Row by row, at a tenth of the speed; merged cells are not told."""
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    return [
        Sheet(sheet.title, name, None, sheet.sheet_state != "visible", False, _openpyxl_rows(sheet))
        for sheet in book.worksheets
    ]


def _openpyxl_rows(sheet: Any) -> Callable[[], Iterator[Row]]:
    return _rows_or_reason(lambda: ([_padded(cell) for cell in row] for row in sheet.iter_rows()))


def _rows_or_reason(read: Callable[[], Iterator[Row]]) -> Callable[[], Iterator[Row]]:
    """Rows of a workbook; BrokenTable where the library cannot go on."""

    def rows() -> Iterator[Row]:
        number = 0
        try:
            for row in read():
                number += 1
                yield row
        except CANNOT_READ as error:
            raise BrokenTable(number + 1, "the workbook is damaged there") from error

    return rows


def _padded(cell: Any) -> str:
    text = _text(cell.value)
    shown = str(getattr(cell, "number_format", ""))
    return text.zfill(len(shown)) if text.isdigit() and shown.strip("0") == "" else text


def _text(value: object) -> str:
    match value:
        case str():
            return value
        case None:
            return ""
        case bool():
            return "TRUE" if value else "FALSE"
        case int():
            return str(value)
        case float():
            return _digits(value)
        case datetime():
            midnight = (value.hour, value.minute, value.second) == (0, 0, 0)
            return value.date().isoformat() if midnight else value.isoformat(" ", "seconds")
        case date():
            return value.isoformat()
    return str(value)


def _digits(number: float) -> str:
    """Workbooks keep fifteen digits: what is longer has lost its end and must not pass for an id."""
    if number != number or number in (float("inf"), float("-inf")):
        return ""
    if abs(number) >= _EXACT_NUMBER:
        return f"{number:.15e}"
    return str(int(number)) if number == int(number) else repr(number)
