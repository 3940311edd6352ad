"""Reads what the medium holds.

The page cache holds the bytes just written; a read back that it answers finds neither a lost
write nor a bad sector.  So everything is synced and dropped from the cache before it is judged,
and where the system can, small files are read past the cache, many at a time (`archive.stores.direct`).
That way can only find a file intact: of any other one the plain way decides.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TypeAlias

from archive.stores import direct
from archive.stores.below import Below
from archive.stores.store import Absent, Altered, Intact, Stored, Verdict

BATCHES = 2
"""While the files of one are hashed, those of the next are read."""

_BUFFER = 256 * 1024
_READ = os.O_RDONLY | os.O_NONBLOCK  # a pipe that stands there is not waited for
_NOT_THERE = (FileNotFoundError, NotADirectoryError, IsADirectoryError)

Expected: TypeAlias = tuple[str, str, int]
"""Name, SHA-256 and size of a file."""


def hash_medium(folder: Path, name: str) -> Stored:
    """Digest and size of one file below a folder, its pages dropped from the cache first.

    OSError as it comes.
    """
    below = Below(folder)
    try:
        return _hashed(below, name)
    finally:
        below.end()


def judge_all(folder: Path, expected: Iterable[Expected]) -> Iterator[tuple[str, Verdict]]:
    """Judge files below ``folder`` from the medium, some files ahead of the one being hashed."""
    coming = iter(expected)
    ahead: deque[_Batch] = deque()
    try:
        while True:
            while len(ahead) < BATCHES and (some := list(islice(coming, direct.SLOTS))):
                ahead.append(_Batch(folder, some))
                ahead[-1].begin()
            if not ahead:
                return
            yield from ahead[0].verdicts()
            ahead.popleft().end()
    finally:
        for each in ahead:
            each.end()


class _Batch:
    """Some files that are asked of the medium together."""

    def __init__(self, folder: Path, files: list[Expected]) -> None:
        self._files = files
        # Names are looked up from here, which costs half of looking up each whole path; not for longer
        # than a batch, so that a disk that is taken away is missed.
        self._below = Below(folder)
        self._open: list[int | None] = [None] * len(files)
        """A descriptor for each file; None of one that is not there."""
        self._slots: dict[int, int] = {}
        """The slots of the files that are read past the cache, by their places."""
        self._queue = direct.queues.take()

    def begin(self) -> None:
        asked: list[tuple[int, int]] = []
        for place, (name, _, size) in enumerate(self._files):
            is_small = self._queue and size < direct.SLOT
            if is_small and (descriptor := _opened_direct(self._below, name)) is not None:
                self._slots[place] = len(asked)
                asked.append((descriptor, size))
            else:
                descriptor = _opened_or_none(self._below, name)
            self._open[place] = descriptor
        if self._queue:
            self._queue.ask(asked)

    def verdicts(self) -> Iterator[tuple[str, Verdict]]:
        lengths, room = (self._queue.lengths(), self._queue.room) if self._queue else ([], memoryview(b""))
        for place, (name, digest, size) in enumerate(self._files):
            slot = self._slots.get(place)
            if slot is not None and lengths[slot] == size:
                start = slot * direct.SLOT
                if hashlib.sha256(room[start : start + size]).hexdigest() == digest:
                    yield name, Intact(digest)
                    continue
            yield name, self._judge(place)

    def _judge(self, place: int) -> Verdict:
        """The plain way, for a file that is large, damaged, or not to be read past the cache."""
        name, digest, size = self._files[place]
        if place in self._slots:
            return self._judge_anew(name, digest, size)
        descriptor = self._open[place]
        try:
            return Absent() if descriptor is None else _judged(_hash(descriptor), digest, size)
        except IsADirectoryError:
            return Absent()

    def _judge_anew(self, name: str, digest: str, size: int) -> Verdict:
        try:
            return _judged(_hashed(self._below, name), digest, size)
        except _NOT_THERE:
            return Absent()

    def end(self) -> None:
        """Nothing of it is read any more."""
        if self._queue:
            direct.queues.give_back(self._queue)
        for descriptor in self._open:
            if descriptor is not None:
                os.close(descriptor)
        self._below.end()


def _judged(found: Stored, digest: str, size: int) -> Verdict:
    if found.sha256 == digest and found.size == size:
        return Intact(found.sha256)
    return Altered(digest, found.sha256)


def _hashed(below: Below, name: str) -> Stored:
    descriptor = _opened(below, name)
    try:
        return _hash(descriptor)
    finally:
        os.close(descriptor)


def _opened(below: Below, name: str) -> int:
    """Dropped from the cache, and asked for."""
    descriptor = below.open(name, _READ)
    _advise(descriptor, name, os.POSIX_FADV_DONTNEED, os.POSIX_FADV_WILLNEED)
    return descriptor


def _advise(descriptor: int, name: str, *advice: int) -> None:
    """FileNotFoundError of a pipe, which stands in the place of a file and takes no advice."""
    try:
        for each in advice:
            os.posix_fadvise(descriptor, 0, 0, each)
    except OSError as error:
        os.close(descriptor)
        if error.errno == errno.ESPIPE:
            raise FileNotFoundError(errno.ENOENT, "a pipe stands there", name) from error
        raise


def _opened_or_none(below: Below, name: str) -> int | None:
    try:
        return _opened(below, name)
    except _NOT_THERE:
        return None


def _opened_direct(below: Below, name: str) -> int | None:
    """Dropped from the cache too, for a file system that takes O_DIRECT and does not keep to it."""
    try:
        descriptor = below.open(name, _READ | os.O_DIRECT)
        _advise(descriptor, name, os.POSIX_FADV_DONTNEED)
    except OSError:
        return None
    return descriptor


def _hash(descriptor: int) -> Stored:
    digest = hashlib.sha256()
    buffer = bytearray(_BUFFER)
    view = memoryview(buffer)
    size = 0
    while count := os.readv(descriptor, [buffer]):
        digest.update(view[:count])
        size += count
    return Stored(digest.hexdigest(), size)


def comes_from_medium(path: Path) -> bool:
    """Whether dropping the cache works here: the next read would have to wait for the medium."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.preadv(descriptor, [bytearray(1)], 0, os.RWF_NOWAIT)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False
