"""What goes out to a terminal: each line is one line, and a command ends its work whether anybody reads.

A name from outside may hold signs that steer a terminal or begin a line of their own; they are shown as
escapes.  A reader that left, as in ``| head``, misses nothing.  Other words that could not be written are
told when the command ends, for by then what it had to do is done.
"""

import codecs
import errno
import json
import os
import sys
import traceback
from collections.abc import Iterable
from io import TextIOWrapper
from typing import TextIO

from archive import names

_LAST_STANDARD = 2
_lost: list[OSError] = []


def line(words: str, *, aside: bool = False) -> bool:
    """Write one line, ``aside`` on standard error; whether anybody still takes what is written there.

    Signs that the terminal does not have are shown as escapes.
    """
    stream = sys.stderr if aside else sys.stdout
    words = f"{names.on_one_line(words)}\n"
    return _put(words.encode(_encoding(stream), "backslashreplace"), stream, aside=aside)


def lines(every: Iterable[str]) -> None:
    """Write lines for as long as somebody takes them."""
    for each in every:
        if not line(each):
            return


def trace(error: BaseException, reason: str | None = None) -> None:
    """What a defect is reported with; a ``reason`` stands in place of all that the error itself says."""
    where = traceback.format_tb(error.__traceback__)
    for told in traceback.format_exception(error) if reason is None else [*where, reason]:
        for each in told.splitlines():
            line(each, aside=True)


def put(told: str | bytes) -> bool:
    """The same for what is for a program: JSON, or bytes that go out as they are."""
    if isinstance(told, str):  # JSON is UTF-8, or escapes that every reader takes for it
        is_utf_8 = codecs.lookup(_encoding(sys.stdout)).name == "utf-8"
        told = told.encode("utf-8" if is_utf_8 else "ascii", _AS_JSON)
    return _put(told, sys.stdout)


def take_all_signs() -> None:
    """Also what others write, as help and bars, has signs that a stream does not have as escapes.

    No file that is opened later gets the number of a standard stream that is closed, in children neither:
    what libraries write there would go into that file.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) <= _LAST_STANDARD:
        os.set_inheritable(number, True)
    os.close(number)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def is_watched() -> bool:
    """Whether what is written aside goes to a terminal."""
    return sys.stderr is not None and sys.stderr.isatty()


def what_was_lost() -> str | None:
    """Why words did not go out, once."""
    return _lost.pop().strerror if _lost else None


def _put(told: bytes, stream: TextIO | None, *, aside: bool = False) -> bool:
    try:
        if stream is None:
            raise OSError(errno.EBADF, "it is closed")
        _write(told, stream)
    except OSError as error:
        if stream is not None:
            _to_nowhere(stream.fileno())
        if not aside and error.errno != errno.EPIPE:
            _lost.append(error)
        return False
    return True


def _write(told: bytes, stream: TextIO) -> None:
    """All of it: with PYTHONUNBUFFERED the text layer drops what one call of the machine does not take."""
    stream.flush()
    binary = getattr(stream, "buffer", None)
    if binary is None:
        stream.write(told.decode(_encoding(stream)))
        return
    while told:
        if (taken := binary.write(told)) is None:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        told = told[taken:]
    binary.flush()


def _encoding(stream: TextIO | None) -> str:
    return getattr(stream, "encoding", None) or "utf-8"


def _as_json(error: UnicodeError) -> tuple[str, int]:
    """What has no place in a stream, as JSON has it in ASCII."""
    assert isinstance(error, UnicodeEncodeError)
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end


_AS_JSON = "seogo.json"
codecs.register_error(_AS_JSON, _as_json)


def _to_nowhere(number: int) -> None:
    """Let what is still written there go, also what Python writes when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)
