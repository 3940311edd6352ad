"""What reading a transfer's files gave: their digests, and those of files in custody already."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from archive.database import Base
from archive.holdings import ContentFile, Item
from ingest.belonging import owners
from ingest.inspection import Inspection
from ingest.transfers import Transfer, TransferVolume


class TransferFile(Base):
    """A file as the checks read it: packing proves with it that it reads the same bytes again.

    ``path`` is in hexadecimal, because a name may have bytes that no text column takes;
    ``position`` is the place of its volume in the list.
    """

    __tablename__ = "transfer_files"
    __table_args__ = (Index("ix_transfer_files_transfer", "transfer_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    transfer_id: Mapped[int] = mapped_column(ForeignKey("transfers.id"))
    path: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))
    bytes: Mapped[int | None] = mapped_column(BigInteger)
    position: Mapped[int | None]


@dataclass(frozen=True)
class Known:
    """What is known of a file's bytes from an earlier reading."""

    sha256: str
    modified_at: datetime | None


def known(session: Session, transfer: Transfer) -> dict[str, Known]:
    """Digests by path as it arrived: of files that were checked, and of files in custody."""
    checked = select(TransferFile.path, TransferFile.sha256).where(TransferFile.transfer_id == transfer.id)
    held = (
        select(
            ContentFile.original_name, ContentFile.original_bytes, ContentFile.sha256, ContentFile.modified_at
        )
        .join(Item, Item.id == ContentFile.item_id)
        .join(TransferVolume, TransferVolume.volume_id == Item.volume_id)
        .where(TransferVolume.transfer_id == transfer.id)
    )
    found = {
        os.fsdecode(bytes.fromhex(path)): Known(sha256, None) for path, sha256 in session.execute(checked)
    }
    for name, octets, sha256, modified in session.execute(held):
        found[os.fsdecode(bytes.fromhex(octets)) if octets else name] = Known(sha256, modified)
    return found


def keep(session: Session, transfer: Transfer, inspection: Inspection, digests: Mapping[str, str]) -> None:
    """Keep what was read, each file with its volume and size, in place of what was read before."""
    session.execute(delete(TransferFile).where(TransferFile.transfer_id == transfer.id))
    places = owners(inspection)
    sizes = {file.path: file.size for file in inspection.arrival.files}
    rows = [
        {"transfer_id": transfer.id, "path": os.fsencode(path).hex(), "sha256": sha256,
         "bytes": sizes.get(path), "position": places.get(path)}
        for path, sha256 in digests.items()
    ]  # fmt: skip
    if rows:
        session.execute(TransferFile.__table__.insert(), rows)  # type: ignore[attr-defined]
