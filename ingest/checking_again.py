"""Checking a transfer again, as a job: its files are read once more, which may take hours."""

from collections.abc import Iterator
from datetime import timedelta

from archive.site.site import Site
from archive.work import jobs
from ingest import checks, reading, receiving, transfers
from ingest.receiving import Say
from ingest.turns import alone

NAME = "check-transfer"


@jobs.job(NAME, lane="staff", timeout=timedelta(hours=24), attempts=3, memory=8 << 30)
def check_transfer(site: Site, number: str, by: str) -> Iterator[jobs.Progress]:
    """What the desk's button asks for.  Checking twice gives the same findings."""
    check(site, number, lambda _what, _done, _total: None, by=by)
    yield 1, 1


def check(site: Site, number: str, say: Say, *, by: str) -> None:
    """Check what is still waiting once more, from the folder as it is now."""
    with site.reading_session() as session:
        transfer = transfers.get(session, number)
    with alone(site, transfer.agency_code, transfer.shape):
        inspection = receiving.inspect_again(site, transfer)
        digests, found = reading.read_files(inspection, receiving.checking(say))
        verdict = checks.check(inspection, found)
        with site.open_session.begin() as session:
            transfer = transfers.get(session, number)
            transfers.forget_findings(session, transfer)
            receiving.write_findings(session, transfer, verdict)
            transfers.keep_digests(session, transfer, digests)
            transfers.note(session, transfer, "checked", by=by, at=site.now())
            transfers.settle(session, transfer)
