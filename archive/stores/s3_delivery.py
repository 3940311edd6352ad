"""One bag on its way to a server.  Its objects get their keys as they come; its tagmanifest comes last.

A server has no rename, so a killed delivery leaves objects without a tagmanifest: no bag.  The
next delivery of the same bytes adopts them; other bytes in the way are a Conflict.  To a bag that
is whole nothing is added: the same delivery again only compares.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from weakref import WeakSet

from archive.errors import Conflict, Damaged, WrongCall
from archive.stores.keys import check_key
from archive.stores.s3 import Server
from archive.stores.s3_reading import be_locked, judge_all
from archive.stores.s3_uploads import ComparingSink, S3Sink, Uploads, hash_object, put_or_adopt
from archive.stores.store import LAST, Sink, Stored, Verdict


class S3Delivery:
    """See `archive.stores.store.Delivery` for every promise."""

    is_far = True

    def __init__(self, server: Server, prefix: str) -> None:
        self._server = server
        self._prefix = prefix
        self._uploads = Uploads(server)
        self._sinks: WeakSet[S3Sink] = WeakSet()
        self._count = 0
        self._sum = 0
        self._listed: Future[tuple[int, int]] | None = None
        self._is_over = False
        self._is_whole = server.has(f"{prefix}/{LAST}")

    def create(self, name: str, *, size: int | None = None, sha256: str | None = None) -> Sink:
        if self._is_over:
            raise WrongCall(f"The delivery of {self._prefix} is over.")
        key = check_key(f"{self._prefix}/{name}")
        self._count, self._sum = self._count + 1, self._sum ^ _mark(key)
        self._listed = None
        if self._is_whole:
            return ComparingSink(self._uploads, key)
        sink = S3Sink(self._uploads, key, size=size, sha256=sha256)
        self._sinks.add(sink)
        return sink

    def put(self, name: str, data: bytes | memoryview, *, sha256: str | None = None) -> Stored:
        stored = Stored(sha256 or hashlib.sha256(data).hexdigest(), len(data))
        sink = self.create(name, size=stored.size, sha256=stored.sha256)
        sink.write(data)
        sink.finish(stored.sha256)
        return stored

    def read_back(self, name: str) -> Stored:
        self._uploads.settle()
        return hash_object(self._server, f"{self._prefix}/{name}")

    def read_back_all(self, expected: Iterable[tuple[str, str, int]]) -> Iterator[tuple[str, Verdict]]:
        self._uploads.settle()
        self._listed = self._uploads.submit(0, self._count_what_is_there)
        start = len(self._prefix) + 1
        keys = ((f"{self._prefix}/{name}", digest, size) for name, digest, size in expected)
        for key, verdict in judge_all(self._server, keys):
            yield key[start:], verdict

    def announce_last(self, last: str, data: bytes) -> None:
        """Nothing to do early: the last object is written last."""

    def complete(self, last: str, data: bytes) -> None:
        self._uploads.settle()
        key = check_key(f"{self._prefix}/{last}")
        self._refuse_what_is_not_ours()
        digest = hashlib.sha256(data).hexdigest()
        put_or_adopt(self._server, key, data, digest)
        if hash_object(self._server, key) != Stored(digest, len(data)):
            raise Damaged(f"Store {self._server.store} did not keep {key}.", next="Check the server.")
        be_locked(self._server, key)
        self.abandon()

    def abandon(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._uploads.close()
            for sink in list(self._sinks):
                sink.abort()

    def _count_what_is_there(self) -> tuple[int, int]:
        """Every name below the prefix but the last; as a count and a sum a million take no room."""
        count = total = 0
        for key, _ in self._server.list(self._prefix + "/"):
            if key != f"{self._prefix}/{LAST}":
                count, total = count + 1, total ^ _mark(key)
        return count, total

    def _refuse_what_is_not_ours(self) -> None:
        """The names below the prefix are exactly those written here, and perhaps the last one.

        They are listed while the objects are read back, since all of them are there by then.
        """
        count, total = self._listed.result() if self._listed else self._count_what_is_there()
        if (count, total) != (self._count, self._sum):
            raise Conflict(
                f"Below {self._prefix} in store {self._server.store} lies what this delivery did not write, "
                f"or a name came twice ({count} objects, {self._count} written).",
                code="store.taken",
                next="Look at what is there; a new version takes a new prefix.",
            )


def _mark(key: str) -> int:
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:16], "big")
