"""A list in a result that may have millions of entries: printed one by one, held by nobody."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any


class Many(list[Any]):
    """Asks anew for its entries whenever somebody goes through it, while what it asks is still open."""

    def __init__(self, ask: Callable[[], Iterator[Any]], count: int) -> None:
        super().__init__()
        self._ask, self._count = ask, count

    def __len__(self) -> int:
        return self._count

    def __bool__(self) -> bool:
        return self._count > 0

    def __iter__(self) -> Iterator[Any]:
        return self._ask()

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return list(islice(self, *at.indices(len(self))))
        return next(islice(self, range(len(self))[at], None))

    def each(self, change: Callable[[Any], Any]) -> "Many":
        """The same entries, each changed when somebody comes to it."""
        return Many(lambda: map(change, self), self._count)
