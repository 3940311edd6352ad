"""Holds what arrives against the agreement with its agency."""

from datetime import date

from archive.site.site import Site
from ingest.agreements import versions
from ingest.agreements.judging import judge
from ingest.agreements.sent import Arriving
from ingest.looking.inspection import Inspection
from ingest.looking.inventory import HELD


def note(site: Site, inspection: Inspection, *, agency: str, on: date) -> int | None:
    """Note what was not agreed; the version that judges.

    ``on`` is the day of arrival: the agreement of that day judges for good.
    """
    with site.reading_session() as session:
        agreed = versions.in_force(session, agency, on)
    if agreed is None:
        return None
    arriving = Arriving(inspection, scanned=site.settings.scanner.is_set)
    inspection.inventory.note(HELD, judge(agreed, arriving))
    return agreed.version
