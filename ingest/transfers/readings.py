"""What reading a transfer's files gave: their digests, and those of files in custody already."""

import os
from collections.abc import Iterator
from itertools import islice

from sqlalchemy import BigInteger, ForeignKey, Index, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from archive.database import Base, insert_all
from archive.holdings import ContentFile, Item
from ingest.looking.inspection import Inspection
from ingest.transfers.rows import Transfer, TransferVolume

AT_ONCE = 1000
"""How many rows are fetched at once; there may be millions."""


class TransferFile(Base):
    """A file as the checks read it: packing proves with it that it reads the same bytes again.

    ``path`` is in hexadecimal, because a name may have bytes that no text column takes;
    ``position`` is the place of its volume in the list.
    """

    __tablename__ = "transfer_files"
    __table_args__ = (Index("ix_transfer_files_transfer_position", "transfer_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    transfer_id: Mapped[int] = mapped_column(ForeignKey("transfers.id"))
    path: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))
    bytes: Mapped[int | None] = mapped_column(BigInteger)
    position: Mapped[int | None]


def in_hex(path: str) -> str:
    """A path as the column has it."""
    return os.fsencode(path).hex()


def known(session: Session, transfer: Transfer) -> Iterator[tuple[str, str, int | None]]:
    """Path as it arrived and digest of files that were checked, then of files in custody.

    Of a file in custody also the second in which it was modified.
    """
    checked = select(TransferFile.path, TransferFile.sha256).where(TransferFile.transfer_id == transfer.id)
    held = (
        select(
            ContentFile.original_name, ContentFile.original_bytes, ContentFile.sha256, ContentFile.modified_at
        )
        .join(Item, Item.id == ContentFile.item_id)
        .join(TransferVolume, TransferVolume.volume_id == Item.volume_id)
        .where(TransferVolume.transfer_id == transfer.id)
    )
    for path, sha256 in session.execute(checked.execution_options(yield_per=AT_ONCE)):
        yield os.fsdecode(bytes.fromhex(path)), sha256, None
    for name, octets, sha256, modified in session.execute(held.execution_options(yield_per=AT_ONCE)):
        path = os.fsdecode(bytes.fromhex(octets)) if octets else name
        yield path, sha256, int(modified.timestamp()) if modified else None


def differ(session: Session, transfer: Transfer, inspection: Inspection) -> bool:
    """Whether a file that was checked before had other bytes then."""
    read = ((in_hex(file.path), sha256) for file, sha256, _ in inspection.remembered())
    while chunk := dict(islice(read, AT_ONCE)):
        before = select(TransferFile.path, TransferFile.sha256).where(
            TransferFile.transfer_id == transfer.id, TransferFile.path.in_(chunk)
        )
        if any(chunk[path] != sha256 for path, sha256 in session.execute(before)):
            return True
    return False


def keep(session: Session, transfer: Transfer, inspection: Inspection) -> None:
    """Keep what the checks read, each file with its volume and size, in place of what was read before."""
    session.execute(delete(TransferFile).where(TransferFile.transfer_id == transfer.id))
    rows = (
        {"transfer_id": transfer.id, "path": in_hex(file.path), "sha256": sha256,
         "bytes": file.size, "position": inspection.owner(file)}
        for file, sha256, in_custody in inspection.remembered() if in_custody is None
    )  # fmt: skip
    insert_all(session, TransferFile, rows)
