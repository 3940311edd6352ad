"""Who looks into the bytes of a transfer's files while they are read: the one list of examiners.

The same examiners look when the files are checked and when they are packed, so that nothing is taken
in that a check would have kept back.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from archive.site.settings import Settings
from metadata_schemas.description import Finding, Where
from preservation.examining import Examiner
from preservation.scanning import MalwareExaminer, Released, Scanner, open_scanner

NOT_SCANNED = "No virus scanner is set, so nothing of this transfer was scanned.  Set SEOGO_SCANNER."


@contextmanager
def opened(settings: Settings, released: Released = frozenset()) -> Iterator[Sequence[Examiner]]:
    """The examiners of this installation, for one process.  Unavailable when one of them is away.

    ``released`` are files that two steps let pass although the scanner names them.
    """
    scanner = scanner_of(settings)
    yield (MalwareExaminer(scanner, settings.scanner.unscannable, released),) if scanner else ()


def scanner_of(settings: Settings) -> Scanner | None:
    """The scanner, tried; None where none is set.  Unavailable when one is set and cannot be used."""
    if not settings.scanner.is_set:
        return None
    return open_scanner(settings.scanner.address, whole=settings.scanner.whole)


def standing_findings(settings: Settings, now: datetime) -> list[Finding]:
    """What is to be said of a whole transfer before a byte of it is looked at."""
    scanner = scanner_of(settings)
    if scanner is None:
        return [Finding("virus.not_scanned", "warning", Where(), None, None, NOT_SCANNED)]
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
