"""One bag on its way into a folder store: written aside, synced once, read back, then named in one step.

The descriptor that syncs is opened before the first write, so that every write error since then
comes out of the sync.  A kill before the rename leaves scratch that `sweep` removes.
"""

from __future__ import annotations

import errno
import fcntl
import filecmp
import hashlib
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path

from archive.errors import Conflict, Damaged, WrongCall
from archive.stores import below, disk, medium
from archive.stores.ground import Ground
from archive.stores.keys import check_key
from archive.stores.medium import Expected
from archive.stores.store import Intact, Sink, Stored, Verdict

MOST_FOLDERS = 1_000
"""So many are remembered: a bag may have a million, one for each item."""
_EARLY = 32 * 1024 * 1024
_SYNCS = disk.Syncs()
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


class FolderSink:
    """One file being written below the scratch of its delivery."""

    __slots__ = ("_delivery", "_descriptor", "_early", "_name", "_size", "_written")

    def __init__(self, delivery: FolderDelivery, name: str, descriptor: int, size: int | None) -> None:
        self._delivery = delivery
        self._name = name
        self._descriptor = descriptor
        self._size = size
        self._written = 0
        self._early = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        try:
            disk.write_all(self._descriptor, data)
        except OSError:
            lacking = max((self._size or 0) - self._written, len(data))
            with self._delivery.ground.told(self._name, lacking=lacking):
                raise
        self._written += len(data)
        if self._written - self._early >= _EARLY:
            disk.start_writing(self._descriptor, self._early, self._written - self._early)
            self._early = self._written

    def finish(self, sha256: str) -> None:
        """The digest is not looked at here: the read back does that, from the medium."""
        if self._delivery.ground.sync_each_file:
            with self._delivery.ground.told(self._name):
                os.fsync(self._descriptor)
        self._close()

    def abort(self) -> None:
        if self._descriptor >= 0:
            self._close()
            _drop(f"{self._delivery.scratch}/{self._name}")

    def _close(self) -> None:
        os.close(self._descriptor)
        self._delivery.ended = time.monotonic()
        self._descriptor = -1
        self._delivery.open_sinks.discard(self)


