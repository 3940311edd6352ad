"""Holds what arrives against the agreement with its agency."""

from datetime import date

from archive.site.site import Site
from ingest.agreements import versions
from ingest.agreements.judging import judge
from ingest.agreements.sent import Arriving
from ingest.looking.inspection import Inspection
from ingest.looking.inventory import HELD


def note(
    site: Site, inspection: Inspection, *, agency: str, on: date, version: int | None = None
) -> int | None:
    """Note what was not agreed; the version that judges.

    ``on`` is the day of arrival.  The agreement that was in force then judges for good: ``version`` is the
    one that did, also when another began on the same day.
    """
    with site.reading_session() as session:
        if version is None:
            agreed = versions.in_force(session, agency, on)
        else:
            agreed = versions.get_version(session, agency, version)
    if agreed is None:
        return None
    arriving = Arriving(inspection, scanned=site.settings.scanner.is_set)
    inspection.inventory.note(HELD, judge(agreed, arriving))
    return agreed.version
