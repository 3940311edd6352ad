"""An agency's program says that a folder lies below `SEOGO_WATCH` and is complete; a job receives it.

The key that the program gives makes asking again harmless: it is the same intake, and tells how far it is.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from archive.database import Base
from archive.errors import ArchiveError, Conflict, Missing, Refused, Unavailable, WrongCall
from archive.ledger import AnotherLog
from archive.site.evidence import seal_now
from archive.site.site import Site
from archive.work import jobs
from ingest import results, transfers
from ingest.taking import receiving
from ingest.transfers import Transfer
from ingest.watched import watching

NAME = "receive-intake"
LONGEST_KEY = 100
GIVEN_UP = {
    "code": "intake.failed",
    "message": "The folder could not be received; the archive sees why.",
    "next": "Send it again with a new key; if that fails too, tell the archive.",
}


class Intake(Base):
    """What was asked.  ``error``: why it is no transfer; neither that nor a transfer: it is not done yet."""

    __tablename__ = "intakes"
    __table_args__ = (UniqueConstraint("agency_code", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    agency_code: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(LONGEST_KEY))
    folder: Mapped[str]
    asked_at: Mapped[datetime]
    transfer_id: Mapped[int | None] = mapped_column(ForeignKey("transfers.id"))
    error: Mapped[dict[str, Any] | None]

    @property
    def job(self) -> str:
        return f"{NAME}:{self.id}"


def ask(session: Session, site: Site, *, agency: str, key: str, folder: str) -> Intake:
    """Enter an intake with its job, or find the one that has this key.

    Conflict when the key was used for another folder; Missing when no such folder lies there.
    """
    if not key or len(key) > LONGEST_KEY:
        raise WrongCall(
            f"An intake needs a key of 1 to {LONGEST_KEY} letters.", code="intake.key",
            next="Send a new one for each transfer as: Idempotency-Key: …",
        )  # fmt: skip
    intake = _with_key(session, agency, key)
    if intake is None:
        _place(site, agency, folder)
        intake = _entered(session, agency, key, folder, site.now())
    if intake.folder != folder:
        raise Conflict("This key was used for another folder.", code="intake.key", next="Take a new key.")
    jobs.submit(session, NAME, once=intake.job, intake_id=intake.id)
    return intake


def _with_key(session: Session, agency: str, key: str) -> Intake | None:
    return session.scalar(select(Intake).where(Intake.agency_code == agency, Intake.key == key))


def _entered(session: Session, agency: str, key: str, folder: str, now: datetime) -> Intake:
    """The intake of that key: this one, or the one that was entered at the same instant."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    entered = dialect.insert(Intake).values(agency_code=agency, key=key, folder=folder, asked_at=now)
    session.execute(entered.on_conflict_do_nothing(index_elements=["agency_code", "key"]))
    intake = _with_key(session, agency, key)
    assert intake is not None  # nobody removes one
    return intake


def told(session: Session, intake: Intake) -> dict[str, Any]:
    """How far an intake is."""
    transfer = session.get(Transfer, intake.transfer_id) if intake.transfer_id is not None else None
    state, error = transfer.state if transfer else "refused" if intake.error else "receiving", intake.error
    if transfer is None and not error and jobs.is_given_up(session, intake.job):
        state, error = "failed", GIVEN_UP
    is_old = transfer is not None and transfer.received_at < intake.asked_at
    return {
        "key": intake.key,
        "folder": intake.folder,
        "transfer": transfer.number if transfer else None,
        "received_before": results.before(session, transfer.number) if transfer and is_old else None,
        "state": state,
        "error": error,
    }


def result_for(session: Session, agency: str, number: str) -> dict[str, Any]:
    """What came of a transfer of this agency.  Missing for every other one, as if it were not there."""
    transfer = transfers.get(session, number)
    if transfer.agency_code != agency:
        raise Missing(f"There is no transfer {number}.", next="Ask for one of your own.")
    return results.result(session, number)


@jobs.job(NAME, lane="staff", timeout=timedelta(hours=48), attempts=3, memory=8 << 30)
def receive_intake(site: Site, intake_id: int) -> Iterator[jobs.Progress]:
    """Receive the folder; a refusal is the intake's answer and no failure."""
    with site.reading_session() as session:
        intake = session.get_one(Intake, intake_id)
    number, error = None, None
    try:
        folder = _place(site, intake.agency_code, intake.folder)
        asked = watching.asked(site, intake.agency_code, folder, by=f"intake-{intake_id}")
        number = receiving.receive(site, asked, lambda *_: None)
    except (Unavailable, AnotherLog):  # neither is for the agency to mend
        raise
    except ArchiveError as refused:
        if refused.code == "busy":  # the watched folder has found it too; the job is tried again
            raise
        error = refused.told
    with site.open_session.begin() as session:
        row = session.get_one(Intake, intake_id)
        row.transfer_id = transfers.get(session, number).id if number else None
        row.error = error
    seal_now(site)
    yield 1, 1


def _place(site: Site, agency: str, folder: str) -> Path:
    """The agency's own folder of that name, and nothing outside of it."""
    if site.settings.watch is None:
        raise Refused("This archive takes no intake.", code="intake.none", next="Set SEOGO_WATCH.")
    place = site.settings.watch / agency / folder
    if not _is_plain(folder) or place.is_symlink() or not place.is_dir():
        raise Missing(f"There is no folder {folder[:80]!r} of agency {agency}.", code="intake.folder",
                      next="Lay it down first, and name it without a path.")  # fmt: skip
    return place


def _is_plain(name: str) -> bool:
    """Whether a folder may be called so, as a program can write it."""
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        return False
    try:
        return len(name.encode()) <= watching.LONGEST_NAME
    except UnicodeEncodeError:
        return False
