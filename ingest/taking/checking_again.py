"""Checking a transfer again, as a job: its files are read once more, which may take hours."""

from collections.abc import Generator, Iterator
from datetime import timedelta

from sqlalchemy.orm import Session

from archive.site.site import SEOUL, Site
from archive.work import jobs
from ingest import transfers
from ingest.acceptance import listed
from ingest.checking import checks, reading
from ingest.looking.inspection import Inspection
from ingest.looking.inventory import HELD
from ingest.malware import scans
from ingest.releases import releasing
from ingest.taking import first_look, in_custody, receiving
from ingest.transfers import Transfer, readings, volume_rows
from ingest.transfers.states import TAKEN
from ingest.transfers.turns import alone

NAME = "check-transfer"


@jobs.job(NAME, lane="staff", timeout=timedelta(hours=24), attempts=3, memory=8 << 30)
def check_transfer(site: Site, number: str, by: str) -> Iterator[jobs.Progress]:
    """What the desk's button asks for.  Checking twice gives the same findings."""
    yield from check(site, number, by=by)


def check(site: Site, number: str, *, by: str) -> Generator[jobs.Progress, None, None]:
    """Check what is still waiting once more, from the folder as it is now; yields (done, total) of files."""
    with site.reading_session() as session:
        transfer = transfers.get(session, number)
    with (
        alone(site, transfer.agency_code, transfer.shape),
        receiving.inspect_again(site, transfer) as inspection,
    ):
        in_custody.look(
            site, inspection, agency=transfer.agency_code, number=number, round_of=transfer.round_of
        )
        agreed, scan = first_look.note(
            site, inspection, transfer.claimed, agency=transfer.agency_code,
            on=transfer.received_at.astimezone(SEOUL).date(), version=transfer.agreement_version,
        )  # fmt: skip
        files = yield from reading.read_files(site.settings, inspection, whole_scan=scan)
        with site.open_session.begin() as session:
            transfer = transfers.get(session, number)
            transfer.agreement_version = agreed
            _forget_own(session, transfer, inspection)
            transfers.link_held(session, transfer, inspection.held())
            transfers.forget_findings(session, transfer)
            listed.keep(session, transfer, inspection)
            transfers.add_findings(session, transfer, checks.check(inspection))
            changed = readings.differ(session, transfer, inspection)
            readings.keep(session, transfer, inspection)
            releasing.renew(session, transfer)
            scans.write_first(session, site, transfer, files=files, changed=changed)
            transfers.note(session, transfer, "checked", by=by, at=site.now())
            transfers.settle(session, transfer)


def _forget_own(session: Session, transfer: Transfer, inspection: Inspection) -> None:
    """What this transfer brought itself is in custody and no finding about it."""
    inspection.inventory.write_all(
        "DELETE FROM findings WHERE stage = ? AND place = ? "
        "AND EXISTS (SELECT 1 FROM volumes WHERE volumes.place = findings.place AND held_as IS NULL)",
        ((HELD, place) for place in volume_rows.positions(session, transfer, *TAKEN)),
    )
