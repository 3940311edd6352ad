"""Until when the law has a record kept (보존기간), as far as a lock in a store can follow it."""

from datetime import date

from sqlalchemy.orm import Session

from archive import holdings
from metadata_schemas import terms


def kept_until(retention: str | None, completed: date | None, *, on: date) -> date | None:
    """The last day of a dated class; None for 준영구 and 영구, and where class or year is not known.

    A record without a last day is locked for what its store's settings say, and the lock is renewed.
    """
    if retention is None or completed is None:
        return None
    try:
        return terms.retention_end(completed.year, retention, on=on)
    except KeyError:
        return None


def of_volume(session: Session, reference: str, on: date) -> date | None:
    """The same for a volume in custody, as it is described now."""
    volume = holdings.get_volume(session, reference)
    return kept_until(volume.retention, volume.date_to, on=on)
