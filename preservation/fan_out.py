"""Writes the same objects into every store at once, and has every store give them back.

What is written is hashed once; each store judges by its own read back.
"""

import hashlib
import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from datetime import date
from functools import cache
from typing import TypeAlias

from archive.errors import Damaged
from archive.stores import Delivery, Intact, Sink, Store
from preservation.flowing import LARGE, Read, Take, flow

MOST_STORES = 8
"""So many stores are read back and completed at the same time."""

Written: TypeAlias = tuple[str, str, int]
"""Name, SHA-256 and size of an object."""


class Everywhere:
    """One bag being written into every store.  Leaving the block gives it up, unless it was completed.

    It remembers the few objects that were written, and of the many that were copied only their sum.
    """

    def __init__(
        self, stores: Sequence[Store], prefix: str, size: int, *, kept_until: date | None = None
    ) -> None:
        self.stores = stores
        self.written: dict[str, tuple[str, int]] = {}
        self.objects = 0
        self.octets = 0
        self.deliveries: list[Delivery] = []
        self._undo = ExitStack()
        self._prefix, self._size, self._kept_until = prefix, size, kept_until

    def __enter__(self) -> "Everywhere":
        with ExitStack() as undo:
            for store in self.stores:
                delivery = store.begin(self._prefix, size=self._size, kept_until=self._kept_until)
                undo.callback(delivery.abandon)
                self.deliveries.append(delivery)
            self._undo = undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    def copy(self, name: str, data: bytes | memoryview) -> str:
        """Write one object that is at hand; its digest, which the caller has to keep."""
        sha256 = hashlib.sha256(data).hexdigest()
        for each in self.deliveries:
            each.put(name, data, sha256=sha256)
        self.objects += 1
        self.octets += len(data)
        return sha256

    @contextmanager
    def stream(self, name: str, size: int | None = None) -> Iterator["Writer"]:
        """Write one object; no store keeps any of it where `Writer.finish` was not called."""
        writer = Writer([each.create(name, size=size) for each in self.deliveries])
        try:
            yield writer
        finally:
            writer.abort()
        if writer.is_finished:
            self.objects += 1
            self.octets += writer.size

    def write(self, name: str, write: Callable[["Writer"], object]) -> None:
        """Write one object, which is remembered in ``written``."""
        with self.stream(name) as writer:
            write(writer)
            self.written[name] = writer.finish()

    def put(self, name: str, data: bytes) -> None:
        """The same, of one that is at hand."""
        self.written[name] = self.copy(name, data), len(data)

    def finish(self, last: str, data: bytes, copied: Callable[[], Iterable[Written]]) -> None:
        """Have every store give back every object, then write the one that makes the bag exist.

        ``copied`` tells what was copied and is asked once for each store.  Damaged when an object
        is not what was written; then no store shows a bag that was not there.
        """
        for delivery in self.deliveries:
            delivery.announce_last(last, data)
        threads = _threads(os.getpid())
        pairs = zip(self.stores, self.deliveries, strict=True)
        lanes = [self._read_back(store, delivery, copied) for store, delivery in pairs]
        if self.octets >= LARGE or any(each.is_far for each in self.deliveries):
            _all(threads.submit(_go_through, each) for each in lanes)
        else:
            # In turn, so that one store reads ahead while what another one gave is hashed.
            try:
                _go_through(zip(*lanes, strict=True))
            finally:
                for each in lanes:
                    each.close()
        _all(threads.submit(each.complete, last, data) for each in self.deliveries)

    def _read_back(
        self, store: Store, delivery: Delivery, copied: Callable[[], Iterable[Written]]
    ) -> Generator[None, None, None]:
        """A step for each object that a store gives back as it was written."""
        for number, (_, verdict) in enumerate(delivery.read_back_all(self._expected(copied)), start=1):
            if not isinstance(verdict, Intact):
                # The name of a content file may itself be closed, and this sentence goes into logs.
                raise Damaged(
                    f"Store {store.name} gave back object {number} of {self._prefix} not as it was "
                    f"written ({type(verdict).__name__.lower()}).",
                    code="store.read_back",
                    next="Check the medium of that store, then run the same command again.",
                )
            yield

    def _expected(self, copied: Callable[[], Iterable[Written]]) -> Iterable[Written]:
        yield from copied()
        for name, (sha256, size) in self.written.items():
            yield name, sha256, size


def _go_through(steps: Iterable[object]) -> None:
    deque(steps, maxlen=0)


@cache
def _threads(_process: int) -> ThreadPoolExecutor:
    """Threads that stay: to start some for each volume costs more than all they do for a small one."""
    return ThreadPoolExecutor(MOST_STORES)


def _all(begun: Iterable[Future[None]]) -> None:
    """Wait for every one of them, then raise the error of the first store that has one."""
    every = list(begun)
    wait(every)
    for each in every:
        each.result()


class Writer:
    """Hashes what is written and hands it to a sink in each store."""

    __slots__ = ("hash", "is_finished", "sinks", "size")

    def __init__(self, sinks: Sequence[Sink]) -> None:
        self.sinks = sinks
        self.hash = hashlib.sha256()
        self.size = 0
        self.is_finished = False

    def write(self, data: bytes | memoryview, /) -> None:
        self.hash.update(data)
        self.size += len(data)
        for sink in self.sinks:
            sink.write(data)

    def flow(self, read: Read, also: Sequence[Take]) -> None:
        """Write a large object: hash, stores and ``also`` take its bytes at the same time."""
        self.size += flow(read, [self.hash.update, *(sink.write for sink in self.sinks), *also])

    def finish(self) -> tuple[str, int]:
        digest = self.hash.hexdigest()
        for sink in self.sinks:
            sink.finish(digest)
        self.is_finished = True
        return digest, self.size

    def abort(self) -> None:
        for sink in self.sinks:
            sink.abort()
