"""How this process hears that it shall stop, by Ctrl-C or by its end: KeyboardInterrupt, sooner or later.

Python drops what rises while an object is cleared away, with a line on standard error.  So whatever
goes on for long asks `if_told` now and then.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_told: list[int] = []


def when_told() -> None:
    """Being told to end is the same as Ctrl-C from now on.

    Whoever started this process may have it ignore Ctrl-C, and it does.
    """
    _told.clear()
    signal.signal(signal.SIGTERM, _stop)
    if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
        signal.signal(signal.SIGINT, _stop)


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
def told_later() -> Iterator[None]:
    """Whoever tells this process to stop is heard at the end of the block.

    Python calls handlers in the main thread whichever thread a signal came to; a mask is not enough.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    told: list[int] = []
    before = {
        number: signal.signal(number, lambda caught, _frame: told.append(caught))
        for number in (signal.SIGINT, signal.SIGTERM)
        if signal.getsignal(number) != signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for each in told[:1]:
            signal.raise_signal(each)
