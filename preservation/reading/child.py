"""The reader process: answers questions about files until its asker goes away.

It has limits of memory and writes no core file.  Errors of our own tree travel back as answers;
whatever else escapes ends the process, and the asker says so.
"""

import errno
import importlib
import resource
import signal
from collections.abc import Callable, Iterator
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from archive import errors
from archive.work.processes import die_with_parent

VERBS = {
    "identify_all": "preservation.reading.answers.formats",
    "look_through": "preservation.reading.answers.archives",
    "text": "preservation.reading.answers.documents",
    "page_count": "preservation.reading.answers.documents",
    "pages": "preservation.reading.answers.documents",
}
"""The module that answers, loaded when first asked: all together take a quarter of a second to load."""

OF_THE_FILE = (None, errno.EINVAL, errno.EOVERFLOW)
"""Numbers of errors that no medium gives."""

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
    be_mortal()
    while (question := heard(line)) is not None:
        answer(line, *question)


def be_mortal() -> None:
    """Let a crash end this process by the signal that it is, whatever a library wants to do about it."""
    for each in (signal.SIGTERM, signal.SIGINT, *CRASHES):
        signal.signal(each, signal.SIG_DFL)


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
        for each in answering(verb)(*arguments):
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


def not_readable(error: OSError) -> errors.Unavailable | errors.Unreadable:
    """The medium failed, which says nothing about the file; or a place was looked for that no file has.

    A damaged file names such places, and libraries go there or give errors of their own without a number.
    """
    if error.errno in OF_THE_FILE:
        return errors.Unreadable(f"The file is damaged: {error.strerror or error}.")
    return errors.Unavailable(
        f"A copy could not be read: {error.strerror}.", code="copy.away", next="Check the disk of its store."
    )


@cache
def answering(verb: str) -> Callable[..., Iterator[Any]]:
    found: Callable[..., Iterator[Any]] = getattr(importlib.import_module(VERBS[verb]), verb)
    be_mortal()
    return found
