"""A row of things too long to be held in memory or sent to another process: laid down in a file.

Whoever goes through it opens the file anew, as often as needed, and holds one thing at a time.
"""

import pickle
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TypeVar

MANY = 2_000
"""Up to so many are held in memory, where they are quicker."""

Thing = TypeVar("Thing")


@dataclass(frozen=True)
class LaidDown(Collection[Thing]):
    """``count`` things in a file; as small as its path, however many there are."""

    path: Path
    count: int

    def __len__(self) -> int:
        return self.count

    def __contains__(self, thing: object) -> bool:
        return any(each == thing for each in self)

    def __iter__(self) -> Iterator[Thing]:
        with self.path.open("rb") as stream:
            for _ in range(self.count):
                yield pickle.load(stream)


def kept(things: Iterable[Thing], path: Path, *, among: int = 0) -> "tuple[Thing, ...] | LaidDown[Thing]":
    """The things themselves, or where they are many, the file at ``path`` that they are laid down in.

    ``among``: what they hold together, where that may be more than they are themselves.
    """
    most = MANY if among <= MANY else 0
    rest = iter(things)
    first = tuple(islice(rest, most + 1))
    if len(first) <= most:
        return first
    count = 0
    with path.open("wb") as stream:
        for each in chain(first, rest):
            stream.write(pickle.dumps(each, protocol=pickle.HIGHEST_PROTOCOL))
            count += 1
    return LaidDown(path, count)
