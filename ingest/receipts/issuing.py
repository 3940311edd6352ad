"""Issues receipts: the contents go into every store, and their digest into the log, before it is given out.

While the facts are the same, asking again gives the same receipt.  A receipt is never changed:
what happened since makes a new one.  Signed papers (`ingest/papers`) are issued by the same steps.
"""

import hashlib
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, BinaryIO

from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from archive import ledger
from archive.database import Base
from archive.errors import Missing
from archive.site.evidence import seal_now
from archive.site.site import Site
from archive.work import jobs
from ingest import transfer_jobs, transfers
from ingest.receipts import contents
from ingest.receipts.contents import Issue
from ingest.transfers import Transfer
from ingest.transfers.turns import alone

NAME = "issue-receipt"
RECEIPT = "receipt"


class Receipt(Base):
    """One receipt, or signed paper of another ``kind``; each kind of a transfer is numbered by itself.

    ``facts_sha256`` leaves out its number and time; ``key`` is where its body lies.
    """

    __tablename__ = "receipts"
    __table_args__ = (UniqueConstraint("transfer_id", "kind", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    transfer_id: Mapped[int] = mapped_column(ForeignKey("transfers.id"))
    kind: Mapped[str] = mapped_column(String(20), default=RECEIPT, server_default=RECEIPT)
    number: Mapped[int]
    issued_at: Mapped[datetime]
    issued_by: Mapped[str] = mapped_column(String(40))
    body_sha256: Mapped[str] = mapped_column(String(64))
    facts_sha256: Mapped[str] = mapped_column(String(64))
    bytes: Mapped[int] = mapped_column(BigInteger)
    key: Mapped[str]
    entry_id: Mapped[int] = mapped_column(ForeignKey("ledger_entries.id"))


def of_transfer(session: Session, transfer: Transfer, kind: str = RECEIPT) -> Sequence[Receipt]:
    """The receipts of a transfer, or its papers of another kind, the newest first."""
    mine = select(Receipt).where(Receipt.transfer_id == transfer.id, Receipt.kind == kind)
    return session.scalars(mine.order_by(Receipt.number.desc())).all()


def get(session: Session, transfer: Transfer, number: int, kind: str = RECEIPT) -> Receipt:
    found = session.scalar(
        select(Receipt).where(
            Receipt.transfer_id == transfer.id, Receipt.kind == kind, Receipt.number == number
        )
    )
    if found is None:
        raise Missing(f"Transfer {transfer.number} has no {kind.replace('_', ' ')} {number}.",
                      next=f"See what was issued: seogo transfer show {transfer.number}")  # fmt: skip
    return found


@jobs.job(NAME, lane="staff", timeout=timedelta(hours=2), attempts=3)
def issue_receipt(site: Site, number: str, by: str) -> Iterator[jobs.Progress]:
    """What the desk's button asks for."""
    issue(site, number, by=by)
    yield 1, 1


def issue(site: Site, number: str, *, by: str) -> int:
    """Issue the receipt of a transfer; its number.  Conflict while the transfer is being worked on."""
    with site.reading_session() as session:
        transfer = transfers.get(session, number)
    with alone(site, transfer.agency_code, transfer.shape):
        return issue_in_turn(site, number, by=by)


def issue_in_turn(site: Site, number: str, *, by: str) -> int:
    """The same for a caller that has the transfer to itself already."""
    seal_now(site)
    with tempfile.TemporaryFile(dir=site.settings.home) as body:
        with site.reading_session() as session:
            transfer = transfers.get(session, number)
            last = next(iter(of_transfer(session, transfer)), None)
            issue = next_issue(site, last, by)
            written = _write(session, transfer, issue, body)
        is_given = last is not None and last.facts_sha256 == written.facts_sha256
        if not is_given:
            enter(site, number, issue, written, body)
    with site.open_session.begin() as session:
        transfer_jobs.done_without(session, number, NAME)
    return last.number if last and is_given else issue.number


def next_issue(site: Site, last: Receipt | None, by: str, kind: str = RECEIPT) -> Issue:
    """What comes after the last one of its kind, as of now."""
    return Issue(
        archive=site.settings.name, log=site.signer.name, number=last.number + 1 if last else 1,
        at=site.now(), by=by, kind=kind,
    )  # fmt: skip


@dataclass(frozen=True)
class Written:
    """A body as it was written; ``more`` are facts for the journal beside its digest."""

    sha256: str
    facts_sha256: str
    bytes: int
    more: Mapping[str, Any] = field(default_factory=dict)


def _write(session: Session, transfer: Transfer, issue: Issue, body: BinaryIO) -> Written:
    first = contents.head(session, transfer, issue)
    facts = hashlib.sha256(contents.as_line({**first, "number": None, "issued_at": None}))

    def lines() -> Iterator[bytes]:
        yield contents.as_line(first)
        for told in contents.rest(session, transfer):
            line = contents.as_line(told)
            facts.update(line)
            yield line

    sha256, size = write_lines(lines(), body)
    return Written(sha256, facts.hexdigest(), size)


def write_lines(lines: Iterable[bytes], body: BinaryIO) -> tuple[str, int]:
    """Digest and size of what was written."""
    digest, size = hashlib.sha256(), 0
    for line in lines:
        digest.update(line)
        size += body.write(line)
    return digest.hexdigest(), size


def enter(site: Site, number: str, issue: Issue, written: Written, body: BinaryIO) -> None:
    """Put a body into every store, then its digest into the log; sealed when this returns."""
    place = f"receipts/{number}/" if issue.kind == RECEIPT else f"papers/{number}/{issue.kind}-"
    key = f"{place}{issue.number:04d}-{written.sha256[:16]}.jsonl"
    for store in site.stores:
        body.seek(0)
        store.put(key, body, expect=written.sha256)
    with site.open_session.begin() as session:
        _enter(session, transfers.get(session, number), issue, written, key)
    seal_now(site)


def _enter(session: Session, transfer: Transfer, issue: Issue, written: Written, key: str) -> None:
    facts = {
        "number": issue.number,
        "format": contents.format_of(issue.kind),
        "body_sha256": written.sha256,
        "bytes": written.bytes,
        "key": key,
        **written.more,
    }
    entry = ledger.record(
        session, act=f"{issue.kind}.issued", about=transfer.number, at=issue.at, actor=issue.by, facts=facts
    )
    session.flush()
    session.add(
        Receipt(
            transfer_id=transfer.id, kind=issue.kind, number=issue.number, issued_at=issue.at,
            issued_by=issue.by, body_sha256=written.sha256, facts_sha256=written.facts_sha256,
            bytes=written.bytes, key=key, entry_id=entry.id,
        )
    )  # fmt: skip
    act = f"{issue.kind.replace('_', '-')}-issued"
    transfers.note(session, transfer, act, by=issue.by, at=issue.at, detail=str(issue.number))
