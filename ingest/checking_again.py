"""Checking a transfer again, as a job: its files are read once more, which may take hours."""

from collections.abc import Iterator
from datetime import timedelta

from archive.site.site import Site
from archive.work import jobs
from ingest import receiving

NAME = "check-transfer"


@jobs.job(NAME, lane="staff", timeout=timedelta(hours=24), attempts=3, memory=8 << 30)
def check_transfer(site: Site, number: str, by: str) -> Iterator[jobs.Progress]:
    """What the desk's button asks for.  Checking twice gives the same findings."""
    receiving.check(site, number, lambda _what, _done, _total: None, by=by)
    yield 1, 1
