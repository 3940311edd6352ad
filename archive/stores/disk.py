"""What a folder store needs of the operating system to write: syncing, and moving without replacing."""

from __future__ import annotations

import ctypes
import errno
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_NOT_REPLACE = 1
_AT_FDCWD = -100
_START_WRITING = 2

# A syncfs on these says little or nothing about the bytes of one file: each file is synced by itself.
WEAK_SYNC = re.compile(r"fuse.*|nfs.*|cifs|smb.*|9p|virtiofs|overlay|vboxsf|unknown")

# Two folders of one server may be shown as one device and one root.
_ON_A_NETWORK = re.compile(r"fuse.*|nfs.*|cifs|smb.*|9p|virtiofs|vboxsf")

_libc = ctypes.CDLL(None, use_errno=True)


def sync_filesystem(descriptor: int) -> None:
    """Everything written to this file system is on its medium, or OSError.

    Errors of writes that happened after ``descriptor`` was opened are reported here.
    """
    if _libc.syncfs(descriptor) != 0:
        raise OSError(ctypes.get_errno(), "syncfs failed")


class Syncs:
    """Which file systems this process has synced, so that two stores on one disk wait for it once.

    A sync covers what was written between the opening of its descriptor, from when on the system
    reports write errors to it, and its own beginning.
    """

    def __init__(self) -> None:
        self._covered: dict[int, tuple[float, float]] = {}

    def sync(self, descriptor: int, *, opened: float, begun: float, ended: float) -> None:
        """Sync all that was written from ``begun`` to ``ended``; the descriptor was ``opened`` before."""
        device = os.fstat(descriptor).st_dev
        since, until = self._covered.get(device, (0.0, 0.0))
        if since < begun and ended < until:
            return
        until = time.monotonic()
        sync_filesystem(descriptor)
        self._covered[device] = (opened, until)


def start_writing(descriptor: int, offset: int, length: int) -> None:
    """Ask for these bytes to go out now, so that the sync at the end is short.  A hint: no result."""
    _libc.sync_file_range(
        descriptor, ctypes.c_int64(offset), ctypes.c_int64(length), ctypes.c_uint(_START_WRITING)
    )


def sync_folder(path: Path | str) -> None:
    """The names in this folder are on the medium."""
    sync_file(path)


def sync_file(path: Path | str) -> None:
    """The bytes of this file are on the medium."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folders(root: Path, folder: Path) -> list[Path]:
    """Make ``folder`` below ``root``; the parents that got a new name, which the caller has to sync.

    The root itself is never made: FileNotFoundError when it is not there.
    """
    if folder.is_dir():
        return []
    if folder == root:
        raise FileNotFoundError(errno.ENOENT, "the store is not there", str(root))
    changed = make_folders(root, folder.parent)
    try:
        folder.mkdir()
    except FileExistsError:
        if not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "a file is in the way", str(folder)) from None
    # Also when another writer made it: its sync may not have happened yet.
    return [*changed, folder.parent]


def move_without_replacing(source: Path, target: Path) -> str:
    """Give ``source`` its final name; FileExistsError when the name is taken.  Returns how it was done.

    Where the file system lacks RENAME_NOREPLACE, a file is linked (which never replaces) and a
    folder is renamed (which replaces nothing but an empty folder).
    """
    if _rename_not_replacing(source, target):
        return "renameat2"
    if not source.is_dir():
        os.link(source, target)
        os.unlink(source)
        return "link"
    try:
        source.rename(target)
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
            raise FileExistsError(errno.EEXIST, "the name is taken", str(target)) from error
        raise
    return "rename"


def _rename_not_replacing(source: Path, target: Path) -> bool:
    call = getattr(_libc, "renameat2", None)
    if call is None:
        return False
    if call(_AT_FDCWD, os.fsencode(source), _AT_FDCWD, os.fsencode(target), _NOT_REPLACE) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP):
        return False
    raise OSError(number, os.strerror(number), str(target))


def write_all(descriptor: int, data: bytes | bytearray | memoryview) -> None:
    """Write every byte; the system may take fewer at a time."""
    written = os.write(descriptor, data)
    if written == len(data):
        return
    rest = memoryview(data).cast("B")[written:]
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def file_system(path: Path) -> str:
    """The type of the file system that holds ``path``, as the kernel names it."""
    device = path.stat().st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    best = (-1, "unknown")
    for mount in _mounts():
        if mount.device == wanted or path.is_relative_to(mount.point):
            best = max(best, (len(mount.point) + (10_000 if mount.device == wanted else 0), mount.kind))
    return best[1]


def place_on_disk(path: Path) -> tuple[str, Path] | None:
    """The device below a path without links, and the path that it has there, whatever is mounted where.

    None where the system does not say, or where what it says of the device is not so: on a network.
    """
    found: _Mount | None = None
    for mount in _mounts():
        longest = len(found.point) if found else 0
        if path.is_relative_to(mount.point) and len(mount.point) >= longest:
            found = mount  # of two that are mounted at one point the later one is seen
    if found is None or _ON_A_NETWORK.fullmatch(found.kind):
        return None
    return found.device, Path(found.root) / path.relative_to(found.point)


class _Mount(NamedTuple):
    """``root``: the folder of the device that is seen at ``point``."""

    device: str
    root: str
    point: str
    kind: str


def _mounts() -> Iterator[_Mount]:
    try:
        lines = Path("/proc/self/mountinfo").read_text(errors="surrogateescape").splitlines()
    except OSError:
        return
    for line in lines:
        mount, _, rest = line.partition(" - ")
        device, root, point = mount.split(" ")[2:5]
        yield _Mount(device, _spelled(root), _spelled(point), rest.split(" ")[0])


def _spelled(told: str) -> str:
    """The kernel writes blanks and the like as three digits."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), told)
