"""Decides, once and for good, what each volume's bag will be: its reference, its time, its names.

What is decided here is committed before anything is packed, so that packing again after a kill
gives the same bytes.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy.orm import Session

from archive import holdings
from archive.site.site import SEOUL, Site
from archive.stores.keys import Names
from ingest import transfers
from ingest.checking import examiners
from ingest.looking.inspection import Inspection
from ingest.looking.laid_down import kept
from ingest.looking.landing import read_name
from ingest.releases import releasing
from ingest.transfers import TransferVolume, acceptable
from metadata_schemas.package import content_path
from preservation import packages
from preservation.packing import Plan
from preservation.scanning import Released, WholeScan
from preservation.sources import SourceFile, SourceFiles

AT_ONCE = 100
"""How many volumes are decided in one transaction."""


@dataclass(frozen=True)
class Custody:
    """Who takes custody, of which transfer, from whom, and what was agreed of its scan.  ``by`` is opaque."""

    number: str
    agency: str
    agency_code: str
    by: str
    whole_scan: WholeScan | None


def plan(
    site: Site, custody: Custody, inspection: Inspection, positions: Collection[int] | None
) -> Iterator[Plan]:
    """Plans of the volumes that may be taken, all or those at these places, decided some at a time."""
    after, scanner = -1, examiners.told_by_scanner(site.settings)
    chosen = None if positions is None else frozenset(positions)
    while True:
        with site.open_session.begin() as session:
            transfer = transfers.get(session, custody.number)
            mine, released = acceptable.volumes(transfer), releasing.passes(session, transfer)
            rows = session.scalars(mine.where(TransferVolume.position > after).limit(AT_ONCE)).all()
            if not rows:
                return
            after = rows[-1].position
            wanted = [row for row in rows if chosen is None or row.position in chosen]
            give_references(session, site, [row for row in wanted if row.reference is None])
            _decide_scan(site, wanted, scanner)
        for row in wanted:
            yield _plan_of(site, custody, inspection, row, released)


def plan_anew(site: Site, custody: Custody, inspection: Inspection, reference: str) -> Plan:
    """The plan of a volume whose reference other bytes in a store spoil; that is not used again."""
    with site.open_session.begin() as session:
        transfer = transfers.get(session, custody.number)
        row = transfers.volume_with(session, transfer, reference)
        give_references(session, site, [row])
        _decide_scan(site, [row], examiners.told_by_scanner(site.settings))
        return _plan_of(site, custody, inspection, row, releasing.passes(session, transfer))


def give_references(session: Session, site: Site, rows: Sequence[TransferVolume]) -> None:
    now = site.now().replace(microsecond=0)
    series = f"{site.settings.reference}-{now.astimezone(SEOUL).year}"
    if rows:
        for row, reference in zip(rows, holdings.next_references(session, series, len(rows)), strict=True):
            row.reference, row.packed_at = reference, now


def _decide_scan(site: Site, rows: Sequence[TransferVolume], scanner: str | None) -> None:
    """What the bag will tell of its scan.  What was decided stays, also when the signatures changed since.

    Only with a scanner where there was none, or without the one that there was, it is decided anew: the
    bag must not tell of a scan that is not made.
    """
    now = site.now().replace(microsecond=0)
    for row in rows:
        if (row.scanned_with is None) != (scanner is None):
            row.scanned_with, row.packed_at = scanner, now


def _plan_of(
    site: Site, custody: Custody, inspection: Inspection, row: TransferVolume, released: Released
) -> Plan:
    planned, beside = inspection.volume(row.position), inspection.inventory.beside
    # An item may name as many files as the volume has.
    told = kept(inspection.items(row.position), beside(), among=planned.files)
    described = replace(planned.description, items=told)
    reference, packed_at = _given(row)
    return Plan(
        reference=reference,
        volume=described,
        files=light(kept(_sources(inspection, row.position, reference), beside())),
        packed_at=packed_at,
        archive=site.settings.name,
        agency=custody.agency,
        agency_code=custody.agency_code,
        transfer=custody.number,
        scanner=row.scanned_with,
        released=released,
        whole_scan=custody.whole_scan,
    )


class _Files(tuple[SourceFile, ...]):
    def __reduce__(self) -> tuple[Callable[[Iterable[tuple[Any, ...]]], "_Files"], tuple[object, ...]]:
        return _files, (tuple(map(tuple, self)),)


def _files(plain: Iterable[tuple[Any, ...]]) -> _Files:
    return _Files(map(SourceFile._make, plain))


def light(files: SourceFiles) -> SourceFiles:
    """The same files; those held go to another process as plain tuples, in half the time."""
    return _Files(files) if isinstance(files, tuple) else files


def _given(row: TransferVolume) -> tuple[str, datetime]:
    if row.reference is None or row.packed_at is None:
        raise ValueError(f"volume {row.position} of transfer {row.transfer_id} was given no reference")
    return row.reference, row.packed_at


def _sources(inspection: Inspection, volume: int, reference: str) -> Iterator[SourceFile]:
    root = f"{packages.prefix(reference)}/{content_path('', '').rstrip('/')}"
    folder = inspection.arrival.full_path("")
    by_item = groupby(inspection.sources(volume), key=itemgetter(0))
    for (number, files), (_, top) in zip(by_item, inspection.own_folders(volume), strict=True):
        own = f"{holdings.item_reference(reference, number + 1)}/"
        names = Names(root)  # an item has a folder of its own, so names of different items never meet
        for _, path, size, modified_ns, expected in files:
            original, octets = read_name(path)
            # What lies below the folder that all files of the item share is kept as its sub-folders.
            within = path[len(top) :]
            place = names.place(own + (read_name(within)[0] if octets else within)).path.removeprefix(own)
            yield SourceFile(folder + path, original, octets, size, modified_ns, number, place, expected)
