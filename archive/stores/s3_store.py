"""A store and a shelf on an S3 server."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import BinaryIO

from archive.errors import ArchiveError, Conflict, Damaged
from archive.stores import s3_cold, s3_probe, s3_reading
from archive.stores.keys import check_key, check_prefix
from archive.stores.s3 import Bucket, Server
from archive.stores.s3_delivery import S3Delivery
from archive.stores.s3_uploads import PART, S3Sink, Uploads, hash_object, put_or_adopt
from archive.stores.store import CHECKPOINT, Capability, Delivery, Stored, Verdict, no_locks

_VERSIONS = 10
"""So many versions of an object are read when the newest is not what was taken in."""


class S3Store:
    """See `archive.stores.store.Store` for every promise."""

    def __init__(self, name: str, bucket: Bucket) -> None:
        self.name = name
        self.location = bucket.location
        self.server = Server(name, bucket)

    def prepare(self) -> None:
        """Buckets are made by who runs the server, with its versions and locks; here it must exist."""
        self.server.be_there()

    def put(self, key: str, stream: BinaryIO | bytes, *, expect: str | None = None) -> Stored:
        if check_key(key) == CHECKPOINT:
            raise Conflict(f"{key} is moved, never put.", code="store.key")
        source = io.BytesIO(stream) if isinstance(stream, bytes) else stream
        server = self.server.locking()
        first = source.read(PART)
        rest = source.read(1)
        if rest:
            stored = self._put_parts(server, key, first + rest, source, expect)
        else:
            stored = self._put(server, key, first, expect)
        if hash_object(server, key) != stored:
            raise Damaged(f"Store {self.name} did not keep the bytes of {key}.", next="Check the server.")
        s3_reading.be_locked(server, key)
        return stored

    def _put(self, server: Server, key: str, data: bytes, expect: str | None) -> Stored:
        stored = Stored(hashlib.sha256(data).hexdigest(), len(data))
        self._refuse_what_differs(key, stored.sha256, expect)
        put_or_adopt(server, key, data, stored.sha256)
        return stored

    def _put_parts(
        self, server: Server, key: str, begun: bytes, source: BinaryIO, expect: str | None
    ) -> Stored:
        uploads = Uploads(server)
        sink = S3Sink(uploads, key, sha256=expect)
        digest = hashlib.sha256(begun)
        size = len(begun)
        try:
            sink.write(begun)
            while chunk := source.read(PART // 8):
                digest.update(chunk)
                size += len(chunk)
                sink.write(chunk)
            self._refuse_what_differs(key, digest.hexdigest(), expect)
            sink.finish(digest.hexdigest())
            return Stored(digest.hexdigest(), size)
        finally:
            sink.abort()
            uploads.close()

    def _refuse_what_differs(self, key: str, found: str, expect: str | None) -> None:
        if expect is not None and found != expect:
            raise Damaged(
                f"What came for {key} is not what was announced: {found} and not {expect}.",
                next="Send it again from the source.",
            )

    def open(self, key: str) -> BinaryIO:
        return self.server.get(check_key(key))

    def is_at_hand(self, key: str) -> bool:
        return s3_cold.is_at_hand(self.server.head(check_key(key)))

    def ask_for(self, key: str, *, days: int, tier: str) -> None:
        if not self.is_at_hand(key):
            self.server.restore(key, days=days, tier=tier)

    def has(self, key: str) -> bool:
        return self.server.has(check_key(key))

    def size(self, key: str) -> int:
        return int(self.server.head(check_key(key))["ContentLength"])

    def find(self, prefix: str) -> Iterator[tuple[str, int]]:
        return self.server.list(check_prefix(prefix))

    def begin(self, prefix: str, *, size: int | None = None, kept_until: date | None = None) -> Delivery:
        return S3Delivery(self.server.locking(kept_until), check_key(prefix))

    def read_back(self, key: str) -> Stored:
        return hash_object(self.server, check_key(key))

    def read_back_all(self, expected: Iterable[tuple[str, str, int]]) -> Iterator[tuple[str, Verdict]]:
        return s3_reading.judge_all(self.server, expected)

    def swap_checkpoint(self, data: bytes, *, before: bytes | None) -> None:
        digest = hashlib.sha256(data).hexdigest()
        if before is None:
            self.server.put(CHECKPOINT, data, digest, if_absent=True)
            return
        now, etag = self.server.read_small(CHECKPOINT)
        if now != before:
            raise Conflict(f"{CHECKPOINT} in store {self.name} was moved meanwhile.", code="store.moved")
        self.server.put(CHECKPOINT, data, digest, if_match=etag)

    def find_version(self, key: str, sha256: str) -> str | None:
        """What was taken in is the oldest, or soon after it when somebody was there before."""
        try:
            for version in self.server.versions(check_key(key))[:_VERSIONS]:
                if hash_object(self.server, key, version).sha256 == sha256:
                    return version
        except ArchiveError:
            return None  # that the newest is not what was taken in is told anyway
        return None

    def lock_all(self, prefix: str, kept_until: date | None = None) -> tuple[int, int]:
        if self.server.terms is None:
            raise no_locks(self)
        server = self.server.locking(kept_until)
        return s3_reading.lock_all(server, (key for key, _ in server.list(check_prefix(prefix))))

    def probe(self) -> tuple[Capability, ...]:
        return s3_probe.probe(self.server)

    def free_bytes(self) -> int | None:
        """A server does not say."""
        return None

    def sweep(self, before: datetime | None = None) -> int:
        if before is None:
            return 0
        dead = list(self.server.unfinished(before))
        for key, upload in dead:
            self.server.drop_parts(key, upload)
        return len(dead)


class S3Shelf:
    """See `archive.stores.store.Shelf`."""

    def __init__(self, name: str, bucket: Bucket) -> None:
        self.location = bucket.location
        self.server = Server(name, bucket)

    def put(self, key: str, data: BinaryIO | bytes) -> int:
        """What a shelf holds is a page or a picture, so it is sent in one request."""
        whole = data if isinstance(data, bytes) else data.read()
        self.server.put(check_key(key), whole, hashlib.sha256(whole).hexdigest())
        return len(whole)

    def open(self, key: str) -> BinaryIO:
        return self.server.get(check_key(key))

    def has(self, key: str) -> bool:
        return self.server.has(check_key(key))

    def find(self, prefix: str) -> Iterator[tuple[str, int]]:
        return self.server.list(check_prefix(prefix))

    def remove(self, key: str) -> None:
        self.server.delete(check_key(key))

    def remove_prefix(self, prefix: str) -> int:
        keys = [key for key, _ in self.server.list(check_key(prefix.rstrip("/")) + "/")]
        for key in keys:
            self.server.delete(key)
        return len(keys)
