"""Keys that hold on every store: how a name from outside becomes a segment, and what a key may be.

A name keeps its NFC form.  One that is too long, or unsafe on some system, is shortened and
carries a digest of the name as it came, so that two names never become one.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from archive.errors import WrongCall

LONGEST_SEGMENT = 200
LONGEST_STORE_PREFIX = 64
LONGEST_KEY = 480 - LONGEST_STORE_PREFIX
"""Servers were seen to refuse more than about 500 bytes, and the store's own prefix counts."""

_DIGEST_SIGNS = 12
_LONGEST_SUFFIX = 16

# A percent sign and the two separators are harmless on disks, but the BagIt libraries in use do not read
# the code of the one in a manifest, and end a line at the others.
_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*%\u2028\u2029\ud800-\udfff\ufffe\uffff]')
# What nearly every name is: told to be harmless by one look.
_SIGN = "0-9A-Za-z_\uac00-\ud7a3"
_PLAIN = f"(?!(?i:con|prn|aux|nul|com|lpt))[{_SIGN}](?:[{_SIGN}. -]{{0,58}}[{_SIGN}-])?"
_PLAIN_PATH = re.compile(f"{_PLAIN}(?:/{_PLAIN})*")
_RESERVED = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\..*)?", re.IGNORECASE | re.DOTALL
)


class Segment(NamedTuple):
    """One part of a key, and why it is not the name as it came (None: it is, in NFC)."""

    segment: str
    changed: str | None


class Placed(NamedTuple):
    """A path as it is kept below a prefix, and why parts of it are not the names as they came."""

    path: str
    changed: tuple[str, ...]


def are_plain(path: str) -> bool:
    """Whether all names of a path are harmless at first sight; one that is not may be harmless as well."""
    return _PLAIN_PATH.fullmatch(path) is not None


def safe_segment(name: str) -> Segment:
    """One file or folder name as a key segment.

    ``changed`` says why the name could not be kept: ``reserved``, ``characters``, ``trailing``
    or ``too long``.  NFC alone is no change: the name is the same one to every reader.
    """
    normal = unicodedata.normalize("NFC", name)
    reason = _fault(normal)
    if reason is None:
        return Segment(normal, None)
    return Segment(_shortened(normal, name, LONGEST_SEGMENT), reason)


def _fault(segment: str) -> str | None:
    if segment in ("", ".", "..") or _RESERVED.fullmatch(segment):
        return "reserved"
    if _UNSAFE.search(segment):
        return "characters"
    if segment[-1] in ". " or segment[0] == " ":
        return "trailing"
    if len(segment.encode()) > LONGEST_SEGMENT:
        return "too long"
    return None


def _shortened(normal: str, name: str, room: int) -> str:
    """``stem-digest.suffix`` in at most ``room`` bytes; the suffix stays, programs go by it."""
    clean = _UNSAFE.sub("_", normal).strip(" .") or "_"
    if _RESERVED.fullmatch(clean.partition(".")[0]):
        clean = f"_{clean}"
    stem, dot, suffix = clean.rpartition(".")
    if not dot or len(suffix.encode()) > _LONGEST_SUFFIX:
        stem, suffix = clean, ""
    ending = f"-{digest_of_name(name)}" + (f".{suffix}" if suffix else "")
    kept = stem.encode()[: max(room - len(ending.encode()), 0)].decode("utf-8", "ignore").rstrip(" .")
    return kept + ending


def digest_of_name(name: str) -> str:
    """Twelve hex digits that tell one name from another, also names that are not UTF-8."""
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_SIGNS]


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
        return head + _shortened(last, path, min(LONGEST_SEGMENT, self._room - len(head.encode())))

    def _told_apart(self, placed: str, path: str) -> str:
        folder, slash, last = placed.rpartition("/")
        room = min(LONGEST_SEGMENT, self._room - len((folder + slash).encode()))
        apart = folder + slash + _shortened(last, path, room)
        if not self._is_taken(apart, _mark(apart)):
            return apart
        # The folder itself is already a file's key, so the path has to leave it.
        return f"{digest_of_name(folder)}-{_shortened(last, path, 120)}"

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
        if reason := _fault(segment):
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
