"""Volumes of a list that are in custody already, because another round or transfer brought them.

A round brings volumes again that another one brought, or only lists them.  The same bytes are not taken
twice; other bytes under the same number are an error, because custody is never overwritten.  What another
transfer brought with the same bytes is taken once more only where this was said to be another transfer.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.holdings import Volume
from archive.site.site import Site
from ingest import transfers
from ingest.looking.inspection import Inspection
from ingest.looking.inventory import HELD, About
from ingest.looking.matching import PlannedVolume
from ingest.taking import alike, in_part, known, unfit_before
from ingest.taking.alike import ASKED_AT_ONCE, Alike
from ingest.transfers import Transfer, TransferAct, TransferVolume, acceptable, rounds
from ingest.transfers.turns import alone
from metadata_schemas.description import Finding, Severity, Where

ANOTHER = "another-transfer"
"""The act by which somebody said that what looks like an earlier transfer is another one."""


@dataclass(frozen=True)
class Family:
    """A transfer, or one that only arrives and has no ``number`` yet, and the ``others`` of its rounds.

    ``is_another``: somebody said that it is another transfer, though it looks like an earlier one.
    """

    agency: str
    number: str | None
    others: Sequence[str]
    is_another: bool

    @property
    def numbers(self) -> tuple[str, ...]:
        return (*self.others, self.number) if self.number else (*self.others,)


def family_of(
    session: Session, agency: str, *, number: str | None, round_of: str | None, is_another: bool = False
) -> Family:
    """With the other rounds, the first one first, whichever of them it says that it corrects.

    Missing when there can be no such round.
    """
    one = round_of or number
    every = rounds.chain(session, known.earlier_round(session, one, agency)) if one else ()
    others = [each.number for each in every if each.number != number]
    return Family(agency, number, others, is_another or _was_another(session, number))


def _was_another(session: Session, number: str | None) -> bool:
    mine = select(TransferAct.id).join(Transfer, Transfer.id == TransferAct.transfer_id)
    said = mine.where(Transfer.number == number, TransferAct.act == ANOTHER).limit(1)
    return number is not None and session.scalar(said) is not None


def look(
    site: Site, inspection: Inspection, *, agency: str, number: str | None = None, round_of: str | None,
    is_another: bool = False,
) -> None:  # fmt: skip
    """Compare all volumes of a list with those in custody; what is found lies in the inspection.

    Findings, and volumes that need not be taken again because the same bytes are held; and what a person
    found unfit in a round before.
    """
    with site.reading_session() as session:
        family = family_of(session, agency, number=number, round_of=round_of, is_another=is_another)
        for about in compare(session, inspection, family, inspection.volumes()):
            inspection.inventory.note(HELD, [about])
        in_part.note(session, inspection, family.others)
        unfit_before.note(session, inspection, family.others, number=number)


def compare(
    session: Session, inspection: Inspection, family: Family, volumes: Iterable[PlannedVolume]
) -> Iterator[About]:
    """The same for some of them, as they are compared."""
    _gather(session, inspection, family.others)
    rest = iter(volumes)
    while some := list(islice(rest, ASKED_AT_ONCE)):
        elsewhere = alike.find(session, family.agency, some, apart=family.numbers, open_too=False)
        for planned in some:
            others = elsewhere.get(alike.key_of(planned), ())
            found = list(_compare(session, inspection, family, planned, others))
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
    family = family_of(session, agency, number=transfer.number, round_of=transfer.round_of)
    if family.others or _is_not_the_first(session, transfer):
        places = session.scalars(acceptable.volumes(transfer).with_only_columns(TransferVolume.position))
        volumes = map(inspection.volume, places.all())
        # A warning was told when the transfer was checked, and keeps nothing from being taken.
        found = [
            each for each in compare(session, inspection, family, volumes) if each[1].severity != "warning"
        ]
        transfers.link_held(session, transfer, inspection.held())
        transfers.add_findings(session, transfer, found)


def _is_not_the_first(session: Session, transfer: Transfer) -> bool:
    """Whether its agency sent anything else."""
    mine = select(Transfer.id).where(Transfer.agency_code == transfer.agency_code)
    return session.scalar(mine.where(Transfer.id != transfer.id).limit(1)) is not None


def _compare(
    session: Session, inspection: Inspection, family: Family, planned: PlannedVolume, others: Sequence[Alike]
) -> Iterator[Finding]:
    before = inspection.inventory.row(
        "SELECT volume_id, reference FROM earlier WHERE key = ?", alike.key_of(planned)
    )
    if before:
        volume_id, reference = before
        if alike.are_files_of(session, inspection, planned, alike.in_custody(volume_id)):
            inspection.hold(planned.place, volume_id)
            yield _same(planned, reference)
        elif in_part.is_rest_kept(session, inspection, planned, volume_id):
            inspection.hold(planned.place, volume_id, came_in_part=True)
            yield _not_again(planned, reference)
        else:
            yield _other(planned, reference)
        return
    same = next((each for each in others if alike.has_same_files(session, inspection, planned, each)), None)
    if same:
        yield _once_more(planned, same) if family.is_another else _from_elsewhere(planned, same)
    elif others and planned.description.sender_id:
        yield _twice(planned, others[-1].reference or "")


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
            (alike.key(number, title), volume, reference)
            for number, title, volume, reference in session.execute(taken)
        ),
    )


def _same(planned: PlannedVolume, reference: str) -> Finding:
    fact = f"is held already as {reference}, with the same files; it is not taken a second time."
    return _finding("note", planned, fact, reference)


def _not_again(planned: PlannedVolume, reference: str) -> Finding:
    came = "none of its files came again."
    if planned.files:
        came = f"{planned.files} of its files came again, the same; it is not taken a second time."
    return _finding("note", planned, f"is held already as {reference}; {came}", reference)


def _other(planned: PlannedVolume, reference: str) -> Finding:
    fact = (
        f"is held already as {reference}, with other files.  What is in custody is not replaced: "
        "send the corrected record under a number of its own, or leave it out of this round."
    )
    return _finding("error", planned, fact, reference)


def _from_elsewhere(planned: PlannedVolume, other: Alike) -> Finding:
    reference = other.reference or ""
    fact = (
        f"is held already as {reference}, with the same files, from transfer {other.transfer}; "
        "it is not taken a second time.  Return it: nothing of it is lost."
    )
    return _finding("error", planned, fact, reference)


def _once_more(planned: PlannedVolume, other: Alike) -> Finding:
    reference = other.reference or ""
    fact = (
        f"is held already as {reference}, with the same files, from transfer {other.transfer}, and is taken "
        "a second time because this was said to be another transfer.  Return it if it is the same record."
    )
    return _finding("warning", planned, fact, reference)


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
