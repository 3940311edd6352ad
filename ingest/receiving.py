"""Receiving a transfer (인수): look, record, check, and take what may be taken.

Receiving the same folder again goes on where it stopped or says what came of it: the same agency
and the same inventory is the same transfer, wherever the folder lies.
"""

import hashlib
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive import holdings, ledger
from archive.errors import Conflict, WrongCall
from archive.site.site import SEOUL, Site
from archive.stores.keys import Names
from archive.work import jobs
from archive.work.processes import only_one
from ingest import accession, checks, transfers
from ingest.checks import About, Verdict
from ingest.inspection import Inspection, inspect
from ingest.planning import Custody
from ingest.transfers import Transfer
from preservation.packing import modified_at

Say = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the caller of ``transfer receive`` asks for."""

    folder: Path
    agency: str
    accept: bool = False
    no_list: bool = False
    source_system: str | None = None
    round_of: str | None = None
    by: str = "command-line"


@dataclass(frozen=True)
class Looked:
    """What a dry run came to; nothing was written down."""

    inspection: Inspection
    verdict: Verdict


def dry_run(site: Site, asked: Asked, say: Say) -> Looked:
    """Run every check and read every file, and write nothing anywhere."""
    inspection = _inspect(site, asked)
    _, findings = checks.read_files(inspection, lambda done, total: say("checking", done, total))
    return Looked(inspection, checks.check(inspection, findings))


def receive(site: Site, asked: Asked, say: Say) -> str:
    """Receive a folder; the number of its transfer.  Conflict when it is being received at this moment."""
    inspection = _inspect(site, asked)
    with _alone(site, asked.agency, inspection.arrival.shape):
        number = _same(site, asked, inspection)
        digests: Mapping[str, str] = {}
        if number is None:
            found: list[About] = []
            if not asked.accept:
                digests, found = checks.read_files(inspection, lambda done, total: say("checking", done, total))
            number = _enter(site, asked, inspection, checks.check(inspection, found), digests)
        if asked.accept:
            with closing(_take(site, number, inspection, by=asked.by)) as steps:
                for done, total, _ in steps:
                    say("storing", done, total)
        _settle(site, number)
    return number


def accept(site: Site, number: str, *, by: str, positions: set[int] | None = None) -> Iterator[jobs.Progress]:
    """Take what an archivist accepts, all good volumes or those at ``positions``; yields (done, total)."""
    with site.reading_session() as session:
        transfer = transfers.get(session, number)
    inspection = _inspect_again(site, transfer)
    with _alone(site, transfer.agency_code, transfer.shape):
        with closing(_take(site, number, inspection, by=by, positions=positions)) as steps:
            for done, total, _ in steps:
                yield done, total
        _settle(site, number)


@jobs.job("accept-transfer", lane="staff", timeout=timedelta(hours=48), attempts=3, memory=8 << 30)
def accept_transfer(site: Site, number: str, by: str) -> Iterator[jobs.Progress]:
    """What the desk's accept button asks for."""
    yield from accept(site, number, by=by)


def check(site: Site, number: str, say: Say, *, by: str) -> None:
    """Check what is still waiting once more, from the folder as it is now."""
    with site.reading_session() as session:
        transfer = transfers.get(session, number)
    inspection = _inspect_again(site, transfer)
    digests, found = checks.read_files(inspection, lambda done, total: say("checking", done, total))
    verdict = checks.check(inspection, found)
    with site.open_session.begin() as session:
        transfer = transfers.get(session, number)
        transfers.forget_findings(session, transfer)
        _write_findings(session, transfer, verdict)
        transfers.keep_digests(session, transfer, digests)
        transfers.note(session, transfer, "checked", by=by, at=site.now())
        transfers.settle(session, transfer)


def give_back(
    site: Site, number: str, *, by: str, reason: str, positions: set[int] | None = None
) -> None:
    """Return (반려) what is waiting, all of it or the volumes at ``positions``, with the reason."""
    if not reason.strip():
        raise WrongCall("A return needs its reason.", next="Say what the agency has to correct.")
    with site.open_session.begin() as session:
        transfer = transfers.get(session, number)
        rows = [row for row in transfers.volumes_of(session, transfer) if row.state == "waiting"]
        chosen = [row for row in rows if positions is None or row.position in positions]
        if not chosen and (rows or positions or transfer.state not in ("waiting", "checked")):
            raise Conflict(f"Nothing of transfer {number} is waiting to be returned.",
                           next=f"Look at it with: seogo transfer show {number}")  # fmt: skip
        for row in chosen:
            row.state, row.reason = "returned", reason
        ledger.record(session, act="transfer.returned", about=number, at=site.now(), actor=by,
                      facts={"positions": [row.position for row in chosen]})  # fmt: skip
        transfers.note(session, transfer, "returned", by=by, at=site.now(), detail=reason)
        transfers.settle(session, transfer)


def _alone(site: Site, agency: str, shape: str) -> AbstractContextManager[None]:
    """Only one process at a time takes in the same folder."""
    name = hashlib.sha256(f"{agency}\0{shape}".encode()).hexdigest()[:32]
    return only_one(
        site.settings.home / "locks",
        f"receive-{name}",
        busy="This folder is being received at this moment by another command.",
        next="Wait until that one has ended; then the same command shows what came of it.",
    )


def _inspect(site: Site, asked: Asked) -> Inspection:
    with site.reading_session() as session:
        agency = session.scalar(select(holdings.Agency).where(holdings.Agency.code == asked.agency))
    return inspect(
        asked.folder,
        source_system=asked.source_system,
        agency_default=agency.source_system if agency else None,
        no_list=asked.no_list,
        today=site.today(),
    )


