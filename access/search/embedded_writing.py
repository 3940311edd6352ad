"""Writes to the embedded index: one process at a time; a disk that fails is told as an index that is away.

The engine tells every fault as a ValueError.  An index can always be made again, so whatever keeps it
from being written costs no attempt of a job: what changed waits and is sent later.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from archive.errors import Unavailable

_HEAP = 48_000_000
_WAIT = 15.0  # seconds for another writer to finish


@contextmanager
def faults_told() -> Iterator[None]:
    """Unavailable for whatever the disk or the engine refuses in this block."""
    try:
        yield
    except (OSError, ValueError) as fault:
        raise Unavailable(
            f"The index could not be written: {fault}.",
            code="index_away",
            next="Look at the disk of the index; what changed is sent again by seogo work.",
        ) from fault


@contextmanager
def writer_of(index: Any) -> Iterator[Any]:
    """The writer of an index, alone in this block.  Unavailable when another one does not finish."""
    deadline = time.monotonic() + _WAIT
    while True:
        try:
            writer = index.writer(_HEAP, 1)
            break
        except ValueError as fault:
            if "lock" not in str(fault).lower():
                raise
            if time.monotonic() > deadline:
                raise Unavailable(
                    "Another process is writing the index and did not finish.",
                    next="Try again; if no other process runs, look at the folder of the index.",
                ) from fault
            time.sleep(0.05)
    try:
        yield writer
    finally:
        del writer
