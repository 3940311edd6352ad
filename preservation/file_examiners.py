"""What is looked for in the bytes of single files: PDFs that do not open, archive files that are traps.

Both are asked of the limited reader process, so that a file that crashes or hangs a library costs a
sentence about this file and nothing else.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from archive.errors import Unreadable
from metadata_schemas.description import Finding, Where
from preservation import archive_files
from preservation.archive_files import Fault, Limits
from preservation.held_files import HELD_IN_MEMORY, HeldFiles
from preservation.reading import Reader, ReaderDied

PDF = "application/pdf"
PDF_SIGNATURE = b"%PDF-"


def pdf_examiner(reader: Reader) -> HeldFiles:
    """Whether a PDF can be opened.  It only warns; a larger one is judged when its pages are made."""

    def look(path: Path, name: str) -> Iterator[Finding]:
        try:
            reader.page_count(path, PDF)
        except Unreadable as error:
            sentence = f"{error.message} {error.next}".strip()
            yield Finding("file.unreadable", "warning", Where(path=name), None, None, sentence)

    return HeldFiles(_is_pdf, look, lambda _name, _size: ())


def _is_pdf(head: bytes, _name: str) -> bool:
    return PDF_SIGNATURE in head and archive_files.kind_of(head) is None


def archive_examiner(
    reader: Reader, limits: Limits, not_scanned: Callable[[str, str, str], Finding] | None
) -> HeldFiles:
    """Looks through archive files.  One that is too large to hold is looked through when it is stored.

    ``not_scanned`` weighs what the virus scanner did not look through: the name, why, and how many.
    """

    def look(path: Path, name: str) -> Iterator[Finding]:
        for each in faults_of(reader, path, name, limits):
            if each.rule == archive_files.NOT_SCANNED_WHOLE and not_scanned is not None:
                yield not_scanned(name, each.fact, str(each.members))
            else:
                yield finding(each, name)

    return HeldFiles(is_archive, look, _looked_at_later, archive_files.HEAD)


def is_archive(head: bytes, name: str) -> bool:
    return archive_files.kind_of(head) is not None or archive_files.claimed(name) is not None


def faults_of(reader: Reader, path: Path, name: str, limits: Limits) -> list[Fault]:
    """What the reader process says about an archive file; that it could not say is a fault as well."""
    try:
        return reader.look_through(path, name, limits)
    except ReaderDied as died:
        fact = f"the reader {died}"
    except Unreadable as error:
        fact = error.message.rstrip(".")
    return [
        Fault("file.archive_not_looked_at", "error", fact, "Open it by hand in a safe place.", subject="file")
    ]


def finding(fault: Fault, name: str) -> Finding:
    count = str(fault.members) if fault.members else None
    return Finding(fault.rule, fault.severity, Where(path=name), count, None, fault.sentence(name))


def _looked_at_later(name: str, size: int) -> Iterator[Finding]:
    sentence = f"The file {name} has {size:,} bytes; it is looked through when it is stored."
    yield Finding(
        "limit.archive_size", "note", Where(path=name), str(size), f"at most {HELD_IN_MEMORY}", sentence
    )
