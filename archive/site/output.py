"""What goes out to a terminal: each line is one line, and a command ends its work whether anybody reads.

A name from outside may hold signs that steer a terminal or begin a line of their own; they are shown as
escapes.  A reader that left, as in ``| head``, misses nothing.  Other words that could not be written are
told when the command ends, for by then what it had to do is done.
"""

import errno
import os
import sys
from collections.abc import Iterable

import click

from archive import names

_lost: list[OSError] = []


def line(words: str, *, aside: bool = False) -> bool:
    """Write one line, ``aside`` on standard error; whether anybody still takes what is written there."""
    return put(f"{names.on_one_line(words)}\n", aside=aside)


def lines(every: Iterable[str]) -> None:
    """Write lines for as long as somebody takes them."""
    for each in every:
        if not line(each):
            return


def put(words: str | bytes, *, aside: bool = False) -> bool:
    """The same for what is for a program: it goes out as it is."""
    stream = sys.stderr if aside else sys.stdout
    try:
        click.echo(words, nl=False, file=stream)
    except OSError as error:
        _to_nowhere(stream.fileno())
        if not aside and error.errno != errno.EPIPE:
            _lost.append(error)
        return False
    return True


def what_was_lost() -> str | None:
    """Why words did not go out, once."""
    return _lost.pop().strerror if _lost else None


def _to_nowhere(number: int) -> None:
    """Let what is still written there go, also what Python writes when it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)
