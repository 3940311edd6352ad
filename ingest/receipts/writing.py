"""Gives a receipt out: its body as it lies in the stores, and after it the proofs of every act it rests on.

A signed paper is given out the same way; its signature rests on the acts that it was issued and received.

The proofs are those of the seal that first covered the receipt, so the same receipt is the same
bytes whenever it is given out.
"""

import base64
import hashlib
import json
import tempfile
from collections.abc import Iterator
from typing import Any, BinaryIO

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from archive.errors import ArchiveError, Damaged, Missing, Unavailable
from archive.holdings import Volume
from archive.ledger import JournalRecord, LedgerEntry, Seal
from archive.ledger.merkle import consistency_path, inclusion_path
from archive.ledger.proofs import tree_of_rows
from archive.site.evidence import seal_now
from archive.site.site import Site
from ingest import transfers
from ingest.receipts.contents import AT_A_TIME, as_line
from ingest.receipts.issuing import RECEIPT, Receipt, get
from ingest.transfers import Transfer, TransferVolume

BLOCK = 1 << 20
ACTS = frozenset(
    {
        "receipt.issued",
        "transfer.received",
        "transfer.returned",
        "transfer.completion_notified",
        "volume.accepted",
        "volume.stored",
    }
)
"""The acts whose facts a receipt shows; what else the archive did with a volume is not the agency's."""


def write(site: Site, number: str, receipt_number: int, out: BinaryIO) -> str:
    """Write a receipt; the SHA-256 of what was written.  Nothing is written when no store has it whole."""
    digest = hashlib.sha256()
    for block in blocks(site, number, receipt_number):
        digest.update(block)
        out.write(block)
    return digest.hexdigest()


def blocks(site: Site, number: str, receipt_number: int, kind: str = RECEIPT) -> Iterator[bytes]:
    """A receipt as a stream.  Its body was verified before the first byte is given."""
    with site.reading_session() as session:
        receipt = get(session, transfers.get(session, number), receipt_number, kind)
        sealed = session.get_one(LedgerEntry, receipt.entry_id).position is not None
    if not sealed:
        seal_now(site)
    yield from kept(site, receipt.key, receipt.body_sha256)
    with site.reading_session() as session:
        for told in _proofs(session, transfers.get(session, number), receipt):
            yield as_line(told)


def kept(site: Site, key: str, sha256: str) -> Iterator[bytes]:
    """What was issued under a key, as a stream; all of it was verified before the first byte is given."""
    with tempfile.TemporaryFile(dir=site.settings.home) as body:
        _fetch(site, key, sha256, body)
        body.seek(0)
        while block := body.read(BLOCK):
            yield block


def _fetch(site: Site, key: str, sha256: str, body: BinaryIO) -> None:
    """The bytes from the first store that has them as they were issued."""
    reasons: list[ArchiveError] = []
    for store in site.stores:
        body.seek(0)
        body.truncate()
        digest = hashlib.sha256()
        try:
            with store.open(key) as stream:
                while block := stream.read(BLOCK):
                    digest.update(block)
                    body.write(block)
        except (Missing, Unavailable) as error:
            reasons.append(error)
            continue
        if digest.hexdigest() == sha256:
            return
        reasons.append(Damaged(f"In store {store.name} it is not as it was issued."))
    told = " ".join(each.message for each in reasons)
    kind = Unavailable if all(isinstance(each, Unavailable) for each in reasons) else Damaged
    raise kind(f"No store gave {key} back whole. {told}",
               next="Look at the stores, then ask for it again.")  # fmt: skip


def _proofs(session: Session, transfer: Transfer, receipt: Receipt) -> Iterator[dict[str, Any]]:
    seal = _seal_over(session, receipt.entry_id)
    before = _known_before(session, transfer, receipt)
    tree = tree_of_rows(session, seal.size)
    yield {
        "kind": "log",
        "checkpoint": seal.checkpoint,
        "before": before.checkpoint,
        "path": _base64(consistency_path(before.size, seal.size, tree.hash_of)),
    }
    acts = ACTS if receipt.kind == RECEIPT else {"transfer.received", f"{receipt.kind}.issued"}
    entries = (
        select(LedgerEntry.position, LedgerEntry.entry, JournalRecord.salt, JournalRecord.record)
        .join(JournalRecord, JournalRecord.id == LedgerEntry.journal_id)
        .where(LedgerEntry.position < seal.size, _concerns(transfer, receipt.kind))
        .order_by(LedgerEntry.position)
    )
    for row in session.execute(entries.execution_options(yield_per=AT_A_TIME)):
        record = json.loads(row.record)
        if record["act"] in acts:
            path = inclusion_path(row.position, seal.size, tree.hash_of)
            yield {
                "kind": "entry",
                "index": row.position,
                "entry": row.entry,
                "record": record,
                "salt": row.salt,
                "path": _base64(path),
            }


def _concerns(transfer: Transfer, kind: str) -> Any:
    if kind != RECEIPT:
        return LedgerEntry.about == transfer.number
    volumes = (
        select(Volume.reference)
        .join(TransferVolume, TransferVolume.volume_id == Volume.id)
        .where(TransferVolume.transfer_id == transfer.id)
    )
    return or_(LedgerEntry.about == transfer.number, LedgerEntry.about.in_(volumes))


def _base64(path: list[bytes]) -> list[str]:
    return [base64.b64encode(each).decode() for each in path]


def _seal_over(session: Session, entry_id: int) -> Seal:
    """The first seal that covers an entry."""
    position = session.get_one(LedgerEntry, entry_id).position
    seal = session.scalar(select(Seal).where(Seal.size > position).order_by(Seal.size).limit(1))
    if position is None or seal is None:
        raise Unavailable("The receipt is not sealed yet.", next="Seal it with: seogo ledger seal")
    return seal


def _known_before(session: Session, transfer: Transfer, receipt: Receipt) -> Seal:
    """The head that the agency knows from its last receipt; for its first one, that of the arrival."""
    earlier = (
        select(Receipt.entry_id)
        .join(Transfer, Transfer.id == Receipt.transfer_id)
        .where(Transfer.agency_code == transfer.agency_code, Receipt.id < receipt.id)
        .where(Receipt.kind == RECEIPT)
        .order_by(Receipt.id.desc())
    )
    arrival = select(LedgerEntry.id).where(LedgerEntry.about == transfer.number).order_by(LedgerEntry.id)
    known = session.scalar(earlier.limit(1)) or session.scalar(arrival.limit(1)) or receipt.entry_id
    return _seal_over(session, known)
