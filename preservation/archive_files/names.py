"""Names of members: how they are read, where they would lead, and which of them are one name somewhere.

Nothing is unpacked here, so a bad name does no harm; it does when somebody unpacks the file later.
"""

import re
from collections.abc import Iterator
from unicodedata import normalize

from archive.segments import safe_segment
from preservation.archive_files.members import Member

MOST_COMPARED = 200_000
"""Names that are compared with each other; digests of more would not fit a small memory."""
LONGEST = 4096
"""Bytes of a path that Linux can open; longer ones cannot be unpacked as they are."""
DEEPEST = 256

_DRIVE = re.compile(r"[A-Za-z]:")
_SEPARATORS = re.compile(r"[/\\]")


def read_name(member: Member) -> tuple[str, str | None]:
    """A name as people read it, and the encoding it was read in where that is not UTF-8.

    Bytes that no encoding explains travel as surrogates.
    """
    raw = member.name
    if member.encoding:
        return raw.decode(member.encoding, "surrogateescape"), None
    for encoding, told in (("utf-8", None), ("cp949", "CP949")):
        try:
            return raw.decode(encoding), told
        except UnicodeDecodeError:
            pass
    return raw.decode("utf-8", "surrogateescape"), "no known encoding"


def leads_out(name: str) -> str | None:
    """Why unpacking this name could write outside its folder on some system; None when it cannot."""
    if not name.strip("/"):
        return "it has no name"
    if "\0" in name:
        return "it holds a NUL"
    if name.startswith(("/", "\\")) or _DRIVE.match(name):
        return "it is absolute"
    if ".." in _SEPARATORS.split(name):
        return "it climbs out of its folder"
    return None


def link_leads_out(name: str, target: str, *, hard: bool) -> bool:
    """Whether a link points outside the folder that the archive is unpacked into.

    The target of a hard link is a member; that of a symbolic link is seen from its own folder.
    """
    if target.startswith(("/", "\\")) or _DRIVE.match(target) or not target:
        return True
    parts = [] if hard else _SEPARATORS.split(name)[:-1]
    depth = len([part for part in parts if part not in ("", ".")])
    for part in _SEPARATORS.split(target):
        depth += {"..": -1, "": 0, ".": 0}.get(part, 1)
        if depth < 0:
            return True
    return False


def too_long(name: str) -> bool:
    return len(name.encode("utf-8", "surrogateescape")) > LONGEST or name.count("/") > DEEPEST


def not_for_windows(name: str) -> bool:
    """A name that Windows cannot hold: signs, reserved words, a blank or dot at an end."""
    plain = (
        name.encode("utf-8", "surrogateescape")
        .decode("utf-8", "replace")
        .replace("%", "_")
        .removeprefix("./")
        .rstrip("/")
    )
    if plain == ".":
        return False
    changed = {safe_segment(part).changed for part in plain.split("/")}
    return bool(changed - {None, "too long"})


class Seen:
    """Finds names that are one name for some system: the same, or the same but for case or Unicode form."""

    def __init__(self) -> None:
        self._names: set[int] = set()
        self._folded: set[int] = set()

    def add(self, name: str) -> Iterator[str]:
        """What this name has in common with an earlier one."""
        if len(self._names) >= MOST_COMPARED:
            return
        plain = name.rstrip("/")
        folded = normalize("NFC", plain).casefold()
        if hash(plain) in self._names:
            yield "twice"
        elif hash(folded) in self._folded:
            yield "alike"
        self._names.add(hash(plain))
        self._folded.add(hash(folded))
