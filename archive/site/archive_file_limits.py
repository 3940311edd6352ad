"""How much of an archive file in a transfer is looked at; `archive.site.settings` reads it with the rest."""

import re
from dataclasses import dataclass

DEFAULT = "bytes=8G members=100000 depth=4 seconds=45"
_SIZES = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_MOST = {"bytes": 1 << 50, "members": 100_000_000, "depth": 6, "seconds": 3600}
"""Each level of depth may hold an archive in memory, so more than six do not fit the reader process."""


@dataclass(frozen=True)
class ArchiveFileLimits:
    """``bytes`` are those unpacked, of all members and all nested archives together."""

    bytes: int
    members: int
    depth: int
    seconds: int


def read(text: str, faults: list[str]) -> ArchiveFileLimits:
    """What is not named keeps its default."""
    numbers = _numbers(DEFAULT) | _numbers(text)
    for part in text.split():
        name = part.partition("=")[0]
        if name not in _MOST or not 0 < _numbers(part).get(name, 0) <= _MOST[name]:
            allowed = ", ".join(f"{each} up to {most}" for each, most in _MOST.items())
            faults.append(f"SEOGO_ARCHIVE_LIMITS: {part!r} is not NAME=NUMBER with one of {allowed}.")
    return ArchiveFileLimits(**{name: numbers[name] for name in _MOST})


def _numbers(text: str) -> dict[str, int]:
    found = re.findall(r"(?:^|\s)([a-z]+)=(\d{1,15})([KMGT]?)(?=\s|$)", text)
    return {name: int(number) * _SIZES[unit] for name, number, unit in found}
