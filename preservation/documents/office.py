"""Text of DOCX, ODT and spreadsheets (XLSX, XLS, ODS)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import python_calamine

from preservation.contents import DocumentText
from preservation.documents.hwpx import local_name, tree, walk
from preservation.documents.text import damaged, encrypted, in_pages
from preservation.documents.zipped import Members, members

DOCX_PARTS = ("word/document.xml", "word/footnotes.xml", "word/endnotes.xml")
DOCX_SPACES = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
ODT_BLOCKS = frozenset({"p", "h"})
ODT_SPACES = {"tab": "\t", "line-break": "\n", "s": " "}
ODT_SILENT = frozenset({"tracked-changes", "annotation", "styles", "automatic-styles"})
MOST_WORKBOOK_BYTES = 200_000_000  # the spreadsheet reader holds a whole sheet in memory


def docx_text(path: Path) -> DocumentText:
    with members(path, "DOCX") as parts:
        return in_pages([docx_lines(tree(parts, name)) for name in DOCX_PARTS if name in parts.names])


def docx_lines(root: Any) -> Iterator[str]:
    line: list[str] = []
    for when, element in walk(root):
        name = local_name(element)
        if name == "p":
            if line:
                yield from "".join(line).split("\n")
            line = []
        elif when == "start" and name == "t":
            line.append(element.text or "")
        elif when == "start" and name in DOCX_SPACES and local_name(element.getparent()) == "r":
            line.append(DOCX_SPACES[name])


def odt_text(path: Path) -> DocumentText:
    with members(path, "ODT") as parts:
        refuse_encrypted(parts)
        return in_pages([odt_lines(tree(parts, "content.xml"))])


def refuse_encrypted(parts: Members) -> None:
    manifest = "META-INF/manifest.xml"
    if manifest in parts.names and b"encryption-data" in parts.read(manifest):
        raise encrypted(parts.kind)


def odt_lines(root: Any) -> Iterator[str]:
    line: list[str] = []
    silent = depth = 0
    for when, element in walk(root):
        name, step = local_name(element), 1 if when == "start" else -1
        if name in ODT_SILENT:
            silent += step
        if name in ODT_BLOCKS:
            depth += step
            if line:
                yield from "".join(line).split("\n")
            line = []
        elif when == "start" and name in ODT_SPACES and depth and not silent:
            line.append(ODT_SPACES[name])
        if silent or (not depth and when == "start"):
            continue
        if when == "start":
            line.append(element.text or "")
        elif depth and name not in ODT_BLOCKS:
            line.append(element.tail or "")


def workbook_text(path: Path) -> DocumentText:
    """One part a sheet: its name, then each row with its cells between tabs."""
    if path.stat().st_size > MOST_WORKBOOK_BYTES:
        raise damaged(
            "spreadsheet", f"it is larger than {MOST_WORKBOOK_BYTES:,} bytes, which no reader here takes"
        )
    if path.open("rb").read(2) == b"PK":
        with members(path, "spreadsheet") as parts:
            refuse_encrypted(parts)
    try:
        book = python_calamine.load_workbook(path)
        return in_pages(sheet_lines(book, name) for name in book.sheet_names)
    except python_calamine.PasswordError as cause:
        raise encrypted("spreadsheet") from cause
    except (python_calamine.CalamineError, OSError, ValueError) as cause:
        raise damaged("spreadsheet", f"it cannot be read ({str(cause)[:120]})") from cause


def sheet_lines(book: Any, name: str) -> Iterator[str]:
    yield name
    for row in book.get_sheet_by_name(name).iter_rows():
        line = "\t".join(cell_text(cell) for cell in row).rstrip()
        if line:
            yield line


def cell_text(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return " ".join(str(cell).split())
