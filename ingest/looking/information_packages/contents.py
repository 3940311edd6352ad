"""Which files of an E-ARK package are records, which only describe it, and how records make items.

An item is what lies at the top of a representation's data: a file, or a folder with all that is in it.
What a package of any kind does not name is told here too.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from posixpath import basename, splitext

from archive.site.language import amount
from ingest.looking.information_packages.package_folder import PackageFolder
from ingest.looking.landing import read_name, shown
from metadata_schemas.description import Finding, ItemDescription, Where

METS = "METS.xml"
ABOUT = ("metadata", "schemas", "documentation")
"""Folders of a package, and of a representation, that hold no record."""


def is_record(path: str, named: Mapping[str, str]) -> bool:
    """Whether a file is content.  ``named``: the use that METS tells of each file it names."""
    parts = path.split("/")
    if parts[0] == "representations" and len(parts) > 2:
        return parts[2] not in ABOUT and parts[2:] != [METS]
    if parts[0] in ABOUT or path == METS:
        return False
    return path in named and not named[path].startswith(("Documentation", "Schemas", "Metadata"))


def is_stray(path: str, named: Mapping[str, str]) -> bool:
    """Whether a file is neither content nor where the documents of a package lie, nor named by METS."""
    parts = path.split("/")
    if parts[0] in ABOUT or path == METS or path in named:
        return False
    return parts[0] != "representations" or len(parts) == 2


def unnamed(kind: str, folder: PackageFolder, paths: Iterable[str], why: str) -> Iterator[Finding]:
    """What lies in a package of any kind and is nothing of it: told of the first, with how many there are."""
    first, count = "", 0
    for path in paths:
        first, count = first or shown(folder.arrived(path)), count + 1
    if count:
        sentence = (
            f"{first} {why} ({amount(count, 'such file')}): it is kept beside the packages and is no record. "
            "Ask the agency whether it belongs to the record."
        )
        yield Finding(f"bag.{kind}.unnamed", "warning", Where(path=first), str(count), None, sentence)


def items_of(folder: PackageFolder, records: Iterable[str], expected: Iterable[str]) -> list[ItemDescription]:
    """Items of a package that describes none.  ``expected``: files that METS names and that are away."""
    here = dict.fromkeys(_top(path) for path in records)
    missing: dict[str, list[str]] = defaultdict(list)
    for path in expected:
        missing[_top(path)].append(path)
    several = len({top.split("/")[1] for top in here if top.startswith("representations/")}) > 1
    return [
        ItemDescription(
            title=_title(top, several=several),
            files=tuple(folder.prefix + each for each in ([top] if top in here else []) + missing[top]),
        )
        for top in dict.fromkeys([*here, *missing])
    ]


def _top(path: str) -> str:
    """The file or folder at the top of the data of its representation."""
    parts = path.split("/")
    if parts[0] != "representations":
        return parts[0]
    depth = 4 if len(parts) > 3 and parts[2] == "data" else 3
    return "/".join(parts[:depth])


def _title(top: str, *, several: bool) -> str:
    name = read_name(basename(top))[0]
    title = splitext(name)[0] or name
    return f"{title} ({top.split('/')[1]})" if several and top.startswith("representations/") else title
