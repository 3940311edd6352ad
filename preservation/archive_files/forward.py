"""Blocks that come one after the other, read like a file that only goes forward."""

import io
from collections.abc import Iterator


class Forward(io.RawIOBase):
    """``read(n)`` gives exactly n bytes, fewer only at the end.  ``seek`` is refused."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._block, self._at = b"", 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        if size < 0:
            return b"".join(self.rest())
        parts: list[bytes] = []
        while size > 0 and self._is_ready():
            part = self._block[self._at : self._at + size]
            self._at += len(part)
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def peek(self, size: int) -> bytes:
        """The next bytes, without going past them."""
        ready = self._block[self._at :]
        while len(ready) < size and (more := next(self._blocks, b"")):
            ready += more
        self._block, self._at = ready, 0
        return ready[:size]

    def rest(self) -> Iterator[bytes]:
        """All that is left, block by block."""
        while self._is_ready():
            block, self._block, self._at = self._block[self._at :], b"", 0
            yield block

    def drain(self) -> None:
        for _ in self.rest():
            pass

    def _is_ready(self) -> bool:
        """Whether a byte is left; the next block is taken where the last one is used up."""
        if self._at == len(self._block):
            self._block, self._at = next(self._blocks, b""), 0
        return bool(self._block)
