"""How much of an archive file is looked at: bytes unpacked, members, depth and time, as data.

A bomb costs what these allow and no more.  One budget is spent over a file and everything nested in it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

MEGABYTE = 1 << 20
GIGABYTE = 1 << 30


@dataclass(frozen=True)
class Limits:
    """``nested``: bytes of an archive inside another one, which is held in memory to be looked at.

    ``scanned``: bytes of one file that the virus scanner looks through; None where there is none.
    """

    bytes: int
    members: int
    depth: int
    seconds: float
    nested: int = 256 * MEGABYTE
    scanned: int | None = None


class Exceeded(Exception):
    """A limit was reached: its name, and the fact in words that complete "it …"."""

    def __init__(self, limit: str, fact: str) -> None:
        super().__init__(fact)
        self.limit = limit
        self.fact = fact


class Budget:
    """What is left of the limits while one file is looked at."""

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self.limits = limits
        self._clock = clock
        self._ends = clock() + limits.seconds
        self._bytes = limits.bytes
        self._members = limits.members

    def unpack(self, count: int) -> None:
        self._bytes -= count
        if self._bytes < 0:
            raise Exceeded("bytes", f"unpacks to more than {self.limits.bytes:,} bytes")
        self.wait()

    def declare(self, size: int) -> None:
        """A member says how large it is; more than is left is not even begun."""
        if size > self._bytes:
            raise Exceeded("bytes", f"says it unpacks to more than {self.limits.bytes:,} bytes")

    def member(self) -> None:
        self._members -= 1
        if self._members < 0:
            raise Exceeded("members", f"holds more than {self.limits.members:,} members")
        self.wait()

    def wait(self) -> None:
        if self._clock() > self._ends:
            raise Exceeded("seconds", f"cannot be looked at to the end in {self.limits.seconds:.0f} seconds")

    def deeper(self, depth: int) -> None:
        if depth > self.limits.depth:
            raise Exceeded("depth", f"holds archives nested more than {self.limits.depth} deep")
