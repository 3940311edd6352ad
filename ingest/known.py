"""What the archive knows already of a folder that arrives: the same transfer, or volumes that it holds.

A corrected round brings volumes again that were taken in an earlier one.  The same bytes are not
taken twice; other bytes under the same number are an error, because custody is never overwritten.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from archive.errors import Refused
from archive.holdings import ContentFile, Item, Volume
from ingest import reading, readings, transfers
from ingest.belonging import About
from ingest.inspection import Inspection
from ingest.matching import PlannedVolume
from ingest.transfers import Transfer, TransferVolume
from metadata_schemas.description import Finding, Severity, Where
from preservation.sources import modified_at

ASKED_AT_ONCE = 400
"""How many numbers one query asks for; databases limit the parameters of a query."""


@dataclass(frozen=True)
class Held:
    """Volumes of a list that are in custody already: findings, and those that need not be taken again.

    ``again``: place in the list to the id of the volume that holds the same bytes.
    """

    findings: tuple[About, ...]
    again: dict[int, int]


def same_transfer(
    session: Session, inspection: Inspection, *, agency: str, claimed: dict[str, str], round_of: str | None
) -> str | None:
    """The transfer that this folder is, if it is known: same names, same sizes, same digests."""
    for transfer in transfers.with_shape(session, agency, inspection.arrival.shape):
        if round_of and transfer.round_of != round_of:
            continue
        if transfer.claimed == claimed and _bytes_are_the_same(session, transfer, inspection):
            return transfer.number
    return None


def digests_of_lists(inspection: Inspection) -> dict[str, str]:
    """SHA-256 of the lists and other administrative files, by name."""
    return {
        name: reading.digests_of(path, {"sha256"})["sha256"]
        for name, path in inspection.administrative.items()
    }


def earlier_round(session: Session, number: str, agency: str) -> Transfer:
    """The transfer that a new round corrects.  Missing or Refused when there can be no such round."""
    earlier = transfers.get(session, number)
    if earlier.agency_code != agency:
        raise Refused(
            f"Transfer {number} came from agency {earlier.agency_code}, not from {agency}.",
            code="transfer.round", next="Give the agency and the number of the same transfer.",
        )  # fmt: skip
    return earlier


def held(session: Session, inspection: Inspection, agency: str, earlier: Transfer | None) -> Held:
    """Compare the volumes of a list with those in custody."""
    volumes = inspection.leaves.volumes
    own = _of_rounds(session, earlier) if earlier else {}
    others = _by_number(session, agency, [each.description.sender_id for each in volumes])
    findings: list[About] = []
    again: dict[int, int] = {}
    for place, planned in enumerate(volumes):
        key = _key(planned.description.sender_id, planned.description.title)
        if before := own.get(key):
            if _same_bytes(session, inspection, planned, before.id):
                again[place] = before.id
                findings.append((place, _same(planned, before.reference)))
            else:
                findings.append((place, _other(planned, before.reference)))
        elif elsewhere := others.get(planned.description.sender_id or ""):
            findings.append((place, _twice(planned, elsewhere)))
    return Held(tuple(findings), again)


def _of_rounds(session: Session, earlier: Transfer) -> dict[tuple[str, str], Volume]:
    """Volumes that earlier rounds brought into custody, by what a sender calls them."""
    numbers, before = [earlier.number], earlier
    while before.round_of is not None:
        before = transfers.get(session, before.round_of)
        numbers.append(before.number)
    taken = (
        select(TransferVolume.sender_id, TransferVolume.title, Volume)
        .join(Volume, Volume.id == TransferVolume.volume_id)
        .join(Transfer, Transfer.id == TransferVolume.transfer_id)
    )
    return {
        _key(sender_id, title): volume
        for sender_id, title, volume in session.execute(taken.where(Transfer.number.in_(numbers)))
    }


def _by_number(session: Session, agency: str, numbers: Sequence[str | None]) -> dict[str, str]:
    """References of volumes that this agency sent before under one of these numbers."""
    wanted = sorted({number for number in numbers if number})
    found: dict[str, str] = {}
    for start in range(0, len(wanted), ASKED_AT_ONCE):
        among: ColumnElement[bool] = Volume.sender_id.in_(wanted[start : start + ASKED_AT_ONCE])
        rows = select(Volume.sender_id, Volume.reference).where(Volume.agency_code == agency, among)
        found |= {number: reference for number, reference in session.execute(rows) if number}
    return found


def _key(sender_id: str | None, title: str) -> tuple[str, str]:
    return (sender_id, "") if sender_id else ("", title)


def _same_bytes(session: Session, inspection: Inspection, planned: PlannedVolume, volume_id: int) -> bool:
    kept = (
        select(ContentFile.sha256)
        .join(Item, Item.id == ContentFile.item_id)
        .where(Item.volume_id == volume_id)
    )
    held = Counter(session.scalars(kept))
    if len(planned.files) != held.total():
        return False
    sent = (
        reading.digests_of(inspection.arrival.full_path(file.path), {"sha256"})["sha256"]
        for file in planned.files
    )
    return Counter(sent) == held


def _bytes_are_the_same(session: Session, transfer: Transfer, inspection: Inspection) -> bool:
    """Compare what is known of each file.  In an unfinished transfer an untouched file is not read again."""
    unfinished = transfer.state in ("receiving", "checked")
    known = readings.known(session, transfer)
    for file in inspection.arrival.files:
        told = known.get(file.path)
        if told is None or (unfinished and told.modified_at == modified_at(file.modified_ns)):
            continue
        if reading.digests_of(inspection.arrival.full_path(file.path), {"sha256"})["sha256"] != told.sha256:
            return False
    return True


def _same(planned: PlannedVolume, reference: str) -> Finding:
    fact = f"is held already as {reference}, with the same files; it is not taken a second time."
    return _finding("note", planned, fact, reference)


def _other(planned: PlannedVolume, reference: str) -> Finding:
    fact = (
        f"is held already as {reference}, with other files.  What is in custody is not replaced: "
        "send the corrected record under a number of its own, or leave it out of this round."
    )
    return _finding("error", planned, fact, reference)


def _twice(planned: PlannedVolume, reference: str) -> Finding:
    fact = (
        f"is the number of a volume that is held already as {reference}.  Return it if it is the same record."
    )
    return _finding("warning", planned, fact, reference)


def _finding(severity: Severity, planned: PlannedVolume, fact: str, reference: str) -> Finding:
    told = planned.description
    where = Where(told.list or None, told.row or None)
    return Finding(
        "list.already_held", severity, where, reference, None, f"{told.sender_id or told.title} {fact}"
    )
