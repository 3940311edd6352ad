"""Issues receipts: the contents go into every store, and their digest into the log, before it is given out.

While the facts are the same, asking again gives the same receipt.  A receipt is never changed:
what happened since makes a new one.
"""

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO

from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from archive import ledger
from archive.database import Base
from archive.errors import Missing
from archive.site.evidence import seal_now
from archive.site.site import Site
from archive.work import jobs
from ingest import transfers
from ingest.receipts import contents
from ingest.receipts.contents import Issue
from ingest.transfers import Transfer
from ingest.turns import alone

NAME = "issue-receipt"


class Receipt(Base):
    """One receipt.  ``facts_sha256`` leaves out its number and time; ``key`` is where its body lies."""

    __tablename__ = "receipts"
    __table_args__ = (UniqueConstraint("transfer_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    transfer_id: Mapped[int] = mapped_column(ForeignKey("transfers.id"))
    number: Mapped[int]
    issued_at: Mapped[datetime]
    issued_by: Mapped[str] = mapped_column(String(40))
    body_sha256: Mapped[str] = mapped_column(String(64))
    facts_sha256: Mapped[str] = mapped_column(String(64))
    bytes: Mapped[int] = mapped_column(BigInteger)
    key: Mapped[str]
    entry_id: Mapped[int] = mapped_column(ForeignKey("ledger_entries.id"))


def of_transfer(session: Session, transfer: Transfer) -> Sequence[Receipt]:
    """The receipts of a transfer, the newest first."""
    mine = select(Receipt).where(Receipt.transfer_id == transfer.id)
    return session.scalars(mine.order_by(Receipt.number.desc())).all()


def get(session: Session, transfer: Transfer, number: int) -> Receipt:
    found = session.scalar(
        select(Receipt).where(Receipt.transfer_id == transfer.id, Receipt.number == number)
    )
    if found is None:
        raise Missing(f"Transfer {transfer.number} has no receipt {number}.",
                      next=f"Issue one with: seogo transfer receipt {transfer.number}")  # fmt: skip
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
    now = site.now()
    with tempfile.TemporaryFile(dir=site.settings.home) as body:
        with site.reading_session() as session:
            transfer = transfers.get(session, number)
            last = next(iter(of_transfer(session, transfer)), None)
            place = Issue(
                archive=site.settings.name,
                log=site.signer.name,
                number=last.number + 1 if last else 1,
                at=now,
            )
            written = _write(session, transfer, place, body)
        if last is not None and last.facts_sha256 == written.facts_sha256:
            return last.number
        key = f"receipts/{number}/{place.number:04d}-{written.sha256[:16]}.jsonl"
        for store in site.stores:
            body.seek(0)
            store.put(key, body, expect=written.sha256)
    with site.open_session.begin() as session:
        _enter(session, transfers.get(session, number), place, written, key, by)
    seal_now(site)
    return place.number


@dataclass(frozen=True)
class _Written:
    sha256: str
    facts_sha256: str
    bytes: int


def _write(session: Session, transfer: Transfer, place: Issue, body: BinaryIO) -> _Written:
    first = contents.head(session, transfer, place)
    line = contents.as_line(first)
    facts = hashlib.sha256(contents.as_line({**first, "number": None, "issued_at": None}))
    whole = hashlib.sha256(line)
    size = body.write(line)
    for told in contents.rest(session, transfer):
        line = contents.as_line(told)
        facts.update(line)
        whole.update(line)
        size += body.write(line)
    return _Written(whole.hexdigest(), facts.hexdigest(), size)


def _enter(session: Session, transfer: Transfer, place: Issue, written: _Written, key: str, by: str) -> None:
    facts = {
        "number": place.number,
        "format": contents.FORMAT,
        "body_sha256": written.sha256,
        "bytes": written.bytes,
        "key": key,
    }
    entry = ledger.record(
        session, act="receipt.issued", about=transfer.number, at=place.at, actor=by, facts=facts
    )
    session.flush()
    session.add(
        Receipt(
            transfer_id=transfer.id, number=place.number, issued_at=place.at, issued_by=by,
            body_sha256=written.sha256, facts_sha256=written.facts_sha256, bytes=written.bytes, key=key,
            entry_id=entry.id,
        )
    )  # fmt: skip
    transfers.note(session, transfer, "receipt-issued", by=by, at=place.at, detail=str(place.number))
