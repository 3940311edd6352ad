"""Which archive format a file is in, told by its bytes; a name only says what it claims to be."""

from pathlib import PurePosixPath

HEAD = 1024
"""How many bytes from the front tell the kind."""

SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"PK\x03\x04", "zip"),
    (0, b"PK\x05\x06", "zip"),
    (0, b"PK\x06\x06", "zip"),
    (0, b"PK\x01\x02", "zip"),
    (0, b"PK\x07\x08PK\x03\x04", "zip"),
    (0, b"PK00PK\x03\x04", "zip"),
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
}
"""Endings by which a person expects an archive file."""


def kind_of(head: bytes) -> str | None:
    """The kind of archive whose first bytes these are; None when they are of no archive."""
    for at, signature, kind in SIGNATURES:
        if head.startswith(signature, at):
            if kind == "lha" and head[6:7] != b"-":
                continue
            return kind
    return "tar" if _is_old_tar(head[:512]) else None


def claimed(name: str) -> str | None:
    """The kind that a file's name promises."""
    return CLAIMS.get(PurePosixPath(name).suffix.lower())


def _is_old_tar(header: bytes) -> bool:
    """A tar header without signature, as before 1988: only its checksum shows what it is."""
    if len(header) < 512 or not header[0]:
        return False
    told = header[148:156].partition(b"\0")[0].strip(b" ")
    if not told or not set(told) <= set(b"01234567"):
        return False
    return int(told, 8) == sum(header[:148]) + 8 * 32 + sum(header[156:])
