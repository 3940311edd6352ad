"""What format a file is in, told by its bytes.

Siegfried (pygfried) with the PRONOM signatures gives the PUID.  It is C code behind one
lock, so it runs in child processes only.  What PRONOM does not tell (HWPX), and what a
reader of ours must know to choose itself (the media type), is looked up in the bytes here.
A name never decides how a file is read; it only helps PRONOM to choose between versions.
"""

import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pygfried

from archive import errors

UNKNOWN_TYPE = "application/octet-stream"
HWP5 = "application/x-hwp"
HWP3 = "application/x-hwp-v3"
HWPX = "application/hwp+zip"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
XLS = "application/vnd.ms-excel"
ODT = "application/vnd.oasis.opendocument.text"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
LOCKED_OFFICE = "application/x-office-encrypted"
OLE = "application/x-ole-storage"
ZIP = "application/zip"

HEAD_BYTES = 4096
# Signatures at a fixed place: (offset, bytes, media type).
SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (0, b"II+\x00", "image/tiff"),
    (0, b"MM\x00+", "image/tiff"),
    (4, b"jP  \r\n\x87\n", "image/jp2"),
    (0, b"\xff\x4f\xff\x51", "image/x-jp2-codestream"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"BM", "image/bmp"),
    (8, b"WEBP", "image/webp"),
    (0, b"HWP Document File V3", HWP3),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLE),
    (0, b"PK\x03\x04", ZIP),
    (0, b"PK\x05\x06", ZIP),
)
# Stream names of OLE files, as their directory spells them, tell what they hold.
OLE_STREAMS: tuple[tuple[str, str], ...] = (
    ("FileHeader", HWP5),
    ("EncryptedPackage", LOCKED_OFFICE),
    ("Workbook", XLS),
)
ZIP_MEMBERS: tuple[tuple[str, str], ...] = (
    ("word/document.xml", DOCX),
    ("xl/workbook.xml", XLSX),
    ("xl/workbook.bin", "application/vnd.ms-excel.sheet.binary.macroenabled.12"),
    ("Contents/section0.xml", HWPX),
)
HWPX_LATE = "This is HWPX, but its first entry is not 'mimetype'; the standard asks for that."
HWPX_BARE = "This is HWPX by its contents, but its 'mimetype' entry is missing or says something else."


@dataclass(frozen=True)
class Identified:
    """``puid`` is None when PRONOM knows no such format; then ``warning`` says so."""

    puid: str | None
    name: str | None
    version: str | None
    mimetype: str
    basis: str
    warning: str | None


class Identifier:
    """One scanner for the life of a child process: making it costs 60 ms, a file about 1 ms."""

    def __init__(self) -> None:
        self._scanner = pygfried.Scanner()

    def identify(self, path: Path, name: str) -> Identified:
        """Name the format of ``path``, which its sender called ``name``.

        Raises Unavailable when the tool could not look: that is never "unknown".
        """
        content_type, remark = media_type(path)
        if path.stat().st_size == 0:
            return Identified(None, None, None, UNKNOWN_TYPE, "the file holds no bytes", "The file is empty.")
        found = told_by_pronom(self._looked_at(path, name))
        if content_type == HWPX:
            return Identified(None, "HWPX", None, HWPX, "ZIP contents", remark)
        if content_type == UNKNOWN_TYPE and rests_on_bytes(found.basis):
            return found
        return replace(found, mimetype=content_type)

    def _looked_at(self, path: Path, name: str) -> Mapping[str, Any]:
        if path.suffix.lower() == Path(name).suffix.lower():
            return self._scanned(path)
        with tempfile.TemporaryDirectory(prefix="format-") as folder:
            link = Path(folder) / ("file" + safe_suffix(name))
            link.symlink_to(path.resolve())
            return self._scanned(link)

    def _scanned(self, path: Path) -> Mapping[str, Any]:
        try:
            answer: Mapping[str, Any] = self._scanner.identify(str(path), detailed=True)["files"][0]
        except (pygfried.GoError, KeyError, IndexError) as gone_wrong:
            raise not_looked_at(str(gone_wrong)) from gone_wrong
        if answer["errors"]:
            raise not_looked_at(answer["errors"])
        return answer


def not_looked_at(why: str) -> errors.Unavailable:
    return errors.Unavailable(
        f"The format could not be looked at: {why}.",
        code="format.not_looked_at",
        next="Run the job again; if it keeps failing, test the file with Siegfried by hand.",
    )


def safe_suffix(name: str) -> str:
    suffix = Path(name).suffix.lower()
    return suffix if suffix.isascii() and suffix[1:].isalnum() and len(suffix) <= 16 else ""


def told_by_pronom(answer: Mapping[str, Any]) -> Identified:
    matches = [match for match in answer["matches"] if match["id"] != "UNKNOWN"]
    if not matches:
        basis = "no PRONOM signature matches"
        return Identified(None, None, None, UNKNOWN_TYPE, basis, "The format is not known to PRONOM.")
    first = matches[0]
    return Identified(
        puid=first["id"],
        name=first["format"] or None,
        version=first["version"] or None,
        mimetype=first["mime"].split(",")[0].strip() or UNKNOWN_TYPE,
        basis=first["basis"],
        warning=warning_of(matches),
    )


def warning_of(matches: list[Mapping[str, Any]]) -> str | None:
    if len(matches) > 1:
        return "Several formats match: " + ", ".join(match["id"] for match in matches) + "."
    said = matches[0]["warning"]
    return f"PRONOM match with a remark: {said}." if said else None


def rests_on_bytes(basis: str) -> bool:
    return any(word in basis for word in ("byte match", "container", "text match", "xml match", "riff match"))


def media_type(path: Path) -> tuple[str, str | None]:
    """The media type that the bytes show, and a remark where the file bends its standard."""
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    if b"%PDF-" in head[:1024]:
        return "application/pdf", None
    for offset, signature, found in SIGNATURES:
        if head.startswith(signature, offset):
            break
    else:
        return UNKNOWN_TYPE, None
    if found == OLE:
        return ole_type(path), None
    return zip_type(path) if found == ZIP else (found, None)


def ole_type(path: Path) -> str:
    """Read from the directory entries, 128 bytes each, so that a damaged file is still named."""
    with path.open("rb") as stream:
        sector = 1 << int.from_bytes(stream.read(HEAD_BYTES)[30:32], "little") % 16
        head = stream.seek(0) or stream.read(HEAD_BYTES)
        stream.seek((int.from_bytes(head[48:52], "little") + 1) * sector)
        directory = stream.read(max(sector, HEAD_BYTES))
    names = {
        directory[at : at + 64].decode("utf-16-le", "replace").split("\0")[0]
        for at in range(0, len(directory), 128)
    }
    return next((found for name, found in OLE_STREAMS if name in names), OLE)


def zip_type(path: Path) -> tuple[str, str | None]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            declared = declared_type(archive)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError):
        return ZIP, None
    if declared == HWPX:
        return HWPX, None if names[0] == "mimetype" else HWPX_LATE
    if declared in (ODT, ODS):
        return declared, None
    for member, found in ZIP_MEMBERS:
        if member in names:
            return found, HWPX_BARE if found == HWPX else None
    return ZIP, None


def declared_type(archive: zipfile.ZipFile) -> str | None:
    if "mimetype" not in archive.namelist():
        return None
    with archive.open("mimetype") as stream:
        return stream.read(200).decode("ascii", "replace").strip()
