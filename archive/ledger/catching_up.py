"""Waiting for a log that somebody may be writing at this moment.

A seal is decided in the database and only then written to the stores, one after the other.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from archive.errors import ArchiveError
from archive.ledger.log_store import LogStore, size_of
from archive.stores import Store

PATIENCE = 3.0
_EVERY = 0.1


def wait(stores: Iterable[Store], size: int) -> list[Store]:
    """The stores whose logs come to have so many entries, after some seconds at the latest."""
    until = time.monotonic() + PATIENCE
    return [store for store in stores if _comes(store, size, until)]


def _comes(store: Store, size: int, until: float) -> bool:
    """False at once where waiting cannot help: where the head cannot be read."""
    try:
        while (note := LogStore(store).head()) is None or size_of(note) < size:
            if time.monotonic() >= until:
                return False
            time.sleep(_EVERY)
    except ArchiveError:
        return False
    return True
