"""What becomes of an upload: finished it is received as any other folder; left alone it is let go."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from archive.errors import ArchiveError, Conflict, Refused, WrongCall
from archive.site.evidence import seal_now
from archive.site.language import amount
from archive.site.site import Site
from archive.work import jobs
from archive.work.jobs import Job
from ingest.taking import receiving
from ingest.taking.received_before import ReceivedBefore
from ingest.taking.receiving import Asked
from ingest.transfers import Transfer
from ingest.uploads import holding
from ingest.uploads.holding import Holding
from ingest.uploads.rows import ENDED, Upload

ABANDONED_AFTER = timedelta(days=7)
NOT_NEEDED = ("stored", "returned", "closed")
"""States of a transfer whose folder is not read again."""
ENDS = ("abandon", "clear")
GIVEN_UP = (
    "The folder could not be received; the archive sees why. "
    "Choose the folder again and finish it once more; if that fails too, tell the archive."
)


def finish(
    session: Session, site: Site, upload: Upload, *, by: str, partly: bool, another: bool = False
) -> None:
    """Nothing more comes: receive it.  Conflict while a part is not whole."""
    held = Holding(site, upload.name)
    if not held.parts() or not held.is_whole():
        raise Conflict("Not all of the folder has arrived.", next="Choose the folder again and let it go on.")
    upload.move("finish", site.now())
    once = f"receive-upload:{upload.name}:{len(_tried(session, upload))}"
    jobs.submit(session, "receive-upload", once=once, lane="staff",
                upload=upload.name, by=by, partly=partly, another=another)  # fmt: skip


def say_what_it_is(session: Session, site: Site, upload: Upload, *, by: str, another: bool) -> None:
    """It was refused for the transfer that it looks like: it is another one, or corrects that one."""
    if upload.state != "refused" or upload.looks_like is None:
        raise Conflict("This upload was not refused for what it looks like.", next="Look at its page.")
    if not another:
        upload.round_of = upload.looks_like
    upload.looks_like = None
    # It came to be compared: either every file arrived, or its sender went on without those that did not.
    finish(session, site, upload, by=by, partly=True, another=another)


@jobs.job("receive-upload", lane="staff", timeout=timedelta(hours=24), attempts=3, memory=8 << 30)
def receive_upload(
    site: Site, upload: str, by: str, partly: bool, another: bool = False
) -> Iterator[jobs.Progress]:
    """Receive the folder of a finished upload; what refuses it is told on its page."""
    with site.reading_session() as session:
        row = session.scalars(select(Upload).where(Upload.name == upload)).one()
        if row.state != "finished":
            return
        agency, without_list, round_of = row.agency_code, row.without_list, row.round_of
    held = Holding(site, upload)
    held.cut_what_waits()
    yield 1, 4
    held.compare_again()
    held.clear_what_no_part_keeps()
    yield 2, 4
    try:
        if (failed := held.failed()) and not (partly and held.count()[0]):
            raise Refused(
                f"{amount(len(failed), 'file')} did not arrive as sent.",
                next="Choose the folder again: only these are sent once more.",
            )
        asked = Asked(folder=held.folder(), agency=agency, no_list=without_list, round_of=round_of,
                      another=another, by=by)  # fmt: skip
        number = receiving.receive(site, asked, lambda *_: None)
    except (Refused, WrongCall, Conflict) as error:
        if error.code == "busy":  # another command receives the same folder; the job is tried again
            raise
        _refuse(site, upload, error)
        return
    yield 3, 4
    with site.open_session.begin() as session:
        row = _row(session, upload)
        row.files, row.bytes = held.count()
        row.transfer, row.reason, row.looks_like = number, None, None
        row.move("receive", site.now())
    seal_now(site)


def settle(session: Session, site: Site, upload: Upload) -> Upload:
    """One whose job was given up is refused, so that its sender can go on with it or let it go."""
    if was_given_up(session, upload):
        upload.reason = GIVEN_UP
        upload.move("refuse", site.now())
    return upload


def was_given_up(session: Session, upload: Upload) -> bool:
    """Whether it still tells that it is received, though the newest job that would do so failed."""
    return upload.state == "finished" and _tried(session, upload)[-1:] == ["failed"]


def _tried(session: Session, upload: Upload) -> Sequence[str]:
    """The states of its jobs, one for each time that it was finished."""
    mine = select(Job.state).where(Job.once.startswith(f"receive-upload:{upload.name}:"))
    return session.scalars(mine.order_by(Job.id)).all()


def _row(session: Session, name: str) -> Upload:
    """Its row for this transaction alone."""
    return session.scalars(select(Upload).where(Upload.name == name).with_for_update()).one()


def _refuse(site: Site, name: str, error: ArchiveError) -> None:
    with site.open_session.begin() as session:
        row = _row(session, name)
        row.reason = f"{error.message} {error.next or ''}".strip()
        row.looks_like = error.transfer if isinstance(error, ReceivedBefore) else None
        row.move("refuse", site.now())


@jobs.job("sweep-uploads", timeout=timedelta(hours=6), attempts=3, again="daily")
def sweep_uploads(site: Site) -> Iterator[jobs.Progress]:
    """Let go of uploads that nobody goes on with, and of folders whose transfer needs them no longer.

    A row ends first, and only then its folder goes: a kill between the two leaves a folder for the next day.
    """
    _settle_all(site)
    with site.reading_session() as session:
        ending = [(name, verb) for verb in ENDS for name in session.scalars(_ending(verb, site, Upload.name))]
    for done, (name, verb) in enumerate(ending, start=1):
        _end(site, name, verb)
        yield done, len(ending)
    for name in holding.held(site):
        with site.reading_session() as session:
            has_ended = session.scalar(select(Upload.id).where(Upload.name == name, Upload.state.in_(ENDED)))
        if has_ended:
            Holding(site, name).clear()
            yield len(ending), len(ending)


def _settle_all(site: Site) -> None:
    with site.open_session.begin() as session:
        for upload in session.scalars(select(Upload).where(Upload.state == "finished").with_for_update()):
            settle(session, site, upload)


def _end(site: Site, name: str, verb: str) -> None:
    """Ask again in the transaction that ends it: somebody may have gone on meanwhile."""
    with site.open_session.begin() as session:
        still = _ending(verb, site, Upload).where(Upload.name == name).with_for_update(of=Upload)
        if upload := session.scalar(still):
            upload.move(verb, site.now())


def _ending(verb: str, site: Site, wanted: Any) -> Select[Any]:
    """What is ``wanted`` of the uploads that a verb is due for."""
    if verb == "abandon":
        before = site.now() - ABANDONED_AFTER
        return select(wanted).where(Upload.state.in_(("open", "refused")), Upload.touched_at < before)
    transfers_without_need = select(Transfer.number).where(Transfer.state.in_(NOT_NEEDED))
    return select(wanted).where(Upload.state == "received", Upload.transfer.in_(transfers_without_need))
