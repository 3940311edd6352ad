"""Who looks into the bytes of a transfer's files while they are read: the one list of examiners.

The same examiners look when the files are checked and when they are packed, so that nothing is taken
in that a check would have kept back.  What only warns is looked at when the files are checked, and
again when their pages are made.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache

from archive.site.settings import Settings
from metadata_schemas.description import Finding, Where
from preservation.archive_files import Limits
from preservation.examining import Examiner
from preservation.file_examiners import archive_examiner, pdf_examiner
from preservation.reading import Reader
from preservation.scanning import MalwareExaminer, Scanner, WholeScan, open_scanner

LONGEST_VERSION = 200
NO_SCANNER = "No virus scanner is set, so nothing of this transfer was scanned.  Set SEOGO_SCANNER."


@contextmanager
def opened(settings: Settings, whole_scan: WholeScan | None) -> Iterator[Sequence[Examiner]]:
    """Those that may keep a file back, for one process.  Unavailable when one of them is away.

    ``whole_scan`` is what was agreed of what is not scanned whole.
    """
    scanner, policy = scanner_of(settings), settings.scanner.unscannable
    malware = MalwareExaminer(scanner, policy, whole_scan) if scanner else None
    archives = archive_examiner(
        _own_reader(os.getpid()), limits_of(settings), malware.not_whole if malware else None
    )
    yield (malware, archives) if malware else (archives,)


@contextmanager
def opened_for_checks(settings: Settings, whole_scan: WholeScan | None) -> Iterator[Sequence[Examiner]]:
    """All of them."""
    with Reader() as reader, opened(settings, whole_scan) as examiners:
        yield (*examiners, pdf_examiner(reader))


def limits_of(settings: Settings) -> Limits:
    """How far an archive file is looked through while it is read."""
    told = settings.archive_files
    return Limits(
        bytes=told.bytes, members=told.members, depth=told.depth, seconds=told.seconds,
        scanned=settings.scanner.looks_through,
    )  # fmt: skip


@cache
def _own_reader(_process: int) -> Reader:
    """The reader of a process that packs volume after volume: it starts with the first archive file."""
    return Reader(fresh=True)


def scanner_of(settings: Settings) -> Scanner | None:
    """The scanner, tried; None where none is set.  Unavailable when one is set and cannot be used."""
    if not settings.scanner.is_set:
        return None
    kept = settings.home / "scratch" / "scanner-passed"
    return open_scanner(settings.scanner.address, whole=settings.scanner.whole, kept=kept)


def told_by_scanner(settings: Settings) -> str | None:
    """What the scanner tells of itself and its signatures; None where none is set."""
    scanner = scanner_of(settings)
    return scanner.version.told[:LONGEST_VERSION] if scanner else None


def standing_findings(settings: Settings, now: datetime) -> list[Finding]:
    """What is to be said of a whole transfer before a byte of it is looked at."""
    scanner = scanner_of(settings)
    if scanner is None:
        return [Finding("virus.not_scanned", "warning", Where(), None, None, NO_SCANNER)]
    made, limit = scanner.version.made_at, settings.scanner.signature_days
    if made is not None and now - made <= timedelta(days=limit):
        return []
    age = f"are from {made:%Y-%m-%d}" if made else "tell no day of their own"
    told = (
        f"The scanner's signatures {age}; at most {limit} days old is asked for.  "
        "Bring in newer ones, then check the transfer again."
    )
    held = made is not None and settings.scanner.unscannable == "hold"
    return [Finding("virus.signatures_old", "error" if held else "warning", Where(),
                    made.date().isoformat() if made else None, f"{limit} days", told)]  # fmt: skip
