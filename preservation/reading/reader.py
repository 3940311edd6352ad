"""Asks the reader process about files, and goes on with a new one when it dies.

Image and PDF libraries crash, hang or eat memory on some files.  Here that becomes a sentence
about one page; the next page is asked of a fresh process.  Nothing of those libraries is
loaded in the process that asks.
"""

import importlib
import multiprocessing
import signal
import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import Any

from archive import errors
from archive.work.processes import fresh_processes
from preservation.archive_files.faults import Fault
from preservation.archive_files.limits import Limits as ArchiveLimits
from preservation.contents import DocumentText, Identified, RenderedPage

CHILD = "preservation.reading.child"
# A file that killed the reader this often is not asked for further pages.
MOST_DEATHS = 5
# The reader ends its own looking through an archive; only when it hangs is it ended from here.
GRACE = 15.0


@dataclass(frozen=True)
class Limits:
    """For one answer: a format, a page, the text of a document."""

    seconds: float = 60.0
    memory: int = 2 << 30


class ReaderDied(Exception):
    """How the process ended, in words that complete "the reader …"."""


class Reader:
    """One reader process at a time, started when first asked.  Use it in a ``with`` block."""

    def __init__(self, limits: Limits | None = None, *, child: str = CHILD, fresh: bool = False) -> None:
        """``fresh``: the process inherits nothing, so that it may live long beside locks and threads."""
        self.limits = limits or Limits()
        self.child = child
        self.fresh = fresh
        self._process: BaseProcess | None = None
        self._line: Connection | None = None
        self._is_asked = False

    def __enter__(self) -> "Reader":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def identify(self, path: Path, name: str) -> Identified:
        """Raises Unavailable when the tool could not look: that is never an unknown format."""
        [answer] = self.identify_all([(path, name)])
        if isinstance(answer, errors.Unavailable):
            raise answer
        return answer

    def identify_all(self, files: Sequence[tuple[Path, str]]) -> Iterator[Identified | errors.Unavailable]:
        """The format of each file, which its sender called so; Unavailable where it could not be looked at.

        That is never an unknown format.  A file that kills the reader costs its own answer only, and so
        does one whose medium fails (``copy.away``).  The answers come in the order of the files.
        The reader is at work from this call on, also while nobody listens yet.
        """
        return self._identified(files, self._formats_of(files))

    def _identified(
        self, files: Sequence[tuple[Path, str]], answers: Iterator[Identified]
    ) -> Iterator[Identified | errors.Unavailable]:
        done = 0
        while done < len(files):
            try:
                for answer in answers:
                    done += 1
                    yield answer
                return
            except ReaderDied as died:
                done += 1
                told = f"The format could not be looked at: the reader {died}."
                yield errors.Unavailable(told, code="format.not_looked_at")
                answers = self._formats_of(files[done:])

    def _formats_of(self, files: Sequence[tuple[Path, str]]) -> Iterator[Any]:
        return self._ask("identify_all", files) if files else iter(())

    def text(self, path: Path, mimetype: str) -> DocumentText:
        try:
            text: DocumentText = self._one("text", path, mimetype)
        except ReaderDied as died:
            raise crashed(died) from died
        return text

    def page_count(self, path: Path, mimetype: str) -> int:
        try:
            count: int = self._one("page_count", path, mimetype)
        except ReaderDied as died:
            raise crashed(died) from died
        return count

    def look_through(self, path: Path, name: str, limits: ArchiveLimits) -> list[Fault]:
        """What is wrong with an archive file.  ReaderDied when the reader crashes on it or hangs."""
        faults: list[Fault] = self._one("look_through", path, name, limits, seconds=limits.seconds + GRACE)
        return faults

    def pages(
        self, path: Path, mimetype: str, first: int = 1, total: int | None = None
    ) -> Generator[RenderedPage, None, None]:
        """Every page from ``first`` on; one that kills the reader or does not come has that as its reason.

        ``total`` is what `page_count` said, where the caller has asked already.
        """
        total = self.page_count(path, mimetype) if total is None else total
        number, deaths = first, 0
        while number <= total:
            try:
                for page in self._ask("pages", path, mimetype, number):
                    yield page
                    number += 1
                yield from left_out(number, total, "fewer pages came than the file was found to have")
                return
            except ReaderDied as died:
                deaths += 1
                yield without_picture(number, f"the reader {died}")
                number += 1
                if deaths == MOST_DEATHS and number <= total:
                    why = f"the reader died on {MOST_DEATHS} pages of this file before"
                    yield from left_out(number, total, why)
                    return

    def _one(self, *question: Any, seconds: float | None = None) -> Any:
        return next(iter(list(self._ask(*question, seconds=seconds))))

    def _ask(self, *question: Any, seconds: float | None = None) -> Iterator[Any]:
        """Each answer as it comes.  A question that is not heard to its end costs the process."""
        if self._is_asked:
            self._end()
        line = self._start()
        self._is_asked = True
        with suppress(OSError):  # of a process that has just died it is heard how
            line.send(question)
        return self._answers(line, seconds or self.limits.seconds)

    def _answers(self, line: Connection, seconds: float) -> Iterator[Any]:
        try:
            while True:
                kind, answer = self._hear(line, seconds)
                if kind in ("end", "error"):
                    self._is_asked = False
                if kind == "end":
                    return
                if kind == "error":
                    raise answer
                yield answer
        finally:
            if self._is_asked and self._line is line:
                self._end()

    def _hear(self, line: Connection, seconds: float) -> tuple[str, Any]:
        try:
            if not line.poll(seconds):
                raise ReaderDied(f"took longer than {seconds:.0f} seconds")
            heard: tuple[str, Any] = line.recv()
        except (EOFError, OSError) as gone:
            raise ReaderDied(self._how_it_died()) from gone
        return heard

    def _how_it_died(self) -> str:
        if self._process is None:
            return "went away"
        self._process.join(5)
        code = self._process.exitcode
        if code is not None and code < 0:
            return f"crashed with {signal.Signals(-code).name}"
        return f"ended without an answer (exit {code})"

    def _start(self) -> Connection:
        if self._line is not None and self._process is not None and self._process.is_alive():
            return self._line
        self._end()
        # A fork is ready at once, but must not inherit the threads of the format library.
        is_fresh = self.fresh or "pygfried" in sys.modules
        context: Any = fresh_processes() if is_fresh else multiprocessing.get_context("fork")
        ours, theirs = multiprocessing.Pipe()
        self._process = context.Process(
            target=serve,
            args=(self.child, theirs, ours, self.limits.memory),
            name="seogo reader",
            daemon=True,
        )
        self._process.start()
        theirs.close()
        self._line = ours
        return ours

    def _end(self) -> None:
        if self._line is not None:
            self._line.close()
        if self._process is not None:
            self._process.kill()
            self._process.join()
        self._line = self._process = None
        self._is_asked = False


def serve(child: str, line: Connection, other_end: Connection, memory: int) -> None:
    """The life of the reader process.  Its libraries are loaded here and nowhere above."""
    # A fork holds both ends; with the asker's one open, its going away would not be heard.
    other_end.close()
    importlib.import_module(child).serve(line, memory)


def crashed(died: ReaderDied) -> errors.Unreadable:
    return errors.Unreadable(
        f"The file cannot be read: the reader {died}.",
        code="file.crashes_reader",
        next="Open the file by hand in a safe place; if it is sound, report it as a defect of the reader.",
    )


def without_picture(number: int, why: str) -> RenderedPage:
    return RenderedPage(number, None, reason=f"No picture of page {number} could be made: {why}.")


def left_out(first: int, total: int, why: str) -> Iterator[RenderedPage]:
    return (without_picture(number, why) for number in range(first, total + 1))
