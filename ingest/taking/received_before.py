"""Refuses a folder that brings again what an earlier transfer brought and names none that it corrects.

Two things tell: a volume with the very same files, in custody or waiting in a transfer that is open; or the
numbers and titles of at least half of the volumes.  A path, a number or a title alone may be used again.
Where the agency's code was typed, a folder of another one with the very same names and sizes tells too.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.errors import Refused
from archive.site.language import amount, day
from archive.site.site import Site
from ingest import transfers
from ingest.looking.inspection import Inspection
from ingest.looking.matching import PlannedVolume
from ingest.taking import alike, in_custody
from ingest.taking.alike import ASKED_AT_ONCE, Alike
from ingest.transfers import Transfer, rounds
from ingest.transfers.states import TAKEN

HALF = 2
"""One of so many volumes, or more, has to look alike where no file is the same."""


class ReceivedBefore(Refused):
    """``transfer`` is the round to name as the one that is corrected, or that of another agency."""

    code = "transfer.received_before"

    def __init__(self, message: str, *, transfer: str, next: str) -> None:
        super().__init__(message, next=next)
        self.transfer = transfer


@dataclass(frozen=True)
class Before:
    """The transfer that a folder looks like: how many volumes do, and one that has the very same files."""

    transfer: str
    volumes: int
    same: PlannedVolume | None


def refuse(
    site: Site, inspection: Inspection, *, agency: str, round_of: str | None, typed: bool = False
) -> None:
    """ReceivedBefore where it looks like a transfer that it does not say that it corrects.

    ``typed``: somebody at the archive gave the agency's code, which may be that of another one.
    """
    with site.reading_session() as session:
        sent = select(Transfer.id).where(Transfer.agency_code == agency).limit(1)
        if session.scalar(sent) is not None and (before := _find(session, inspection, agency, round_of)):
            raise _refused(session, inspection, before)
        if typed and (other := _from_elsewhere(session, inspection, agency)):
            raise _under_two_codes(session, other, agency)


def _find(session: Session, inspection: Inspection, agency: str, round_of: str | None) -> Before | None:
    family = in_custody.family_of(session, agency, number=None, round_of=round_of)
    alike_in, same_names = Counter[str](), Counter[str]()
    same: tuple[PlannedVolume, Alike] | None = None
    for planned, others in _looking_alike(session, inspection, family):
        alike_in.update({each.transfer for each in others})
        same_names.update({each.transfer for each in others if _has_same_name(planned, each)})
        if same is None:
            found = (each for each in others if alike.has_same_files(session, inspection, planned, each))
            same = next(((planned, each) for each in found), None)
    if same:
        volume, other = same
        return Before(other.transfer, alike_in[other.transfer], volume)
    for number, volumes in same_names.most_common(1):
        if volumes * HALF >= inspection.count("volumes"):
            return Before(number, volumes, None)
    return None


def _looking_alike(
    session: Session, inspection: Inspection, family: in_custody.Family
) -> Iterator[tuple[PlannedVolume, list[Alike]]]:
    """Volumes with those of other transfers that have their number, or their title where they have none."""
    rest = inspection.volumes()
    while some := list(islice(rest, ASKED_AT_ONCE)):
        found = alike.find(session, family.agency, some, apart=family.numbers, open_too=True)
        for planned in some:
            if others := found.get(alike.key_of(planned)):
                yield planned, others


def _has_same_name(planned: PlannedVolume, other: Alike) -> bool:
    """A title alone is no name: there may be one like it each year."""
    return other.sender_id is not None and other.title == planned.description.title


def _refused(session: Session, inspection: Inspection, before: Before) -> ReceivedBefore:
    transfer = transfers.get(session, before.transfer)
    newest = rounds.chain(session, transfer)[-1].number
    every = amount(inspection.count("volumes"), "volume")
    told = f"{before.volumes} of the {every} of this folder came before, with"
    told += f" transfer {transfer.number} of {day(transfer.received_at, 'en')}"
    if before.same:
        name = before.same.description.sender_id or before.same.description.title
        fact = f"{told}, and {name[:80]} has the very same files as there."
    else:
        fact = f"{told}, by number and title."
    return ReceivedBefore(
        fact,
        transfer=newest,
        next=f"If it corrects that transfer, give --round-of {newest}, or call its watched folder "
        f"NAME.round-of-{newest}; if it is another one, give --another-transfer, or call it "
        "NAME.another-transfer.",
    )


def _from_elsewhere(session: Session, inspection: Inspection, agency: str) -> Transfer | None:
    """The newest transfer of another agency with the same names and sizes; one returned whole is none."""
    same = select(Transfer).where(
        Transfer.shape == inspection.arrival.shape,
        Transfer.agency_code != agency,
        Transfer.state != "returned",
    )
    return session.scalar(same.order_by(Transfer.id.desc()).limit(1))


def _under_two_codes(session: Session, other: Transfer, agency: str) -> ReceivedBefore:
    number, code = other.number, other.agency_code
    another = "give --another-transfer"
    if any(transfers.count_states(session, other).get(state) for state in TAKEN):
        rest = (
            f"If {code} was, or it is another transfer, {another}: then all of it is taken, and what is in "
            f"custody under {code} stays there, for nothing moves or removes it."
        )
    else:
        rest = (
            f"If {code} was, return that transfer: seogo transfer return {number} --reason TEXT.  "
            f"If it is another transfer, {another}."
        )
    return ReceivedBefore(
        f"A folder with the very same names and sizes came before from agency {code}, with transfer {number} "
        f"of {day(other.received_at, 'en')}.",
        transfer=number,
        next=f"If {agency} is mistyped, give --agency {code}.  {rest}",
    )
