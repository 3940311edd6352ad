"""A store that is a folder: the embedded default, and the twin every other store is measured by.

Everything is written below ``.incoming`` and gets its name in one step that never replaces.
Scratch is held by a lock as long as its writer lives, so `sweep` can tell the dead from the living.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import io
import os
import secrets
import shutil
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from archive.errors import ArchiveError, Conflict, Damaged, Missing, Unavailable
from archive.stores import disk
from archive.stores.folder_delivery import FolderDelivery
from archive.stores.folder_probe import probe
from archive.stores.keys import check_key, check_prefix
from archive.stores.store import CHECKPOINT, Capability, Delivery, Stored, Verdict

INCOMING = ".incoming"
_BUFFER = 1024 * 1024
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class FolderStore:
    """See `archive.stores.store.Store` for every promise."""

    def __init__(self, name: str, root: Path, *, sync_each_file: bool | None = None) -> None:
        self.name = name
        self.root = Path(os.path.abspath(root))
        self.location = self.root.as_uri()
        self._sync_each_file = sync_each_file

    @property
    def sync_each_file(self) -> bool:
        """Whether one sync of the file system is too weak here, so that each file is synced."""
        if self._sync_each_file is None:
            self._sync_each_file = bool(disk.WEAK_SYNC.fullmatch(disk.file_system(self.root)))
        return self._sync_each_file

    def prepare(self) -> None:
        with self.told("prepared"):
            (self.root / INCOMING).mkdir(parents=True, exist_ok=True)

    def put(self, key: str, stream: BinaryIO | bytes, *, expect: str | None = None) -> Stored:
        target = self._path(key)
        if key == CHECKPOINT:
            raise Conflict(f"{key} is moved, never put.", code="store.key")
        source = io.BytesIO(stream) if isinstance(stream, bytes) else stream
        with self.told(key), self.scratch(key) as (path, descriptor):
            stored = _copy(source, descriptor)
            if expect is not None and stored.sha256 != expect:
                raise Damaged(
                    f"What came for {key} is not what was announced: {stored.sha256} and not {expect}.",
                    next="Send it again from the source.",
                )
            os.fsync(descriptor)
            if disk.hash_medium(str(path)) != stored:
                raise Damaged(f"Store {self.name} did not keep the bytes of {key}.", next="Check the disk.")
            return self._name(path, target, key, stored)

    def _name(self, path: Path, target: Path, key: str, stored: Stored) -> Stored:
        try:
            disk.make_folders(self.root, target.parent)
            disk.move_without_replacing(path, target)
        except (FileExistsError, NotADirectoryError):
            if target.is_file() and disk.hash_medium(str(target)) == stored:
                return stored
            raise Conflict(f"{key} is already in store {self.name} with other bytes.", code="store.taken") from None
        disk.sync_folder(target.parent)
        return stored

    def open(self, key: str) -> BinaryIO:
        with self.told(key):
            return open(self._path(key), "rb", buffering=_BUFFER)

    def has(self, key: str) -> bool:
        path = self._path(key)
        if path.is_file():
            return True
        self.be_there()
        return False

    def size(self, key: str) -> int:
        path = self._path(key)
        with self.told(key):
            if path.is_dir():
                raise FileNotFoundError(errno.ENOENT, "a folder", str(path))
            return path.stat().st_size

    def find(self, prefix: str) -> Iterator[tuple[str, int]]:
        check_prefix(prefix)
        self.be_there()
        folder, _, _ = prefix.rpartition("/")
        with self.told(prefix):
            for key, size in _walk(self.root / folder, f"{folder}/" if folder else "", prefix):
                yield key, size

    def begin(self, prefix: str, *, size: int | None = None) -> Delivery:
        target = self._path(prefix)
        free = self.free_bytes()
        if size is not None and free is not None and size > free:
            raise self.full(prefix, lacking=size - free)
        return FolderDelivery(self, prefix, target)

    def read_back(self, key: str) -> Stored:
        with self.told(key):
            return disk.hash_medium(str(self._path(key)))

    def read_back_all(self, expected: Iterable[tuple[str, str, int]]) -> Iterator[tuple[str, Verdict]]:
        self.be_there()
        with self.told("its objects"):
            yield from disk.judge_all(self.root, ((check_key(key), digest, size) for key, digest, size in expected))

    def swap_checkpoint(self, data: bytes, *, before: bytes | None) -> None:
        target = self.root / CHECKPOINT
        with self.told(CHECKPOINT), self.scratch(CHECKPOINT) as (path, descriptor):
            disk.make_folders(self.root, target.parent)
            disk.write_all(descriptor, data)
            os.fsync(descriptor)
            lock = os.open(self.root / INCOMING / "checkpoint.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX)
                now = target.read_bytes() if target.exists() else None
                if now != before:
                    raise Conflict(f"{CHECKPOINT} in store {self.name} was moved by somebody else.", code="store.moved")
                path.replace(target)
                disk.sync_folder(target.parent)
            finally:
                os.close(lock)

    def probe(self) -> tuple[Capability, ...]:
        return probe(self)

    def free_bytes(self) -> int | None:
        self.be_there()
        room = os.statvfs(self.root)
        return room.f_bavail * room.f_frsize

    def sweep(self, before: datetime | None = None) -> int:
        """Locks die with their holder, so ``before`` is not asked here."""
        self.be_there()
        dead = [path for path in sorted((self.root / INCOMING).iterdir()) if _is_dead(path)]
        for path in dead:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        return len(dead)

    # What the delivery and the probe share with the store.

    def be_there(self) -> None:
        """Unavailable when the store is not there: a folder that is missing, or a bare mount point."""
        if not (self.root / INCOMING).is_dir():
            raise Unavailable(
                f"Store {self.name} is not at {self.root}.",
                code="store.away",
                next="Mount its disk, or make the store with `seogo init` if it never was there.",
            )

    def full(self, key: str, *, lacking: int) -> Unavailable:
        return Unavailable(
            f"Store {self.name} is full: {key} needs at least {lacking:,} bytes more than there are.",
            code="store.full",
            next=f"Make room on {self.root} and run the same again; nothing of it is visible.",
        )

    @contextmanager
    def told(self, key: str, *, lacking: int = 1) -> Iterator[None]:
        """Turns what the operating system says into what a person can act on."""
        try:
            yield
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
            self.be_there()
            raise Missing(f"There is no {key} in store {self.name}.", code="store.missing") from error
        except OSError as error:
            if error.errno in _FULL:
                raise self.full(key, lacking=lacking) from error
            raise Unavailable(
                f"Store {self.name} did not answer for {key}: {error.strerror}.",
                code="store.away",
                next=f"Check the disk of {self.root} and run the same again.",
            ) from error

    def scratch_name(self, key: str) -> Path:
        flat = key.replace("/", "-").encode()[:100].decode("utf-8", "ignore")
        return self.root / INCOMING / f"{flat}-{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(6)}"

    @contextmanager
    def scratch(self, key: str) -> Iterator[tuple[Path, int]]:
        """A file of our own to write aside, locked while we live and gone afterwards."""
        self.be_there()
        path = self.scratch_name(key)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield path, descriptor
        finally:
            os.close(descriptor)
            path.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self.root / check_key(key)


def _copy(source: BinaryIO, descriptor: int) -> Stored:
    digest = hashlib.sha256()
    size = 0
    while chunk := source.read(_BUFFER):
        digest.update(chunk)
        disk.write_all(descriptor, chunk)
        size += len(chunk)
    return Stored(digest.hexdigest(), size)


def _walk(folder: Path | str, at: str, prefix: str) -> Iterator[tuple[str, int]]:
    """Files in code point order of their whole keys; a folder sorts as its name with the slash."""
    try:
        entries = list(os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return
    named = [(entry.name + "/" if entry.is_dir(follow_symlinks=False) else entry.name, entry) for entry in entries]
    for name, entry in sorted(named, key=lambda pair: pair[0]):
        key = at + name
        if at == "" and name.startswith("."):
            continue
        if name.endswith("/"):
            if key.startswith(prefix) or prefix.startswith(key):
                yield from _walk(entry.path, key, prefix)
        elif key.startswith(prefix) and entry.is_file(follow_symlinks=False):
            yield key, entry.stat(follow_symlinks=False).st_size


def _is_dead(path: Path) -> bool:
    """Whether no living writer holds this scratch."""
    if path.name == "checkpoint.lock":
        return False
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


__all__ = ["ArchiveError", "FolderStore"]
