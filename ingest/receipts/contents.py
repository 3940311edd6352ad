"""What a receipt says, line by line: the transfer, its lists, every volume and every file in it.

Everything comes from rows, as streams in the order of the list, so that a transfer of a million
files takes no more memory than a small one.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session, aliased

from archive import holdings
from archive.holdings import ContentFile, Item, Volume
from archive.ledger.entries import canonical, rfc3339
from ingest.looking.landing import read_name
from ingest.transfers import Transfer, TransferAct, TransferVolume
from ingest.transfers.readings import TransferFile
from ingest.transfers.states import STATUTORY
from preservation.packages import Bag, Copy

AT_A_TIME = 2_000
COMPLETED = "completion-notified"
"""The act in a transfer's history that says that its completion notice was given."""


@dataclass(frozen=True, kw_only=True)
class Issue:
    """Who issues a receipt or a signed paper, which one of the transfer it is, and when."""

    archive: str
    log: str
    number: int
    at: datetime
    by: str
    kind: str


def format_of(kind: str) -> str:
    return "seogo-receipt/1" if kind == "receipt" else "seogo-paper/1"


def head(session: Session, transfer: Transfer, issue: Issue) -> dict[str, Any]:
    """The first line of a receipt."""
    return {
        "kind": "receipt",
        **about(session, transfer, issue),
        "round_of": transfer.round_of,
        "received_at": rfc3339(transfer.received_at),
        "stores": sorted(_stores(session, transfer)),
        "completion": _completion(session, transfer),
    }


def about(session: Session, transfer: Transfer, issue: Issue) -> dict[str, Any]:
    """What the first line tells of every kind: who issued it, when, and of which transfer as it stood."""
    agency = holdings.get_agency(session, transfer.agency_code)
    return {
        "format": format_of(issue.kind),
        "archive": issue.archive,
        "log": issue.log,
        "number": issue.number,
        "issued_at": rfc3339(issue.at),
        "transfer": transfer.number,
        "agency": {"code": agency.code, "name": agency.name},
        "round": transfer.round,
        "state": transfer.state,
        "statutory": STATUTORY[transfer.state],
    }


def rest(session: Session, transfer: Transfer) -> Iterator[dict[str, Any]]:
    """All lines after the first."""
    for name, sha256 in sorted(transfer.claimed.items()):
        path, octets = read_name(name)
        yield {"kind": "list", "path": path, "path_hex": octets, "sha256": sha256}
    volumes = files = octets_in_all = 0
    for line in _volumes(session, transfer):
        volumes += line["kind"] == "volume"
        files += line["kind"] == "file"
        octets_in_all += line["bytes"] or 0 if line["kind"] == "file" else 0
        yield line
    yield {"kind": "totals", "volumes": volumes, "files": files, "bytes": octets_in_all}


def as_line(told: Mapping[str, Any]) -> bytes:
    return canonical(told) + b"\n"


def _stores(session: Session, transfer: Transfer) -> Iterable[str]:
    return session.scalars(_of(transfer, select(Copy.store).select_from(Copy).join(Bag)).distinct())


