"""Taking a lock that somebody may hold only to see whether anybody does: it is tried more than once."""

import time
from collections.abc import Callable

A_LOOK = (0, 0.02, 0.1)
"""Seconds before each try, which together are longer than a look takes."""


def is_won(tried: Callable[[], bool]) -> bool:
    """Whether one of a few tries took the lock."""
    for seconds in A_LOOK:
        time.sleep(seconds)
        if tried():
            return True
    return False
