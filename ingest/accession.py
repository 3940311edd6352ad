"""Taking custody (인수): the bag in every store first, then holdings, rulings and ledger in one transaction.

Nothing of a volume is in custody until all of it has been read back from every store.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cache, partial
from typing import TypeAlias

from sqlalchemy.orm import Session

from archive import disclosure, ledger
from archive.disclosure import Decision
from archive.errors import ArchiveError, Conflict
from archive.holdings import ContentFile, Item, Volume
from archive.outbox import changed_all
from archive.site.settings import Settings
from archive.site.site import Site
from archive.stores import Store, open_stores
from archive.work import jobs
from archive.work.pool import spread
from ingest import planning, transfers
from ingest.inspection import Inspection
from ingest.planning import Custody
from ingest.transfers import TransferVolume
from metadata_schemas import terms
from metadata_schemas.description import Access, DateSpan, ItemDescription
from metadata_schemas.package import content_path
from preservation import packing
from preservation.packages import Bag, Copy
from preservation.packing import NotAsPromised, Packed, Plan

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
        for plan, outcome in _pack_all(site, plans):
            if isinstance(outcome, Conflict):
                spoilt.append(plan)
                continue
            if isinstance(outcome, ArchiveError):
                raise outcome
            _conclude(site, custody, outcome)
            done, octets = done + 1, octets + packing.total(plan.files)
            yield done, total, octets
        plans = [planning.plan_anew(site, custody, inspection, plan, digests) for plan in spoilt]


def _pack_all(site: Site, plans: Sequence[Plan]) -> Iterable[tuple[Plan, Packed | NotAsPromised | ArchiveError]]:
    return spread(partial(_pack, site.settings), plans, workers=min(site.settings.workers, len(plans)))


def _pack(settings: Settings, plan: Plan) -> Packed | NotAsPromised:
    return packing.pack(_stores(tuple(settings.stores.items()), tuple(settings.credentials.items())), plan)


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
        if row.volume_id is not None:
            return
        if isinstance(outcome, NotAsPromised):
            row.state = "waiting"
            transfers.add_findings(session, transfer, [(row.id, each) for each in outcome.findings])
            return
        volume = _enter(session, site, outcome, custody, now)
        row.volume_id, row.state = volume.id, "stored"
        _record(session, site, custody, outcome, row, now)


def _enter(session: Session, site: Site, packed: Packed, custody: Custody, now: datetime) -> Volume:
    """Enter volume, items, files, first rulings, bag and copies in the holdings."""
    volume = _volume(packed, custody, now)
    items = [
        _item(volume, reference, place, described)
        for place, (reference, described) in enumerate(
            zip(packed.plan.items, packed.plan.volume.items, strict=True), start=1
        )
    ]
    session.add_all([volume, *items])
    session.flush()
    _enter_files(session, packed, items)
    for item, described in zip(items, packed.plan.volume.items, strict=True):
        decision = first_ruling(described, packed.plan.volume.access, site.today())
        disclosure.rule(session, item, decision, by=custody.by, today=site.today(), now=now)
        item.review_year = review_year(decision, item.date_to, site.today())
        jobs.submit(session, "derive-item", once=f"derive-item:{item.id}", item_id=item.id)
    bag = Bag(
        volume_id=volume.id, number=1, prefix=packed.plan.prefix, tagmanifest_sha256=packed.tagmanifest_sha256,
        objects=packed.objects, bytes=packed.bytes, packed_at=packed.plan.packed_at,
    )  # fmt: skip
    session.add(bag)
    session.flush()
    session.add_all(
        Copy(bag_id=bag.id, store=store, state="verified", verified_at=now, checked_at=now)
        for store in site.settings.stores
    )
    changed_all(session, "item", [item.id for item in items])
    return volume


def _volume(packed: Packed, custody: Custody, now: datetime) -> Volume:
    told = packed.plan.volume
    return Volume(
        reference=packed.plan.reference, agency_code=custody.agency_code, sender_id=told.sender_id,
        file_number=told.file_number, volume_number=told.volume_number, title=told.title,
        list_open=told.access.list_open if told.access else True,
        creator_agency=told.creator_agency or custody.agency, creator_code=told.creator_code,
        creating_unit=told.creating_unit, retention=told.retention, record_type=told.record_type,
        carrier_kind=told.carrier_kind, classification=told.classification, description=told.description,
        raw=dict(told.raw), extra=dict(told.extra), state="stored", files=len(packed.files),
        bytes=packing.total(packed.plan.files), accepted_at=now, **_dates(_span(told.created, told.closed)),
    )  # fmt: skip


def _item(volume: Volume, reference: str, place: int, told: ItemDescription) -> Item:
    return Item(
        volume=volume, reference=reference, position=place, sender_id=told.sender_id, title=told.title,
        document_number=told.document_number, record_type=told.record_type, description=told.description,
        listed_pages=told.page_count, raw=dict(told.raw), extra=dict(told.extra), **_dates(told.created),
    )  # fmt: skip


def _span(created: DateSpan | None, closed: DateSpan | None) -> DateSpan | None:
    if created is None or closed is None:
        return created or closed
    text = created.text if created.text == closed.text else f"{created.text}–{closed.text}"
    return DateSpan(text, created.earliest or closed.earliest, closed.latest or created.latest)


def _dates(span: DateSpan | None) -> dict[str, str | date | None]:
    if span is None:
        return {}
    return {"date_text": span.text, "date_from": span.earliest, "date_to": span.latest}


def _enter_files(session: Session, packed: Packed, items: Sequence[Item]) -> None:
    positions: dict[int, int] = {}
    rows = []
    for file in packed.files:
        source = file.source
        positions[source.item] = positions.get(source.item, 0) + 1
        rows.append({
            "item_id": items[source.item].id, "position": positions[source.item],
            "path": content_path(packed.plan.items[source.item], source.place),
            "original_name": source.original_name, "original_bytes": source.original_bytes,
            "bytes": source.size, "sha256": file.sha256, "modified_at": packing.modified_at(source.modified_ns),
        })  # fmt: skip
    if rows:
        session.execute(ContentFile.__table__.insert(), rows)  # type: ignore[attr-defined]


def first_ruling(item: ItemDescription, of_volume: Access | None, today: date) -> Decision:
    """What the agency's status comes to on the day of transfer.  Without a status nothing is opened.

    A closed record opens at the end of 30 years after its year of creation (Public Records Act
    art. 35 (3)); one that is already older was kept closed on purpose and waits for its review.
    """
    access = item.access or of_volume
    if access is None:
        return Decision(status="closed", basis="no status in the transfer list")
    opens_on = access.opens_on
    if access.status != "open" and opens_on is None and item.created and item.created.latest:
        by_law = terms.open_on_30y(item.created.latest.year, on=today)
        opens_on = by_law if by_law > today else None
    return Decision(
        status=access.status, reasons=access.reasons, restricted_pages=access.restricted_pages,
        opens_on=opens_on, list_open=access.list_open, basis=access.basis,
    )  # fmt: skip


def review_year(decision: Decision, created: date | None, today: date) -> int | None:
    """The year in which a closed item is reviewed next, the transfer counting as a review (art. 35).

    One that is kept closed beyond its thirty years is reviewed every five years from then on.
    """
    if decision.status == "open":
        return None
    year = created.year if created else today.year
    at_30 = terms.review_30y_year(year, on=today)
    if at_30 <= today.year:
        return terms.due_5y(today.year, on=today)
    status, reasons = decision.status, decision.reasons
    return next(
        each for each in range(today.year + 1, at_30 + 1)
        if terms.is_due(status=status, reasons=reasons, created=year, last_review=today.year, year=each, on=today)
    )  # fmt: skip


def _record(
    session: Session, site: Site, custody: Custody, packed: Packed, row: TransferVolume, now: datetime
) -> None:
    """The two acts of custody.  The description itself is in the bag; here is what proves and finds it."""
    facts = {"transfer": custody.number, "agency_code": custody.agency_code, "position": row.position,
             "items": len(packed.plan.items), "files": len(packed.files)}  # fmt: skip
    bag = {"prefix": packed.plan.prefix, "tagmanifest_sha256": packed.tagmanifest_sha256,
           "objects": packed.objects, "bytes": packed.bytes, "stores": sorted(site.settings.stores)}  # fmt: skip
    about = packed.plan.reference
    ledger.record(session, act="volume.accepted", about=about, at=now, actor=custody.by, facts=facts)
    ledger.record(session, act="volume.stored", about=about, at=now, actor=custody.by, facts=bag)
