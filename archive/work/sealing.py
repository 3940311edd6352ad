"""Sealing the log as a job: what is done on the screens is sealed within the hour."""

from collections.abc import Iterator
from datetime import timedelta

from archive.site.evidence import seal_now
from archive.site.site import Site
from archive.work import jobs


@jobs.job("seal-ledger", timeout=timedelta(hours=1), again="hourly")
def seal_ledger(site: Site) -> Iterator[jobs.Progress]:
    """Seal every act recorded so far.  A store that is away is brought up when it is back."""
    yield 0, 1
    seal_now(site)
    yield 1, 1
