"""The watched folder as part of ``seogo work``: a job looks each minute, and a job receives each folder.

So a folder that takes hours, or brings its worker down, keeps no other one waiting.
"""

import hashlib
import os
from collections.abc import Iterator
from datetime import timedelta

from archive.site.site import Site
from archive.work import jobs
from ingest.watched import watching
from ingest.watched.watching import Laid

LOOK, TAKE_UP = "look-for-folders", "receive-folder"


@jobs.job(
    LOOK, lane="staff", timeout=timedelta(minutes=10), again="minutely",
    only_if=lambda settings: settings.watch is not None,
)  # fmt: skip
def look_for_folders(site: Site) -> Iterator[jobs.Progress]:
    """Ask for each folder that is complete and has no answer; one that was given up stays so."""
    for done, found in enumerate(watching.complete(site), start=1):
        with site.open_session.begin() as session:
            name = os.fsencode(f"{found.agency}/{found.folder.name}")
            once = f"{TAKE_UP}:{hashlib.sha256(name).hexdigest()}"
            where = {"agency": found.agency, "folder": found.folder.name}
            jobs.wake(session, TAKE_UP, once=once, failed=False, **where)
        yield done, done


@jobs.job(TAKE_UP, lane="staff", timeout=timedelta(hours=48), attempts=3, memory=8 << 30)
def receive_folder(site: Site, agency: str, folder: str) -> Iterator[jobs.Progress]:
    """Receive a folder and lay its answer beside it.  One that is answered by now, or gone, is done."""
    yield 0, 1
    if site.settings.watch is not None:
        found = Laid(agency, site.settings.watch / agency / folder)
        if found.is_there and not found.answer.exists():
            watching.take_up(site, found, lambda *_: None)
    yield 1, 1
