"""What becomes of an upload: finished it is received as any other folder; left alone it is let go."""

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.errors import ArchiveError, Conflict, Refused, WrongCall
from archive.site.evidence import seal_now
from archive.site.site import Site
from archive.work import jobs
from ingest import receiving
from ingest.receiving import Asked
from ingest.transfers import Transfer
from ingest.uploads.holding import Holding
from ingest.uploads.rows import Upload

ABANDONED_AFTER = timedelta(days=7)
NOT_NEEDED = ("stored", "returned", "closed")
"""States of a transfer whose folder is not read again."""


def finish(session: Session, site: Site, upload: Upload, *, by: str, partly: bool) -> None:
    """Nothing more comes: receive it.  Conflict while a part is not whole."""
    held = Holding(site, upload.name)
    if not held.parts() or not held.is_whole():
        raise Conflict("Not all of the folder has arrived.", next="Choose the folder again and let it go on.")
    upload.move("finish", site.now())
    once = f"receive-upload:{upload.name}:{site.now().isoformat()}"
    jobs.submit(session, "receive-upload", once=once, lane="staff", upload=upload.name, by=by, partly=partly)


@jobs.job("receive-upload", lane="staff", timeout=timedelta(hours=24), attempts=3, memory=8 << 30)
def receive_upload(site: Site, upload: str, by: str, partly: bool) -> Iterator[jobs.Progress]:
    """Receive the folder of a finished upload; what refuses it is told on its page."""
    with site.reading_session() as session:
        row = _row(session, upload)
        agency, without_list, round_of = row.agency_code, row.without_list, row.round_of
    held = Holding(site, upload)
    held.cut_what_waits()
    yield 1, 3
    try:
        if (failed := held.failed()) and not partly:
            raise Refused(
                f"{len(failed)} files did not arrive as they were sent.",
                next="Choose the folder again: only these are sent once more.",
            )
        asked = Asked(folder=held.folder(), agency=agency, no_list=without_list, round_of=round_of, by=by)
        number = receiving.receive(site, asked, lambda *_: None)
    except (Refused, WrongCall, Conflict) as error:
        _refuse(site, upload, error)
        return
    yield 2, 3
    with site.open_session.begin() as session:
        row = _row(session, upload)
        row.files, row.bytes = held.count()
        row.transfer, row.reason = number, None
        row.move("receive", site.now())
    seal_now(site)


def _row(session: Session, name: str) -> Upload:
    return session.scalars(select(Upload).where(Upload.name == name)).one()


def _refuse(site: Site, name: str, error: ArchiveError) -> None:
    with site.open_session.begin() as session:
        row = _row(session, name)
        row.reason = f"{error.message} {error.next or ''}".strip()
        row.move("refuse", site.now())


@jobs.job("sweep-uploads", timeout=timedelta(hours=6), attempts=3, again="daily")
def sweep_uploads(site: Site) -> Iterator[jobs.Progress]:
    """Let go of uploads that nobody goes on with, and of folders whose transfer needs them no longer."""
    with site.reading_session() as session:
        names = [*_left(session, site), *_taken(session)]
    for done, (name, verb) in enumerate(names, start=1):
        Holding(site, name).clear()
        with site.open_session.begin() as session:
            _row(session, name).move(verb, site.now())
        yield done, len(names)


def _left(session: Session, site: Site) -> Iterator[tuple[str, str]]:
    before = site.now() - ABANDONED_AFTER
    left = select(Upload.name).where(Upload.state.in_(("open", "refused")), Upload.touched_at < before)
    yield from ((name, "abandon") for name in session.scalars(left))


def _taken(session: Session) -> Iterator[tuple[str, str]]:
    taken = (
        select(Upload.name)
        .join(Transfer, Transfer.number == Upload.transfer)
        .where(Upload.state == "received", Transfer.state.in_(NOT_NEEDED))
    )
    yield from ((name, "clear") for name in session.scalars(taken))
