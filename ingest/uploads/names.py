"""Paths that a browser tells: proved to stay inside before anything is made of them."""

import os
from pathlib import Path

SEGMENT_BYTES, PATH_BYTES = 255, 4095
"""The most that Linux opens: of one name, and of a whole path."""
DEEPEST = 200
"""Names in one path; who walks down folders calls itself for each."""


def fault_of(root: Path, path: str) -> str | None:
    """Why a path may not be kept below ``root``, in a word that a page has a sentence for; or None."""
    parts = path.split("/")
    if not path or any(part in ("", ".", "..") for part in parts):
        return "outside"
    if "\\" in path or any(ord(sign) < 32 or 0xD800 <= ord(sign) < 0xE000 for sign in path):
        return "name"
    octets = [len(part.encode()) for part in parts]
    is_long = max(octets) > SEGMENT_BYTES or len(os.fsencode(root / path)) > PATH_BYTES
    return "long" if is_long or len(parts) > DEEPEST else None


def inside(root: Path, path: str) -> Path:
    """The place of a path below ``root``.  ValueError for one that ``fault_of`` finds a fault with."""
    place = root / path
    if fault_of(root, path) or not place.is_relative_to(root) or ".." in place.parts:
        raise ValueError(path)
    return place
