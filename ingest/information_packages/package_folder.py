"""The files of one package within a transfer, by their paths from the package's own folder."""

from bisect import bisect_left
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from ingest.landing import Arrival, normal


class PackageFolder:
    """``prefix`` is "" where the transfer folder is the package, else its folder with a slash."""

    def __init__(self, arrival: Arrival, prefix: str) -> None:
        self.arrival = arrival
        self.prefix = prefix

    @property
    def name(self) -> str:
        """What the package is called: its folder."""
        return normal(self.prefix.rstrip("/") or self.arrival.folder.name)

    @cached_property
    def files(self) -> dict[str, tuple[str, int]]:
        """Path in NFC to the name as it arrived and its size, in the order of the paths."""
        found = {
            normal(file.path).removeprefix(normal(self.prefix)): (file.path, file.size)
            for file in self.arrival.below(self.prefix)
        }
        return dict(sorted(found.items()))

    @cached_property
    def _paths(self) -> list[str]:
        return list(self.files)

    def size(self, path: str) -> int | None:
        found = self.files.get(normal(path))
        return None if found is None else found[1]

    def arrived(self, path: str) -> str:
        """A path as the transfer has it; one that is not there, as it would have been."""
        found = self.files.get(normal(path))
        return self.prefix + path if found is None else found[0]

    def full_path(self, path: str) -> Path:
        return Path(self.arrival.full_path(self.arrived(path)))

    def below(self, folder: str) -> Iterator[str]:
        start = normal(folder).rstrip("/") + "/"
        for place in range(bisect_left(self._paths, start), len(self._paths)):
            if not self._paths[place].startswith(start):
                return
            yield self._paths[place]

    def holds(self, folder: str) -> bool:
        return next(self.below(folder), None) is not None

    def folders(self, folder: str) -> list[str]:
        start = f"{folder}/" if folder else ""
        within = self.below(folder) if folder else iter(self._paths)
        names = (path.removeprefix(start) for path in within)
        return list(dict.fromkeys(name.split("/")[0] for name in names if "/" in name))
