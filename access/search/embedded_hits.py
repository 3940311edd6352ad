"""What the embedded engine hands out, put in order: equal scores by reference, from the cursor on."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any

from access.search.index import Cursor, Found
from archive.errors import Unavailable


@contextmanager
def faults_read() -> Iterator[None]:
    """Unavailable for an index that was opened and cannot be read: the engine tells it as a ValueError."""
    try:
        yield
    except (OSError, ValueError) as fault:
        raise Unavailable(
            f"The index could not be read: {fault}.", code="index_away",
            next="Look at the disk of the index, then rebuild it: seogo index rebuild",
        ) from fault  # fmt: skip


def in_order(
    searcher: Any, scored: Sequence[tuple[float, Any]], wanted: int, cursor: Cursor | None
) -> list[tuple[float, str, float, Any]]:
    hits: list[tuple[float, str, float, Any]] = []
    for score, equals in groupby(scored, key=lambda hit: hit[0]):
        if cursor is not None and score > cursor.key:
            continue
        stored = [
            (score, doc["reference"][0], score, doc) for doc in (searcher.doc(hit[1]) for hit in equals)
        ]
        stored.sort(key=lambda hit: hit[1])
        hits += [hit for hit in stored if cursor is None or score < cursor.key or hit[1] > cursor.reference]
        if len(hits) >= wanted:
            break
    return hits[:wanted]


def found_of(key: Any, reference: str, score: float, stored: Any) -> Found:
    return Found(reference, score, key, json.loads(bytes(stored["shown"][0])))
