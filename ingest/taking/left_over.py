"""What could not be taken is read to the end, so that the agency hears of everything at once."""

from collections.abc import Collection, Generator, Iterator
from itertools import groupby
from operator import itemgetter

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.site.site import Site
from ingest import transfers
from ingest.agreements import arrivals
from ingest.checking import examiners, reading
from ingest.looking.inspection import Inspection
from ingest.looking.inventory import READ, About
from ingest.malware import scans
from ingest.releases import releasing
from ingest.transfers import Transfer, TransferVolume, readings, volume_rows


def check(site: Site, number: str, inspection: Inspection) -> Generator[tuple[int, int], None, None]:
    """Read the volumes that wait and were not read to the end, and tell what was not told of them.

    Yields (done, total).
    """
    with site.reading_session() as session:
        transfer = transfers.get(session, number)
        if next(volume_rows.positions(session, transfer, "waiting"), None) is None:
            return
        inspection.remember(readings.known(session, transfer))
        waiting = volume_rows.positions(session, transfer, "waiting")
        unread = [place for place in waiting if not inspection.is_read(place)]
        whole_scan = arrivals.whole_scan(session, transfer)
    if not unread:
        return
    yield from reading.read_files(site.settings, inspection, whole_scan=whole_scan, places=unread)
    with site.open_session.begin() as session:
        transfer = transfers.get(session, number)
        _count_scanned(site, session, transfer, unread)
        transfers.add_findings(session, transfer, _untold(session, transfer, inspection))
        readings.keep(session, transfer, inspection)
        releasing.renew(session, transfer)


def _count_scanned(site: Site, session: Session, transfer: Transfer, places: Collection[int]) -> None:
    """Where one pass is the only scan, what is read here is scanned in it; what was packed is counted."""
    signatures = examiners.told_by_scanner(site.settings) if scans.is_one_pass(site) else None
    if signatures:
        unplanned = select(TransferVolume.position, TransferVolume.files).where(
            TransferVolume.transfer_id == transfer.id,
            TransferVolume.state == "waiting",
            TransferVolume.reference.is_(None),
        )
        among = frozenset(places)
        files = sum(files for place, files in session.execute(unplanned) if place in among)
        scans.looked_at(session, transfer, files=files, signatures=signatures)


def _untold(session: Session, transfer: Transfer, inspection: Inspection) -> Iterator[About]:
    """What reading found and was not told of a volume before."""
    for place, found in groupby(inspection.inventory.noted(READ), key=itemgetter(0)):
        told = volume_rows.told_of(session, transfer, place) if place is not None else set()
        yield from ((place, each) for _, each in found if (each.rule, each.where.path) not in told)
