"""Holds what arrives against the agreement with its agency."""

from datetime import date

from sqlalchemy.orm import Session

from archive.site.site import Site
from ingest.agreements import judging, versions
from ingest.agreements.documents import Agreement
from ingest.agreements.sent import Arriving
from ingest.looking.inspection import Inspection
from ingest.looking.inventory import HELD
from ingest.transfers import Transfer
from preservation.scanning import WholeScan


def that_judges(site: Site, *, agency: str, on: date, version: int | None = None) -> Agreement | None:
    """The agreement that was in force on the day of arrival judges for good.

    ``version`` is the one that did, also when another began on the same day.
    """
    with site.reading_session() as session:
        if version is None:
            return versions.in_force(session, agency, on)
        return versions.get_version(session, agency, version)


def note(site: Site, inspection: Inspection, agreed: Agreement | None) -> None:
    """Note what was not agreed; what only the bytes tell is found while they are read."""
    if agreed is not None:
        arriving = Arriving(inspection, scanned=site.settings.scanner.is_set)
        inspection.inventory.note(HELD, judging.judge(agreed, arriving))


def whole_scan(session: Session, transfer: Transfer) -> WholeScan | None:
    """What the agreement that judged a transfer says of its scan."""
    if transfer.agreement_version is None:
        return None
    return judging.whole_scan(versions.get_version(session, transfer.agency_code, transfer.agreement_version))
