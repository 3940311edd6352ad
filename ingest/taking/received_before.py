"""Refuses a folder that brings again what an earlier transfer brought and names none that it corrects.

Two things tell: a volume with the very same files, in custody or waiting in a transfer that is open; or at
least half of the volumes by number and title, or by title and most of the very files.  A path, a number or a
title alone may be used again; path and title together tell while a transfer waits that came from there, and
the path alone where no volume could be read, then or now.
Where the agency's code was typed, a folder of another one with the very same names and sizes tells too.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.errors import Refused
from archive.site.language import amount, day
from archive.site.site import Site
from ingest import transfers
from ingest.looking.inspection import Inspection
from ingest.looking.matching import PlannedVolume
from ingest.taking import alike, in_custody, known
from ingest.taking.alike import ASKED_AT_ONCE, Alike
from ingest.transfers import Transfer, TransferVolume, rounds
from ingest.transfers.states import TAKEN, UNFINISHED

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
    """The transfer that a folder looks like: how many volumes do, and by what.

    ``lies_no_more``: what waits of it lay where this folder lies, and cannot be taken.
    """

    transfer: str
    volumes: int
    told_by: str
    lies_no_more: bool = False


def refuse(
    site: Site, inspection: Inspection, *, agency: str, round_of: str | None, folder: Path | None = None,
    typed: bool = False,
) -> None:  # fmt: skip
    """ReceivedBefore where it looks like a transfer that it does not say that it corrects.

    ``folder``: where it lies; None where that only gave the title, because there is no list.
    ``typed``: somebody at the archive gave the agency's code, which may be that of another one.
    """
    with site.reading_session() as session:
        sent = select(Transfer.id).where(Transfer.agency_code == agency).limit(1)
        if session.scalar(sent) is not None:
            family = in_custody.family_of(session, agency, number=None, round_of=round_of)
            if before := _find(session, inspection, family):
                raise _refused(session, inspection, before)
            if folder and (before := _in_place(session, inspection, family, folder)):
                raise _refused(session, inspection, before)
        if typed and (other := _from_elsewhere(session, inspection, agency)):
            raise _under_two_codes(session, other, agency)


def _find(session: Session, inspection: Inspection, family: in_custody.Family) -> Before | None:
    alike_in, named = Counter[str](), dict[str, Counter[str]]()
    same: tuple[PlannedVolume, Alike] | None = None
    for planned, others in _looking_alike(session, inspection, family):
        alike_in.update({each.transfer for each in others})
        if same is None:
            found = (each for each in others if alike.has_same_files(session, inspection, planned, each))
            same = next(((planned, each) for each in found), None)
        if same is None:
            for number, told_by in _by_name(session, inspection, planned, others):
                named.setdefault(number, Counter())[told_by] += 1
    if same:
        volume, other = same
        name = volume.description.sender_id or volume.description.title
        fact = f", and {name[:80]} has the very same files as there"
        return Before(other.transfer, alike_in[other.transfer], fact)
    return _most_named(named, of=inspection.count("volumes"))


def _most_named(named: dict[str, Counter[str]], *, of: int) -> Before | None:
    """The transfer in which most volumes have the same name, when these are half of all."""
    number = max(named, key=lambda each: named[each].total(), default=None)
    if number is None or named[number].total() * HALF < of:
        return None
    [(told_by, _)] = named[number].most_common(1)
    return Before(number, named[number].total(), told_by)


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


def _by_name(
    session: Session, inspection: Inspection, planned: PlannedVolume, others: Sequence[Alike]
) -> set[tuple[str, str]]:
    """The transfers in which others have the same name, and what that is.

    A title alone is none: there may be one like it each year.
    """
    if not planned.description.sender_id:
        came = alike.brought_most_files_of(session, inspection, planned, others)
        return {(each, ", by title and with most of the very files") for each in came}
    same = (each.transfer for each in others if each.title == planned.description.title)
    return {(each, ", by number and title") for each in same}


def _in_place(
    session: Session, inspection: Inspection, family: in_custody.Family, folder: Path
) -> Before | None:
    """A transfer that waits and came from this very folder, when half of the titles wait there.

    So does one where no volume could be read, then or now.  As it was it lies there no more, and cannot be
    taken.
    """
    every = inspection.count("volumes")
    for waiting in _waiting_from(session, family, folder):
        if not every or not transfers.count_states(session, waiting):
            fact = " came from this very folder, and of one of the two no volume could be read"
            return Before(waiting.number, 0, fact, lies_no_more=True)
        volumes = _titles_that_wait(session, inspection, waiting)
        if volumes * HALF >= every:
            fact = ", by title and from this very folder, where it waits"
            return Before(waiting.number, volumes, fact, lies_no_more=True)
    return None


def _waiting_from(session: Session, family: in_custody.Family, folder: Path) -> Iterator[Transfer]:
    """Transfers of the agency that are not done, and that no later round corrected.

    None is seen that came by a link which this folder did not come by: no other folder is looked at.
    """
    corrected = select(Transfer.round_of).where(Transfer.round_of.is_not(None))
    mine = select(Transfer).where(
        Transfer.agency_code == family.agency,
        Transfer.folder.in_({str(known.place_of(folder)), str(folder.resolve())}),
        Transfer.state.in_((*UNFINISHED, "waiting")),
        Transfer.number.not_in(family.numbers),
        Transfer.number.not_in(corrected),
    )
    yield from session.scalars(mine.order_by(Transfer.id.desc()))


def _titles_that_wait(session: Session, inspection: Inspection, transfer: Transfer) -> int:
    """How many volumes have the title of one that waits there, whether they have numbers or not."""
    titles = (each.description.title for each in inspection.volumes())
    there = select(TransferVolume.title).where(
        TransferVolume.transfer_id == transfer.id, TransferVolume.state == "waiting"
    )
    found = 0
    while some := list(islice(titles, ASKED_AT_ONCE)):
        same = set(session.scalars(there.where(TransferVolume.title.in_(some))))
        found += sum(title in same for title in some)
    return found


def _refused(session: Session, inspection: Inspection, before: Before) -> ReceivedBefore:
    transfer = transfers.get(session, before.transfer)
    newest = rounds.chain(session, transfer)[-1].number
    every = amount(inspection.count("volumes"), "volume")
    told = f"transfer {transfer.number} of {day(transfer.received_at, 'en')}{before.told_by}."
    if before.volumes:
        told = f"{before.volumes} of the {every} of this folder came before, with {told}"
    else:
        told = f"{told[0].upper()}{told[1:]}"
    step = (
        f"If it corrects that transfer, give --round-of {newest}, or call its watched folder "
        f"NAME.round-of-{newest}; if it is another one, give --another-transfer, or call it "
        "NAME.another-transfer"
    )
    if before.lies_no_more:
        step += f"; or return that transfer: seogo transfer return {transfer.number} --reason TEXT"
    return ReceivedBefore(told, transfer=newest, next=f"{step}.")


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
