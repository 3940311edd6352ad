"""Opens what lies below a folder, and follows no symbolic link on the way down.

A link would let the bytes of one copy count as another copy too.  So what is reached through one
is not there.  The folder itself may be behind links: where a store lies is its operator's choice.
"""

from __future__ import annotations

import errno
import os
import stat
from itertools import takewhile
from pathlib import Path

_ROOT = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
_FOLDER = _ROOT | os.O_NOFOLLOW


class Below:
    """A folder whose files are opened.  The folders above the last file stay open for the next one.

    FileNotFoundError and NotADirectoryError of what is not there, and of what is behind a link.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folder = ""
        self._open: list[int] = []
        """Of the root, and of each folder on the way to ``_folder``."""

    def open(self, name: str, flags: int) -> int:
        folder, _, last = name.rpartition("/")
        try:
            return os.open(last, flags | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=self._above(folder))
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENXIO):
                raise FileNotFoundError(errno.ENOENT, "a link or a socket stands there", name) from error
            raise

    def look(self, name: str) -> os.stat_result:
        folder, _, last = name.rpartition("/")
        return os.stat(last, dir_fd=self._above(folder), follow_symlinks=False)

    def _above(self, folder: str) -> int:
        if not self._open:
            self._open.append(os.open(self._root, _ROOT))
        if folder != self._folder:
            self._go(folder)
        return self._open[-1]

    def _go(self, folder: str) -> None:
        """Up to what both ways share, and down from there."""
        here, parts = _parts(self._folder), _parts(folder)
        shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(here, parts, strict=False)))
        while len(self._open) > shared + 1:
            os.close(self._open.pop())
        for at in range(shared, len(parts)):
            self._folder = "/".join(parts[:at])
            self._open.append(os.open(parts[at], _FOLDER, dir_fd=self._open[-1]))
        self._folder = folder

    def end(self) -> None:
        while self._open:
            os.close(self._open.pop())


def _parts(folder: str) -> list[str]:
    return folder.split("/") if folder else []


def opened(root: Path, name: str, flags: int) -> int:
    """A descriptor of one file below ``root``.  A pipe in its place is not waited for: there is no file."""
    below = Below(root)
    try:
        _be_a_file(below, name)
        return below.open(name, flags)
    finally:
        below.end()


def size_of_file(root: Path, name: str) -> int:
    """FileNotFoundError where something else than a file stands there."""
    below = Below(root)
    try:
        return _be_a_file(below, name).st_size
    finally:
        below.end()


def _be_a_file(below: Below, name: str) -> os.stat_result:
    about = below.look(name)
    if not stat.S_ISREG(about.st_mode):
        raise FileNotFoundError(errno.ENOENT, "no file", name)
    return about


def link_on_the_way(root: Path, folder: Path) -> Path | None:
    """The first link below ``root`` on the way to ``folder``, which need not be there."""
    way = [folder, *folder.parents]
    return next((each for each in reversed(way[: way.index(root)]) if each.is_symlink()), None)


def is_folder(root: Path, name: str) -> bool:
    """Whether a folder of this name can be gone down to."""
    below = Below(root)
    try:
        return not name or stat.S_ISDIR(below.look(name).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False
    finally:
        below.end()
