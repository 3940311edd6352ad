"""Taking custody (인수): the bag in the stores first, then holdings, rulings and ledger in one transaction.

Nothing of a volume is in custody until two stores at least have given back all of it.  It is stored
when every store has; a store that is away or full meanwhile is owed its copy (`preservation.completing`).
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cache, partial
from itertools import chain, islice
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
from ingest.keeping import Keeping
from ingest.planning import Custody
from preservation import completing, derivatives, packages, packing
from preservation.packages import NewBag
from preservation.packing import NotAsPromised, Packed, Plan
from preservation.sources import Digests, modified_at, octets_of

Progress: TypeAlias = tuple[int, int, int]
"""Volumes done, volumes to do, bytes done."""


@dataclass(frozen=True)
class Errand:
    """A volume to be packed, and the stores that it goes into."""

    plan: Plan
    stores: tuple[str, ...]


Packers: TypeAlias = Pool[Errand, Packed | NotAsPromised]
Outcome: TypeAlias = tuple[Errand, Packed | NotAsPromised | ArchiveError]

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
    keeping: Keeping,
    total: int,
    packers: Packers,
) -> Iterator[Progress]:
    """Take ``total`` volumes as they are planned.  Those that turn out faulty are left, with findings.

    May be killed and called again: what is stored stays, and what is not is packed into the same bytes.
    """
    done, octets, left = 0, 0, total
    while left:
        spoilt: list[str] = []
        again: list[Plan] = []
        errands = (Errand(plan, keeping.names) for plan in plans)
        with _no_litter(keeping), closing(packers.spread(errands)) as ready:
            for outcomes in ready:
                _conclude_all(site, custody, outcomes)
                spoilt += [errand.plan.reference for errand, each in outcomes if isinstance(each, Conflict)]
                again += _without_their_stores(outcomes, keeping)
                done += len(outcomes)
                octets += sum(octets_of(errand.plan.files) for errand, _ in outcomes)
                yield done - len(spoilt) - len(again), total, octets
        left = len(spoilt) + len(again)
        done -= left
        plans = chain(again, (planning.plan_anew(site, custody, inspection, each) for each in spoilt))


def _without_their_stores(outcomes: Sequence[Outcome], keeping: Keeping) -> Iterator[Plan]:
    """The plans to pack once more, without a store that went away or ran full while they were packed.

    What cannot be made up for rises.
    """
    for errand, outcome in outcomes:
        if isinstance(outcome, ArchiveError) and not isinstance(outcome, Conflict):
            keeping.lose(outcome)
            yield errand.plan


@contextmanager
def _no_litter(keeping: Keeping) -> Iterator[None]:
    """Half bags of writers that were killed go: those of an earlier run before, those of this one after."""
    for store in keeping.stores:
        store.sweep()
    try:
        yield
    except BaseException:
        for store in keeping.stores:
            with suppress(Unavailable):
                store.sweep()
        raise


def _pack(settings: Settings, errand: Errand) -> Packed | NotAsPromised:
    stores = _stores(tuple(settings.stores.items()), tuple(settings.credentials.items()))
    with examiners.opened(settings) as opened:
        return packing.pack([each for each in stores if each.name in errand.stores], errand.plan, opened)


@cache
def _stores(
    stores: tuple[tuple[str, str], ...], credentials: tuple[tuple[str, tuple[str, str]], ...]
) -> tuple[Store, ...]:
    """The stores of a working process, opened once."""
    return open_stores(dict(stores), dict(credentials))


def _conclude_all(site: Site, custody: Custody, outcomes: Sequence[Outcome]) -> None:
    """Write down how volumes went that were packed at about the same time.

    They share a transaction, and so one wait for the disk.
    """
    begun: dict[str, Entered] = {}
    for errand, outcome in outcomes:
        if isinstance(outcome, Packed) and len(errand.plan.files) > LARGE_VOLUME:
            begun[errand.plan.reference] = _enter_in_steps(site, custody, errand.plan, outcome)
    with site.open_session.begin() as session:
        for errand, outcome in outcomes:
            if not isinstance(outcome, ArchiveError):
                _conclude(session, site, custody, errand, outcome, begun.get(errand.plan.reference))


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
    errand: Errand,
    outcome: Packed | NotAsPromised,
    entered: Entered | None,
) -> None:
    plan, transfer = errand.plan, transfers.get(session, custody.number)
    row = transfers.volume_with(session, transfer, plan.reference)
    # Returned, taken or found unfit meanwhile: that stands.
    if row.state != "waiting" or verdicts.found_unfit(session, row):
        forget(session, plan.reference)
        return
    transfers.add_findings(session, transfer, [(row.position, each) for each in outcome.findings])
    if isinstance(outcome, NotAsPromised):
        return
    now = site.now()
    if entered is None:
        entered = register(session, _entry(custody, plan), today=site.today(), now=now)
        enter_files(session, entered, _registered(plan, outcome.digests))
    owed = sorted(set(site.settings.stores) - set(errand.stores))
    state = "accepted" if owed else "stored"
    complete(session, entered, files=len(plan.files), octets=octets_of(plan.files), state=state)
    packages.enter_bag(session, entered.volume, outcome.bag, stores=errand.stores, owed=owed, now=now)
    if owed:
        completing.ask(session)
    derivatives.ask(session, entered.volume)
    outbox.tell(session, "item", entered.items)
    row.volume_id, row.state = entered.volume, state
    _record(session, site, custody, errand, outcome.bag, row.position, owed)


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


def _record(
    session: Session,
    site: Site,
    custody: Custody,
    errand: Errand,
    bag: NewBag,
    position: int,
    owed: Sequence[str],
) -> None:
    """The two acts of custody.  The description itself is in the bag; here is what proves and finds it.

    While a copy is owed the second act is ``volume.packed``; ``volume.stored`` follows the last copy.
    """
    plan = errand.plan
    facts = {
        "transfer": custody.number,
        "agency_code": custody.agency_code,
        "position": position,
        "items": len(plan.items),
        "files": len(plan.files),
    }
    kept = packages.facts_of(bag, errand.stores)
    about, now = plan.reference, site.now()
    ledger.record(session, act="volume.accepted", about=about, at=now, actor=custody.by, facts=facts)
    act, kept = ("volume.packed", {**kept, "owed": owed}) if owed else ("volume.stored", kept)
    ledger.record(session, act=act, about=about, at=now, actor=custody.by, facts=kept)
