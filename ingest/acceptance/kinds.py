"""Kinds of records as the handover record (인계인수서) counts them, from the record types of NAK 8."""

from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ingest.acceptance.listed import ListedVolume
from ingest.transfers import Transfer, TransferVolume

Kind = Literal["documents", "cards", "drawings", "photographs", "audiovisual", "artefacts", "publications",
               "others", "untold"]  # fmt: skip
KINDS: dict[Kind, tuple[str, ...]] = {
    "documents": ("일반문서",),
    "cards": ("카드류",),
    "drawings": ("도면/지도류",),
    "photographs": ("사진필름류",),
    "audiovisual": ("녹음동영상류",),
    "artefacts": ("행정박물",),
    "publications": ("간행물/도서류",),
    "others": (),
    "untold": (),
}
"""Six are those of the form (NAK 15); what fits none, or has no type, is counted beside them."""


def counts(session: Session, transfer: Transfer, states: tuple[str, ...]) -> dict[Kind, tuple[int, int, int]]:
    """Volumes, items and files of each kind among the volumes in these states."""
    found = dict.fromkeys(KINDS, (0, 0, 0))
    grouped = (
        select(ListedVolume.record_type, func.count(), func.sum(TransferVolume.items),
               func.sum(TransferVolume.files))
        .select_from(TransferVolume)
        .outerjoin(ListedVolume, ListedVolume.volume_id == TransferVolume.id)
        .where(TransferVolume.transfer_id == transfer.id, TransferVolume.state.in_(states))
        .group_by(ListedVolume.record_type)
    )  # fmt: skip
    for record_type, *numbers in session.execute(grouped):
        kind = kind_of(record_type)
        volumes, items, files = (a + (b or 0) for a, b in zip(found[kind], numbers, strict=True))
        found[kind] = volumes, items, files
    return found


def kind_of(record_type: str | None) -> Kind:
    if record_type is None:
        return "untold"
    return next((kind for kind, types in KINDS.items() if record_type in types), "others")