def _inspect_again(site: Site, transfer: Transfer) -> Inspection:
    asked = Asked(folder=Path(transfer.folder), agency=transfer.agency_code, no_list=transfer.without_list,
                  source_system=transfer.source_system)  # fmt: skip
    inspection = _inspect(site, asked)
    if inspection.arrival.shape != transfer.shape:
        raise Conflict(f"The folder of transfer {transfer.number} has changed since it was received.",
                       next="Receive it again; with --round-of it becomes a new round.")  # fmt: skip
    return inspection


def _same(site: Site, asked: Asked, inspection: Inspection) -> str | None:
    """The transfer that this folder is, if it is known: same names, same sizes, same digests."""
    claimed = _claimed(inspection)
    with site.reading_session() as session:
        for transfer in transfers.with_shape(session, asked.agency, inspection.arrival.shape):
            if asked.round_of and transfer.round_of is None:
                continue
            if transfer.claimed == claimed and _bytes_are_the_same(session, transfer, inspection):
                return transfer.number
    return None


def _bytes_are_the_same(session: Session, transfer: Transfer, inspection: Inspection) -> bool:
    """Compare what is known of each file.  In an unfinished transfer an untouched file is not read again."""
    unfinished = transfer.state in ("receiving", "checked")
    known = transfers.known_digests(session, transfer)
    for file in inspection.arrival.files:
        told = known.get(file.path)
        if told is None or (unfinished and told.modified_at == modified_at(file.modified_ns)):
            continue
        if checks.digests_of(inspection.arrival.full_path(file.path), {"sha256"})["sha256"] != told.sha256:
            return False
    return True


def _claimed(inspection: Inspection) -> dict[str, str]:
    return {name: checks.digests_of(path, {"sha256"})["sha256"] for name, path in inspection.administrative.items()}


def _enter(
    site: Site, asked: Asked, inspection: Inspection, verdict: Verdict, digests: Mapping[str, str]
) -> str:
    """Record an arrival with all its findings, in one transaction."""
    claimed = _claimed(inspection)
    with site.open_session.begin() as session:
        holdings.ensure_agency(session, asked.agency)
        earlier = transfers.get(session, asked.round_of) if asked.round_of else None
        transfer = Transfer(
            number=transfers.next_number(session, site.now().astimezone(SEOUL).year),
            agency_code=asked.agency, folder=str(asked.folder.absolute()), shape=inspection.arrival.shape,
            claimed=claimed, source_system=asked.source_system, without_list=asked.no_list,
            round=earlier.round + 1 if earlier else 1, round_of=earlier.number if earlier else None,
            files=len(inspection.arrival.files), bytes=sum(file.size for file in inspection.arrival.files),
            received_at=site.now(), received_by=asked.by,
        )  # fmt: skip
        session.add(transfer)
        session.flush()
        transfers.add_volumes(session, transfer, inspection.leaves.volumes)
        _write_findings(session, transfer, verdict)
        transfers.keep_digests(session, transfer, digests)
        ledger.record(session, act="transfer.received", about=transfer.number, at=site.now(), actor=asked.by, facts={
            "agency_code": asked.agency, "shape": transfer.shape, "claimed": claimed, "round": transfer.round,
            "round_of": transfer.round_of, "files": transfer.files, "bytes": transfer.bytes,
            "volumes": len(inspection.leaves.volumes),
        })  # fmt: skip
        transfers.note(session, transfer, "received", by=asked.by, at=site.now())
        transfer.move("check")
        return transfer.number


def _write_findings(session: Session, transfer: Transfer, verdict: Verdict) -> None:
    ids = {row.position: row.id for row in transfers.volumes_of(session, transfer)}
    told = ((None if place is None else ids.get(place), each) for place, each in verdict.findings)
    transfers.add_findings(session, transfer, told)


def _take(
    site: Site, number: str, inspection: Inspection, *, by: str, positions: set[int] | None = None
) -> Generator[tuple[int, int, int], None, None]:
    """Take the volumes that wait and have no error."""
    with site.reading_session() as session:
        transfer = transfers.get(session, number)
        agency = holdings.get_agency(session, transfer.agency_code)
        custody = Custody(number, agency.name, agency.code, by)
        faulty = transfers.faulty(session, transfer)
        waiting = [row for row in transfers.volumes_of(session, transfer) if row.state in ("waiting", "accepted")]
        places = {row.position for row in waiting if row.id not in faulty}
        digests = {path: told.sha256 for path, told in transfers.known_digests(session, transfer).items()}
    if positions is not None and (wrong := positions - places):
        raise Conflict(f"Volumes {sorted(wrong)} of transfer {number} cannot be accepted.",
                       next=f"Look at their findings with: seogo transfer show {number}")  # fmt: skip
    places &= positions if positions is not None else places
    if places:
        _keep_administrative(site, number, inspection)
    yield from accession.take(site, custody, inspection, places, digests=digests)


def _keep_administrative(site: Site, number: str, inspection: Inspection) -> None:
    """Keep the lists and checksum lists as they came, once for the transfer, beside the packages."""
    names = Names(f"transfers/{number}")
    for name, path in inspection.administrative.items():
        key = f"transfers/{number}/{names.place(name).path}"
        for store in site.stores:
            with open(path, "rb") as stream:
                store.put(key, stream)


def _settle(site: Site, number: str) -> None:
    with site.open_session.begin() as session:
        transfers.settle(session, transfers.get(session, number))
