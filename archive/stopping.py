"""How this process hears that it shall stop, by Ctrl-C or by its end: KeyboardInterrupt, sooner or later.

Python drops what rises while an object is cleared away, with a line on standard error.  So whatever
goes on for long asks `if_told` now and then.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from types import FrameType
from typing import TypeAlias

Handler: TypeAlias = Callable[[int, FrameType | None], object] | int | None

ENDED = 0
"""In a queue of `noted`: what works beside this process ended by itself.  No signal has this number."""

_told: list[int] = []


@contextmanager
def heard() -> Iterator[None]:
    """In this block being told to end is the same as Ctrl-C; what was told does not outlive it.

    Whoever started this process may have it ignore Ctrl-C, and it does; its end it always hears.
    """
    before = _answer(_stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _told.clear()


def _answer(handler: Callable[[int, FrameType | None], object]) -> dict[signal.Signals, Handler]:
    """Have both signals answered, but not Ctrl-C where it is ignored; who answered them before."""
    return {
        number: signal.signal(number, handler)
        for number in (signal.SIGINT, signal.SIGTERM)
        if number == signal.SIGTERM or signal.getsignal(number) != signal.SIG_IGN
    }


def _stop(number: int, _frame: object) -> None:
    _told.append(number)
    raise KeyboardInterrupt


def if_told() -> None:
    """Stop where the KeyboardInterrupt was dropped."""
    if _told:
        raise KeyboardInterrupt


def came_before(error: BaseException | None) -> bool:
    """Whether an error rose while this process was stopping: a session that is cut off may not close."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error is not None


@contextmanager
def noted() -> "Iterator[SimpleQueue[int]]":
    """Whoever tells this process to stop in this block interrupts nothing; what was told is in the queue.

    The queue can be waited for.  An event could not: a handler that sets it may come while it locks itself.
    """
    told: SimpleQueue[int] = SimpleQueue()
    before = _answer(lambda caught, _frame: told.put(caught))
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def told_later() -> Iterator[None]:
    """Whoever tells this process to stop is heard at the end of the block.

    Python calls handlers in the main thread whichever thread a signal came to; a mask is not enough.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    try:
        with noted() as told:
            yield
    finally:
        if not told.empty():
            signal.raise_signal(told.get())
