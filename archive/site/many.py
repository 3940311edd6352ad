"""A list in a result that may have millions of entries: printed one by one, held by nobody."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any


class Many(list[Any]):
    """Asks anew for its entries whenever somebody goes through it, while what it asks is still open.

    ``last`` asks for no more than so many from the end, in their order: what ``[-20:]`` is answered by.
    """

    def __init__(
        self, ask: Callable[[], Iterator[Any]], count: int, last: Callable[[int], Sequence[Any]] | None = None
    ) -> None:
        super().__init__()
        self._ask, self._count, self._last = ask, count, last

    def __len__(self) -> int:
        return self._count

    def __bool__(self) -> bool:
        return self._count > 0

    def __iter__(self) -> Iterator[Any]:
        return self._ask()

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            if self._last and (at.start or 0) < 0 and at.stop is None and at.step is None:
                return list(self._last(-at.start))
            return list(islice(self, *at.indices(len(self))))
        return next(islice(self, range(len(self))[at], None))

    def each(self, change: Callable[[Any], Any]) -> "Many":
        """The same entries, each changed when somebody comes to it."""
        return Many(lambda: map(change, self), self._count)
