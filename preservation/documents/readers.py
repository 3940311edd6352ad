"""Which reader takes the text out of which media type."""

from collections.abc import Callable
from pathlib import Path

from archive import errors
from preservation import media_types
from preservation.contents import DocumentText
from preservation.documents.hwp5 import hwp5_text
from preservation.documents.hwpx import hwpx_text
from preservation.documents.hypertext import html_text
from preservation.documents.mail import mail_text
from preservation.documents.office import docx_text, odt_text, workbook_text
from preservation.documents.packed import gzip_text, tar_text, zip_text
from preservation.documents.plain_text import plain_text
from preservation.documents.text import encrypted


def old_hwp(path: Path) -> DocumentText:
    raise errors.Unreadable(
        "The file is HWP 3 (before 2000), which no reader here understands.",
        code="format.no_reader",
        next="Open it with the vendor's editor and have it saved as PDF/A or HWPX as well.",
    )


def locked_office(path: Path) -> DocumentText:
    raise encrypted("office")


READERS: dict[str, Callable[[Path], DocumentText]] = {
    media_types.HWPX: hwpx_text,
    media_types.HWP5: hwp5_text,
    media_types.HWP3: old_hwp,
    media_types.DOCX: docx_text,
    media_types.ODT: odt_text,
    media_types.XLSX: workbook_text,
    media_types.XLS: workbook_text,
    media_types.ODS: workbook_text,
    media_types.LOCKED_OFFICE: locked_office,
    "text/html": html_text,
    "application/xhtml+xml": html_text,
    "message/rfc822": mail_text,
    media_types.ZIP: zip_text,
    "application/x-tar": tar_text,
    "application/gzip": gzip_text,
}


def can_read(mimetype: str) -> bool:
    return mimetype in READERS or mimetype.startswith("text/")


def text(path: Path, mimetype: str) -> DocumentText:
    """The document's text.  Raises Unreadable with the fact and what can be done about it."""
    if path.stat().st_size == 0:
        raise errors.Unreadable(
            "The file is empty: it holds no bytes.",
            code="file.empty",
            next="Ask the sender for the file again.",
        )
    if mimetype in READERS:
        return READERS[mimetype](path)
    if mimetype.startswith("text/"):
        return plain_text(path)
    raise errors.Unreadable(
        f"There is no text reader for {mimetype}.",
        code="format.no_reader",
        next="Open the file itself with a program for its format.",
    )
