"""Every document of the set of evil XML, and worse ones, through every door that XML comes in by.

Each door gets the same document inside whatever it reads: METS and PREMIS, NEO3, HWPX, DOCX, ODT and lists.
Nothing is expanded, no file beside it is read, and it ends at once.
"""

import io
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from archive.errors import Unreadable
from metadata_schemas import neo3_reading, xml
from metadata_schemas.description import Finding
from metadata_schemas.eark.mets_reading import is_eark
from metadata_schemas.transfer_lists import sheets
from preservation import documents, media_types
from tests.conftest import CORPUS

SET = CORPUS / "evil-xml"
SECRET = "the words of another file"
EXPANDED = "1234567890" * 64
SECONDS = 10

MIMETYPE = {"mimetype": b"application/hwp+zip"}
WORKBOOK = {
    "[Content_Types].xml": b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    b'<Default Extension="xml" ContentType="application/xml"/>'
    b'<Override PartName="/xl/workbook.xml" ContentType='
    b'"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>',
    "_rels/.rels": b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    b'<Relationship Id="r1" Target="xl/workbook.xml" Type='
    b'"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/></Relationships>',
    "xl/workbook.xml": b'<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r='
    b'"http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    b'<sheets><sheet name="s" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": b"<Relationships xmlns="
    b'"http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
    b'Target="worksheets/sheet1.xml" Type='
    b'"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"/></Relationships>',
}
PADDED = {
    "xl/styles.xml": b'<styleSheet><numFmts><numFmt numFmtId="164" formatCode="000"/></numFmts></styleSheet>'
}
ODS = {"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "META-INF/manifest.xml": b"<m/>"}


def packed(parts: Mapping[str, bytes], path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def text_of(kind: str, parts: Mapping[str, bytes], folder: Path) -> str:
    return documents.text(packed(parts, folder / "document"), kind).whole


def rows_of(name: str, parts: Mapping[str, bytes], folder: Path) -> str:
    opened = sheets.open_sheets(packed(parts, folder / name), name)
    if isinstance(opened, Finding):
        return ""
    return "\n".join("\t".join(row) for sheet in opened for row in sheet.rows())


def words(root: xml.Element) -> str:
    return "".join(str(each) for each in root.itertext())


Door = Callable[[bytes, Path], object]
DOORS: dict[str, Door] = {
    "a description": lambda data, _: words(xml.parse(data)),
    "a stream of records": lambda data, _: [words(each) for each in xml.records(io.BytesIO(data))],
    "a METS": lambda data, folder: is_eark(written(data, folder)),
    "the head of a package": lambda data, _: dict(xml.first_element(io.BytesIO(data)).attrib),
    "the manifest of a NEO3 package": lambda data, folder: [
        *neo3_reading.read_manifest(written(data, folder))
    ],
    "the metadata of a NEO3 package": lambda data, folder: neo3_reading.read_metadata(written(data, folder)),
    "a schema check": lambda data, _: xml.validate(data, "premis"),
    "HWPX": lambda data, folder: text_of(
        media_types.HWPX, {**MIMETYPE, "Contents/section0.xml": data}, folder
    ),
    "DOCX": lambda data, folder: text_of(media_types.DOCX, {"word/document.xml": data}, folder),
    "ODT": lambda data, folder: text_of(media_types.ODT, {"content.xml": data}, folder),
    "a workbook's text": lambda data, folder: text_of(
        media_types.XLSX, {**WORKBOOK, "xl/worksheets/sheet1.xml": data}, folder
    ),
    "an XLSX list": lambda data, folder: rows_of(
        "list.xlsx", {**WORKBOOK, "xl/worksheets/sheet1.xml": data}, folder
    ),
    "an XLSX list with padded numbers": lambda data, folder: rows_of(
        "list.xlsx", {**WORKBOOK, **PADDED, "xl/worksheets/sheet1.xml": data}, folder
    ),
    "shared words of a list": lambda data, folder: rows_of(
        "list.xlsx", {**WORKBOOK, "xl/sharedStrings.xml": data, "xl/worksheets/sheet1.xml": b"<s/>"}, folder
    ),
    "an ODS list": lambda data, folder: rows_of("list.ods", {**ODS, "content.xml": data}, folder),
}
REFUSED = (xml.BadXml, Unreadable, sheets.BrokenTable)


def written(data: bytes, folder: Path) -> Path:
    path = folder / "METS.xml"
    path.write_bytes(data)
    return path


def through(door: str, data: bytes, folder: Path) -> str:
    """What comes out of a door; empty when it refuses."""
    before = time.monotonic()
    try:
        told = DOORS[door](data, folder)
    except REFUSED:
        told = ""
    assert time.monotonic() - before < SECONDS
    return str(told)


BOMB = b"<!DOCTYPE b [<!ENTITY a '1234567890'>" + b"".join(
    b"<!ENTITY %c '%s'>" % (name, b"&%c;" % (name - 1) * 10) for name in range(ord("b"), ord("k"))
)


@pytest.mark.parametrize("door", DOORS)
def test_entities_are_expanded_nowhere(door: str, tmp_path: Path) -> None:
    bombs = BOMB + b"]><b>&j;</b>", BOMB + b"]><b a='&j;'/>"
    for bomb in (*bombs, (SET / "xmlbomb.xml").read_bytes() if SET.is_dir() else BOMB):
        assert EXPANDED not in through(door, bomb, tmp_path)


@pytest.mark.parametrize("door", DOORS)
def test_no_file_beside_a_document_is_read(door: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text(SECRET)
    for document in (
        f"<!DOCTYPE b [<!ENTITY e SYSTEM '{secret.as_uri()}'>]><b><p><t>&e;</t></p></b>",
        f"<!DOCTYPE b [<!ENTITY % e SYSTEM '{secret.as_uri()}'> %e;]><b/>",
        f"<!DOCTYPE b SYSTEM '{secret.as_uri()}'><b/>",
        "<b xmlns:xi='http://www.w3.org/2001/XInclude'>"
        f"<xi:include parse='text' href='{secret.as_uri()}'/></b>",
    ):
        assert SECRET not in through(door, document.encode(), tmp_path)


@pytest.mark.parametrize("door", DOORS)
def test_the_whole_set_goes_through_every_door_without_harm(door: str, tmp_path: Path) -> None:
    if not SET.is_dir():
        pytest.skip(f"no corpus at {CORPUS}")
    documents_of_set = sorted(path for path in SET.rglob("*") if path.suffix in (".xml", ".xsd", ".ent"))
    assert len(documents_of_set) == 8
    for path in documents_of_set:
        told = through(door, path.read_bytes(), tmp_path)
        assert EXPANDED not in told


def test_a_harmless_document_comes_out_of_the_same_doors(tmp_path: Path) -> None:
    assert "가나" in through("a description", "<b>가나</b>".encode(), tmp_path)
    assert "가나" in through("the head of a package", "<b a='가나'/>".encode(), tmp_path)
    item = "<P><ManifestItem ManifestItemID='가나'/></P>"
    assert "가나" in through("the manifest of a NEO3 package", item.encode(), tmp_path)
    told = "<N><PreservationDescInfo><Record><Title>가나</Title></Record></PreservationDescInfo></N>"
    assert "가나" in through("the metadata of a NEO3 package", told.encode(), tmp_path)
    assert "가나" in through("HWPX", "<s><p><t>가나</t></p></s>".encode(), tmp_path)
    assert "가나" in through("DOCX", "<d><p><r><t>가나</t></r></p></d>".encode(), tmp_path)
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        '<row r="1"><c r="A1" t="inlineStr"><is><t>가나</t></is></c></row></sheetData></worksheet>'
    )
    for door in ("a workbook's text", "an XLSX list", "an XLSX list with padded numbers"):
        assert "가나" in through(door, sheet.encode(), tmp_path)


def test_a_list_whose_parts_are_not_as_the_format_asks_is_told_and_no_defect(tmp_path: Path) -> None:
    styles = {"xl/styles.xml": b'<styleSheet><numFmts><numFmt formatCode="000"/></numFmts></styleSheet>'}
    path = packed({**WORKBOOK, **styles, "xl/worksheets/sheet1.xml": b"<s/>"}, tmp_path / "list.xlsx")
    found = sheets.open_sheets(path, "list.xlsx")
    assert isinstance(found, Finding)
    assert (found.rule, found.severity) == ("list.unreadable", "error")
