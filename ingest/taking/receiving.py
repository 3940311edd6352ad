"""Receiving a transfer (인수): look, record, check, and take what may be taken.

Receiving the same folder again goes on where it stopped or says what came of it: the same agency
and the same inventory is the same transfer, wherever the folder lies.
"""

from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy.orm import Session

from archive import holdings, ledger
from archive.errors import Unavailable
from archive.ledger import COMMAND_LINE
from archive.site.evidence import be_of_one_log, seal_now
from archive.site.site import SEOUL, Site
from archive.work import jobs
from ingest import transfers
from ingest.acceptance import listed
from ingest.agreements import arrivals
from ingest.checking import checks, reading
from ingest.looking.inspecting import inspect
from ingest.looking.inspection import Inspection
from ingest.looking.landing import shown
from ingest.malware import scans, whole
from ingest.releases import releasing
from ingest.taking import (
    accession,
    agencies,
    first_look,
    going_on,
    in_custody,
    known,
    left_over,
    planning,
    received_before,
)
from ingest.taking.accession import Packers
from ingest.taking.keeping import Keeping
from ingest.taking.planning import Custody
from ingest.taking.saying import Say, checking
from ingest.transfers import Transfer, acceptable, readings, settling
from ingest.transfers.turns import alone
from preservation import completing


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the caller of ``transfer receive`` asks for."""

    folder: Path
    agency: str
    accept: bool = False
    no_list: bool = False
    source_system: str | None = None
    round_of: str | None = None
    another: bool = False
    by: str = COMMAND_LINE
    typed: bool = False
    """Whether somebody at the archive typed the agency's code, and may be told of other agencies."""


@contextmanager
def dry_run(site: Site, asked: Asked, say: Say) -> Iterator[tuple[Inspection, str | None]]:
    """Run every check, read every file, write nothing that stays; with the transfer that it is, if any."""
    agencies.check(site, asked.agency)
    with _inspect(site, asked) as inspection:
        same = _same(site, asked, inspection)
        if same is None:
            _compare_with_held(site, asked, inspection)
        else:
            with site.reading_session() as session:
                known.hold_what_it_brought(session, inspection, same)
        claimed = known.digests_of_lists(inspection)
        _, scan = first_look.note(site, inspection, claimed, agency=asked.agency, on=site.today())
        checking(say, reading.read_files(site.settings, inspection, whole_scan=scan))
        yield inspection, same


def receive(site: Site, asked: Asked, say: Say) -> str:
    """Receive a folder; the number of its transfer.  Conflict when it is being received at this moment."""
    return received(site, asked, say).number


def received(site: Site, asked: Asked, say: Say) -> going_on.Received:
    """The same, and whether its transfer was there before: then it goes on, or nothing is left to do."""
    agencies.check(site, asked.agency)
    with (
        accession.packers(site) if asked.accept else nullcontext() as packers,
        _inspect(site, asked) as inspection,
        alone(site, asked.agency, inspection.arrival.shape),
    ):
        same = _same(site, asked, inspection)
        far = going_on.stopped_at(site, same, accept=asked.accept) if same else None
        number = same or _enter(site, asked, inspection, say)
        if packers:
            with going_on.naming(site, number):
                with closing(_take(site, number, inspection, packers, by=asked.by)) as steps:
                    for done, total, _ in steps:
                        say("storing", done, total)
                checking(say, left_over.check(site, number, inspection))
                scans.end_second(site, number)
        _settle(site, number)
    return going_on.Received(number, same is not None, far)


def accept(
    site: Site, number: str, *, by: str, positions: Collection[int] | None = None, rest_waits: bool = False,
    until: str | None = None,
) -> Iterator[jobs.Progress]:  # fmt: skip
    """Take what an archivist accepts, all good volumes or those at ``positions``; yields (done, total).

    ``rest_waits``: what may not be taken waits, instead of a Conflict before anything is taken.
    ``until``: it was asked for in the quarantine until then, and where that has lapsed nothing is taken.
    """
    with site.reading_session() as session:
        transfer = transfers.get(session, number)
    with (
        alone(site, transfer.agency_code, transfer.shape),
        accession.packers(site) as packers,
        inspect_again(site, transfer) as inspection,
        going_on.naming(site, number),
    ):
        taking = _take(
            site, number, inspection, packers, by=by, positions=positions, rest_waits=rest_waits, until=until
        )
        with closing(taking) as steps:
            for done, total, _ in steps:
                yield done, total
        scans.end_second(site, number)
        _settle(site, number)


@jobs.job("accept-transfer", lane="staff", timeout=timedelta(hours=48), attempts=3, memory=8 << 30)
def accept_transfer(
    site: Site, number: str, by: str, positions: list[int] | None = None,
    also: Sequence[scans.Asking] = (), until: str | None = None,
) -> Iterator[jobs.Progress]:  # fmt: skip
    """What the desk's button asks for, or was asked for in a quarantine that was to go on ``until`` then."""
    for who, places in ((by, positions), *also):
        yield from accept(site, number, by=who, positions=places, rest_waits=True, until=until)
    with suppress(Unavailable):  # a store that is away is owed its copies, and sealed within the hour
        seal_now(site)


def _inspect(site: Site, asked: Asked) -> AbstractContextManager[Inspection]:
    be_of_one_log(site)
    with site.reading_session() as session:
        agency = holdings.find_agency(session, asked.agency)
    return inspect(
        asked.folder,
        scratch=site.settings.home / "scratch",
        source_system=asked.source_system,
        agency_default=agency.source_system if agency else None,
        no_list=asked.no_list,
        today=site.today(),
    )


