"""Paths that a browser tells: proved to stay inside before anything is made of them."""

from pathlib import Path

SEGMENT_BYTES, PATH_BYTES = 255, 4000


def fault_of(path: str) -> str | None:
    """Why a path may not be kept, in a word that a page has a sentence for; None when it may."""
    parts = path.split("/")
    if not path or any(part in ("", ".", "..") for part in parts):
        return "outside"
    if "\\" in path or any(ord(sign) < 32 or 0xD800 <= ord(sign) < 0xE000 for sign in path):
        return "name"
    octets = [len(part.encode()) for part in parts]
    return "long" if max(octets) > SEGMENT_BYTES or len(path.encode()) > PATH_BYTES else None


def inside(root: Path, path: str) -> Path:
    """The place of a path below ``root``.  ValueError for one that ``fault_of`` finds a fault with."""
    place = root / path
    if fault_of(path) or not place.is_relative_to(root) or ".." in place.parts:
        raise ValueError(path)
    return place
