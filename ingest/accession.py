"""Taking custody (인수): the bag in every store first, then holdings, rulings and ledger in one transaction.

Nothing of a volume is in custody until all of it has been read back from every store.
"""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from functools import cache, partial
from typing import TypeAlias

from sqlalchemy.orm import Session

from archive import ledger
from archive.errors import ArchiveError, Conflict, Unavailable
from archive.holdings import Volume
from archive.outbox import changed_all
from archive.registration import RegisteredFile, Registration, register
from archive.site.settings import Settings
from archive.site.site import Site
from archive.stores import Store, open_stores
from archive.work.pool import spread
from ingest import examiners, planning, transfers
from ingest.inspection import Inspection
from ingest.planning import Custody
from ingest.transfers import TransferVolume
from metadata_schemas.package import content_path
from preservation import derivatives, packages, packing
from preservation.packing import NotAsPromised, Packed, Plan
from preservation.sources import PackedFile, modified_at, octets_of

Progress: TypeAlias = tuple[int, int, int]
"""Volumes done, volumes to do, bytes done."""


def take(
    site: Site, custody: Custody, inspection: Inspection, places: Iterable[int], *, digests: Mapping[str, str]
) -> Iterator[Progress]:
    """Take the volumes at these places of the list.  Those that turn out faulty are left, with findings.

    May be killed and called again: what is stored stays, and what is not is packed into the same bytes.
    """
    plans = planning.plan(site, custody, inspection, set(places), digests)
    total, done, octets = len(plans), 0, 0
    while plans:
        spoilt: list[Plan] = []
        with _no_litter(site), closing(_pack_all(site, plans)) as outcomes:
            for plan, outcome in outcomes:
                if isinstance(outcome, Conflict):
                    spoilt.append(plan)
                    continue
                if isinstance(outcome, ArchiveError):
                    raise outcome
                _conclude(site, custody, outcome)
                done, octets = done + 1, octets + octets_of(plan.files)
                yield done, total, octets
        plans = [planning.plan_anew(site, custody, inspection, plan, digests) for plan in spoilt]


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


def _pack_all(
    site: Site, plans: Sequence[Plan]
) -> Generator[tuple[Plan, Packed | NotAsPromised | ArchiveError], None, None]:
    return spread(partial(_pack, site.settings), plans, workers=min(site.settings.workers, len(plans)))


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


def _conclude(site: Site, custody: Custody, outcome: Packed | NotAsPromised) -> None:
    """Write down how one volume went, in one transaction."""
    now = site.now()
    with site.open_session.begin() as session:
        transfer = transfers.get(session, custody.number)
        row = transfers.volume_with(session, transfer, outcome.plan.reference)
        if row.state not in ("waiting", "accepted"):  # returned or taken meanwhile: that stands
            return
        transfers.add_findings(session, transfer, [(row.id, each) for each in outcome.findings])
        if isinstance(outcome, NotAsPromised):
            row.state = "waiting"
            return
        volume = _enter(session, site, outcome, custody, now)
        row.volume_id, row.state = volume.id, "stored"
        _record(session, site, custody, outcome, row, now)


def _enter(session: Session, site: Site, packed: Packed, custody: Custody, now: datetime) -> Volume:
    """Register the volume, its bag and copies, and ask for its pages."""
    plan = packed.plan
    entry = Registration(
        reference=plan.reference,
        described=plan.volume,
        items=plan.items,
        files=[_registered(plan, file) for file in packed.files],
        agency=custody.agency,
        agency_code=custody.agency_code,
        by=custody.by,
    )
    volume = register(session, entry, today=site.today(), now=now)
    packages.enter_bag(session, volume.id, packed.bag(), stores=site.settings.stores, now=now)
    derivatives.ask(session, volume.id)
    changed_all(session, "item", [item.id for item in volume.items])
    return volume


def _registered(plan: Plan, file: PackedFile) -> RegisteredFile:
    source = file.source
    return RegisteredFile(
        item=source.item,
        path=content_path(plan.items[source.item], source.place),
        original_name=source.original_name,
        original_bytes=source.original_bytes,
        bytes=source.size,
        sha256=file.sha256,
        modified_at=modified_at(source.modified_ns),
    )


def _record(
    session: Session, site: Site, custody: Custody, packed: Packed, row: TransferVolume, now: datetime
) -> None:
    """The two acts of custody.  The description itself is in the bag; here is what proves and finds it."""
    facts = {
        "transfer": custody.number,
        "agency_code": custody.agency_code,
        "position": row.position,
        "items": len(packed.plan.items),
        "files": len(packed.files),
    }
    bag = {
        "prefix": packed.plan.prefix,
        "tagmanifest_sha256": packed.tagmanifest_sha256,
        "objects": packed.objects,
        "bytes": packed.bytes,
        "stores": sorted(site.settings.stores),
    }
    about = packed.plan.reference
    ledger.record(session, act="volume.accepted", about=about, at=now, actor=custody.by, facts=facts)
    ledger.record(session, act="volume.stored", about=about, at=now, actor=custody.by, facts=bag)
