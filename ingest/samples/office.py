"""Word processor files and sound of the samples: HWPX, DOCX, ODT, WAV, and zip files without a clock."""

import re
import wave
from array import array
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from io import BytesIO
from math import sin
from random import Random
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from docx import Document
from hwpx import HwpxDocument

from ingest.samples.papers import Sheet

MADE_ON = datetime(2024, 3, 4, 9, 0, 0)
RATE = 8000
HWPX_PARAGRAPH = (
    '<hp:p id="{id}" paraPrIDRef="0" styleIDRef="0" pageBreak="{broken}" columnBreak="0" merged="0">'
    '<hp:run charPrIDRef="0"><hp:t>{text}</hp:t></hp:run></hp:p>'
)
ODT_NAMES = "urn:oasis:names:tc:opendocument:xmlns"
ODT_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<office:document-content office:version="1.3" '
    f'xmlns:office="{ODT_NAMES}:office:1.0" xmlns:style="{ODT_NAMES}:style:1.0" '
    f'xmlns:fo="{ODT_NAMES}:xsl-fo-compatible:1.0" xmlns:text="{ODT_NAMES}:text:1.0">'
    '<office:automatic-styles><style:style style:name="P1" style:family="paragraph">'
    '<style:paragraph-properties fo:break-before="page"/></style:style></office:automatic-styles>'
    "<office:body><office:text>"
)
ODT_MANIFEST = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    f'<manifest:manifest manifest:version="1.3" xmlns:manifest="{ODT_NAMES}:manifest:1.0">'
    '<manifest:file-entry manifest:full-path="/" '
    'manifest:media-type="application/vnd.oasis.opendocument.text"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
    "</manifest:manifest>"
)


def hwpx(sheets: Iterable[Sheet], *, title: str) -> bytes:
    """A Hangul document: the blank one of python-hwpx with our paragraphs, its author and dates replaced."""
    members = dict(_blank_hwpx())
    lines = list(_lines(sheets))
    told = "".join(
        HWPX_PARAGRAPH.format(id=at, broken=int(broken), text=escape(text))
        for at, (broken, text) in enumerate(lines, start=1)
    )
    section = members["Contents/section0.xml"].decode()
    members["Contents/section0.xml"] = section.replace("</hs:sec>", f"{told}</hs:sec>").encode()
    head = (
        members["Contents/content.hpf"]
        .decode()
        .replace("<opf:title/>", f"<opf:title>{escape(title)}</opf:title>")
    )
    head = re.sub(r'(name="(?:creator|lastsaveby)" content="text">)[^<]*', r"\1서울특별시", head)
    members["Contents/content.hpf"] = re.sub(
        r'(name="\w*[dD]ate" content="text">)[^<]*', r"\g<1>2024-03-04T09:00:00Z", head
    ).encode()
    members["Preview/PrvText.txt"] = "\r\n".join(text for _, text in lines[:12]).encode()
    return packed(members)


def docx(sheets: Iterable[Sheet], *, title: str) -> bytes:
    document = Document()
    about = document.core_properties
    about.title, about.author, about.created, about.modified = title, "서울특별시", MADE_ON, MADE_ON
    for broken, text in _lines(sheets):
        paragraph = document.add_paragraph(text)
        paragraph.paragraph_format.page_break_before = broken
    out = BytesIO()
    document.save(out)
    return packed(_members(out.getvalue()))


def odt(sheets: Iterable[Sheet]) -> bytes:
    opening = {False: "<text:p>", True: '<text:p text:style-name="P1">'}
    told = "".join(f"{opening[broken]}{escape(text)}</text:p>" for broken, text in _lines(sheets))
    return packed(
        {
            "mimetype": b"application/vnd.oasis.opendocument.text",
            "content.xml": f"{ODT_HEAD}{told}</office:text></office:body></office:document-content>".encode(),
            "META-INF/manifest.xml": ODT_MANIFEST.encode(),
        }
    )


def packed(members: Mapping[str, bytes]) -> bytes:
    """A zip whose bytes depend on its members alone; `mimetype` is stored, as the formats demand."""
    out = BytesIO()
    with ZipFile(out, "w") as made:
        for name, data in members.items():
            entry = ZipInfo(name, MADE_ON.timetuple()[:6])
            entry.compress_type = ZIP_STORED if name == "mimetype" else ZIP_DEFLATED
            made.writestr(entry, data)
    return out.getvalue()


def without_clock(workbook: bytes) -> bytes:
    """A workbook with the time of saving in its properties replaced by a fixed one."""
    members = _members(workbook)
    core = members["docProps/core.xml"].decode()
    members["docProps/core.xml"] = re.sub(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", f"{MADE_ON.isoformat()}Z", core
    ).encode()
    return packed(members)


def recording(rng: Random, seconds: float = 3.0) -> bytes:
    """A meeting as a worn tape gives it: hum, hiss, and a voice that rises and falls."""
    samples = array("h")
    pitch, pace = rng.uniform(105, 190), rng.uniform(2.2, 3.6)
    hiss = rng.randbytes(int(RATE * seconds))
    for at, noise in enumerate(hiss):
        now = at / RATE
        speaking = max(0.0, sin(pace * now * 6.2832) + 0.5 * sin(pace * 2.7 * now))
        voice = sin(pitch * 6.2832 * now) + 0.5 * sin(pitch * 12.566 * now) + 0.25 * sin(pitch * 31.4 * now)
        samples.append(int(3000 * speaking * voice + 500 * sin(377.0 * now) + (noise - 128) * 6))
    out = BytesIO()
    with wave.open(out, "wb") as tape:
        tape.setnchannels(1)
        tape.setsampwidth(2)
        tape.setframerate(RATE)
        tape.writeframes(samples.tobytes())
    return out.getvalue()


def _lines(sheets: Iterable[Sheet]) -> Iterable[tuple[bool, str]]:
    """The text of the sheets in order; the first line of each later sheet starts a page."""
    for sheet in sheets:
        fields = [f"{label}  {value}".strip() for label, value in sheet.fields]
        rows = ["\t".join(row) for row in (sheet.columns, *sheet.rows) if row]
        heading = [] if sheet.kind == "letter" and sheet.era != "a" else [sheet.heading]
        told = [sheet.letterhead, *fields, *heading, *rows, *sheet.paragraphs, sheet.signed]
        broken = sheet.number > 1
        for text in filter(None, told):
            yield broken, text
            broken = False


def _members(archive: bytes) -> dict[str, bytes]:
    with ZipFile(BytesIO(archive)) as opened:
        return {entry.filename: opened.read(entry) for entry in opened.infolist()}


@cache
def _blank_hwpx() -> tuple[tuple[str, bytes], ...]:
    return tuple(_members(HwpxDocument.new().to_bytes()).items())
