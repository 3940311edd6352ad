"""The words that the first page offers: of a few that people look for, those that find something here."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from threading import Lock

from access.search import query
from access.search.index import Index
from archive.errors import ArchiveError

WORDS = ("건축", "도시계획", "회의록", "예산", "도로", "사진")
KEPT_FOR = timedelta(minutes=5)
"""How long an answer is shown before the index is asked again, whatever it was, also a fault."""


class Sought:
    """What one portal last heard of its index.  One reader asks; who comes meanwhile gets what was heard."""

    def __init__(self) -> None:
        self._words: tuple[str, ...] = ()
        self._until: datetime | None = None
        self._asking = Lock()

    def words(self, index: Callable[[], Index], now: datetime, today: date) -> tuple[str, ...]:
        if (self._until is None or now >= self._until) and self._asking.acquire(blocking=False):
            try:
                self._words = _found(index, today)
            finally:
                self._until = now + KEPT_FOR
                self._asking.release()
        return self._words


def _found(index: Callable[[], Index], today: date) -> tuple[str, ...]:
    """None while the index is away: the first page does without."""
    with suppress(ArchiveError):
        opened = index()
        return tuple(word for word in WORDS if query.find(opened, word, limit=1, today=today).total)
    return ()
