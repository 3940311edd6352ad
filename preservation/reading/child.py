"""The reader process: answers questions about files until its asker goes away.

It has limits of memory and writes no core file.  Errors of our own tree travel back as answers;
whatever else escapes ends the process, and the asker says so.
"""

import resource
import signal
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from archive import errors
from archive.work.processes import die_with_parent
from preservation import documents, rendering
from preservation.archive_files import Limits
from preservation.archive_files.judging import judge
from preservation.formats import Identifier

CRASHES = (signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGABRT)

TOO_MUCH_MEMORY = errors.Unreadable(
    "Reading the file needs more memory than the reader may have.",
    code="limit.memory",
    next="Open the file by hand, or ask the sender for it in smaller parts.",
)


def serve(line: Connection, memory: int) -> None:
    """``memory``: bytes that it may need beside those it begins with."""
    die_with_parent()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    within = inherited() + memory
    within = within if hard == resource.RLIM_INFINITY else min(within, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (within, within))
    for each in (signal.SIGTERM, signal.SIGINT, *CRASHES):
        signal.signal(each, signal.SIG_DFL)
    while (question := heard(line)) is not None:
        answer(line, *question)


def inherited() -> int:
    """Bytes of memory that this process has from the one that began it, and needs for no file."""
    status = dict(each.split(":", 1) for each in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmData"].split()[0]) << 10


def heard(line: Connection) -> tuple[Any, ...] | None:
    try:
        question: tuple[Any, ...] = line.recv()
    except (EOFError, OSError):
        return None
    return question


def answer(line: Connection, verb: str, *arguments: Any) -> None:
    try:
        for each in VERBS[verb](*arguments):
            line.send(("answer", each))
    except errors.ArchiveError as error:
        line.send(("error", error))
    except OSError as error:
        line.send(("error", not_readable(error)))
    except MemoryError:
        line.send(
            (
                "error",
                errors.Unreadable(
                    "Reading the file needs more memory than it may have.", code="limit.memory"
                ),
            )
        )
    else:
        line.send(("end", None))


def not_readable(error: OSError) -> errors.Unavailable:
    """The medium failed, which says nothing about the file."""
    return errors.Unavailable(
        f"A copy could not be read: {error.strerror}.", code="copy.away", next="Check the disk of its store."
    )


@cache
def identifier() -> Identifier:
    return Identifier()


def identify_all(files: Sequence[tuple[Path, str]]) -> Iterator[Any]:
    """What the tool cannot look at is an answer too, so that the others have theirs."""
    for path, name in files:
        try:
            yield identifier().identify(path, name)
        except errors.Unavailable as error:
            if error.code == "copy.away":
                raise
            yield error


def text(path: Path, mimetype: str) -> Iterator[Any]:
    yield documents.text(path, mimetype)


def page_count(path: Path, mimetype: str) -> Iterator[Any]:
    yield rendering.page_count(path, mimetype)


def look_through(path: Path, name: str, limits: Limits) -> Iterator[Any]:
    with path.open("rb") as stream:
        yield judge(stream, name, limits)


VERBS: dict[str, Callable[..., Iterator[Any]]] = {
    "identify_all": identify_all,
    "text": text,
    "page_count": page_count,
    "look_through": look_through,
    "pages": rendering.pages,
}
