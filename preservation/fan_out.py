"""Writes the same objects into every store at once, and has every store give them back.

What is written is hashed once; each store judges by its own read back.
"""

import hashlib
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from archive.errors import Damaged
from archive.stores import Delivery, Intact, Sink, Store


class Everywhere:
    """One bag being written into every store.  Leaving the block gives it up, unless it was completed."""

    def __init__(self, stores: Sequence[Store], prefix: str, size: int) -> None:
        self.stores = stores
        self.written: dict[str, tuple[str, int]] = {}
        self.deliveries: list[Delivery] = []
        self._undo = ExitStack()
        self._prefix, self._size = prefix, size

    def __enter__(self) -> "Everywhere":
        with ExitStack() as undo:
            for store in self.stores:
                delivery = store.begin(self._prefix, size=self._size)
                undo.callback(delivery.abandon)
                self.deliveries.append(delivery)
            self._undo = undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()

    def write(self, name: str, write: Callable[["Writer"], object]) -> tuple[str, int]:
        """Write one object through a writer; its digest and size."""
        writer = Writer([each.create(name) for each in self.deliveries])
        try:
            write(writer)
            self.written[name] = writer.finish()
        finally:
            writer.abort()
        return self.written[name]

    def put(self, name: str, data: bytes) -> None:
        self.write(name, lambda out: out.write(data))

    def finish(self, last: str, data: bytes) -> None:
        """Have every store give back every object, then write the one that makes the bag exist.

        Damaged when an object is not what was written; then no store shows a bag that was not there.
        """
        for delivery in self.deliveries:
            delivery.announce_last(last, data)
        for store, delivery in zip(self.stores, self.deliveries, strict=True):
            self._read_back(store, delivery)
        for delivery in self.deliveries:
            delivery.complete(last, data)

    def _read_back(self, store: Store, delivery: Delivery) -> None:
        expected = ((name, sha256, size) for name, (sha256, size) in self.written.items())
        for name, verdict in delivery.read_back_all(expected):
            if not isinstance(verdict, Intact):
                # The name of a content file may itself be closed, and this sentence goes into logs.
                number = list(self.written).index(name) + 1
                raise Damaged(
                    f"Store {store.name} gave back object {number} of {self._prefix} not as it was "
                    f"written ({type(verdict).__name__.lower()}).",
                    code="store.read_back",
                    next="Check the medium of that store, then run the same command again.",
                )


class Writer:
    """Hashes what is written and hands it to a sink in each store."""

    def __init__(self, sinks: Sequence[Sink]) -> None:
        self.sinks = sinks
        self.hash = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes | memoryview, /) -> None:
        self.hash.update(data)
        self.size += len(data)
        for sink in self.sinks:
            sink.write(data)

    def finish(self) -> tuple[str, int]:
        digest = self.hash.hexdigest()
        for sink in self.sinks:
            sink.finish(digest)
        return digest, self.size

    def abort(self) -> None:
        for sink in self.sinks:
            sink.abort()
