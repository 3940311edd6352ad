"""One claimed job in a process of its own, within limits of memory, so that it takes the blow.

It ends with one word to its runner: done, failed with a reason, postponed with what is away, or busy.
"""

import importlib
import resource
import signal
import time
from multiprocessing.connection import Connection

from sqlalchemy.exc import DatabaseError

from archive import database_faults
from archive.errors import ArchiveError, Unavailable
from archive.site import output
from archive.site.settings import Settings
from archive.site.site import Site
from archive.work import jobs, reasons
from archive.work.processes import die_with_parent
from archive.work.reasons import Reason

DONE, FAILED, POSTPONED, BUSY = "done", "failed", "postponed", "busy"


def run(settings: Settings, module: str, job_id: int, claimed: str, memory: int, say: Connection) -> None:
    """The whole life of the child.  ``module`` is the one that declares the job."""
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is meant for the runner, which ends its children
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        importlib.import_module(module)
        _run_body(Site(settings), job_id, claimed)
    except Exception as error:  # the outermost layer of this process: the reason goes into the row
        say.send(_outcome(error, memory))
    else:
        say.send((DONE, None))


def _outcome(error: Exception, memory: int) -> tuple[str, Reason]:
    """How a job that an error ended is to go on, and the reason that its row keeps."""
    match database_faults.told(error) if isinstance(error, DatabaseError) else error:
        case Unavailable() as away:
            return POSTPONED, reasons.of(away)
        case ArchiveError(code=code) as refused:
            return BUSY if code == "busy" else FAILED, reasons.of(refused)
        case MemoryError():
            return FAILED, Reason(f"needed more than {memory >> 20} MB of memory")
    reason = _without_names(error)
    output.trace(error, reason)
    return FAILED, Reason(reason)


def _without_names(error: Exception) -> str:
    """What went wrong, without the text of the error, which may quote a file name of a closed record."""
    kind = type(error).__name__
    return f"{kind}: {error.strerror}" if isinstance(error, OSError) and error.strerror else kind


def _run_body(site: Site, job_id: int, claimed: str) -> None:
    with site.reading_session() as session:
        row = jobs.get(session, job_id)
    declared = jobs.DECLARED[row.name]
    told = 0.0
    last: jobs.Progress | None = None
    for last in declared.body(site, **row.arguments):
        if time.monotonic() - told >= 1:
            _tell(site, job_id, claimed, last)
            told = time.monotonic()
    if last is not None:
        _tell(site, job_id, claimed, last)


def _tell(site: Site, job_id: int, claimed: str, progress: jobs.Progress) -> None:
    with site.open_session.begin() as session:
        jobs.progress(session, job_id, claimed, *progress)
