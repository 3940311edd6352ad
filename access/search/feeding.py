"""Keeps the indexes equal to the rows: drains the outbox, rebuilds, compares, repairs.

Rows of the outbox go only after the index has committed, so a crash between the two sends the same
again, which is harmless.  When the index is away the rows stay, and so does the job, with its reason.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from access.search import opening, records
from access.search.analysis import VERSION
from access.search.index import Deletion, Document, Index
from access.search.opening import Audience, Indexes
from archive import outbox
from archive.holdings import Item, Volume
from archive.site.site import Site
from archive.stores import Shelf
from archive.work import jobs

BATCH = 500
_ALL = 10**9
_LARGE = 10_000_000  # signs of page text sent together


@dataclass(frozen=True)
class Compared:
    """One index against the database: how many are equal, and the references that are not."""

    equal: int
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    different: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not (self.missing or self.extra or self.different)


@jobs.job("index-changes", timeout=timedelta(hours=6), attempts=5)
def index_changes(site: Site) -> Iterator[jobs.Progress]:
    """Bring what changed into both indexes.  Unavailable leaves every row that is not sent."""
    indexes = opening.open_indexes(site.settings)
    if {indexes.public.analyser(), indexes.staff.analyser()} != {VERSION}:
        # No index yet, or one whose tokens another analyser made: a change alone would not mend it.
        yield from _rebuild_instead(site, indexes)
    done = 0
    while sent := drain(site, indexes):
        done += sent
        yield done, done
    indexes.public.refresh()
    indexes.staff.refresh()
    yield done, done


@jobs.job("repair-index", timeout=timedelta(hours=6), attempts=5, again="daily")
def repair_index(site: Site) -> Iterator[jobs.Progress]:
    """Send what differs: the day alone opens records, and no row changes with it."""
    indexes = opening.open_indexes(site.settings)
    yield 0, 1
    if {indexes.public.analyser(), indexes.staff.analyser()} != {VERSION}:
        rebuild(site, indexes)
    else:
        repair(site, indexes)
    yield 1, 1


def _rebuild_instead(site: Site, indexes: Indexes) -> Iterator[jobs.Progress]:
    """A rebuild covers every row of the outbox that was there before it began."""
    with site.reading_session() as session:
        before = [row.id for row in outbox.waiting(session, _ALL)]
    yield 0, len(before)
    rebuild(site, indexes)
    for start in range(0, len(before), BATCH):
        with site.open_session.begin() as session:
            outbox.forget(session, before[start : start + BATCH])


def drain(site: Site, indexes: Indexes) -> int:
    """Send one batch of the outbox; how many rows were done."""
    with site.reading_session() as session:
        rows = outbox.waiting(session, BATCH)
        send(session, site.shelf, indexes, _items_of(session, rows), site.today())
    if rows:
        with site.open_session.begin() as session:
            outbox.forget(session, [row.id for row in rows])
    return len(rows)


def _items_of(session: Session, rows: Iterable[outbox.OutboxRow]) -> list[int]:
    items = {row.subject_id for row in rows if row.kind == "item"}
    volumes = {row.subject_id for row in rows if row.kind == "volume"}
    if volumes:
        items |= set(session.scalars(select(Item.id).where(Item.volume_id.in_(volumes))))
    return sorted(items)


def send(session: Session, shelf: Shelf, indexes: Indexes, item_ids: Sequence[int], today: date) -> None:
    """Read the items as they are now and send them to both indexes."""
    for some in _loads(records.read(session, shelf, item_ids, today)):
        shown = [records.for_the_public(record, today) for record in some]
        indexes.staff.send([record.document for record in some])
        indexes.public.send(
            [one for one in shown if isinstance(one, Document)],
            [one for one in shown if isinstance(one, Deletion)],
        )


def _loads(found: Iterable[records.Record]) -> Iterator[list[records.Record]]:
    load: list[records.Record] = []
    size = 0
    for record in found:
        load.append(record)
        size += sum(len(text) for _, text in record.document.pages)
        if len(load) >= BATCH or size >= _LARGE:
            yield load
            load, size = [], 0
    if load:
        yield load


def rebuild(site: Site, indexes: Indexes) -> dict[str, int]:
    """Make both indexes anew from the database and swap them in; then mend what changed meanwhile."""
    count = {
        "staff": indexes.staff.rebuild(_documents(site, "staff")),
        "public": indexes.public.rebuild(_documents(site, "public")),
    }
    repair(site, indexes)
    return count


def _documents(site: Site, audience: Audience) -> Iterator[Document]:
    today = site.today()
    last = 0
    while True:
        with site.reading_session() as session:
            after = select(Item.id).where(Item.id > last).order_by(Item.id).limit(BATCH)
            item_ids = list(session.scalars(after))
            for record in records.read(session, site.shelf, item_ids, today):
                shown = record.document if audience == "staff" else records.for_the_public(record, today)
                if isinstance(shown, Document):
                    yield shown
        if not item_ids:
            return
        last = item_ids[-1]


def repair(site: Site, indexes: Indexes) -> int:
    """Send what differs and delete what should not be there; how many entries that were."""
    mended = 0
    for audience, index in (("staff", indexes.staff), ("public", indexes.public)):
        index.refresh()
        found = compare(site, index, "staff" if audience == "staff" else "public")
        wrong = [*found.missing, *found.different, *found.extra]
        for start in range(0, len(wrong), BATCH):
            _mend(site, indexes, index, wrong[start : start + BATCH])
        mended += len(wrong)
        index.refresh()
    return mended


def _mend(site: Site, indexes: Indexes, index: Index, references: Sequence[str]) -> None:
    with site.reading_session() as session:
        rows = session.execute(select(Item.reference, Item.id).where(Item.reference.in_(references)))
        known = dict(rows.all())
        send(session, site.shelf, indexes, sorted(known.values()), site.today())
    versions = dict(index.references()) if len(known) < len(references) else {}
    gone = [Deletion(one, versions[one]) for one in references if one not in known and one in versions]
    index.send([], gone)


def compare(site: Site, index: Index, audience: Audience) -> Compared:
    """Whether each item that should be in an index is there in the version of its row, and nothing else."""
    with site.reading_session() as session:
        expected = _expected(session, audience, site.today())
    there = dict(index.references())
    return Compared(
        equal=sum(there.get(reference) == version for reference, version in expected.items()),
        missing=tuple(sorted(expected.keys() - there.keys())),
        extra=tuple(sorted(there.keys() - expected.keys())),
        different=tuple(sorted(one for one in expected.keys() & there.keys() if expected[one] != there[one])),
    )


def _expected(session: Session, audience: Audience, today: date) -> dict[str, int]:
    query = select(Item).join(Volume).options(joinedload(Item.volume)).execution_options(yield_per=1000)
    return {
        item.reference: records.version(item, today)
        for item in session.scalars(query)
        if audience == "staff" or records.is_published(item.volume)
    }
