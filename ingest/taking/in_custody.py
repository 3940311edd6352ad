"""Volumes of a list that are in custody already, because another round of the transfer brought them.

A round brings volumes again that another one brought, or only lists them.  The same bytes are not taken
twice; other bytes under the same number are an error, because custody is never overwritten.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from archive.holdings import ContentFile, Item, Volume
from archive.site.site import Site
from ingest import transfers
from ingest.acceptance import rounds
from ingest.checking import reading
from ingest.looking.inspection import Inspection
from ingest.looking.inventory import HELD, About
from ingest.looking.matching import PlannedVolume
from ingest.taking import known
from ingest.transfers import Transfer, TransferVolume, acceptable
from ingest.transfers.turns import alone
from metadata_schemas.description import Finding, Severity, Where

ASKED_AT_ONCE = 400
"""How many numbers one query asks for; databases limit the parameters of a query."""


def rounds_beside(session: Session, agency: str, *, number: str | None, round_of: str | None) -> list[str]:
    """The other rounds of a transfer, the first one first, whichever of them it says that it corrects.

    ``number`` is None for one that only arrives.  Missing or Refused when there can be no such round.
    """
    one = round_of or number
    if one is None:
        return []
    family = rounds.chain(session, known.earlier_round(session, one, agency))
    return [each.number for each in family if each.number != number]


def note(session: Session, inspection: Inspection, agency: str, beside: Sequence[str]) -> None:
    """Compare all volumes of a list with those in custody; what is found lies in the inspection.

    Findings, and volumes that need not be taken again because the same bytes are held.
    """
    for about in compare(session, inspection, agency, beside, inspection.volumes()):
        inspection.inventory.note(HELD, [about])


def compare(
    session: Session,
    inspection: Inspection,
    agency: str,
    beside: Sequence[str],
    volumes: Iterable[PlannedVolume],
) -> Iterator[About]:
    """The same for some of them, as they are compared.  ``beside``: numbers of the other rounds."""
    _gather(session, inspection, beside)
    rest = iter(volumes)
    while some := list(islice(rest, ASKED_AT_ONCE)):
        others = _by_number(session, agency, [each.description.sender_id for each in some])
        for planned in some:
            found = list(_compare(session, inspection, planned, others))
            yield from ((planned.place, each) for each in found)


@contextmanager
def one_round_at_a_time(site: Site, number: str, inspection: Inspection) -> Iterator[None]:
    """What another round brought since this one was checked is held and not taken a second time.

    Meanwhile no other round takes anything; Conflict when one does so now.
    """
    with site.reading_session() as session:
        transfer = transfers.get(session, number)
        first = rounds.chain(session, transfer)[0]
    with alone(site, transfer.agency_code, f"rounds of {first.number}"):
        with site.open_session.begin() as session:
            _hold(session, transfers.get(session, number), inspection)
        yield


def _hold(session: Session, transfer: Transfer, inspection: Inspection) -> None:
    """Of the volumes that may be taken, link those that are held, and tell of those that must not be."""
    agency = transfer.agency_code
    beside = rounds_beside(session, agency, number=transfer.number, round_of=transfer.round_of)
    if beside:
        places = session.scalars(acceptable.volumes(transfer).with_only_columns(TransferVolume.position))
        volumes = map(inspection.volume, places.all())
        found = list(compare(session, inspection, agency, beside, volumes))
        transfers.link_held(session, transfer, inspection.held())
        # A warning was told when the transfer was checked, and keeps nothing from being taken.
        transfers.add_findings(session, transfer, (each for each in found if each[1].severity != "warning"))


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


def _gather(session: Session, inspection: Inspection, beside: Sequence[str]) -> None:
    """Volumes that other rounds brought into custody, by what a sender calls them."""
    taken = (
        select(TransferVolume.sender_id, TransferVolume.title, Volume.id, Volume.reference)
        .join(Volume, Volume.reference == TransferVolume.reference)
        .join(Transfer, Transfer.id == TransferVolume.transfer_id)
        .where(Transfer.number.in_(beside), TransferVolume.volume_id == Volume.id)
        .order_by(Volume.id)
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
