"""Blocks that come one after the other, read like a file that only goes forward."""

import io
from collections.abc import Iterator


class Forward(io.RawIOBase):
    """``read(n)`` gives exactly n bytes, fewer only at the end.  ``seek`` is refused."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._ready = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        if size < 0:
            return b"".join(self.rest())
        parts: list[bytes] = []
        while size > 0 and (self._ready or self._fill()):
            part, self._ready = self._ready[:size], self._ready[size:]
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def peek(self, size: int) -> bytes:
        """The next bytes, without going past them."""
        while len(self._ready) < size and (more := next(self._blocks, b"")):
            self._ready += more
        return self._ready[:size]

    def rest(self) -> Iterator[bytes]:
        """All that is left, block by block."""
        while self._ready or self._fill():
            block, self._ready = self._ready, b""
            yield block

    def drain(self) -> None:
        for _ in self.rest():
            pass

    def _fill(self) -> bool:
        self._ready = next(self._blocks, b"")
        return bool(self._ready)
