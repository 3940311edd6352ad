"""Uploads that go on in the background, within a bound of memory, and fail in the foreground."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from archive.errors import ArchiveError, Conflict, Missing, Unavailable
from archive.stores.s3 import CONNECTIONS, Server
from archive.stores.store import Stored

PART = 8 * 1024 * 1024
_MOST_PARTS = 9_000
_IN_FLIGHT = 3 * PART
"""Bytes on their way from one delivery; a working process has a delivery for each store."""


class Uploads:
    """Some requests at a time.  The first error comes out of the next call, and nothing goes on after it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._threads = ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="s3")
        self._going: deque[tuple[int, Future[Any]]] = deque()
        self._bytes = 0

    def submit(self, size: int, call: Callable[..., Any], *arguments: object) -> Future[Any]:
        while self._going and (self._bytes + size > _IN_FLIGHT or len(self._going) >= 4 * CONNECTIONS):
            self._settle_one()
        future = self._threads.submit(call, *arguments)
        self._going.append((size, future))
        self._bytes += size
        return future

    def settle(self) -> None:
        """Wait for everything that was begun; raises what went wrong."""
        while self._going:
            self._settle_one()

    def _settle_one(self) -> None:
        size, future = self._going.popleft()
        self._bytes -= size
        future.result()

    def close(self) -> None:
        """Stop.  What was not begun is dropped, what is under way is waited for and not judged."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._going.clear()


def put_or_adopt(server: Server, key: str, data: bytes, sha256: str) -> None:
    """Write one object, or find that the same bytes are there already.  Conflict otherwise.

    A server that ran full may have kept the name of an object and not the object: it refuses to
    write what it then does not give.  Such a name is written over where it has the ETag of these
    very bytes, so that no others can be lost.
    """
    try:
        server.put(key, data, sha256, if_absent=True)
    except Conflict:
        try:
            adopt(server, key, Stored(sha256, len(data)))
        except Missing as error:
            _write_over_a_name(server, key, data, sha256, error)


def _write_over_a_name(server: Server, key: str, data: bytes, sha256: str, why: Missing) -> None:
    etag = hashlib.md5(data, usedforsecurity=False).hexdigest()
    try:
        server.put(key, data, sha256, if_match=f'"{etag}"')
    except (Conflict, Missing) as error:
        raise _conflict(server, key, why) from error


def adopt(server: Server, key: str, stored: Stored) -> None:
    """Accept what another writer or a half delivery left, when it is the same bytes read anew.

    Missing and Unavailable when the server does not give it; Conflict when it is something else.
    """
    try:
        found = hash_object(server, key)
    except (Missing, Unavailable):
        raise
    except ArchiveError as error:
        raise _conflict(server, key, error) from error
    if found != stored:
        raise Conflict(f"{key} is already in store {server.store} with other bytes.", code="store.taken")


def compare(server: Server, key: str, stored: Stored) -> None:
    """The same where nothing can be written: what is not given is a Conflict."""
    try:
        adopt(server, key, stored)
    except Missing as error:
        raise _conflict(server, key, error) from error


def _conflict(server: Server, key: str, why: ArchiveError) -> Conflict:
    return Conflict(f"{key} cannot be in store {server.store}: {why.message}", code="store.taken")


def hash_object(server: Server, key: str, version: str | None = None) -> Stored:
    """Digest and size of an object, fetched anew: its newest version unless another is asked for."""
    digest = hashlib.sha256()
    size = 0
    with server.get(key, version) as stream:
        while chunk := stream.read(PART // 16):
            digest.update(chunk)
            size += len(chunk)
    return Stored(digest.hexdigest(), size)


def put_part(server: Server, key: str, upload: str, number: int, data: bytes) -> dict[str, Any]:
    """Send one part with its digest, which the server verifies; what joins it to the others."""
    return server.put_part(key, upload, number, data, hashlib.sha256(data).hexdigest())


class S3Sink:
    """One object being sent: in one request when it is small, else in parts of equal size."""

    def __init__(
        self, uploads: Uploads, key: str, *, size: int | None = None, sha256: str | None = None
    ) -> None:
        self._uploads, self._server, self._key = uploads, uploads.server, key
        self._announced = sha256
        self._part = max(PART, -(-(size or 0) // _MOST_PARTS))
        self._buffer = bytearray()
        self._upload: str | None = None
        self._parts: list[Future[Any]] = []
        self._size = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._buffer += data
        self._size += len(data)
        while len(self._buffer) > self._part:
            self._send_part(bytes(self._buffer[: self._part]))
            del self._buffer[: self._part]

    def finish(self, sha256: str) -> None:
        """The server verifies each part by a digest of its own; of the whole, the read back judges."""
        data = bytes(self._buffer)
        self._buffer.clear()
        if self._upload is None:
            self._uploads.submit(len(data), put_or_adopt, self._server, self._key, data, sha256)
            return
        self._send_part(data)
        upload, self._upload = self._upload, None
        self._join(upload, [future.result() for future in self._parts], Stored(sha256, self._size))

    def _join(self, upload: str, parts: list[dict[str, Any]], stored: Stored) -> None:
        try:
            self._server.join_parts(self._key, upload, parts)
        except Conflict:
            self._drop(upload)
            compare(self._server, self._key, stored)

    def abort(self) -> None:
        self._buffer.clear()
        if self._upload is not None:
            upload, self._upload = self._upload, None
            self._drop(upload)

    def _drop(self, upload: str) -> None:
        """Best effort: what stays is scratch that `sweep` finds."""
        wait(self._parts)
        try:
            self._server.drop_parts(self._key, upload)
        except ArchiveError:
            return

    def _send_part(self, data: bytes) -> None:
        if self._upload is None:
            self._upload = self._server.start_parts(self._key, self._announced)
        number = len(self._parts) + 1
        self._parts.append(
            self._uploads.submit(len(data), put_part, self._server, self._key, self._upload, number, data)
        )


class ComparingSink:
    """Sends nothing: finds that the same bytes are there already, or Conflict."""

    def __init__(self, uploads: Uploads, key: str) -> None:
        self._uploads, self._key = uploads, key
        self._digest = hashlib.sha256()
        self._size = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._digest.update(data)
        self._size += len(data)

    def finish(self, sha256: str) -> None:
        stored = Stored(self._digest.hexdigest(), self._size)
        self._uploads.submit(0, compare, self._uploads.server, self._key, stored)

    def abort(self) -> None:
        """There is nothing to drop."""
