"""Which archive format a file is in, told by its bytes; a name only says what it claims to be."""

import re
from collections.abc import Callable
from posixpath import splitext
from typing import Literal

from preservation.archive_files.disk_images import any_of, image_of, is_iso
from preservation.archive_files.hwpml_members import is_hwpml
from preservation.archive_files.mail import is_mailbox, is_message

HEAD = 19 * 2048
"""How many bytes from the front tell the kind: a disc says what it is in its sectors 16 to 18."""

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"PK\x03\x04", "zip"),
    (0, b"PK\x05\x06", "zip"),
    (0, b"PK\x06\x06", "zip"),
    (0, b"PK\x01\x02", "zip"),
    (0, b"PK\x07\x08PK\x03\x04", "zip"),
    (0, b"PK00PK\x03\x04", "zip"),
    (0, b"!BDN", "pst"),
    (0, OLE, "ole"),
    (4, OLE, "ole"),
    (0, b"7z\xbc\xaf\x27\x1c", "7z"),
    (0, b"Rar!\x1a\x07", "rar"),
    (0, b"!<arch>\n", "ar"),
    (0, b"070701", "cpio"),
    (0, b"070702", "cpio"),
    (0, b"070707", "cpio"),
    (0, b"\xc7\x71", "cpio"),
    (0, b"\x71\xc7", "cpio"),
    (0, b"\x60\xea", "arj"),
    (0, b"MSCF\0\0\0\0", "cab"),
    (0, b"\x1f\x8b\x08", "gzip"),
    (0, b"BZh", "bzip2"),
    (0, b"\xfd7zXZ\0", "xz"),
    (0, b"\x28\xb5\x2f\xfd", "zstd"),
    (0, b"\x1f\x9d", "compress"),
    (2, b"-lh", "lha"),
    (2, b"-lz", "lha"),
    (24, b"\x6c\xea\0\0", "dump"),
    (24, b"\0\0\xea\x6c", "dump"),
    (257, b"ustar", "tar"),
)
_SIGNED = any_of((at, signature) for at, signature, _ in SIGNATURES)
_OCTAL = re.compile(rb" *([0-7]+) *(?:\0|\Z)")
COMPRESSED = frozenset({"gzip", "bzip2", "xz", "zstd"})
CLAIMS = {
    ".zip": "zip",
    ".tar": "tar",
    ".tgz": "gzip",
    ".gz": "gzip",
    ".bz2": "bzip2",
    ".tbz2": "bzip2",
    ".xz": "xz",
    ".txz": "xz",
    ".zst": "zstd",
    ".7z": "7z",
    ".rar": "rar",
    ".arj": "arj",
    ".cpio": "cpio",
    ".lha": "lha",
    ".lzh": "lha",
    ".cab": "cab",
    ".eml": "eml",
    ".mbox": "mbox",
    ".mbx": "mbox",
    ".pst": "pst",
    ".ost": "pst",
    ".iso": "iso",
    **dict.fromkeys(
        ".img .ima .dd .dmg .vhd .vhdx .vmdk .e01 .ex01 .l01 .aff .nrg .cdi .toast .wim".split(), "image"
    ),
}
"""Endings by which a person expects an archive file."""
SUBJECTS = {
    "eml": "mail message",
    "mbox": "mailbox",
    "pst": "Outlook data file",
    "iso": "disk image",
    "image": "disk image",
    "ole": "document",
    "hwpml": "document",
    "msg": "mail message",
}
"""What a file of a kind is called where it is no archive file."""


def kind_of(head: bytes) -> str | None:
    """The kind of archive whose first bytes these are; None when they are of no archive."""
    for at, signature, kind in SIGNATURES if _SIGNED.match(head) else ():
        if head.startswith(signature, at):
            # Two bytes are there by chance in one file of 65,536, so more has to fit.
            return kind if (fits := FITS.get(kind)) is None or fits(head) else None
    if _is_old_tar(head):
        return "tar"
    if head.startswith(b"From "):
        return "mbox" if is_mailbox(head) else None
    if is_iso(head):
        return "iso"
    if image_of(head) is not None:
        return "image"
    if is_hwpml(head):
        return "hwpml"
    return "eml" if is_message(head) else None


def _is_lha(head: bytes) -> bool:
    return head[6:7] == b"-"


def _is_bzip2(head: bytes) -> bool:
    return head[3:4] in b"123456789" and head[4:10] in (b"1AY&SY", b"\x17\x72\x45\x38\x50\x90")


def _is_compress(head: bytes) -> bool:
    """Widths of 9 to 16 bits, and a first code of nine bits that is a plain sign."""
    return len(head) > 4 and 9 <= head[2] & 0x7F <= 16 and not head[4] & 1


def _is_arj(head: bytes) -> bool:
    """The sizes of a main header, and its type."""
    size = int.from_bytes(head[2:4], "little")
    return len(head) > 10 and 30 <= head[4] <= size <= 2600 and head[10] == 2


def _is_cpio(head: bytes) -> bool:
    """A binary header says what kind of file follows, how many links it has and how long its name is."""
    if head.startswith(b"0707"):
        return True
    order: Literal["little", "big"] = "little" if head[0] == 0xC7 else "big"
    words = [int.from_bytes(head[at : at + 2], order) for at in range(0, 26, 2)]
    is_kind = words[3] >> 12 in (1, 2, 4, 6, 8, 10, 12)
    return len(head) > 26 and is_kind and 1 <= words[6] <= 1000 and 1 <= words[10] <= 0x8000


def _is_outlook(head: bytes) -> bool:
    """The second signature: of a PST, of an OST."""
    return head[8:10] in (b"SM", b"SO")


FITS: dict[str, Callable[[bytes], bool]] = {
    "lha": _is_lha, "bzip2": _is_bzip2, "compress": _is_compress, "arj": _is_arj, "cpio": _is_cpio,
    "pst": _is_outlook,
}  # fmt: skip


def claimed(name: str) -> str | None:
    """The kind that a file's name promises."""
    return CLAIMS.get(splitext(name)[1].lower())


def _is_old_tar(head: bytes) -> bool:
    """A tar header without signature, as before 1988: only its checksum shows what it is."""
    if len(head) < 512 or not head[0] or (told := _OCTAL.match(head, 148, 156)) is None:
        return False
    return int(told[1], 8) == sum(head[:148]) + 8 * 32 + sum(head[156:512])
