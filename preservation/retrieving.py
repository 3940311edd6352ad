"""Brings what was asked for from cold stores: asks for every object, waits by the hour, reads all of it back.

Asking and looking are cheap and may be repeated; a copy counts as looked at only when every byte of
it was read after it was brought.  What one retrieval meets keeps no other waiting, and is told at the end.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.errors import ArchiveError, Missing, Unavailable
from archive.site.site import Site
from archive.stores import Store
from archive.work import jobs
from preservation import fixity, policies, retrievals, storing
from preservation.fixity import FixityVerdict, Subject
from preservation.packages import Bag, Copy
from preservation.retrievals import UNDER_WAY, Move, Retrieval

NAME = "retrieve-copies"
MOVE_OF: dict[FixityVerdict, Move] = {"intact": "find intact", "altered": "find altered", "absent": "lose"}


@jobs.job(
    NAME, timeout=timedelta(hours=48), again="hourly", only_if=lambda settings: bool(settings.cold.stores)
)
def retrieve_copies(site: Site) -> Iterator[jobs.Progress]:
    """Go on with every retrieval that is under way.  What is not at hand yet is looked for in an hour.

    Unavailable when all that went wrong is that stores did not answer: it is tried again.
    """
    with site.reading_session() as session:
        under_way = select(Retrieval.id).where(Retrieval.state.in_(UNDER_WAY)).order_by(Retrieval.id)
        ids = list(session.scalars(under_way))
    wrong: list[ArchiveError] = []
    for done, retrieval_id in enumerate(ids, start=1):
        try:
            _go_on(site, retrieval_id)
        except ArchiveError as error:
            wrong.append(error)
        yield done, len(ids)
    if wrong:
        raise _in_one(wrong)


def ask(session: Session) -> None:
    """Have it done, in the transaction that queues a retrieval."""
    jobs.wake(session, NAME)


def _in_one(wrong: Sequence[ArchiveError]) -> ArchiveError:
    """All that went wrong, of the kind of the first that does not pass by itself."""
    first = next((each for each in wrong if not isinstance(each, Unavailable)), None)
    told = " ".join(dict.fromkeys(each.message for each in wrong))
    if first is None:
        return Unavailable(told, next="It is tried again by itself.")
    return type(first)(told, code=first.code, next=first.next)


def _go_on(site: Site, retrieval_id: int) -> None:
    with site.reading_session() as session:
        retrieval = session.get_one(Retrieval, retrieval_id)
        state, until, subject = retrieval.state, retrieval.until, _subject(session, retrieval)
    store = site.store(subject.store)
    if state == "asked" and until and until <= site.now():
        _move(site, retrieval_id, "ask again")  # it was brought, or not, and has gone back unread
        state = "waiting"
    if state == "waiting":
        _ask_for_all(site, store, subject)
        _asked(site, retrieval_id)
    if _is_at_hand(store, subject):
        _judge(site, retrieval_id, store)


def _ask_for_all(site: Site, store: Store, subject: Subject) -> None:
    terms = site.settings.cold
    for key, _ in store.find(f"{subject.prefix}/"):
        store.ask_for(key, days=terms.days, tier=terms.tier)


def _asked(site: Site, retrieval_id: int) -> None:
    with site.open_session.begin() as session:
        retrieval = session.get_one(Retrieval, retrieval_id, with_for_update=True)
        if retrieval.state == "waiting":
            retrieval.move("ask")
            retrieval.asked_at = site.now()
            retrieval.until = retrievals.ends(retrieval.asked_at, site.settings.cold)


def _move(site: Site, retrieval_id: int, verb: Move) -> None:
    with site.open_session.begin() as session:
        session.get_one(Retrieval, retrieval_id, with_for_update=True).move(verb)


def _is_at_hand(store: Store, subject: Subject) -> bool:
    """Whether every object is; of a copy that is gone there is nothing to wait for."""
    try:
        return all(store.is_at_hand(key) for key, _ in store.find(f"{subject.prefix}/"))
    except Missing:
        return True


def _judge(site: Site, retrieval_id: int, store: Store) -> None:
    """Read all of it back.  What could not be looked at after all stays under way."""
    with site.reading_session() as session:
        retrieval = session.get_one(Retrieval, retrieval_id)
        subject, by = _subject(session, retrieval), retrieval.by
    checked = fixity.judge(store, subject)
    now = site.now()
    with site.open_session.begin() as session:
        fixity.write_down(session, subject, checked, now, by)
        retrieval = session.get_one(Retrieval, retrieval_id, with_for_update=True)
        if checked.verdict != "not_looked_at" and retrieval.state == "asked":
            retrieval.move(MOVE_OF[checked.verdict])
            retrieval.ended_at = now
            _conclude(session, site, retrieval)
    if checked.verdict == "not_looked_at":
        raise Unavailable(f"Store {store.name} did not give all of {subject.prefix}.", store=store.name)


def _conclude(session: Session, site: Site, retrieval: Retrieval) -> None:
    """The copy may be the last that its volume waited for."""
    session.flush()
    volume_id = session.scalars(
        select(Bag.volume_id).join(Copy, Copy.bag_id == Bag.id).where(Copy.id == retrieval.copy_id)
    ).one()
    demand = policies.in_force(session, site.settings)
    storing.conclude(session, volume_id, demand=demand, now=site.now(), by=retrieval.by)


def _subject(session: Session, retrieval: Retrieval) -> Subject:
    return fixity.subject_of(session, session.get_one(Copy, retrieval.copy_id))
