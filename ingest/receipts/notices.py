"""The completion notice (인수완료통지) as data and as a letter to the agency, under art. 44 of the Decree."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from archive import holdings
from archive.errors import Refused
from archive.holdings import ContentFile, Item
from archive.site import language
from archive.site.site import Site
from ingest import transfers
from ingest.receipts.contents import COMPLETED
from ingest.receipts.issuing import Receipt, of_transfer
from ingest.receipts.unlisted import listed_later, unlisted
from ingest.transfers import Transfer, TransferAct, TransferVolume, later_rounds, volume_rows
from ingest.transfers.later_rounds import TakenLater
from ingest.transfers.states import CLOSING
from preservation.packages import Bag, Copy
from preservation.rendering import letters

FORMAT = "seogo-notice/1"
LAW = "공공기록물 관리에 관한 법률 시행령 제44조"
MOST_IN_LETTER = 100
"""Returned volumes, and files on no list, that the letter names."""


@dataclass(frozen=True)
class Amounts:
    stored: int
    files: int
    bytes: int


def notice(site: Site, session: Session, transfer: Transfer) -> dict[str, Any]:
    """The notice of a closed transfer.  Refused where none was given: the agency keeps its originals."""
    notified_at = _notified_at(session, transfer)
    receipt = next(iter(of_transfer(session, transfer)), None)
    if notified_at is None or receipt is None:
        raise Refused(
            f"No completion notice was given for transfer {transfer.number}; the agency keeps its originals.",
            code="transfer.not_completed", next=f"Give it with: seogo transfer complete {transfer.number}",
        )  # fmt: skip
    keep, later = _returned(session, transfer, notified_at)
    agency, amounts = holdings.get_agency(session, transfer.agency_code), _amounts(session, transfer)
    return {
        "format": FORMAT,
        "law": LAW,
        "archive": site.settings.name,
        "transfer": transfer.number,
        "round": transfer.round,
        "agency": {"code": agency.code, "name": agency.name},
        "state": transfer.state,
        "statutory": list(CLOSING),
        "received_at": transfer.received_at.isoformat(),
        "notified_at": notified_at.isoformat(),
        "volumes": {"stored": amounts.stored, "returned": len(keep), "taken_later": len(later)},
        "taken_earlier": [
            {"transfer": number, "volumes": volumes}
            for number, volumes in volume_rows.taken_earlier(session, transfer).items()
        ],
        "files": amounts.files,
        "bytes": amounts.bytes,
        "stores": _stores(session, transfer),
        "keep": keep,
        "keep_files": unlisted(session, transfer, until=notified_at),
        "taken_later": later,
        "taken_later_files": [_later(each) for each in listed_later(session, transfer, notified_at)],
        "receipt": _receipt(receipt),
        "key": site.signer.verifier.vkey,
    }


def letter(site: Site, session: Session, transfer: Transfer) -> bytes:
    """The notice as a PDF in Korean."""
    told = notice(site, session, transfer)
    notified = datetime.fromisoformat(told["notified_at"])
    html = _templates().get_template("letter.html").render(
        it=told, most=MOST_IN_LETTER, size=language.size, number=language.number,
        moment=lambda text: language.moment(datetime.fromisoformat(text), "ko"),
        day=language.day(notified, "ko"),
    )  # fmt: skip
    title = f"인수완료통지 {transfer.number}"
    return letters.pdf(html, title=title, foot=f"{site.settings.name} {title}")


def _templates() -> Environment:
    folder = Path(__file__).parent / "templates"
    return Environment(loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined)


def _notified_at(session: Session, transfer: Transfer) -> datetime | None:
    acts = select(TransferAct.at).where(TransferAct.transfer_id == transfer.id, TransferAct.act == COMPLETED)
    return session.scalar(acts.order_by(TransferAct.id).limit(1))


def _amounts(session: Session, transfer: Transfer) -> Amounts:
    mine = TransferVolume.transfer_id == transfer.id
    volumes = session.scalar(select(func.count(TransferVolume.volume_id)).where(mine)) or 0
    counted = (
        select(func.count(ContentFile.id), func.coalesce(func.sum(ContentFile.bytes), 0))
        .select_from(TransferVolume)
        .join(Item, Item.volume_id == TransferVolume.volume_id)
        .join(ContentFile, ContentFile.item_id == Item.id)
        .where(mine)
    )
    files, octets = session.execute(counted).one()
    return Amounts(volumes, files, int(octets))


def _stores(session: Session, transfer: Transfer) -> list[str]:
    named = (
        select(Copy.store)
        .join(Bag, Bag.id == Copy.bag_id)
        .join(TransferVolume, TransferVolume.volume_id == Bag.volume_id)
        .where(TransferVolume.transfer_id == transfer.id, Copy.state == "verified")
    )
    return sorted(session.scalars(named.distinct()))


def _returned(
    session: Session, transfer: Transfer, at: datetime
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Volumes not in custody, to be kept by the agency; and those that a later round had taken by then."""
    later, keep, taken = later_rounds.volumes(session, transfer, at), [], []
    for row in transfers.volumes_of(session, transfer):
        told = {"position": row.position + 1, "sender_id": row.sender_id, "reason": row.reason}
        if row.position in later:
            taken.append(told | _later(later[row.position]))
        elif row.volume_id is None:
            keep.append(told)
    return keep, taken


def _later(taken: TakenLater) -> dict[str, Any]:
    return dict(vars(taken))


def _receipt(receipt: Receipt) -> dict[str, Any]:
    return {"number": receipt.number, "body_sha256": receipt.body_sha256}
