"""A store that is a folder: the embedded default, and the twin every other store is measured by.

Everything is written below ``.incoming`` and gets its name in one step that never replaces.
Scratch is held by a lock as long as its writer lives, so `sweep` can tell the dead from the living.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import BinaryIO

from archive.errors import Conflict, Damaged, Missing
from archive.stores import below, disk, medium
from archive.stores.folder_delivery import FolderDelivery
from archive.stores.folder_probe import probe
from archive.stores.ground import INCOMING, Ground
from archive.stores.keys import check_key, check_prefix
from archive.stores.store import CHECKPOINT, Capability, Delivery, Stored, Verdict, no_locks

_BUFFER = 1024 * 1024


class FolderStore:
    """See `archive.stores.store.Store` for every promise."""

    def __init__(self, name: str, root: Path, *, sync_each_file: bool | None = None) -> None:
        self.ground = Ground(name, root, sync_each_file)
        self.root = self.ground.root
        self.name = name
        self.location = self.root.as_uri()

    def prepare(self) -> None:
        with self.ground.told("the store itself"):
            (self.root / INCOMING).mkdir(parents=True, exist_ok=True)

    def put(self, key: str, stream: BinaryIO | bytes, *, expect: str | None = None) -> Stored:
        target = self.ground.path(key)
        if key == CHECKPOINT:
            raise Conflict(f"{key} is moved, never put.", code="store.key")
        source = io.BytesIO(stream) if isinstance(stream, bytes) else stream
        with self.ground.told(key), self.ground.scratch(key) as (path, descriptor):
            stored = _copy(source, descriptor)
            if expect is not None and stored.sha256 != expect:
                raise Damaged(
                    f"What came for {key} is not what was announced: {stored.sha256} and not {expect}.",
                    next="Send it again from the source.",
                )
            os.fsync(descriptor)
            if medium.hash_medium(path.parent, path.name) != stored:
                raise Damaged(f"Store {self.name} did not keep the bytes of {key}.", next="Check the disk.")
            return self._name(path, target, key, stored)

    def _name(self, path: Path, target: Path, key: str, stored: Stored) -> Stored:
        try:
            changed = self.ground.make_folders(target.parent)
            disk.move_without_replacing(path, target)
        except (FileExistsError, NotADirectoryError):
            if self.has(key) and self.read_back(key) == stored:
                return stored
            raise Conflict(
                f"{key} is already in store {self.name} with other bytes.", code="store.taken"
            ) from None
        for folder in (target.parent, *changed):
            disk.sync_folder(folder)
        return stored

    def open(self, key: str) -> BinaryIO:
        with self.ground.told(key):
            path = self.ground.path(key)  # the name of what is opened, for those who need a path
            return open(
                path, "rb", buffering=_BUFFER, opener=lambda _, flags: below.opened(self.root, key, flags)
            )

    def is_at_hand(self, key: str) -> bool:
        """Always: a disk is at hand, and a tape behind a folder is brought by whoever reads."""
        return self.size(key) >= 0

    def ask_for(self, key: str, *, days: int, tier: str) -> None:
        self.size(key)

    def has(self, key: str) -> bool:
        try:
            return self.size(key) >= 0
        except Missing:
            return False

    def size(self, key: str) -> int:
        with self.ground.told(key):
            return below.size_of_file(self.root, check_key(key))

    def find(self, prefix: str) -> Iterator[tuple[str, int]]:
        check_prefix(prefix)
        self.ground.be_there()
        folder, _, _ = prefix.rpartition("/")
        with self.ground.told(prefix):
            if below.is_folder(self.root, folder):
                yield from walk(self.root / folder, f"{folder}/" if folder else "", prefix)

    def begin(self, prefix: str, *, size: int | None = None, kept_until: date | None = None) -> Delivery:
        target = self.ground.path(prefix)
        free = self.free_bytes()
        if size is not None and free is not None and size > free:
            raise self.ground.full(prefix, lacking=size - free)
        return FolderDelivery(self.ground, prefix, target)

    def find_version(self, key: str, sha256: str) -> str | None:
        return None

    def lock_all(self, prefix: str, kept_until: date | None = None) -> tuple[int, int]:
        raise no_locks(self)

    def read_back(self, key: str) -> Stored:
        with self.ground.told(key):
            return medium.hash_medium(self.root, check_key(key))

    def read_back_all(self, expected: Iterable[tuple[str, str, int]]) -> Iterator[tuple[str, Verdict]]:
        self.ground.be_there()
        with self.ground.told("its objects"):
            yield from self.ground.judged(
                self.root, ((check_key(key), digest, size) for key, digest, size in expected)
            )

    def swap_checkpoint(self, data: bytes, *, before: bytes | None) -> None:
        target = self.root / CHECKPOINT
        with self.ground.told(CHECKPOINT), self.ground.scratch(CHECKPOINT) as (path, descriptor):
            changed = self.ground.make_folders(target.parent)
            disk.write_all(descriptor, data)
            os.fsync(descriptor)
            with self.ground.checkpoint_lock():
                if self._checkpoint() != before:
                    raise Conflict(
                        f"{CHECKPOINT} in store {self.name} was moved meanwhile.", code="store.moved"
                    )
                path.replace(target)
                for folder in (target.parent, *changed):
                    disk.sync_folder(folder)

    def _checkpoint(self) -> bytes | None:
        try:
            with self.open(CHECKPOINT) as stream:
                return stream.read()
        except Missing:
            return None

    def probe(self) -> tuple[Capability, ...]:
        return probe(self, self.ground)

    def free_bytes(self) -> int | None:
        self.ground.be_there()
        with self.ground.told(""):
            room = os.statvfs(self.root)
        return room.f_bavail * room.f_frsize

    def sweep(self, before: datetime | None = None) -> int:
        """Locks die with their holder, so ``before`` is not asked here."""
        return self.ground.sweep()


def _copy(source: BinaryIO, descriptor: int) -> Stored:
    digest = hashlib.sha256()
    size = 0
    while chunk := source.read(_BUFFER):
        digest.update(chunk)
        disk.write_all(descriptor, chunk)
        size += len(chunk)
    return Stored(digest.hexdigest(), size)


def walk(folder: Path | str, at: str, prefix: str) -> Iterator[tuple[str, int]]:
    """Files in code point order of their whole keys; a folder sorts as its name with the slash."""
    try:
        entries = list(os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    named = [
        (entry.name + "/" if entry.is_dir(follow_symlinks=False) else entry.name, entry) for entry in entries
    ]
    for name, entry in sorted(named, key=lambda pair: pair[0]):
        key = at + name
        if at == "" and name.startswith("."):
            continue
        if name.endswith("/"):
            if key.startswith(prefix) or prefix.startswith(key):
                yield from walk(entry.path, key, prefix)
        elif key.startswith(prefix) and entry.is_file(follow_symlinks=False):
            yield key, entry.stat(follow_symlinks=False).st_size
