"""Which volume of a list a finding is about: by its row, by its file, or by the folder a path lies in."""

from ingest.looking.inspection import Inspection
from ingest.looking.inventory import About, Inventory
from ingest.looking.landing import normal, raw
from metadata_schemas.description import Finding, Severity, Where

__all__ = ["About", "finding", "place_of"]


def place_of(inspection: Inspection, found: Finding) -> int | None:
    """The volume that a finding of somebody else is about."""
    where = found.where
    if where.row is not None and (place := _of_row(inspection.inventory, where)) is not None:
        return place
    path = where.path or ""
    path = path.removeprefix("data/") if found.rule.startswith("bag.") else path
    file = inspection.arrival.file(path)
    place = inspection.owner(file) if file else None
    return owner_of_folder(inspection, path) if place is None else place


def _of_row(inventory: Inventory, where: Where) -> int | None:
    among = "SELECT {} FROM {} WHERE row = ? AND list = ?"
    for column, table in (("volume", "items"), ("place", "volumes")):
        place: int | None = inventory.value(among.format(column, table), where.row, where.list)
        if place is not None:
            return place
    return None


def owner_of_folder(inspection: Inspection, path: str) -> int | None:
    """The volume in whose own folder a path lies; a folder that two volumes have is neither's own."""
    parts = normal(path).split("/")
    for depth in range(len(parts) - 1, -1, -1):
        folder = raw("/".join(parts[:depth]))
        wanted = "SELECT place FROM volumes WHERE folder = ? LIMIT 2"
        places = [place for (place,) in inspection.inventory.rows(wanted, folder)]
        if len(places) == 1:
            return int(places[0])
    return None


def finding(
    rule: str, severity: Severity, message: str, where: Where, value: str | None, expected: str | None
) -> Finding:
    return Finding(rule, severity, where, value, expected, message)
