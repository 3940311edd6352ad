"""Whether two stores are one place: then two copies there are one, and are lost together.

Folders are compared by their paths, and where somebody looks, by where these lead, by device and number,
and by their place on the disk; S3 stores by server, bucket and prefix.  Looking may wait for a disk that
does not answer, so who asks no store does not look.  Of a folder that is away only the path is known.
Not found out: one server or network disk under two names.
"""

from __future__ import annotations

import os
import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path, PurePosixPath
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from archive.stores import disk

_PORTS = {"http": 80, "https": 443}
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})
_AMAZON = re.compile(r"s3[a-z0-9.-]*\.amazonaws\.com")
NEXT = (
    "Give each store a place of its own; one that was used already also a new name, "
    "and fill it with: seogo copy fill --store NAME."
)


@dataclass(frozen=True)
class _Place:
    """``names``: what this place is known by; ``around``: the names of it and of all that it lies in."""

    told: str
    names: frozenset[Hashable]
    around: frozenset[Hashable]


def shared(spec: Mapping[str, str], *, look: bool) -> list[str]:
    """A sentence for each two stores of which one is the other, or lies in it, and then what to do.

    ``spec``: name to URL.  One that cannot be read is passed over: opening it says so.
    ``look``: ask the disks, and not the paths alone.
    """
    places = {name: found for name, url in spec.items() if (found := _place(url, look))}
    told = [each for one, other in combinations(places, 2) for each in _judged(places, one, other)]
    return [*told, NEXT] if told else []


def _judged(places: Mapping[str, _Place], one: str, other: str) -> Iterator[str]:
    first, second = places[one], places[other]
    if first.names & second.names:
        yield f"Stores {one} and {other} are one place ({second.told}): two copies there would be one."
    elif first.names & second.around:
        yield f"Store {other} ({second.told}) lies inside store {one}: both would be lost together."
    elif second.names & first.around:
        yield f"Store {one} ({first.told}) lies inside store {other}: both would be lost together."


def _place(url: str, look: bool) -> _Place | None:
    try:
        parts = urlsplit(url)
        if parts.scheme == "file":
            return _of_folder(Path(os.path.abspath("/" + unquote(parts.path).lstrip("/"))), look)
        return _of_bucket(parts) if parts.scheme == "s3" and "@" not in parts.netloc else None
    except ValueError:
        return None


def _of_folder(path: Path, look: bool) -> _Place:
    if not look:
        return _Place(str(path), frozenset({path}), frozenset({path, *path.parents}))
    real = Path(os.path.realpath(path))
    seen = [{line, *_looked_at(line)} for line in (real, *real.parents)]
    lies = disk.place_on_disk(real)
    inner = [(lies[0], each) for each in (lies[1], *lies[1].parents)] if lies else []
    return _Place(
        str(real),
        frozenset({*seen[0], *inner[:1]}),
        frozenset({*inner, *(name for names in seen for name in names)}),
    )


def _looked_at(folder: Path) -> Iterator[Hashable]:
    """Device and number, where the folder is there and may be looked at."""
    try:
        found = folder.stat()
    except OSError:
        return
    if found.st_ino:
        yield found.st_dev, found.st_ino


def _of_bucket(parts: SplitResult) -> _Place:
    """The region says nothing: the names of a server's buckets are given once."""
    prefix = PurePosixPath("/", unquote(parts.path).strip("/"))
    endpoint = parse_qs(parts.query).get("endpoint", [""])[0]
    names = [(_server(endpoint), parts.netloc, each) for each in (prefix, *prefix.parents)]
    told = f"{parts.netloc}{prefix} on {endpoint or 'Amazon S3'}"
    return _Place(told, frozenset(names[:1]), frozenset(names))


def _server(endpoint: str) -> tuple[str, int | None, str]:
    """A server however its address is written."""
    parts = urlsplit(endpoint)
    host = (parts.hostname or "").rstrip(".")
    port = parts.port if parts.port != _PORTS.get(parts.scheme) else None
    if _AMAZON.fullmatch(host):
        host = ""
    return "localhost" if host in _HERE else host, port, parts.path.strip("/")
