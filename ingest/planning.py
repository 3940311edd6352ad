"""Decides, once and for good, what each volume's bag will be: its reference, its time, its names.

What is decided here is committed before anything is packed, so that packing again after a kill
gives the same bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from posixpath import commonpath, dirname, relpath

from sqlalchemy.orm import Session

from archive import holdings
from archive.site.site import SEOUL, Site
from archive.stores.keys import Names
from ingest import transfers
from ingest.inspection import Inspection
from ingest.landing import Found, read_name
from ingest.matching import PlannedVolume
from ingest.transfers import TransferVolume
from metadata_schemas.package import content_path
from preservation import packages
from preservation.packing import Plan
from preservation.sources import SourceFile


@dataclass(frozen=True)
class Custody:
    """Who takes custody, of which transfer, from whom.  ``by`` is opaque."""

    number: str
    agency: str
    agency_code: str
    by: str


def plan(
    site: Site, custody: Custody, inspection: Inspection, places: set[int], digests: Mapping[str, str]
) -> list[Plan]:
    """Plans of the volumes at these places not stored yet.  ``digests``: SHA-256 by path, as checked."""
    with site.open_session.begin() as session:
        mine = transfers.volumes_of(session, transfers.get(session, custody.number))
        rows = [row for row in mine if row.position in places and row.state in ("waiting", "accepted")]
        give_references(session, site, [row for row in rows if row.reference is None])
        return [_plan_of(site, custody, inspection, row, digests) for row in rows]


def plan_anew(
    site: Site, custody: Custody, inspection: Inspection, old: Plan, digests: Mapping[str, str]
) -> Plan:
    """The plan of a volume whose reference other bytes in a store spoil; that is not used again."""
    with site.open_session.begin() as session:
        mine = transfers.volumes_of(session, transfers.get(session, custody.number))
        row = next(row for row in mine if row.reference == old.reference)
        give_references(session, site, [row])
        return _plan_of(site, custody, inspection, row, digests)


def give_references(session: Session, site: Site, rows: Sequence[TransferVolume]) -> None:
    now = site.now().replace(microsecond=0)
    series = f"{site.settings.reference}-{now.astimezone(SEOUL).year}"
    if rows:
        for row, reference in zip(rows, holdings.next_references(session, series, len(rows)), strict=True):
            row.reference, row.packed_at = reference, now


def _plan_of(
    site: Site, custody: Custody, inspection: Inspection, row: TransferVolume, digests: Mapping[str, str]
) -> Plan:
    planned = inspection.leaves.volumes[row.position]
    reference, packed_at = _given(row)
    items = tuple(holdings.item_reference(reference, place) for place in range(1, len(planned.items) + 1))
    return Plan(
        reference=reference,
        volume=planned.description,
        items=items,
        files=tuple(_sources(inspection, planned, reference, items, digests)),
        packed_at=packed_at,
        archive=site.settings.name,
        agency=custody.agency,
        agency_code=custody.agency_code,
        transfer=custody.number,
    )


def _given(row: TransferVolume) -> tuple[str, datetime]:
    if row.reference is None or row.packed_at is None:
        raise ValueError(f"volume {row.position} of transfer {row.transfer_id} was given no reference")
    return row.reference, row.packed_at


def _sources(
    inspection: Inspection,
    planned: PlannedVolume,
    reference: str,
    items: Sequence[str],
    digests: Mapping[str, str],
) -> list[SourceFile]:
    root = content_path("", "").rstrip("/")
    names = Names(f"{packages.prefix(reference)}/{root}")
    sources: list[SourceFile] = []
    for number, item in enumerate(planned.items):
        top = _own_folder(item.files)
        for file in item.files:
            within = relpath(read_name(file.path)[0], top) if top else read_name(file.path)[0]
            place = names.place(f"{items[number]}/{within}").path.removeprefix(f"{items[number]}/")
            original, octets = read_name(file.path)
            promised = dict(inspection.promised.get(file.path, {}))
            if file.path in digests:
                promised["sha256"] = digests[file.path]
            sources.append(SourceFile(
                inspection.arrival.full_path(file.path), original, octets, file.size, file.modified_ns,
                number, place, promised,
            ))  # fmt: skip
    return sources


def _own_folder(files: Sequence[Found]) -> str:
    """The folder that all files of an item share; what lies below it is kept as the item's sub-folders."""
    return commonpath([dirname(read_name(file.path)[0]) for file in files]) if files else ""
