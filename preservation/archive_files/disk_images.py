"""Images of disks: which kind their bytes show.  Only ISO 9660 is looked through; the others are named.

Some kinds are known by their first bytes, some by a file system that begins at a fixed place, and some
only by their end.
"""

import re
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import BinaryIO

SECTOR = 2048
ISO_AT = 16 * SECTOR + 1
UDF_AT = tuple(sector * SECTOR + 1 for sector in range(16, 32))
"""Where the recognition sequence of a disc has its words, one in each sector, ISO 9660 before UDF."""
_UDF = (b"NSR02", b"NSR03")
_TRAILER = 512


@dataclass(frozen=True)
class DiskImage:
    """``name`` completes "it is …"; a locked one asks for a key before anything in it can be seen."""

    name: str
    is_locked: bool = False


def any_of(signatures: Iterable[tuple[int, bytes]]) -> re.Pattern[bytes]:
    """Matches what has one of these at its place.  Nearly every file has none: that takes one question."""
    places = (b".{%d}" % at + re.escape(signature) for at, signature in signatures)
    return re.compile(b"|".join(places), re.DOTALL)


SIGNATURES: tuple[tuple[int, bytes, DiskImage], ...] = (
    (0, b"vhdxfile", DiskImage("a virtual disk (VHDX)")),
    (0, b"conectix", DiskImage("a virtual disk (VHD)")),
    (0, b"KDMV", DiskImage("a virtual disk (VMDK)")),
    (0, b"COWD", DiskImage("a virtual disk (VMDK)")),
    (0, b"# Disk DescriptorFile", DiskImage("a description of a virtual disk (VMDK), without it")),
    (0, b"QFI\xfb", DiskImage("a virtual disk (QCOW)")),
    (64, b"\x7f\x10\xda\xbe", DiskImage("a virtual disk (VDI)")),
    (0, b"EVF\t\r\n\xff\0", DiskImage("a forensic image (EnCase E01)")),
    (0, b"EVF2\r\n\x81\0", DiskImage("a forensic image (EnCase Ex01)")),
    (0, b"LVF\t\r\n\xff\0", DiskImage("a forensic image (EnCase L01)")),
    (0, b"AFF10\r\n\0", DiskImage("a forensic image (AFF)")),
    (0, b"MSWIM\0\0\0", DiskImage("an image of Windows (WIM)")),
    (0, b"LUKS\xba\xbe", DiskImage("an encrypted volume (LUKS)", is_locked=True)),
    (3, b"-FVE-FS-", DiskImage("an encrypted volume (BitLocker)", is_locked=True)),
    (0, b"encrcdsa", DiskImage("an encrypted disk image of Apple", is_locked=True)),
    (3, b"NTFS    ", DiskImage("an image of a disk (NTFS)")),
    (3, b"EXFAT   ", DiskImage("an image of a disk (exFAT)")),
    (54, b"FAT1", DiskImage("an image of a disk (FAT)")),
    (82, b"FAT32   ", DiskImage("an image of a disk (FAT)")),
    (512, b"EFI PART", DiskImage("an image of a disk with partitions (GPT)")),
    (32, b"NXSB", DiskImage("an image of a disk (APFS)")),
    (1024, b"H+\0\x04", DiskImage("an image of a disk (HFS+)")),
    (1024, b"HX\0\x05", DiskImage("an image of a disk (HFS+)")),
)  # fmt: skip
_SIGNED = any_of((at, signature) for at, signature, _ in SIGNATURES)
BY_THEIR_END: tuple[tuple[bytes, DiskImage], ...] = (
    (b"koly", DiskImage("a disk image of Apple (DMG)")),
    (b"conectix", DiskImage("a virtual disk (VHD)")),
)


def is_iso(head: bytes) -> bool:
    return head.startswith(b"CD001", ISO_AT)


def has_udf(stream: BinaryIO) -> bool:
    """Whether a disc has that directory too, which other systems show instead of the one of ISO 9660."""
    stream.seek(0)
    return _has_udf(stream.read(32 * SECTOR))


def _has_udf(head: bytes) -> bool:
    return any(head.startswith(_UDF, at) for at in UDF_AT)


def image_of(head: bytes) -> DiskImage | None:
    """What the first bytes show.  A boot sector is believed where more than its last two bytes fit."""
    for at, signature, image in SIGNATURES if _SIGNED.match(head) else ():
        if head.startswith(signature, at):
            return image
    if len(head) > ISO_AT and _has_udf(head):
        return DiskImage("an image of a disc (UDF)")
    return next((DiskImage(name) for fits, name in FILE_SYSTEMS if fits(head)), None)


def image_by_its_end(stream: BinaryIO) -> DiskImage | None:
    size = stream.seek(0, 2)
    stream.seek(max(0, size - _TRAILER))
    end = stream.read(_TRAILER)
    return next((image for signature, image in BY_THEIR_END if end.startswith(signature)), None)


def _has_partitions(head: bytes) -> bool:
    """Four entries of a partition table, one of them in use and none of them impossible."""
    if head[510:512] != b"\x55\xaa":
        return False
    entries = [struct.unpack_from("<B3xB3xLL", head, 446 + 16 * number) for number in range(4)]
    used = [entry for entry in entries if entry[1]]
    return bool(used) and all(
        status in (0, 0x80) and start > 0 and sectors > 0 for status, _, start, sectors in used
    )


def _is_ext(head: bytes) -> bool:
    if head[1080:1082] != b"\x53\xef":
        return False
    (block_size,) = struct.unpack_from("<L", head, 1048)
    (revision,) = struct.unpack_from("<L", head, 1100)
    return bool(block_size <= 6 and revision <= 1)


def _is_hfs(head: bytes) -> bool:
    """An old Macintosh volume: its bitmap begins in the third sector, its blocks are whole sectors."""
    if head[1024:1026] != b"BD" or len(head) < 1048:
        return False
    (bitmap,), (block_size,) = struct.unpack_from(">H", head, 1038), struct.unpack_from(">L", head, 1044)
    return bool(bitmap == 3 and block_size > 0 and block_size % 512 == 0)


FILE_SYSTEMS: tuple[tuple[Callable[[bytes], bool], str], ...] = (
    (_is_ext, "an image of a disk (ext)"),
    (_is_hfs, "an image of a disk (HFS)"),
    (_has_partitions, "an image of a disk with partitions"),
)