class FolderDelivery:
    """See `archive.stores.store.Delivery` for every promise."""

    is_far = False

    def __init__(self, ground: Ground, prefix: str, target: Path) -> None:
        self.ground = ground
        self._prefix = prefix
        self._target = target
        self._synced = False
        self._is_over = False
        self.scratch, self._descriptor = _scratch_folder(ground, prefix)
        self._opened = time.monotonic()
        self._begun: float | None = None
        self._scratch = f"{self.scratch}/"
        self._folders = {""}
        self._last: Expected | None = None
        self._verdict_on_last: Verdict | None = None
        self.open_sinks: set[FolderSink] = set()
        self.ended = self._opened

    def create(self, name: str, *, size: int | None = None, sha256: str | None = None) -> Sink:
        sink = FolderSink(self, name, self._opened_anew(name, size), size)
        self.open_sinks.add(sink)
        return sink

    def put(self, name: str, data: bytes | memoryview, *, sha256: str | None = None) -> Stored:
        descriptor = self._opened_anew(name, len(data))
        try:
            disk.write_all(descriptor, data)
            if self.ground.sync_each_file:
                os.fsync(descriptor)
        except OSError:
            with self.ground.told(name, lacking=len(data)):
                _drop(self._scratch + name)
                raise
        finally:
            os.close(descriptor)
            self.ended = time.monotonic()
        return Stored(sha256 or hashlib.sha256(data).hexdigest(), len(data))

    def _opened_anew(self, name: str, size: int | None) -> int:
        self._go_on()
        check_key(name)
        folder = name.rpartition("/")[0]
        try:
            if folder not in self._folders:
                if len(self._folders) >= MOST_FOLDERS:
                    self._sync_folders()
                    self._folders = {""}
                self._make(folder)
            # Looked up from the scratch folder, which costs half of looking up the whole path.
            descriptor = os.open(name, _NEW, 0o644, dir_fd=self._descriptor)
        except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
            raise Conflict(f"{name} comes twice in {self._prefix}.", code="store.twice") from error
        except OSError:
            with self.ground.told(name, lacking=size or 1):
                raise
        self._synced = False
        self._begun = self._begun or time.monotonic()
        return descriptor

    def read_back(self, name: str) -> Stored:
        self._sync()
        with self.ground.told(f"{self._prefix}/{name}"):
            return medium.hash_medium(self.scratch, check_key(name))

    def read_back_all(self, expected: Iterable[tuple[str, str, int]]) -> Iterator[tuple[str, Verdict]]:
        """What was announced is asked for with the rest, so that `complete` need not wait for it alone."""
        self._sync()
        announced = [] if self._last is None else [self._last]
        with self.ground.told(self._prefix):
            judged = self.ground.judged(self.scratch, chain(expected, announced))
            for name, verdict in judged:
                if announced and name == announced[0][0]:
                    if self._verdict_on_last is None or isinstance(self._verdict_on_last, Intact):
                        self._verdict_on_last = verdict
                else:
                    yield name, verdict

    def announce_last(self, last: str, data: bytes) -> None:
        stored = self.put(last, data)
        self._last = last, stored.sha256, stored.size

    def complete(self, last: str, data: bytes) -> None:
        """Waits for the disk once for the name, and once more where ``last`` was not announced."""
        self._sync()
        with self.ground.told(self._prefix, lacking=len(data)):
            self._have_last(last, data)
            self._give_name()
        self._end()

    def _have_last(self, last: str, data: bytes) -> None:
        written = last, hashlib.sha256(data).hexdigest(), len(data)
        if self._last is None:
            self.put(last, data)
            disk.sync_file(self._scratch + last)
            disk.sync_folder(os.path.dirname(self._scratch + last))
        elif self._last != written:
            raise WrongCall(f"What completes {self._prefix} is not what was announced.")
        if self._verdict_on_last is None:
            ((_, self._verdict_on_last),) = self.ground.judged(self.scratch, [written])
        if not isinstance(self._verdict_on_last, Intact):
            raise Damaged(f"Store {self.ground.name} did not keep {last}.", next="Check the disk.")

    def abandon(self) -> None:
        if not self._is_over:
            self._end()

    def _give_name(self) -> None:
        """All names first and all syncs after them: the first sync pays for the others.

        Nothing is made where the disk was taken away meanwhile and left a bare mount point.
        """
        os.stat(self.scratch)
        try:
            changed = self.ground.make_folders(self._target.parent)
            disk.move_without_replacing(self.scratch, self._target)
        except (FileExistsError, NotADirectoryError):
            if not (self._is_there() and _are_the_same(self.scratch, self._target)):
                raise Conflict(
                    f"{self._prefix} is already in store {self.ground.name} with other bytes.",
                    code="store.taken",
                    next="What is there stays as it is; a new version takes a new prefix.",
                ) from None
            changed = []
        for folder in (self._target.parent, *changed, self.scratch.parent):
            disk.sync_folder(folder)

    def _is_there(self) -> bool:
        return below.is_folder(self.ground.root, self._prefix)

    def _make(self, folder: str) -> None:
        """Make a folder that is not known; one that was made before and forgotten is there already."""
        above, slash, _ = folder.rpartition("/")
        if slash and above not in self._folders:
            self._make(above)
        with suppress(FileExistsError):
            os.mkdir(folder, dir_fd=self._descriptor)
        self._folders.add(folder)

    def _sync_folders(self) -> None:
        if self.ground.sync_each_file:
            for folder in sorted(self._folders):
                disk.sync_folder(self._scratch + folder)

    def _sync(self) -> None:
        self._go_on()
        if self._synced:
            return
        with self.ground.told(self._prefix):
            self._sync_filesystem()
            self._sync_folders()
        self._synced = True

    def _sync_filesystem(self) -> None:
        """Once for all stores of this process on one disk, where such a sync can be trusted."""
        if self._begun is None or self.ground.sync_each_file:
            disk.sync_filesystem(self._descriptor)
        else:
            _SYNCS.sync(self._descriptor, opened=self._opened, begun=self._begun, ended=self.ended)

    def _go_on(self) -> None:
        if self._is_over:
            raise WrongCall(f"The delivery of {self._prefix} is over.")

    def _end(self) -> None:
        self._is_over = True
        for sink in list(self.open_sinks):
            sink.abort()
        shutil.rmtree(self.scratch, ignore_errors=True)
        os.close(self._descriptor)


def _scratch_folder(ground: Ground, prefix: str) -> tuple[Path, int]:
    """A locked folder of our own.  A sweeper may take it between making and locking: then again."""
    while True:
        with ground.told(prefix):
            path = ground.scratch_name(prefix)
            path.mkdir()
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.exists():
                return path, descriptor
        except BlockingIOError:
            pass
        except OSError as error:
            if error.errno not in (errno.EBADF, errno.ENOTSUP, errno.ENOLCK):
                raise
            return path, descriptor
        os.close(descriptor)


def _drop(path: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(path)


def _are_the_same(one: Path, other: Path) -> bool:
    """Every name and every byte of two trees, read and compared; a link in the other is no file."""
    found = [sorted(str(path.relative_to(root)) for path in root.rglob("*")) for root in (one, other)]
    if found[0] != found[1]:
        return False
    for name in found[0]:
        mine, theirs = one / name, other / name
        if theirs.is_symlink() or mine.is_dir() != theirs.is_dir():
            return False
        if mine.is_file() and not filecmp.cmp(mine, theirs, shallow=False):
            return False
    return True
