"""Taking custody (인수): the bag in every store first, then holdings, rulings and ledger in one transaction.

Nothing of a volume is in custody until all of it has been read back from every store.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from functools import cache, partial
from itertools import islice
from typing import TypeAlias

from sqlalchemy.orm import Session

from archive import ledger, outbox
from archive.errors import ArchiveError, Conflict, Unavailable
from archive.registration import (
    Entered,
    RegisteredFile,
    Registration,
    complete,
    enter_files,
    forget,
    register,
)
from archive.site.settings import Settings
from archive.site.site import Site
from archive.stores import Store, open_stores
from archive.work.pool import Pool, working
from ingest import examiners, planning, transfers
from ingest.acceptance import verdicts
from ingest.inspection import Inspection
from ingest.planning import Custody
from preservation import derivatives, packages, packing
from preservation.packages import NewBag
from preservation.packing import NotAsPromised, Packed, Plan
from preservation.sources import Digests, modified_at, octets_of

Progress: TypeAlias = tuple[int, int, int]
"""Volumes done, volumes to do, bytes done."""

Packers: TypeAlias = Pool[Plan, Packed | NotAsPromised]

LARGE_VOLUME = 20_000
"""A volume with more files is entered in several transactions, so that none grows without limit."""


def packers(site: Site) -> AbstractContextManager[Packers]:
    """The processes that pack volumes.  They get ready while the transfer is still looked at."""
    return working(partial(_pack, site.settings), workers=site.settings.workers, preload=(__name__,))


def take(
    site: Site,
    custody: Custody,
    inspection: Inspection,
    plans: Iterable[Plan],
    *,
    total: int,
    packers: Packers,
) -> Iterator[Progress]:
    """Take ``total`` volumes as they are planned.  Those that turn out faulty are left, with findings.

    May be killed and called again: what is stored stays, and what is not is packed into the same bytes.
    """
    done, octets, left = 0, 0, total
    while left:
        spoilt: list[str] = []
        with _no_litter(site), closing(packers.spread(plans)) as ready:
            for outcomes in ready:
                spoilt += [plan.reference for plan in _conclude_all(site, custody, outcomes)]
                done += len(outcomes)
                octets += sum(octets_of(plan.files) for plan, _ in outcomes)
                yield done - len(spoilt), total, octets
        done, left = done - len(spoilt), len(spoilt)
        plans = (planning.plan_anew(site, custody, inspection, each) for each in spoilt)


@contextmanager
def _no_litter(site: Site) -> Iterator[None]:
    """Half bags of writers that were killed go: those of an earlier run before, those of this one after."""
    for store in site.stores:
        store.sweep()
    try:
        yield
    except BaseException:
        for store in site.stores:
            with suppress(Unavailable):
                store.sweep()
        raise


def _pack(settings: Settings, plan: Plan) -> Packed | NotAsPromised:
    stores = _stores(tuple(settings.stores.items()), tuple(settings.credentials.items()))
    with examiners.opened(settings) as opened:
        return packing.pack(stores, plan, opened)


@cache
def _stores(
    stores: tuple[tuple[str, str], ...], credentials: tuple[tuple[str, tuple[str, str]], ...]
) -> tuple[Store, ...]:
    """The stores of a working process, opened once."""
    return open_stores(dict(stores), dict(credentials))


def _conclude_all(
    site: Site, custody: Custody, outcomes: Sequence[tuple[Plan, Packed | NotAsPromised | ArchiveError]]
) -> list[Plan]:
    """Write down how volumes went that were packed at about the same time; those that others spoilt.

    They share a transaction, and so one wait for the disk.
    """
    spoilt: list[Plan] = []
    begun: dict[str, Entered] = {}
    for plan, outcome in outcomes:
        if isinstance(outcome, Packed) and len(plan.files) > LARGE_VOLUME:
            begun[plan.reference] = _enter_in_steps(site, custody, plan, outcome)
    with site.open_session.begin() as session:
        for plan, outcome in outcomes:
            if isinstance(outcome, Conflict):
                spoilt.append(plan)
            elif not isinstance(outcome, ArchiveError):
                _conclude(session, site, custody, plan, outcome, begun.get(plan.reference))
    for _, outcome in outcomes:
        if isinstance(outcome, ArchiveError) and not isinstance(outcome, Conflict):
            raise outcome
    return spoilt


def _enter_in_steps(site: Site, custody: Custody, plan: Plan, packed: Packed) -> Entered:
    """Enter all files of a large volume.  Until it is concluded nothing of it counts as held."""
    with site.open_session.begin() as session:
        entered = register(session, _entry(custody, plan), today=site.today(), now=site.now())
    files = _registered(plan, packed.digests)
    while chunk := list(islice(files, LARGE_VOLUME)):
        with site.open_session.begin() as session:
            enter_files(session, entered, chunk)
    return entered


def _conclude(
    session: Session,
    site: Site,
    custody: Custody,
    plan: Plan,
    outcome: Packed | NotAsPromised,
    entered: Entered | None,
) -> None:
    transfer = transfers.get(session, custody.number)
    row = transfers.volume_with(session, transfer, plan.reference)
    # Returned, taken or found unfit meanwhile: that stands.
    if row.state not in ("waiting", "accepted") or verdicts.found_unfit(session, row):
        forget(session, plan.reference)
        return
    transfers.add_findings(session, transfer, [(row.position, each) for each in outcome.findings])
    if isinstance(outcome, NotAsPromised):
        row.state = "waiting"
        return
    now = site.now()
    if entered is None:
        entered = register(session, _entry(custody, plan), today=site.today(), now=now)
        enter_files(session, entered, _registered(plan, outcome.digests))
    complete(session, entered, files=len(plan.files), octets=octets_of(plan.files))
    packages.enter_bag(session, entered.volume, outcome.bag, stores=site.settings.stores, now=now)
    derivatives.ask(session, entered.volume)
    outbox.tell(session, "item", entered.items)
    row.volume_id, row.state = entered.volume, "stored"
    _record(session, site, custody, plan, outcome.bag, row.position)


def _entry(custody: Custody, plan: Plan) -> Registration:
    return Registration(
        reference=plan.reference,
        described=plan.volume,
        items=plan.items,
        agency=custody.agency,
        agency_code=custody.agency_code,
        by=custody.by,
    )


def _registered(plan: Plan, digests: Digests) -> Iterator[RegisteredFile]:
    for source, sha256 in zip(plan.files, digests, strict=True):
        yield RegisteredFile(
            item=source.item,
            path=plan.place_of(source),
            original_name=source.original_name,
            original_bytes=source.original_bytes,
            bytes=source.size,
            sha256=sha256,
            modified_at=modified_at(source.modified_ns),
        )


def _record(session: Session, site: Site, custody: Custody, plan: Plan, bag: NewBag, position: int) -> None:
    """The two acts of custody.  The description itself is in the bag; here is what proves and finds it."""
    facts = {
        "transfer": custody.number,
        "agency_code": custody.agency_code,
        "position": position,
        "items": len(plan.items),
        "files": len(plan.files),
    }
    kept = {
        "prefix": bag.prefix,
        "tagmanifest_sha256": bag.tagmanifest_sha256,
        "objects": bag.objects,
        "bytes": bag.bytes,
        "stores": sorted(site.settings.stores),
    }
    about, now = plan.reference, site.now()
    ledger.record(session, act="volume.accepted", about=about, at=now, actor=custody.by, facts=facts)
    ledger.record(session, act="volume.stored", about=about, at=now, actor=custody.by, facts=kept)