def _of(transfer: Transfer, wanted: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Rows of the bags of a transfer's volumes."""
    joined = wanted.join(TransferVolume, TransferVolume.volume_id == Bag.volume_id)
    return joined.where(TransferVolume.transfer_id == transfer.id)


def _completion(session: Session, transfer: Transfer) -> dict[str, str] | None:
    notified = select(TransferAct.at).where(
        TransferAct.transfer_id == transfer.id, TransferAct.act == COMPLETED
    )
    at = session.scalar(notified.order_by(TransferAct.id).limit(1))
    return {"notified_at": rfc3339(at)} if at else None


class _InOrder:
    """Rows that come in the order of the list, each with the place of its volume first."""

    def __init__(self, session: Session, wanted: Select[*tuple[Any, ...]]) -> None:
        self._rows = iter(session.execute(wanted.execution_options(yield_per=AT_A_TIME)))
        self._ahead: Row[Any] | None = next(self._rows, None)

    def of(self, position: int) -> Iterator[Row[Any]]:
        while self._ahead is not None and self._ahead[0] <= position:
            row, self._ahead = self._ahead, next(self._rows, None)
            if row[0] == position:
                yield row


def _volumes(session: Session, transfer: Transfer) -> Iterator[dict[str, Any]]:
    """A volume may have been brought by another round; then its act of custody is that one's."""
    brought = aliased(TransferVolume)
    volumes = (
        select(TransferVolume, Volume.reference, Volume.state, Transfer.number)
        .outerjoin(Volume, Volume.id == TransferVolume.volume_id)
        .outerjoin(brought, brought.reference == Volume.reference)
        .outerjoin(Transfer, Transfer.id == brought.transfer_id)
        .where(TransferVolume.transfer_id == transfer.id)
        .order_by(TransferVolume.position)
    )
    bags, copies = _InOrder(session, _bags(transfer)), _InOrder(session, _copies(transfer))
    held, sent = _InOrder(session, _held(transfer)), _InOrder(session, _sent(transfer))
    for row, reference, custody, taken_in in session.execute(volumes.execution_options(yield_per=AT_A_TIME)):
        yield {
            "kind": "volume",
            "position": row.position + 1,
            "sender_id": row.sender_id,
            "reference": reference,
            "verdict": custody if row.volume_id is not None else row.state,
            "reason": row.reason,
            "taken_in": taken_in,
            "bags": [_bag(each) for each in bags.of(row.position)],
            "copies": [_copy(each) for each in copies.of(row.position)],
        }
        for file in held.of(row.position):
            yield _held_file(file)
        for file in sent.of(row.position):
            yield _sent_file(file)


def _bags(transfer: Transfer) -> Select[*tuple[Any, ...]]:
    wanted = select(TransferVolume.position, Bag.prefix, Bag.tagmanifest_sha256).select_from(Bag)
    return _of(transfer, wanted).order_by(TransferVolume.position, Bag.number)


def _bag(row: Row[Any]) -> dict[str, Any]:
    return {"prefix": row.prefix, "tagmanifest_sha256": row.tagmanifest_sha256}


def _copies(transfer: Transfer) -> Select[*tuple[Any, ...]]:
    wanted = select(TransferVolume.position, Copy.store, Bag.number, Copy.state, Copy.verified_at)
    return _of(transfer, wanted.select_from(Copy).join(Bag)).order_by(
        TransferVolume.position, Bag.number, Copy.store
    )


def _copy(row: Row[Any]) -> dict[str, Any]:
    verified = rfc3339(row.verified_at) if row.verified_at else None
    return {"bag": row.number, "state": row.state, "store": row.store, "verified_at": verified}


def _held(transfer: Transfer) -> Select[*tuple[Any, ...]]:
    """Files in custody."""
    return (
        select(
            TransferVolume.position,
            ContentFile.original_name,
            ContentFile.original_bytes,
            ContentFile.bytes,
            ContentFile.sha256,
        )
        .join(Item, Item.volume_id == TransferVolume.volume_id)
        .join(ContentFile, ContentFile.item_id == Item.id)
        .where(TransferVolume.transfer_id == transfer.id)
        .order_by(TransferVolume.position, Item.position, ContentFile.position)
    )


def _held_file(row: Row[Any]) -> dict[str, Any]:
    return _file(row.original_name, row.original_bytes, row)


def _sent(transfer: Transfer) -> Select[*tuple[Any, ...]]:
    """Files that were read and are not in custody."""
    return (
        select(TransferVolume.position, TransferFile.path, TransferFile.bytes, TransferFile.sha256)
        .join(
            TransferFile,
            (TransferFile.transfer_id == TransferVolume.transfer_id)
            & (TransferFile.position == TransferVolume.position),
        )
        .where(TransferVolume.transfer_id == transfer.id, TransferVolume.volume_id.is_(None))
        .order_by(TransferVolume.position, TransferFile.path)
    )


def _sent_file(row: Row[Any]) -> dict[str, Any]:
    return _file(*read_name(os.fsdecode(bytes.fromhex(row.path))), row)


def _file(path: str, octets: str | None, row: Row[Any]) -> dict[str, Any]:
    return {"kind": "file", "path": path, "path_hex": octets, "bytes": row.bytes, "sha256": row.sha256}
