"""An object's bytes as they come from a server."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any


class Body(io.RawIOBase):
    """A stream that ends early is Unavailable and never a short object.

    ``told`` turns what goes wrong on the way into errors of ours.
    """

    def __init__(self, body: Any, size: int, told: Callable[[], AbstractContextManager[None]]) -> None:
        self._body, self._left, self._told = body, size, told

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        with self._told():
            data = self._body.read(len(view))
            if not data and self._left:
                raise OSError("the answer ended early")
        self._left -= len(data)
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._body.close()
        super().close()
