"""Which volume of a list a finding is about: by its row, by its file, or by the folder a path lies in."""

from collections import Counter
from collections.abc import Iterator, Mapping

from ingest.inspection import Inspection
from ingest.landing import normal
from metadata_schemas.description import Finding, Severity, Where

About = tuple[int | None, Finding]
"""A finding and the place of its volume in the list, or None when it is about the whole transfer."""


class Belonging:
    """Says which volume a finding of somebody else is about."""

    def __init__(self, inspection: Inspection) -> None:
        self.rows = dict(_rows(inspection))
        self.files = owners(inspection)
        self.folders = folders(inspection)

    def place(self, found: Finding) -> int | None:
        where = found.where
        if where.row is not None and (place := self.rows.get((where.list, where.row))) is not None:
            return place
        path = where.path or ""
        path = path.removeprefix("data/") if found.rule.startswith("bag.") else path
        place = self.files.get(path)
        return owner(self.folders, path) if place is None else place


def _rows(inspection: Inspection) -> Iterator[tuple[tuple[str | None, int | None], int]]:
    for place, volume in enumerate(inspection.leaves.volumes):
        yield (volume.description.list, volume.description.row), place
        for item in volume.items:
            yield (item.description.list, item.description.row), place


def folders(inspection: Inspection) -> dict[str, int]:
    """Folders that are one volume's own; the whole transfer folder is, where no list divides it."""
    volumes = inspection.leaves.volumes
    shared = Counter(volume.folder for volume in volumes)
    return {
        volume.folder: place
        for place, volume in enumerate(volumes)
        if volume.folder is not None and shared[volume.folder] == 1
    }


def owner(folders: Mapping[str, int], path: str) -> int | None:
    """The volume in whose own folder a path lies."""
    parts = normal(path).split("/")
    for depth in range(len(parts) - 1, -1, -1):
        if (place := folders.get("/".join(parts[:depth]))) is not None:
            return place
    return None


def owners(inspection: Inspection) -> dict[str, int]:
    """The volume each record belongs to, by path, in the order of the list."""
    return {
        file.path: place for place, volume in enumerate(inspection.leaves.volumes) for file in volume.files
    }


def finding(
    rule: str, severity: Severity, message: str, where: Where, value: str | None, expected: str | None
) -> Finding:
    return Finding(rule, severity, where, value, expected, message)
