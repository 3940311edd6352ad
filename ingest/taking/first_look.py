"""What is said of a transfer as a whole, and by its agreement, before a file of it is read."""

from collections.abc import Mapping
from datetime import date

from archive.site.site import Site
from ingest.agreements import arrivals, judging
from ingest.looking.inspection import Inspection
from ingest.malware import whole
from ingest.taking import agencies
from preservation.scanning import WholeScan


def note(
    site: Site,
    inspection: Inspection,
    claimed: Mapping[str, str],
    *,
    agency: str,
    on: date,
    version: int | None = None,
) -> tuple[int | None, WholeScan | None]:
    """Note it; the version of the agreement that judges, and what that says of the scan of its files."""
    agreed = arrivals.that_judges(site, agency=agency, on=on, version=version)
    whole_scan = judging.whole_scan(agreed) if agreed else None
    whole.note(site, inspection, claimed, whole_scan)
    agencies.note(site, inspection, agency)
    arrivals.note(site, inspection, agreed)
    return agreed.version if agreed else None, whole_scan
