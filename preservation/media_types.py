"""What the bytes of a file show it to be, for choosing a reader: never its name, never a guess.

Only signatures and the directories of ZIP and OLE files are looked at, in plain Python, so
this is safe in any process.
"""

import zipfile
from pathlib import Path

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

TEXT = "text/plain"

HEAD_BYTES = 4096
# Bytes that no text in a Korean, Latin or Unicode encoding of 8 bits holds.
NOT_IN_TEXT = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1a\x1b"))
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


def media_type(path: Path) -> tuple[str, str | None]:
    """The media type that the bytes show, and a remark where the file bends its standard."""
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    if b"%PDF-" in head[:1024]:
        return "application/pdf", None
    found = next((kind for at, signature, kind in SIGNATURES if head.startswith(signature, at)), UNKNOWN_TYPE)
    if found == UNKNOWN_TYPE and looks_like_text(head):
        return TEXT, None
    if found == OLE:
        return ole_type(path), None
    return zip_type(path) if found == ZIP else (found, None)


def is_signed(head: bytes) -> bool:
    """Whether a file begins with a signature, so that its bytes say what it is."""
    return b"%PDF-" in head[:1024] or any(head.startswith(sign, at) for at, sign, _kind in SIGNATURES)


def looks_like_text(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    return bool(head) and head.translate(None, NOT_IN_TEXT) == head


def ole_type(path: Path) -> str:
    """Read from the directory entries, 128 bytes each, so that a damaged file is still named."""
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
        sector = 1 << int.from_bytes(head[30:32], "little") % 16
        told = (int.from_bytes(head[48:52], "little") + 1) * sector
        # A damaged file may name a place that no file reaches, and a seek there fails like a bad disk.
        stream.seek(min(told, stream.seek(0, 2)))
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
