"""Completes what was taken in while a store was away or full: the copies that are owed, then the volumes."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

from sqlalchemy.orm import Session

from archive.errors import ArchiveError, Conflict, Damaged, Refused, Unavailable
from archive.site.language import amount
from archive.site.site import Site
from archive.work import jobs
from preservation import lagging, policies, storing
from preservation.filling import Filled, Filling

NAME = "complete-copies"
BY = "complete-copies"


@jobs.job(NAME, timeout=timedelta(hours=48), again="hourly")
def complete_copies(site: Site) -> Iterator[jobs.Progress]:
    """Make the copies that were begun or left owing, in every store that answers.

    Unavailable when a store does not, or no source of a copy does: it is tried again.  Damaged when a
    copy cannot be made, and Refused when a store does not do what its settings ask for.
    What a new store lacks is not begun here; `seogo copy fill` does that.
    """
    yield from complete(site)


def ask(session: Session) -> None:
    """Have it done, in the transaction that leaves a copy owing."""
    jobs.wake(session, NAME)


def try_now(site: Site) -> None:
    """Make what can be made at once.  What cannot is told by the job, which was asked for already."""
    with suppress(Unavailable, Damaged, Refused):
        for _ in complete(site):
            pass


def complete(site: Site) -> Iterator[jobs.Progress]:
    problems: list[ArchiveError] = []
    failed: list[Filled] = []
    done, total = 0, sum(1 for store in site.stores for _ in lagging.lacking(site, store.name, promised=True))
    for store in site.stores:
        if next(lagging.lacking(site, store.name, promised=True), None) is None:
            continue
        try:
            for filled in Filling(site, store, by=BY).run(promised=True):
                done += filled is not None
                failed += [filled] if filled and filled.how == "failed" else []
                yield done, total
        except (Unavailable, Conflict, Refused) as error:
            problems.append(error)
    conclude_what_is_whole(site, by=BY)
    _tell(problems, failed)


def conclude_what_is_whole(site: Site, *, by: str) -> None:
    """A store that volumes waited for may have left settings or policy: then they owe nothing any more."""
    with site.reading_session() as session:
        demand = policies.in_force(session, site.settings)
        whole = storing.waiting(session, demand)
    for volume_id in whole:
        with site.open_session.begin() as session:
            storing.conclude(session, volume_id, demand=demand, now=site.now(), by=by)


def _tell(problems: list[ArchiveError], failed: list[Filled]) -> None:
    """The gravest of it: damage, then what somebody has to set right, then what passes by itself."""
    if wrong := [each for each in failed if each.verdict != "not_looked_at"]:
        told = "; ".join(f"{each.owed.volume}: {each.reason}" for each in wrong[:5])
        raise Damaged(
            f"{amount(len(wrong), 'copy', 'copies')} could not be made: {told}",
            next="Look with: seogo copy check",
        )
    for each in problems:
        if isinstance(each, Refused):
            raise each
    reasons = dict.fromkeys([*(each.message for each in problems), *(each.reason for each in failed[:5])])
    if reasons:
        raise Unavailable(" ".join(reasons), next="It is tried again by itself.")
