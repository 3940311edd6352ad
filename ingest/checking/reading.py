"""Reads the files of a transfer once: what they hash to, and what the examiners find in their bytes."""

import hashlib
import os
from collections.abc import Callable, Collection, Generator, Sequence

from archive.errors import Unavailable
from archive.site.settings import Settings
from ingest.checking import examiners
from ingest.looking.inspection import Inspection
from ingest.looking.inventory import READ
from ingest.looking.landing import Found, shown
from metadata_schemas.description import Finding, Where
from preservation.examining import Examinations, Examiner
from preservation.scanning import WholeScan
from preservation.sources import unreadable

BLOCK = 256 * 1024
NOT_READ = "transfer.file"


def read_files(
    settings: Settings,
    inspection: Inspection,
    *,
    whole_scan: WholeScan | None,
    places: Sequence[int] | None = None,
) -> Generator[tuple[int, int], None, int]:
    """Read every record once, or those of some volumes; keep the digests and what is wrong with bytes.

    Yields (done, total); the answer is how many were read to their end.  A file that cannot be read
    keeps its volume back and no other; Unavailable when all of the folder is away.
    """
    whole = 0
    total = inspection.count("files") if places is None else sum(map(inspection.count_files, places))
    with examiners.opened_for_checks(settings, whole_scan) as opened:
        for count, (place, file) in enumerate(inspection.records(places), start=1):
            sha256, wrong = _read(inspection, file, opened)
            if sha256 is not None:
                inspection.keep_digest(file, sha256)
                whole += 1
            inspection.inventory.note(READ, ((place, each) for each in wrong))
            yield count, total
    return whole


def sha256_of(path: str) -> str:
    return digests_of(path, {"sha256"})["sha256"]


def digests_of(
    path: str, kinds: Collection[str], *, also: Sequence[Callable[[memoryview], object]] = ()
) -> dict[str, str]:
    """Hex digests of a file, read once, by the names that hashlib has for the algorithms."""
    hashes = {kind: hashlib.new(kind) for kind in kinds}
    buffer = memoryview(bytearray(BLOCK))
    try:
        with open(path, "rb", buffering=0) as source:
            while count := source.readinto(buffer):
                for each in hashes.values():
                    each.update(buffer[:count])
                for take in also:
                    take(buffer[:count])
    except OSError as error:
        raise _not_read(path, error) from error
    return {kind: each.hexdigest() for kind, each in hashes.items()}


def _not_read(path: str, error: OSError) -> Unavailable:
    return Unavailable(
        f"{shown(path)} could not be read to the end: {error.strerror}.", code=NOT_READ,
        next="Mend its rights or its medium, then run the same command again.",
    )  # fmt: skip


def _read(
    inspection: Inspection, file: Found, opened: Sequence[Examiner]
) -> tuple[str | None, list[Finding]]:
    """Its digest, and what is wrong with it; no digest of one that could not be read to its end."""
    try:
        return _read_whole(inspection, file, opened)
    except Unavailable as error:
        why = error.__cause__
        if error.code != NOT_READ or not isinstance(why, OSError) or not inspection.arrival.folder.is_dir():
            raise
        return None, [unreadable(shown(file.path), why)]


def _read_whole(inspection: Inspection, file: Found, opened: Sequence[Examiner]) -> tuple[str, list[Finding]]:
    promised = inspection.promised(file)
    path, full = file.path, inspection.arrival.full_path(file.path)
    try:
        size = os.stat(full).st_size
    except OSError as error:
        raise _not_read(full, error) from error
    with Examinations(opened, shown(path), size) as examinations:
        found = digests_of(full, {"sha256", *promised}, also=(examinations.take,))
        wrong = [
            _digest(path, kind, value, found[kind])
            for kind, value in promised.items()
            if found[kind] != value
        ]
        return found["sha256"], [*wrong, *examinations.findings()]


def _digest(path: str, kind: str, promised: str, found: str) -> Finding:
    return Finding(
        "file.digest", "error", Where(path=shown(path)), found, promised,
        f"The {kind} of {shown(path)} is not the one that was promised; send the file again.",
    )  # fmt: skip
