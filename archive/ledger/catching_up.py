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


def wait(stores: Iterable[Store], size: int) -> None:
    """Return when the logs in these stores have so many entries, after some seconds at the latest."""
    until = time.monotonic() + PATIENCE
    for store in stores:
        while _lags(store, size) and time.monotonic() < until:
            time.sleep(_EVERY)


def _lags(store: Store, size: int) -> bool:
    """Whether waiting may help: not where the head cannot be read."""
    try:
        note = LogStore(store).head()
        return note is None or size_of(note) < size
    except ArchiveError:
        return False
