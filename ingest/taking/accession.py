"""Taking custody (인수): the bag in the stores first, then holdings, rulings and ledger in one transaction.

Nothing of a volume is in custody until two stores at least have given back all of it.  It is stored
when every store has; a store that is away or full meanwhile is owed its copy (`preservation.completing`).
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from functools import cache, partial
from itertools import chain, count
from typing import TypeAlias

from archive.errors import ArchiveError, Conflict, Unavailable
from archive.site.settings import Settings
from archive.site.site import Site
from archive.stores import Store, open_stores
from archive.work.pool import Pool, working
from ingest.checking import examiners
from ingest.looking.inspection import Inspection
from ingest.taking import entering, planning
from ingest.taking.entering import Errand, Outcome
from ingest.taking.keeping import Keeping
from ingest.taking.planning import Custody
from preservation import packing
from preservation.packing import NotAsPromised, Packed, Plan
from preservation.sources import octets_of

Progress: TypeAlias = tuple[int, int, int]
"""Volumes done, volumes to do, bytes done."""


MOST_ANEW = 5
"""So often volumes get other references in one go: more than that is no accident."""

Packers: TypeAlias = Pool[Errand, Packed | NotAsPromised]


def packers(site: Site) -> AbstractContextManager[Packers]:
    """The processes that pack volumes.  They get ready while the transfer is still looked at."""
    # One more than there are processors to use: while one waits for the disk, another one works.
    return working(partial(_pack, site.settings), workers=site.settings.workers + 1, preload=(__name__,))


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
    done, octets = 0, 0
    for turn in count():
        spoilt: dict[str, Exception] = {}
        again: list[Plan] = []
        errands = (Errand(plan, keeping.stores_for(plan)) for plan in plans)
        with _no_litter(keeping), closing(packers.spread(errands)) as ready:
            for outcomes in ready:
                entering.conclude(site, custody, outcomes)
                spoilt |= _spoilt(outcomes)
                again += _without_their_stores(outcomes, keeping)
                done += len(outcomes)
                octets += sum(octets_of(errand.plan.files) for errand, _ in outcomes)
                yield done - len(spoilt) - len(again), total, octets
        left = len(spoilt) + len(again)
        if not left:
            return
        if spoilt and turn >= MOST_ANEW:
            raise next(iter(spoilt.values()))
        done -= left
        plans = chain(again, (planning.plan_anew(site, custody, inspection, each) for each in spoilt))


def _spoilt(outcomes: Sequence[Outcome]) -> dict[str, Exception]:
    """The references that are never used, and why."""
    return {errand.plan.reference: each for errand, each in outcomes
            if isinstance(each, Exception) and _is_taken(each)}  # fmt: skip


def _is_taken(outcome: object) -> bool:
    """Whether a store holds other bytes under the reference, which so is never used."""
    return isinstance(outcome, Conflict) and outcome.code == "store.taken"


def _without_their_stores(outcomes: Sequence[Outcome], keeping: Keeping) -> Iterator[Plan]:
    """The plans to pack once more, without a store that went away or ran full while they were packed.

    What cannot be made up for rises.
    """
    for errand, outcome in outcomes:
        if isinstance(outcome, ArchiveError) and not _is_taken(outcome):
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
    with examiners.opened(settings, errand.plan.whole_scan) as opened:
        return packing.pack([each for each in stores if each.name in errand.stores], errand.plan, opened)


@cache
def _stores(
    stores: tuple[tuple[str, str], ...], credentials: tuple[tuple[str, tuple[str, str]], ...]
) -> tuple[Store, ...]:
    """The stores of a working process, opened once."""
    return open_stores(dict(stores), dict(credentials))
