"""What the list says of each volume and item, as rows: people look at these, judge them and count them."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint, bindparam, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from archive.database import Base, insert_all
from archive.errors import Missing
from ingest.looking.inspection import Inspection
from ingest.looking.matching import PlannedVolume
from ingest.transfers import Transfer, TransferVolume


class ListedVolume(Base):
    """What the row of a volume says.  ``items``, ``pages`` and ``files`` are the agency's own counts."""

    __tablename__ = "listed_volumes"

    volume_id: Mapped[int] = mapped_column(ForeignKey("transfer_volumes.id"), primary_key=True)
    transfer_id: Mapped[int] = mapped_column(ForeignKey("transfers.id"), index=True)
    file_number: Mapped[str | None]
    record_type: Mapped[str | None] = mapped_column(String(40))
    carrier_kind: Mapped[str | None] = mapped_column(String(40))
    creator: Mapped[str | None]
    created_from: Mapped[date | None]
    created_to: Mapped[date | None]
    items: Mapped[int | None]
    pages: Mapped[int | None]
    files: Mapped[int | None]
    list: Mapped[str | None]
    row: Mapped[int | None]


class ListedItem(Base):
    """One item of a volume: ``files`` that came for it, ``missing`` names of the list that found none."""

    __tablename__ = "listed_items"
    __table_args__ = (UniqueConstraint("volume_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    transfer_id: Mapped[int] = mapped_column(ForeignKey("transfers.id"), index=True)
    volume_id: Mapped[int] = mapped_column(ForeignKey("transfer_volumes.id"))
    position: Mapped[int]
    sender_id: Mapped[str | None]
    title: Mapped[str]
    pages: Mapped[int | None]
    files: Mapped[int]
    missing: Mapped[int]
    list: Mapped[str | None]
    row: Mapped[int | None]


def keep(session: Session, transfer: Transfer, inspection: Inspection) -> None:
    """Write down what the list says; once for a transfer, since its list never changes."""
    if session.scalar(select(ListedVolume.volume_id).where(ListedVolume.transfer_id == transfer.id).limit(1)):
        return
    volume_id = (
        select(TransferVolume.id)
        .where(TransferVolume.transfer_id == transfer.id, TransferVolume.position == bindparam("place"))
        .scalar_subquery()
    )
    volumes = (_volume(transfer, each) for each in inspection.volumes())
    insert_all(session, ListedVolume, volumes, volume_id=volume_id)
    insert_all(session, ListedItem, _items(transfer, inspection), volume_id=volume_id)


def _volume(transfer: Transfer, planned: PlannedVolume) -> dict[str, Any]:
    told = planned.description
    dates = [each for each in (told.created, told.closed) if each]
    return {
        "transfer_id": transfer.id, "place": planned.place, "file_number": told.file_number,
        "record_type": told.record_type, "carrier_kind": told.carrier_kind,
        "creator": told.creator_agency,
        "created_from": min((each.earliest for each in dates if each.earliest), default=None),
        "created_to": max((each.latest for each in dates if each.latest), default=None),
        "items": told.item_count, "pages": told.page_count, "files": told.file_count,
        "list": told.list or None, "row": told.row or None,
    }  # fmt: skip


def _items(transfer: Transfer, inspection: Inspection) -> Iterator[dict[str, Any]]:
    for place, position, sender_id, title, pages, files, missing, name, row in inspection.listed_items():
        yield {
            "transfer_id": transfer.id, "place": place, "position": position,
            "sender_id": sender_id, "title": title, "pages": pages,
            "files": files, "missing": missing, "list": name or None, "row": row or None,
        }  # fmt: skip


def volume_at(session: Session, transfer: Transfer, position: int) -> TransferVolume:
    """The volume at this place of the list, from 0."""
    row = session.scalar(
        select(TransferVolume).where(
            TransferVolume.transfer_id == transfer.id, TransferVolume.position == position
        )
    )
    if row is None:
        raise Missing(
            f"Transfer {transfer.number} has no volume {position + 1}.",
            next="Volumes are counted from 1, in the order of the list.",
        )
    return row


def item_at(session: Session, volume: TransferVolume, position: int) -> ListedItem:
    """The item at this place of the volume, from 0."""
    row = session.scalar(
        select(ListedItem).where(ListedItem.volume_id == volume.id, ListedItem.position == position)
    )
    if row is None:
        raise Missing(
            f"Volume {volume.position + 1} has no item {position + 1}.",
            next="Items are counted from 1.  If it shows none at all, check the transfer again.",
        )
    return row


def of(session: Session, volume: TransferVolume) -> ListedVolume | None:
    """What the list says of a volume; None where the transfer was recorded before this was kept."""
    return session.get(ListedVolume, volume.id)
