"""Examiners that need a whole file at hand: it is kept in memory while it streams by, and then looked at.

A source is not read a second time, and a reader that seeks cannot look at a stream.  Only files that
somebody wants to look at are held, and none above a limit; those are looked at in the stored copy.
"""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from metadata_schemas.description import Finding
from preservation.examining import Examination

HELD_IN_MEMORY = 128 << 20


@dataclass(frozen=True)
class HeldFiles:
    """An examiner of the files that ``wants`` says yes to, by their first bytes and their name."""

    wants: Callable[[bytes, str], bool]
    look: Callable[[Path, str], Iterable[Finding]]
    """Judges a whole file.  The path is good until the call returns."""
    too_large: Callable[[str, int], Iterable[Finding]]
    head: int = 1024
    """How many bytes from the front decide whether a file is wanted."""

    def begin(self, name: str, size: int) -> Examination:
        return _Held(self, name, size)


class _Held:
    """One file on its way past."""

    def __init__(self, asked: HeldFiles, name: str, size: int) -> None:
        self._asked, self._name, self._told = asked, name, size
        self._head = b""
        self._wanted: bool | None = None
        self._size = 0
        self._descriptor: int | None = None

    def take(self, data: memoryview) -> None:
        self._size += len(data)
        if self._wanted is None:
            self._head += bytes(data[: self._asked.head - len(self._head)])
            if len(self._head) < self._asked.head and self._size < self._told:
                self._hold(data)
                return
            self._decide()
        if self._wanted:
            self._hold(data)

    def findings(self) -> Iterable[Finding]:
        if self._wanted is None:
            self._decide()
        if not self._wanted:
            return ()
        if self._size > HELD_IN_MEMORY or self._told > HELD_IN_MEMORY:
            return self._asked.too_large(self._name, self._size)
        if self._descriptor is None:
            self._descriptor = os.memfd_create("held")
        return list(self._asked.look(Path(f"/proc/{os.getpid()}/fd/{self._descriptor}"), self._name))

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _decide(self) -> None:
        self._wanted = self._asked.wants(self._head, self._name)
        if not self._wanted:
            self.close()

    def _hold(self, data: memoryview) -> None:
        """A file that grows past the limit while it is read is let go."""
        if self._told > HELD_IN_MEMORY or self._size > HELD_IN_MEMORY:
            self.close()
            return
        if self._descriptor is None:
            self._descriptor = os.memfd_create("held")
        left = data
        while left:
            left = left[os.write(self._descriptor, left) :]
