"""Copies one bag from a store into another; every byte is proved before the copy exists.

The digest in the database vouches for the tagmanifest, that for the manifest, and that for each
file.  What is not vouched for is not copied.  The target gives back every object before the last
one makes it a bag, and nothing that it holds is ever replaced.
"""

import hashlib
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import BinaryIO

from archive.errors import ArchiveError, Damaged, Missing, Unavailable
from archive.stores import Delivery, Intact, Store
from preservation import bagging
from preservation.packages import MANIFEST, TAGMANIFEST

BLOCK = 1 << 20
LONGEST_TAGMANIFEST = 1 << 20
"""It names a handful of tag files; ours has less than a kilobyte."""


class Stopped(Exception):
    """Whoever wanted this copy has gone."""


class Unusable(Exception):
    """This source cannot give the bag whole; ``why`` says what was wrong with it."""

    def __init__(self, why: ArchiveError) -> None:
        super().__init__(why.message)
        self.why = why


@dataclass(frozen=True)
class Original:
    """The bag as it is recorded."""

    prefix: str
    tagmanifest_sha256: str
    bytes: int
    kept_until: date | None = None


class Meter:
    """What has been copied so far, by all that copy at once; and the word to stop."""

    def __init__(self) -> None:
        self.bytes = 0
        self.files = 0
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def add(self, octets: int, files: int = 0) -> None:
        """Stopped when nobody waits for it any more."""
        if self._stopped.is_set():
            raise Stopped
        with self._lock:
            self.bytes += octets
            self.files += files

    def stop(self) -> None:
        self._stopped.set()


def copy_bag(
    source: Store, target: Store, bag: Original, *, scratch: Path, meter: Meter, sent: Callable[[], None]
) -> None:
    """Bring a bag into ``target``.  ``sent`` is called when all is written and nothing read back yet.

    Unusable when the source is not what was recorded; Conflict when other bytes are in the way in
    the target; Damaged when it did not keep what it was given; Unavailable when it is away or full.
    """
    tagmanifest = _tagmanifest(source, bag)
    delivery = target.begin(bag.prefix, size=bag.bytes, kept_until=bag.kept_until)
    try:
        with tempfile.TemporaryFile(dir=scratch) as listing:
            for name, digest in _vouched_for(source, bag, tagmanifest, scratch):
                size = _copy(source, delivery, bag.prefix, name, digest, meter)
                listing.write(f"{digest} {size} {name}\n".encode())
            sent()
            listing.seek(0)
            delivery.announce_last(TAGMANIFEST, tagmanifest)
            _read_back(target, delivery, bag, listing)
        delivery.complete(TAGMANIFEST, tagmanifest)
    finally:
        delivery.abandon()
    meter.add(len(tagmanifest), files=1)


def _tagmanifest(source: Store, bag: Original) -> bytes:
    data = b"".join(_blocks(source, f"{bag.prefix}/{TAGMANIFEST}", at_most=LONGEST_TAGMANIFEST))
    if hashlib.sha256(data).hexdigest() != bag.tagmanifest_sha256:
        raise Unusable(_not_as_stored(source, bag.prefix))
    return data


def _vouched_for(
    source: Store, bag: Original, tagmanifest: bytes, scratch: Path
) -> Iterator[tuple[str, str]]:
    """Every object of the bag but the tagmanifest, with its digest.

    The manifest may have a million lines: it is fetched aside, proved, and then read line by line.
    """
    tags = dict(bagging.manifest_lines(tagmanifest.splitlines(keepends=True)))
    yield from tags.items()
    digest = hashlib.sha256()
    with tempfile.TemporaryFile(dir=scratch) as manifest:
        for block in _blocks(source, f"{bag.prefix}/{MANIFEST}"):
            digest.update(block)
            manifest.write(block)
        if digest.hexdigest() != tags.get(MANIFEST):
            raise Unusable(_not_as_stored(source, bag.prefix))
        manifest.seek(0)
        yield from bagging.manifest_lines(manifest)


def _copy(source: Store, delivery: Delivery, prefix: str, name: str, digest: str, meter: Meter) -> int:
    """Copy one object; its size.  It is finished in the target only when its digest is the right one."""
    blocks = _blocks(source, f"{prefix}/{name}")
    block = next(blocks, b"")
    size = len(block) if len(block) < BLOCK else _size(source, f"{prefix}/{name}")
    sink = delivery.create(name, size=size, sha256=digest)
    found, copied = hashlib.sha256(), 0
    try:
        while block:
            found.update(block)
            sink.write(block)
            copied += len(block)
            meter.add(len(block))
            block = next(blocks, b"")
        if found.hexdigest() != digest:
            raise Unusable(_not_as_stored(source, prefix))
        sink.finish(digest)
    finally:
        sink.abort()
    meter.add(0, files=1)
    return copied


def _read_back(target: Store, delivery: Delivery, bag: Original, listing: BinaryIO) -> None:
    for number, (_, verdict) in enumerate(delivery.read_back_all(_listed(listing)), start=1):
        if not isinstance(verdict, Intact):
            raise Damaged(
                f"Store {target.name} gave back object {number} of {bag.prefix} not as it was written "
                f"({type(verdict).__name__.lower()}).",
                code="store.read_back",
                next="Check the medium of that store, then run the same command again.",
            )


def _listed(listing: BinaryIO) -> Iterator[tuple[str, str, int]]:
    for line in listing:
        digest, size, name = line.decode().rstrip("\n").split(" ", 2)
        yield name, digest, int(size)


def _blocks(source: Store, key: str, at_most: int | None = None) -> Iterator[bytes]:
    """The bytes of an object.  Unusable when it is not there, or when the source does not answer."""
    octets = 0
    try:
        with source.open(key) as stream:
            while block := stream.read(BLOCK):
                octets += len(block)
                if at_most is not None and octets > at_most:
                    raise _not_as_stored(source, key)
                yield block
    except (Missing, Unavailable, Damaged) as error:
        raise Unusable(error) from error
    except OSError as error:
        why = Unavailable(f"Store {source.name} stopped answering ({error.strerror}).", store=source.name)
        raise Unusable(why) from error


def _size(source: Store, key: str) -> int:
    try:
        return source.size(key)
    except (Missing, Unavailable) as error:
        raise Unusable(error) from error


def _not_as_stored(source: Store, what: str) -> Damaged:
    return Damaged(f"In store {source.name} {what} is not as it was stored.", code="copy.altered")
