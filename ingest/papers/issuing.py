"""Issues a signed paper: its files and the line of each go into every store, and their digest into the log.

The steps are those of a receipt, and so is what is handed out: the lines, then the proofs.  While
what the files say is the same, asking again gives the same paper.
"""

import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from archive.errors import Missing
from archive.ledger import JournalRecord, LedgerEntry
from archive.site.evidence import seal_now
from archive.site.language import Language
from archive.site.site import Site
from archive.site.words import spoken
from archive.work import jobs
from ingest import receipts, transfer_jobs, transfers
from ingest.acceptance.asked import Asked
from ingest.papers import making
from ingest.papers.making import Made
from ingest.receipts import contents, issuing, writing
from ingest.receipts.contents import Issue
from ingest.receipts.issuing import Receipt, Written
from ingest.transfers import Transfer
from ingest.transfers.turns import alone

NAME = "issue-paper"


@dataclass(frozen=True)
class Wanted:
    """A paper of a transfer, and who asks for it."""

    number: str
    kind: str
    tongue: Language
    by: str


@jobs.job(NAME, lane="staff", timeout=timedelta(hours=2), attempts=3)
def issue_paper(site: Site, number: str, kind: str, tongue: str, by: str) -> Iterator[jobs.Progress]:
    """What the desk's button asks for."""
    issue(site, Wanted(number, kind, "en" if tongue == "en" else "ko", by))
    yield 1, 1


def asked(site: Site, tongue: Language) -> Asked:
    name = site.settings.name_en if tongue == "en" else site.settings.name
    return Asked(spoken(tongue), tongue, name, site.now())


def issue(site: Site, wanted: Wanted) -> int:
    """Issue a paper of a transfer; its number.  Conflict while the transfer is being worked on."""
    with site.reading_session() as session:
        transfer = transfers.get(session, wanted.number)
    with alone(site, transfer.agency_code, transfer.shape):
        seal_now(site)
        with tempfile.TemporaryDirectory(dir=site.settings.home) as folder:
            which = _issue(site, wanted, Path(folder))
        with site.open_session.begin() as session:
            transfer_jobs.done_without(session, wanted.number, NAME, wanted.kind)
        return which


def _issue(site: Site, wanted: Wanted, folder: Path) -> int:
    number, kind = wanted.number, wanted.kind
    with site.reading_session() as session:
        transfer = transfers.get(session, number)
        last = next(iter(issuing.of_transfer(session, transfer, kind)), None)
        turn = issuing.next_issue(site, last, wanted.by, kind)
        stem = _stem(number, kind, turn.number)
        made = making.make(session, transfer, asked(site, wanted.tongue), kind, folder / stem)
        lines = list(_lines(session, transfer, turn, wanted.tongue, made))
    if last is not None and last.facts_sha256 == made.facts_sha256:
        return last.number
    keys = {_key(number, each.path.name, each.sha256): each for each in made.sheets}
    for key, sheet in keys.items():
        for store in site.stores:
            with sheet.path.open("rb") as file:
                store.put(key, file, expect=sheet.sha256)
    with tempfile.TemporaryFile(dir=folder) as body:
        sha256, size = issuing.write_lines(map(contents.as_line, lines), body)
        more = {"files": {key: sheet.sha256 for key, sheet in keys.items()}}
        issuing.enter(site, number, turn, Written(sha256, made.facts_sha256, size, more), body)
    return turn.number


def _stem(number: str, kind: str, which: int) -> str:
    """How the names of a paper's files begin: what and which it is."""
    return f"seogo-{number}-{kind.replace('_', '-')}-{which}"


def _key(number: str, name: str, sha256: str) -> str:
    return f"papers/{number}/{sha256[:16]}-{name}"


def _lines(
    session: Session, transfer: Transfer, turn: Issue, tongue: Language, made: Made
) -> Iterator[dict[str, Any]]:
    about = contents.about(session, transfer, turn)
    yield {"kind": "paper", "paper": turn.kind, "language": tongue, **about}
    for sheet in made.sheets:
        yield {"kind": "file", "path": sheet.path.name, "path_hex": None, "bytes": sheet.bytes,
               "sha256": sheet.sha256}  # fmt: skip
    total = sum(sheet.bytes for sheet in made.sheets)
    yield {"kind": "totals", "volumes": 0, "files": len(made.sheets), "bytes": total}


def names(session: Session, number: str, paper: Receipt) -> list[str]:
    """The names of a paper's files; the last one is its signature, which has its lines and proofs.

    A paper keeps the files that it was issued with, whatever one that is made now would have.
    """
    stem, told = _stem(number, paper.kind, paper.number), _files(session, paper)
    return [*(name for name in making.names(paper.kind, stem) if name in told), f"{stem}.jsonl"]


def blocks(site: Site, number: str, paper: Receipt, name: str) -> Iterator[bytes]:
    """One file of a paper as a stream, as it was issued."""
    if name == f"{_stem(number, paper.kind, paper.number)}.jsonl":
        return writing.blocks(site, number, paper.number, paper.kind)
    with site.reading_session() as session:
        told = _files(session, paper).get(name)
    if told is None:
        raise Missing(f"Paper {paper.number} of transfer {number} has no file {name}.")
    return writing.kept(site, *told)


def _files(session: Session, paper: Receipt) -> dict[str, tuple[str, str]]:
    """By name, where each file of a paper lies and its digest, as the journal has them."""
    entry = session.get_one(LedgerEntry, paper.entry_id)
    files = json.loads(session.get_one(JournalRecord, entry.journal_id).record)["facts"]["files"]
    return {key.rpartition("/")[2].partition("-")[2]: (key, sha256) for key, sha256 in files.items()}


def of_transfer(session: Session, transfer: Transfer) -> list[Receipt]:
    """Every paper of a transfer, of each kind the newest first."""
    return [paper for kind in making.KINDS for paper in receipts.of_transfer(session, transfer, kind)]
