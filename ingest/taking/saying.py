"""Says how far a transfer is while it is looked at and taken."""

from collections.abc import Callable, Generator
from contextlib import closing
from typing import TypeVar

Answer = TypeVar("Answer")

Say = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""


def checking(say: Say, reading: Generator[tuple[int, int], None, Answer]) -> Answer:
    """Say how far the reading of files is; what comes of it."""
    with closing(reading):
        while True:
            try:
                done, total = next(reading)
            except StopIteration as ended:
                answer: Answer = ended.value
                return answer
            say("checking", done, total)
