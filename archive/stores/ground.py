"""The ground a folder store stands on: its root, its scratch, and what its errors mean to a person."""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import shutil
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from archive.errors import Missing, Unavailable
from archive.stores import below, disk, medium
from archive.stores.keys import check_key
from archive.stores.store import Absent, Verdict

INCOMING = ".incoming"
_CHECKPOINT_LOCK = "checkpoint.lock"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Ground:
    """Shared by the store, its deliveries and its probe."""

    def __init__(self, name: str, root: Path, sync_each_file: bool | None) -> None:
        self.name = name
        self.root = Path(os.path.abspath(root))
        self._sync_each_file = sync_each_file

    @cached_property
    def sync_each_file(self) -> bool:
        """Whether one sync of the file system is too weak here, so that each file is synced."""
        if self._sync_each_file is not None:
            return self._sync_each_file
        with self.told(""):
            return bool(disk.WEAK_SYNC.fullmatch(disk.file_system(self.root)))

    def path(self, key: str) -> Path:
        return self.root / check_key(key)

    def make_folders(self, folder: Path) -> list[Path]:
        """See `disk.make_folders`.  Unavailable when the way to ``folder`` has a link in it."""
        if link := below.link_on_the_way(self.root, folder):
            raise Unavailable(
                f"In store {self.name} {link} is a link, and nothing is written through one.",
                code="store.link",
                next="Mount the disk there, or lay the files there, then run the same again.",
                store=self.name,
            )
        return disk.make_folders(self.root, folder)

    def be_there(self) -> None:
        """Unavailable when the store is not there: a folder that is missing, or a bare mount point."""
        try:
            with os.scandir(self.root) as entries:
                is_there = next(entries, None) is not None
        except PermissionError as error:
            raise self._silent("its folder", error) from error
        except OSError:
            is_there = False
        if not is_there:
            raise Unavailable(
                f"Store {self.name} is not at {self.root}.",
                code="store.away",
                next="Mount its disk there, then run the same again: nothing has to be undone.",
                store=self.name,
            )

    def full(self, key: str, *, lacking: int) -> Unavailable:
        return Unavailable(
            f"Store {self.name} is full: {key} needs at least {lacking:,} bytes more than there are.",
            code="store.full",
            next=f"Make room on {self.root} and run the same again; nothing of it is visible.",
            store=self.name,
        )

    def _silent(self, about: str, error: OSError) -> Unavailable:
        return Unavailable(
            f"Store {self.name} did not answer for {about}: {error.strerror}.",
            code="store.away",
            next=f"Check the disk of {self.root} and run the same again.",
            store=self.name,
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
            raise self._silent(key, error) from error

    def scratch_name(self, key: str) -> Path:
        self.be_there()
        (self.root / INCOMING).mkdir(exist_ok=True)
        flat = key.replace("/", "-").encode()[:100].decode("utf-8", "ignore")
        return self.root / INCOMING / f"{flat}-{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(6)}"

    @contextmanager
    def scratch(self, key: str) -> Iterator[tuple[Path, int]]:
        """A file of our own to write aside, locked while we live and gone afterwards."""
        path = self.scratch_name(key)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield path, descriptor
        finally:
            os.close(descriptor)
            path.unlink(missing_ok=True)

    @contextmanager
    def checkpoint_lock(self) -> Iterator[None]:
        """One mover of the checkpoint at a time.  The lock's file stays; the lock dies with its holder."""
        path = self.root / INCOMING / _CHECKPOINT_LOCK
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def sweep(self) -> int:
        """Remove the scratch that no living writer holds."""
        self.be_there()
        with self.told("its scratch"):
            dead = [path for path in sorted((self.root / INCOMING).glob("*")) if _is_dead(path)]
            for path in dead:
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        return len(dead)

    def judged(self, root: Path, expected: Iterable[tuple[str, str, int]]) -> Iterator[tuple[str, Verdict]]:
        """What the medium gives back.  Nothing is called absent while the store itself is away."""
        for name, verdict in medium.judge_all(root, expected):
            if isinstance(verdict, Absent):
                self.be_there()
            yield name, verdict


def _is_dead(path: Path) -> bool:
    """Whether no living writer holds this scratch."""
    if path.name == _CHECKPOINT_LOCK:
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
