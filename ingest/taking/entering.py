"""Writes down how the volumes of a transfer went that were packed: holdings, bags, jobs and ledger.

Volumes that were packed at about the same time share a transaction, and so one wait for the disk.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive import ledger, outbox
from archive.errors import ArchiveError
from archive.ledger import Act
from archive.registration import (
    ENTERING,
    Entered,
    RegisteredFile,
    Registration,
    complete,
    enter_files,
    enter_items,
    forget,
    register,
)
from archive.site.site import Site
from ingest import transfers
from ingest.acceptance import verdicts
from ingest.looking.inventory import About
from ingest.malware import scans
from ingest.taking.planning import Custody
from ingest.transfers import Transfer, TransferVolume, volume_rows
from metadata_schemas.description import Finding
from preservation import completing, identifying, packages, policies
from preservation.packing import NotAsPromised, Packed, Plan
from preservation.policies import Demand
from preservation.sources import modified_at, octets_of


@dataclass(frozen=True)
class Errand:
    """A volume to be packed, and the stores that it goes into."""

    plan: Plan
    stores: tuple[str, ...]


Outcome: TypeAlias = tuple[Errand, Packed | NotAsPromised | ArchiveError]


@dataclass(frozen=True)
class Kept:
    """A volume that comes into custody.  ``owed``: the stores that must hold it and get their copy later."""

    errand: Errand
    packed: Packed
    row: TransferVolume
    owed: tuple[str, ...]

    @property
    def reference(self) -> str:
        return self.errand.plan.reference

    @property
    def state(self) -> str:
        return "accepted" if self.owed else "stored"


LARGE = 20_000
"""A volume with more files or items is entered in several transactions, so that none grows without limit."""


def conclude(site: Site, custody: Custody, outcomes: Sequence[Outcome]) -> None:
    """Write down how volumes went.  Of those that ended with an error nothing is written."""
    begun = {
        errand.plan.reference: _enter_in_steps(site, custody, errand.plan, outcome)
        for errand, outcome in outcomes
        if isinstance(outcome, Packed) and max(len(errand.plan.files), len(errand.plan.volume.items)) > LARGE
    }
    with site.open_session.begin() as session:
        demand = policies.in_force(session, site.settings)
        _count_scanned(session, custody, outcomes)
        _enter(session, site, custody, list(_kept(session, demand, custody, outcomes)), begun)


def _count_scanned(session: Session, custody: Custody, outcomes: Sequence[Outcome]) -> None:
    scanned = [errand.plan for errand, outcome in outcomes if not isinstance(outcome, ArchiveError)]
    signatures = next((plan.scanner for plan in scanned if plan.scanner), None)
    if signatures:
        transfer, files = transfers.get(session, custody.number), sum(len(plan.files) for plan in scanned)
        scans.looked_at(session, transfer, files=files, signatures=signatures)


def _enter_in_steps(site: Site, custody: Custody, plan: Plan, packed: Packed) -> Entered:
    """Enter all items and files of a large volume.  Until it is concluded nothing of it counts as held."""
    today, now = site.today(), site.now()
    with site.open_session.begin() as session:
        [entered] = register(session, [_entry(custody, plan, ENTERING)], now=now)
    items = ((entered, each) for each in plan.volume.items)
    files = _registered(entered.volume, plan, packed)
    for _ in range(0, len(plan.volume.items), LARGE):
        with site.open_session.begin() as session:
            enter_items(session, islice(items, LARGE), by=custody.by, today=today, now=now)
    for _ in range(0, len(plan.files), LARGE):
        with site.open_session.begin() as session:
            enter_files(session, islice(files, LARGE))
    return entered


def _kept(session: Session, demand: Demand, custody: Custody, outcomes: Sequence[Outcome]) -> Iterator[Kept]:
    """The volumes that come into custody.  What was found in any of them is written down."""
    transfer = transfers.get(session, custody.number)
    mine = select(TransferVolume).where(
        TransferVolume.transfer_id == transfer.id,
        TransferVolume.reference.in_([errand.plan.reference for errand, _ in outcomes]),
    )
    # Until this is committed no verdict comes in.
    rows = {row.reference: row for row in session.scalars(mine.order_by(TransferVolume.id).with_for_update())}
    unfit = verdicts.found_unfit(session, rows.values())
    for errand, outcome in outcomes:
        if isinstance(outcome, ArchiveError):
            continue
        row = rows[errand.plan.reference]
        # Returned, taken or found unfit meanwhile: that stands.
        if row.state != "waiting" or row.id in unfit:
            forget(session, [errand.plan.reference])
            continue
        if outcome.findings:
            transfers.add_findings(session, transfer, _new(session, transfer, row, outcome.findings))
        if isinstance(outcome, Packed):
            wanted = demand.stores_of(errand.plan.volume.retention, errand.plan.agency_code)
            yield Kept(errand, outcome, row, tuple(sorted(set(wanted) - set(errand.stores))))


def _new(
    session: Session, transfer: Transfer, row: TransferVolume, findings: Iterable[Finding]
) -> Iterator[About]:
    """What packing found; what only warns and the checks have told is not told twice."""
    told = volume_rows.told_of(session, transfer, row.position)
    for each in findings:
        if each.severity == "error" or (each.rule, each.where.path) not in told:
            yield row.position, each


def _enter(
    session: Session, site: Site, custody: Custody, kept: Sequence[Kept], begun: Mapping[str, Entered]
) -> None:
    """Register volumes with their bags, and ask for what is made of them."""
    now = site.now()
    new = [each for each in kept if each.reference not in begun]
    entries = [_entry(custody, each.errand.plan, each.state) for each in new]
    made = register(session, entries, now=now)
    entered = {**begun, **{each.reference: mine for each, mine in zip(new, made, strict=True)}}
    for each in kept:
        mine = entered[each.reference]
        if each.reference in begun:
            complete(session, mine, state=each.state)
        each.row.volume_id, each.row.state = mine.volume, each.state
    items = ((mine, item) for mine in made for item in mine.entry.described.items)
    enter_items(session, items, by=custody.by, today=site.today(), now=now)
    enter_files(session, _files(new, made))
    bags = [(entered[each.reference].volume, each.packed.bag, each.errand.stores, each.owed) for each in kept]
    packages.enter_bags(session, bags, now=now)
    if any(each.owed for each in kept):
        completing.ask(session)
    volumes = [entered[each.reference].volume for each in kept]
    identifying.ask(session, volumes)
    outbox.tell_items_of(session, volumes)
    ledger.record_all(session, [act for each in kept for act in _acts(site, custody, each)])


def _files(kept: Sequence[Kept], made: Sequence[Entered]) -> Iterator[RegisteredFile]:
    """The files of all these volumes."""
    for each, mine in zip(kept, made, strict=True):
        yield from _registered(mine.volume, each.errand.plan, each.packed)


def _entry(custody: Custody, plan: Plan, state: str) -> Registration:
    return Registration(
        reference=plan.reference,
        described=plan.volume,
        state=state,
        files=len(plan.files),
        octets=octets_of(plan.files),
        agency=custody.agency,
        agency_code=custody.agency_code,
    )


def _registered(volume: int, plan: Plan, packed: Packed) -> Iterator[RegisteredFile]:
    item = position = 0
    for source, sha256 in zip(plan.files, packed.digests, strict=True):
        position = position + 1 if source.item + 1 == item else 1
        item = source.item + 1
        yield RegisteredFile(
            volume,
            item,
            position,
            path=plan.place_of(source),
            original_name=source.original_name,
            original_bytes=source.original_bytes,
            bytes=source.size,
            sha256=sha256,
            modified_at=modified_at(source.modified_ns),
        )


def _acts(site: Site, custody: Custody, each: Kept) -> Iterator[Act]:
    """The two acts of custody.  The description itself is in the bag; here is what proves and finds it.

    While a copy is owed the second act is ``volume.packed``; ``volume.stored`` follows the last copy.
    """
    facts = {
        "transfer": custody.number,
        "agency_code": custody.agency_code,
        "position": each.row.position,
        "items": len(each.errand.plan.volume.items),
        "files": len(each.errand.plan.files),
    }
    held = packages.facts_of(each.packed.bag, each.errand.stores)
    second = ("volume.packed", {**held, "owed": list(each.owed)}) if each.owed else ("volume.stored", held)
    for act, told in (("volume.accepted", facts), second):
        yield Act(act=act, about=each.reference, at=site.now(), actor=custody.by, facts=told)
