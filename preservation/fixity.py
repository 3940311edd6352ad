"""Whether each copy is still, bit for bit, what was taken in (무결성 점검).

A check reads the copy back from its store: first the tagmanifest, whose digest is in the database,
then the manifests it vouches for, then every object.  That finds bytes that changed, went away or
were added.  It does not find a copy and the recorded digest being replaced together: the sealed
ledger is what finds that.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import ForeignKey, String, Subquery, and_, literal, or_, select, true, union
from sqlalchemy.orm import Mapped, Session, mapped_column

from archive import ledger
from archive.database import Base
from archive.errors import Missing, Unavailable, WrongCall
from archive.holdings import Volume
from archive.site.site import Site
from archive.stores import Absent, Intact, Store
from archive.stores.keys import check_key
from preservation import bagging, lagging, policies
from preservation.packages import IN_THE_MAKING, MANIFEST, TAGMANIFEST, Bag, Copy, CopyMove
from preservation.policies import Demand

FixityVerdict = Literal["intact", "altered", "absent", "not_looked_at"]
VERDICTS: tuple[FixityVerdict, ...] = get_args(FixityVerdict)
WORST_FIRST: tuple[FixityVerdict, ...] = ("altered", "absent", "not_looked_at")


ACTS = {"verified": "copy.verified", "altered": "copy.altered", "absent": "copy.lost"}
MOVE_OF: dict[FixityVerdict, CopyMove] = {"intact": "verify", "altered": "find altered", "absent": "lose"}


@dataclass(frozen=True)
class Flaw:
    """One object that is not as it was stored.  ``path`` is None when it is the whole copy.

    ``kept_version``: somebody wrote over it or removed it, and the store still has what was taken in;
    of a whole copy it is the version of its tagmanifest.  ``reason``: why it was not looked at, in words.
    ``is_owed``: because it is still to be made.
    """

    path: str | None
    verdict: FixityVerdict
    kept_version: str | None = None
    reason: str | None = None
    is_owed: bool = False


_OWED = Flaw(None, "not_looked_at", reason="It is still to be made, or is being made.", is_owed=True)


@dataclass(frozen=True)
class Checked:
    volume: str
    store: str
    verdict: FixityVerdict
    flaws: tuple[Flaw, ...]


class FixityCheck(Base):
    """One look at one copy, kept for good."""

    __tablename__ = "fixity_checks"

    id: Mapped[int] = mapped_column(primary_key=True)
    copy_id: Mapped[int] = mapped_column(ForeignKey("copies.id"), index=True)
    at: Mapped[datetime]
    verdict: Mapped[str] = mapped_column(String(20))
    flaws: Mapped[int] = mapped_column(default=0)
    first_path: Mapped[str | None]


@dataclass(frozen=True)
class Subject:
    """A bag and a store it should be in.  ``copy_id`` is None when no copy was ever begun there."""

    copy_id: int | None
    state: str | None
    volume: str
    store: str
    prefix: str
    tagmanifest_sha256: str


def places(demand: Demand) -> Subquery:
    """Every bag in every store that must hold it, and in any other store that holds a copy."""
    wanted = [
        select(Copy.store.label("store")),
        *(select(literal(name).label("store")) for name in demand.every),
    ]
    named = union(*wanted).subquery()
    store = named.c.store
    return (
        select(
            Copy.id.label("copy_id"),
            Copy.state,
            Volume.reference,
            store,
            Bag.prefix,
            Bag.tagmanifest_sha256,
            Bag.number,
        )
        .select_from(Bag)
        .join(Volume, Volume.id == Bag.volume_id)
        .join(named, true())
        .outerjoin(Copy, and_(Copy.bag_id == Bag.id, Copy.store == store))
        .where(or_(Copy.state.not_in(IN_THE_MAKING), demand.asks_any(store)))
        .subquery()
    )


def subjects(
    session: Session, demand: Demand, *, store: str | None = None, volume: str | None = None
) -> list[Subject]:
    """What a check has to answer for: every bag where it must be, whether a copy was made there or not.

    Copies in cold stores are left out: they are judged when they were retrieved.
    """
    place = places(demand).c
    wanted = select(
        place.copy_id, place.state, place.reference, place.store, place.prefix, place.tagmanifest_sha256
    ).order_by(place.store, place.reference, place.number)
    if demand.cold:
        wanted = wanted.where(place.store.not_in(demand.cold))
    if store:
        wanted = wanted.where(place.store == store)
    if volume:
        wanted = wanted.where(place.reference == volume)
    return [Subject(*row) for row in session.execute(wanted)]


def subject_of(session: Session, copy: Copy) -> Subject:
    """One copy that there is, as a check sees it."""
    bag = session.get_one(Bag, copy.bag_id)
    reference = session.get_one(Volume, bag.volume_id).reference
    return Subject(copy.id, copy.state, reference, copy.store, bag.prefix, bag.tagmanifest_sha256)


def check_copies(
    site: Site, *, store: str | None = None, volume: str | None = None, by: str
) -> Iterator[Checked]:
    """Check one copy after the other, writing each verdict down, and at the end that it was done.

    A store that is away is not looked at, and neither is what a store that is being filled lacks in time.
    """
    with site.reading_session() as session:
        demand = policies.in_force(session, site.settings)
        chosen = subjects(session, demand, store=store, volume=volume)
        in_time = lagging.in_time(lagging.lags(session, site.settings, site.now()))
    names = [store] if store else sorted({*demand.every} - demand.cold)
    yield from check_subjects(
        site, chosen, about=volume or "copies", stores=names, volume=volume, by=by, in_time=in_time
    )


def check_subjects(
    site: Site,
    chosen: Sequence[Subject],
    *,
    about: str,
    stores: Sequence[str],
    volume: str | None = None,
    by: str,
    in_time: Collection[str] = (),
) -> Iterator[Checked]:
    """The same for copies that somebody else chose.  ``in_time``: stores whose owed copies are not late."""
    opened = {each.name: each for each in site.stores}
    counts: Counter[str] = Counter(dict.fromkeys(VERDICTS, 0))
    for subject in chosen:
        checked = look(opened.get(subject.store), subject, is_late=subject.store not in in_time)
        counts[checked.verdict] += 1
        with site.open_session.begin() as session:
            write_down(session, subject, checked, site.now(), by)
        yield checked
    facts = {"stores": list(stores), "volume": volume, **counts}
    with site.open_session.begin() as session:
        ledger.record(session, act="copies.checked", about=about, at=site.now(), actor=by, facts=facts)


def look(store: Store | None, subject: Subject, *, is_late: bool = True) -> Checked:
    """Read one copy back and judge it.  What was found before a store fell silent still counts.

    One that is still being made is not looked at: it is late at most, and `lagging` tells that.
    One that was never begun is absent when it is late, and till then there is nothing to be looked at.
    """
    if subject.state in IN_THE_MAKING or (subject.copy_id is None and not is_late):
        return Checked(subject.volume, subject.store, "not_looked_at", (_OWED,))
    if subject.copy_id is None:
        return Checked(subject.volume, subject.store, "absent", (Flaw(None, "absent"),))
    return judge(store, subject)


def judge(store: Store | None, subject: Subject) -> Checked:
    """The verdict on what lies in the store, whatever is known of it."""
    flaws: list[Flaw] = []
    try:
        if store is None:
            raise Unavailable(f"Store {subject.store} is not one of this installation.")
        for flaw in _flaws(store, subject):
            flaws.append(flaw)
    except Unavailable as error:
        flaws.append(Flaw(None, "not_looked_at", reason=error.message))
    return Checked(subject.volume, subject.store, _worst(flaws), tuple(flaws))


def _worst(flaws: Sequence[Flaw]) -> FixityVerdict:
    """A copy is altered when anything in it is, and absent when all that is wrong with it is gone."""
    kinds = {flaw.verdict for flaw in flaws}
    return next((kind for kind in WORST_FIRST if kind in kinds), "intact")


def _flaws(store: Store, subject: Subject) -> Iterator[Flaw]:
    sizes = {key.removeprefix(subject.prefix + "/"): size for key, size in store.find(subject.prefix + "/")}
    listed = _listed(store, subject) if sizes else None
    if listed is None:
        kept = store.find_version(f"{subject.prefix}/{TAGMANIFEST}", subject.tagmanifest_sha256)
        path = TAGMANIFEST if sizes else None
        yield Flaw(path, "altered" if TAGMANIFEST in sizes else "absent", kept)
        return
    expected = [
        (f"{subject.prefix}/{name}", digest, sizes.get(name, -1))
        for name, digest in listed.items()
        if name in sizes or _is_a_name(name)
    ]
    for key, verdict in store.read_back_all(expected):
        if not isinstance(verdict, Intact):
            name = key.removeprefix(subject.prefix + "/")
            kept = store.find_version(key, listed[name])
            yield Flaw(name, "absent" if isinstance(verdict, Absent) else "altered", kept)
    for name in sorted(sizes.keys() - listed.keys() - {TAGMANIFEST}):
        yield Flaw(name, "altered")


def _is_a_name(name: str) -> bool:
    """False for what only a damaged manifest can hold; that the manifest is damaged is told anyway."""
    try:
        check_key(name)
    except WrongCall:
        return False
    return True


def _listed(store: Store, subject: Subject) -> dict[str, str] | None:
    """Every object of the bag with its digest, or None when the tagmanifest is not the recorded one.

    The payload manifest is believed as far as it goes: when it is altered itself, the comparison
    with the tagmanifest says so.
    """
    try:
        if store.read_back(f"{subject.prefix}/{TAGMANIFEST}").sha256 != subject.tagmanifest_sha256:
            return None
        with store.open(f"{subject.prefix}/{TAGMANIFEST}") as stream:
            listed = bagging.read_manifest(stream)
    except Missing:
        return None
    try:
        with store.open(f"{subject.prefix}/{MANIFEST}") as stream:
            return bagging.read_manifest(stream) | listed
    except Missing:
        return listed


def write_down(
    session: Session, subject: Subject, checked: Checked, now: datetime, by: str, **more: str
) -> None:
    """Keep a verdict: the look itself, the state of the copy, and an act of the log when that changed.

    Where the copy was moved after the look began, the look is kept and moves nothing.
    ``more`` is told with the act.
    """
    if subject.copy_id is None:
        return  # there is no copy whose state could be kept; the act at the end counts it
    copy = session.get_one(Copy, subject.copy_id, with_for_update=True)
    before = copy.state
    if checked.verdict != "not_looked_at" and before == subject.state:
        copy.move(MOVE_OF[checked.verdict], now)
    first = checked.flaws[0].path if checked.flaws else None
    session.add(
        FixityCheck(
            copy_id=copy.id, at=now, verdict=checked.verdict, flaws=len(checked.flaws), first_path=first
        )
    )
    if copy.state != before:
        facts = {"store": subject.store, "prefix": subject.prefix, "flaws": len(checked.flaws), **more}
        ledger.record(session, act=ACTS[copy.state], about=subject.volume, at=now, actor=by, facts=facts)
