"""Tries a scanner before it is believed: whether it finds the test file, how far it looks, what it tells.

ClamAV says "OK" of a file over its limits, unless it is set to tell.  So it is not asked how it
is set: it is given files whose right verdict is known, and one that fails is not used.
"""

import io
import os
import time
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from archive.errors import Unavailable
from preservation.scanning.clamd import Clamd, Scanned, Version, clamd_at

MB = 1 << 20
_BLOCK = bytes(256 * 1024)
_TEST_FILE = bytes.fromhex(
    "58354f2150254041505b345c505a58353428505e2937434329377d24"
    "45494341522d5354414e444152442d414e544956495255532d544553542d46494c452124482b482a"
)
"""The harmless file that every scanner finds (eicar.org), in hexadecimal so that none finds it here."""
BELIEVED_SECONDS = 3600
NESTED = 120
"""More zip files in one another than the daemon can be set to open (100)."""
LADDER = tuple(size * MB for size in (4, 24, 99, 399, 999, 1999))
"""Sizes tried for the largest file: just below the usual settings of 5, 25, 100, 400, 1,000 and 2,000 MB."""


@dataclass(frozen=True)
class Scanner:
    """A scanner that was tried and may be believed for streams of up to ``whole`` bytes."""

    clamd: Clamd
    version: Version
    whole: int


def open_scanner(address: str, *, whole: int, kept: Path | None = None) -> Scanner:
    """The scanner at this address.  Unavailable when it is away, or does not do what is relied on.

    It is tried once in each process, and again when its version changes.  The file ``kept`` tells other
    processes for an hour that it passed, because trying a large size takes as long as scanning it.
    """
    version = clamd_at(address).version()
    passed = f"{address}\n{version.told}\n{whole}\n"
    if kept is not None and _is_kept(kept, passed):
        return Scanner(clamd_at(address), version, whole)
    scanner = _tried(address, version, whole)
    if kept is not None:
        _keep(kept, passed)
    return scanner


def _is_kept(kept: Path, passed: str) -> bool:
    try:
        return time.time() - kept.stat().st_mtime < BELIEVED_SECONDS and kept.read_text("utf-8") == passed
    except FileNotFoundError:
        return False


def _keep(kept: Path, passed: str) -> None:
    """Whole or not at all: other processes read it meanwhile."""
    kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside = kept.with_name(f"{kept.name}.{os.getpid()}")
    aside.write_text(passed, "utf-8")
    aside.replace(kept)


@cache
def _tried(address: str, version: Version, whole: int) -> Scanner:
    clamd = clamd_at(address)
    if clamd.scan(_TEST_FILE).kind != "found":
        raise _unfit(clamd, "does not find the EICAR test file, which every database of signatures knows",
                     "Give it its signatures (main, daily), or add that of EICAR to your own.")  # fmt: skip
    if not looks_whole(clamd, whole):
        raise _unfit(clamd, f"does not look through a file of {whole // MB} MB",
                     "Raise StreamMaxLength, MaxFileSize and MaxScanSize in clamd.conf above "
                     "SEOGO_SCANNER_WHOLE, or lower that setting.")  # fmt: skip
    if clamd.scan(nested_zips(NESTED)).kind != "limit":
        raise _unfit(clamd, "does not tell when it stopped looking into an archive",
                     "Set AlertExceedsMax yes in clamd.conf.")  # fmt: skip
    if clamd.scan(encrypted_zip()).kind != "encrypted":
        raise _unfit(clamd, "does not tell that an archive is encrypted",
                     "Set AlertEncrypted yes in clamd.conf.")  # fmt: skip
    return Scanner(clamd, version, whole)


def looks_whole(clamd: Clamd, size: int) -> bool:
    """Whether it finds the test file at the head of this many bytes: over a limit it looks at none."""
    return _padded(clamd, size).kind == "found"


def find_largest(clamd: Clamd) -> int:
    """The largest size of the ladder that it looks through; 0 when it is not even the first."""
    largest = 0
    for size in LADDER:
        if not looks_whole(clamd, size):
            break
        largest = size
    return largest


def _padded(clamd: Clamd, size: int) -> Scanned:
    stream = clamd.begin()
    try:
        stream.send(memoryview(_TEST_FILE))
        left = size - len(_TEST_FILE)
        while left > 0:
            stream.send(memoryview(_BLOCK)[: min(left, len(_BLOCK))])
            left -= len(_BLOCK)
        return stream.finish()
    finally:
        stream.close()


def nested_zips(depth: int) -> bytes:
    data = b"nothing"
    for _ in range(depth):
        data = _zip_of(data)
    return data


def encrypted_zip() -> bytes:
    """A zip whose one member is marked as encrypted, in both of its headers."""
    data = bytearray(_zip_of(b"nothing that anybody could read"))
    data[6] |= 1
    data[data.rindex(b"PK\1\2") + 8] |= 1
    return bytes(data)


def _zip_of(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(zipfile.ZipInfo("a"), data)
    return out.getvalue()


def _unfit(clamd: Clamd, what: str, then: str) -> Unavailable:
    return Unavailable(f"The virus scanner at {clamd.address} {what}.", code="scanner.unfit", next=then)