@contextmanager
def inspect_again(site: Site, transfer: Transfer) -> Iterator[Inspection]:
    asked = Asked(
        folder=known.folder_of(transfer),
        agency=transfer.agency_code,
        no_list=transfer.without_list,
        source_system=transfer.source_system,
    )
    with _inspect(site, asked) as inspection:
        lists = known.digests_of_lists(inspection)
        if inspection.arrival.shape != transfer.shape or lists != transfer.claimed:
            raise known.changed(site, transfer)
        yield inspection


def _same(site: Site, asked: Asked, inspection: Inspection) -> str | None:
    claimed = known.digests_of_lists(inspection)
    with site.reading_session() as session:
        return known.same_transfer(
            session, inspection, agency=asked.agency, claimed=claimed, round_of=asked.round_of
        )


def _compare_with_held(site: Site, asked: Asked, inspection: Inspection) -> None:
    """What is new and looks like an earlier transfer is refused, unless it was said to be another one."""
    if asked.round_of:
        with site.reading_session() as session:
            known.earlier_round(session, asked.round_of, asked.agency, typed=asked.typed)
    if not asked.another:
        folder = None if asked.no_list else asked.folder
        received_before.refuse(
            site, inspection, agency=asked.agency, round_of=asked.round_of, folder=folder, typed=asked.typed
        )
    in_custody.look(site, inspection, agency=asked.agency, round_of=asked.round_of, is_another=asked.another)


def _enter(site: Site, asked: Asked, inspection: Inspection, say: Say) -> str:
    """Record an arrival with all its findings, in one transaction."""
    _compare_with_held(site, asked, inspection)
    claimed = known.digests_of_lists(inspection)
    agreed, scan = first_look.note(site, inspection, claimed, agency=asked.agency, on=site.today())
    is_read = not asked.accept or not scans.is_one_pass(site)
    if is_read:
        files = checking(say, reading.read_files(site.settings, inspection, whole_scan=scan))
    with site.open_session.begin() as session:
        transfer = _transfer(session, site, asked, inspection, claimed)
        transfer.agreement_version = agreed
        transfers.add_volumes(session, transfer, inspection.volumes())
        listed.keep(session, transfer, inspection)
        transfers.link_held(session, transfer, inspection.held())
        transfers.add_findings(session, transfer, checks.check(inspection))
        readings.keep(session, transfer, inspection)
        if is_read:
            scans.write_first(session, site, transfer, files=files)
        told = {
            "agency_code": asked.agency, "shape": transfer.shape, "round": transfer.round,
            "claimed": {shown(name): sha256 for name, sha256 in claimed.items()},
            "round_of": transfer.round_of, "another": asked.another,
            "files": transfer.files, "bytes": transfer.bytes, "volumes": inspection.count("volumes"),
            "held_already": [place for place, _ in inspection.held()],
        }  # fmt: skip
        ledger.record(
            session, act="transfer.received", about=transfer.number, at=site.now(), actor=asked.by, facts=told
        )
        transfers.note(session, transfer, "received", by=asked.by, at=site.now())
        transfer.move("check")
        return transfer.number


def _transfer(
    session: Session, site: Site, asked: Asked, inspection: Inspection, claimed: dict[str, str]
) -> Transfer:
    holdings.ensure_agency(session, asked.agency)
    earlier = transfers.get(session, asked.round_of) if asked.round_of else None
    transfer = Transfer(
        number=transfers.next_number(session, site.now().astimezone(SEOUL).year),
        agency_code=asked.agency,
        folder=str(known.place_of(asked.folder)),
        shape=inspection.arrival.shape,
        claimed=claimed,
        source_system=asked.source_system,
        without_list=asked.no_list,
        round=earlier.round + 1 if earlier else 1,
        round_of=earlier.number if earlier else None,
        files=inspection.arrival.count,
        bytes=inspection.arrival.bytes,
        received_at=site.now(),
        received_by=asked.by,
    )
    session.add(transfer)
    session.flush()
    if asked.another:
        transfers.note(session, transfer, in_custody.ANOTHER, by=asked.by, at=site.now())
    if earlier:
        transfers.note(session, earlier, "corrected", by=asked.by, at=site.now(), detail=transfer.number)
    return transfer


def _take(
    site: Site, number: str, inspection: Inspection, packers: Packers, *, by: str,
    positions: Collection[int] | None = None, rest_waits: bool = False, until: str | None = None,
) -> Generator[tuple[int, int, int], None, None]:  # fmt: skip
    """Take the volumes that wait and have no error.  Nobody else works on the transfer meanwhile."""
    if until and scans.has_lapsed(site, number, until):
        return
    with in_custody.one_round_at_a_time(site, number, inspection):
        with site.reading_session() as session:
            transfer = transfers.get(session, number)
            agency = holdings.get_agency(session, transfer.agency_code)
            claimed = transfer.claimed
            scan = arrivals.whole_scan(session, transfer)
            custody = Custody(number, agency.name, agency.code, by, scan)
            inspection.remember(readings.known(session, transfer))
            total = acceptable.count(session, transfer)
            if positions is not None:
                positions = acceptable.among(session, transfer, positions, rest_waits=rest_waits)
                total = len(positions)
            released = releasing.passes(session, transfer)
        if total:
            if scans.must_wait(site, number, by=by, positions=positions):
                return
            whole.refuse(site, inspection, claimed, scan, released)
            keeping = Keeping(site)
            keeping.keep_administrative(number, inspection.administrative, claimed)
            plans = planning.plan(site, custody, inspection, positions)
            yield from accession.take(
                site, custody, inspection, plans, keeping=keeping, total=total, packers=packers
            )
    completing.try_now(site)


def _settle(site: Site, number: str) -> None:
    with site.open_session.begin() as session:
        settling.settle(session, transfers.get(session, number))
