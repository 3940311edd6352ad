"""Keys that hold on every store: the places of a package's files, and what a key may be."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from archive.errors import WrongCall
from archive.segments import LONGEST_SEGMENT, digest_of_name, fault, safe_segment, shortened

LONGEST_STORE_PREFIX = 64
LONGEST_KEY = 480 - LONGEST_STORE_PREFIX
"""Servers were seen to refuse more than about 500 bytes, and the store's own prefix counts."""

# What nearly every name is: told to be harmless by one look.
_SIGN = "0-9A-Za-z_\uac00-\ud7a3"
_PLAIN = f"(?!(?i:con|prn|aux|nul|com|lpt))[{_SIGN}](?:[{_SIGN}. -]{{0,58}}[{_SIGN}-])?"
_PLAIN_PATH = re.compile(f"{_PLAIN}(?:/{_PLAIN})*")


class Placed(NamedTuple):
    """A path as it is kept below a prefix, and why parts of it are not the names as they came."""

    path: str
    changed: tuple[str, ...]


def are_plain(path: str) -> bool:
    """Whether all names of a path are harmless at first sight; one that is not may be harmless as well."""
    return _PLAIN_PATH.fullmatch(path) is not None


class Names:
    """Gives the paths of one package their places, no two the same and none below another.

    Names made equal by NFC are told apart with a digest; names that differ in case only are
    two names.  The same paths in the same order get the same places.  It remembers eight
    bytes of digest a path, so a package may have a million files.
    """

    def __init__(self, prefix: str) -> None:
        self._room = LONGEST_KEY - len(prefix.encode()) - 1
        self._files: set[int] = set()
        self._folders: set[str] = set()
        if self._room < LONGEST_SEGMENT:
            raise WrongCall(
                f"The prefix {prefix!r} leaves no room for names in a key of {LONGEST_KEY} bytes."
            )

    def place(self, path: str) -> Placed:
        """Where the file that came as ``path`` is kept; each call is another file."""
        placed, changed = (path, []) if are_plain(path) else _safe(path)
        if len(placed.encode()) > self._room:
            placed = self._fitted(placed.split("/"), path)
            changed.append("too long")
        mark = _mark(placed)
        if self._is_taken(placed, mark):
            placed = self._told_apart(placed, path)
            mark = _mark(placed)
            changed.append("same name")
        self._files.add(mark)
        if placed.rpartition("/")[0] not in self._folders:
            self._folders.update(folders_of(placed))
        return Placed(placed, tuple(changed))

    def _fitted(self, segments: list[str], path: str) -> str:
        """Keep the first folder (the item) and the file's name; the folders between become a digest."""
        first, last = segments[0], segments[-1]
        middle = digest_of_name("/".join(segments[:-1]))
        head = f"{first}/{middle}/" if len(segments) > 2 and len(first.encode()) <= 100 else f"{middle}/"
        return head + shortened(last, path, min(LONGEST_SEGMENT, self._room - len(head.encode())))

    def _told_apart(self, placed: str, path: str) -> str:
        folder, slash, last = placed.rpartition("/")
        room = min(LONGEST_SEGMENT, self._room - len((folder + slash).encode()))
        apart = folder + slash + shortened(last, path, room)
        if not self._is_taken(apart, _mark(apart)):
            return apart
        # The folder itself is already a file's key, so the path has to leave it.
        return f"{digest_of_name(folder)}-{shortened(last, path, 120)}"

    def _is_taken(self, placed: str, mark: int) -> bool:
        if mark in self._files or placed in self._folders:
            return True
        if placed.rpartition("/")[0] in self._folders:
            return False
        return any(
            _mark(folder) in self._files for folder in folders_of(placed) if folder not in self._folders
        )


def _safe(path: str) -> tuple[str, list[str]]:
    parts = [safe_segment(part) for part in path.split("/")]
    return "/".join(part.segment for part in parts), [part.changed for part in parts if part.changed]


def _mark(placed: str) -> int:
    return int.from_bytes(hashlib.blake2b(placed.encode(), digest_size=8).digest(), "big")


def folders_of(key: str) -> list[str]:
    """Every folder a key lies in, outermost first: ``a/b/c`` gives ``a`` and ``a/b``."""
    return [key[:at] for at, sign in enumerate(key) if sign == "/"]


@lru_cache(maxsize=1_000)  # the same key goes to several stores
def check_key(key: str) -> str:
    """The key itself, or WrongCall: a store is never asked for a key that some store cannot hold."""
    if len(key.encode("utf-8", "surrogatepass")) > LONGEST_KEY:
        raise WrongCall(f"A key has at most {LONGEST_KEY} bytes; {key[:60]!r}… is longer.", code="key.long")
    if are_plain(key):
        return key
    if key.startswith("."):
        raise WrongCall(
            f"The key {key!r} begins with a dot: such folders are the store's own.", code="key.unsafe"
        )
    for segment in key.split("/"):
        if reason := fault(segment):
            raise WrongCall(
                f"The key {key!r} has a segment {segment!r} that is not safe ({reason}).", code="key.unsafe"
            )
    if not unicodedata.is_normalized("NFC", key):
        raise WrongCall(f"The key {key!r} is not in NFC.", code="key.not_nfc")
    return key


def check_prefix(prefix: str) -> str:
    """A prefix names folders, with or without its last slash; empty means everything."""
    if prefix.strip("/"):
        check_key(prefix.rstrip("/"))
    return prefix
