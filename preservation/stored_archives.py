"""Archive files that were too large to be looked through while they were taken in: their stored copy is.

They are in custody already, so whatever is found is a warning for whoever opens them.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from archive.holdings import ContentFile
from metadata_schemas.description import Finding
from preservation.archive_files import HEAD, Limits
from preservation.file_examiners import faults_of, finding, is_archive
from preservation.held_files import HELD_IN_MEMORY
from preservation.reading import Reader

LIMITS = Limits(bytes=256 << 30, members=1_000_000, depth=4, seconds=3_600)
"""Nobody waits for it, so it may take longer and unpack more than what is looked at while it is read."""


def look_through(reader: Reader, path: Path, file: ContentFile, scanned: int | None) -> Iterator[Finding]:
    """Nothing for a file that was looked through before it was taken.

    ``scanned``: bytes of one file that the virus scanner looks through; None where there is none.
    """
    if file.bytes <= HELD_IN_MEMORY:
        return
    with path.open("rb") as stream:
        head = stream.read(HEAD)
    if is_archive(head, file.original_name):
        limits = replace(LIMITS, scanned=scanned)
        for fault in faults_of(reader, path, file.original_name, limits):
            found = finding(fault, file.original_name)
            yield replace(found, severity="warning") if found.severity == "error" else found
