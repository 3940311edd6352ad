"""Makes the files of a signed paper, and one digest of what they say that leaves out when they were made."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from archive import printing
from archive.printing import Document
from ingest.acceptance import handover, report, table
from ingest.acceptance.asked import Asked
from ingest.acceptance.table import Lines
from ingest.transfers import Transfer

INSPECTION, HANDOVER = "inspection_report", "handover_record"


@dataclass(frozen=True)
class Kind:
    """What a paper consists of: a document for people, and tables by the end of their names."""

    document: Callable[[Session, Transfer, Asked], Document]
    tables: Mapping[str, Lines]


KINDS = {
    INSPECTION: Kind(
        report.document,
        {"volumes": table.volumes, "differences": table.differences, "findings": table.findings},
    ),
    HANDOVER: Kind(handover.document, {"volumes": table.in_custody}),
}


@dataclass(frozen=True)
class Sheet:
    """One file of a paper."""

    path: Path
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Made:
    sheets: tuple[Sheet, ...]
    facts_sha256: str


def make(session: Session, transfer: Transfer, asked: Asked, kind: str, stem: Path) -> Made:
    """Write the files of a paper; their paths begin with ``stem``.

    Refused for a handover record as long as nothing is in custody.
    """
    document = KINDS[kind].document(session, transfer, asked)
    said = (document.title, document.under, document.language, document.blocks)
    facts = hashlib.sha256(repr(said).encode())
    document_at, *tables_at = (stem.with_name(name) for name in names(kind, stem.name))
    sheets = [_written(document_at, [printing.pdf(document)])]
    for path, lines in zip(tables_at, KINDS[kind].tables.values(), strict=True):
        sheets.append(_written(path, (line.encode() for line in lines(session, transfer, asked))))
        facts.update(sheets[-1].sha256.encode())
    return Made(tuple(sheets), facts.hexdigest())


def names(kind: str, stem: str) -> list[str]:
    """The names of the files of a paper that is made now, in their order."""
    return [f"{stem}.pdf", *(f"{stem}-{name}.csv" for name in KINDS[kind].tables)]


def _written(path: Path, blocks: Iterable[bytes]) -> Sheet:
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as file:
        for block in blocks:
            digest.update(block)
            size += file.write(block)
    return Sheet(path, size, digest.hexdigest())
