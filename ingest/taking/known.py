"""What the archive knows already of a folder that arrives: the same transfer, or volumes that it holds.

A corrected round brings volumes again that were taken in an earlier one, or only lists them.  The same bytes
are not taken twice; other bytes under the same number are an error, because custody is never overwritten.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from archive.errors import Refused
from archive.holdings import ContentFile, Item, Volume
from archive.site.site import Site
from ingest import transfers
from ingest.checking import reading
from ingest.looking.inspection import Inspection
from ingest.looking.inventory import HELD
from ingest.looking.matching import PlannedVolume
from ingest.transfers import Transfer, TransferVolume, readings
from metadata_schemas.description import Finding, Severity, Where

ASKED_AT_ONCE = 400
"""How many numbers one query asks for; databases limit the parameters of a query."""


def same_transfer(
    session: Session, inspection: Inspection, *, agency: str, claimed: dict[str, str], round_of: str | None
) -> str | None:
    """The transfer that this folder is, if it is known: same names, same sizes, same digests."""
    for transfer in transfers.with_shape(session, agency, inspection.arrival.shape):
        if round_of and transfer.round_of != round_of:
            continue
        if transfer.claimed == claimed:
            inspection.remember(readings.known(session, transfer))
            if _bytes_are_the_same(transfer, inspection):
                return transfer.number
    inspection.remember(())
    return None


def digests_of_lists(inspection: Inspection) -> dict[str, str]:
    """SHA-256 of the lists and other administrative files, by name."""
    return {name: reading.sha256_of(path) for name, path in inspection.administrative.items()}


def round_after(site: Site, number: str | None) -> int:
    """Which round a transfer would be that corrects this one; the first where it corrects none."""
    with site.reading_session() as session:
        return transfers.get(session, number).round + 1 if number else 1


def earlier_round(session: Session, number: str, agency: str) -> Transfer:
    """The transfer that a new round corrects.  Missing or Refused when there can be no such round."""
    earlier = transfers.get(session, number)
    if earlier.agency_code != agency:
        raise Refused(
            f"Transfer {number} came from agency {earlier.agency_code}, not from {agency}.",
            code="transfer.round", next="Give the agency and the number of the same transfer.",
        )  # fmt: skip
    return earlier


def hold(session: Session, inspection: Inspection, agency: str, earlier: Transfer | None) -> None:
    """Compare the volumes of a list with those in custody; what is found lies in the inspection.

    Findings, and volumes that need not be taken again because the same bytes are held.
    """
    if earlier:
        _gather_rounds(session, inspection, earlier)
    volumes = inspection.volumes()
    while some := list(islice(volumes, ASKED_AT_ONCE)):
        others = _by_number(session, agency, [each.description.sender_id for each in some])
        for planned in some:
            found = _compare(session, inspection, planned, others)
            inspection.inventory.note(HELD, ((planned.place, each) for each in found))


def _compare(
    session: Session, inspection: Inspection, planned: PlannedVolume, others: Mapping[str, str]
) -> Iterator[Finding]:
    number = planned.description.sender_id
    before = inspection.inventory.row(
        "SELECT volume_id, reference FROM earlier WHERE key = ?", _key(number, planned.description.title)
    )
    if before:
        volume_id, reference = before
        if _same_bytes(session, inspection, planned, volume_id):
            inspection.hold(planned.place, volume_id)
            yield _same(planned, reference)
        elif not planned.files:
            inspection.hold(planned.place, volume_id)
            yield _not_again(planned, reference)
        else:
            yield _other(planned, reference)
    elif elsewhere := others.get(number or ""):
        yield _twice(planned, elsewhere)


def _gather_rounds(session: Session, inspection: Inspection, earlier: Transfer) -> None:
    """Volumes that earlier rounds brought into custody, by what a sender calls them."""
    numbers, before = [earlier.number], earlier
    while before.round_of is not None:
        before = transfers.get(session, before.round_of)
        numbers.append(before.number)
    taken = (
        select(TransferVolume.sender_id, TransferVolume.title, Volume.id, Volume.reference)
        .join(Volume, Volume.id == TransferVolume.volume_id)
        .join(Transfer, Transfer.id == TransferVolume.transfer_id)
        .where(Transfer.number.in_(numbers))
        .execution_options(yield_per=ASKED_AT_ONCE)
    )
    inspection.inventory.write_all(
        "INSERT OR REPLACE INTO earlier VALUES (?, ?, ?)",
        (
            (_key(number, title), volume, reference)
            for number, title, volume, reference in session.execute(taken)
        ),
    )


def _by_number(session: Session, agency: str, numbers: Sequence[str | None]) -> dict[str, str]:
    """References of volumes that this agency sent before under one of these numbers."""
    among: ColumnElement[bool] = Volume.sender_id.in_({number for number in numbers if number})
    rows = select(Volume.sender_id, Volume.reference).where(Volume.agency_code == agency, among)
    return {number: reference for number, reference in session.execute(rows) if number}


def _key(sender_id: str | None, title: str) -> str:
    return f"number {sender_id}" if sender_id else f"title {title}"


def _same_bytes(session: Session, inspection: Inspection, planned: PlannedVolume, volume_id: int) -> bool:
    """Whether the files of a volume are those in custody, under whatever names."""
    kept = (
        select(ContentFile.sha256)
        .join(Item, Item.id == ContentFile.item_id)
        .where(Item.volume_id == volume_id)
        .order_by(ContentFile.sha256)
        .execution_options(yield_per=ASKED_AT_ONCE)
    )
    count = select(func.count()).select_from(ContentFile).join(Item).where(Item.volume_id == volume_id)
    if planned.files != session.scalar(count):
        return False
    inventory = inspection.inventory
    inventory.write("DELETE FROM sent")
    inventory.write_all(
        "INSERT INTO sent VALUES (?)",
        (
            (reading.sha256_of(inspection.arrival.full_path(file.path)),)
            for _, file in inspection.files(planned.place)
        ),
    )
    sent = inventory.rows("SELECT sha256 FROM sent ORDER BY sha256")
    return all(one == other for (one,), other in zip(sent, session.scalars(kept), strict=True))


def _bytes_are_the_same(transfer: Transfer, inspection: Inspection) -> bool:
    """Compare what is known of each file.  In an unfinished transfer an untouched file is not read again."""
    unfinished = transfer.state in ("receiving", "checked")
    for file, sha256, seconds in inspection.remembered():
        if unfinished and seconds == file.modified_ns // 10**9:
            continue
        if reading.sha256_of(inspection.arrival.full_path(file.path)) != sha256:
            return False
    return True


def _same(planned: PlannedVolume, reference: str) -> Finding:
    fact = f"is held already as {reference}, with the same files; it is not taken a second time."
    return _finding("note", planned, fact, reference)


def _not_again(planned: PlannedVolume, reference: str) -> Finding:
    return _finding(
        "note", planned, f"is held already as {reference}; none of its files came again.", reference
    )


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
