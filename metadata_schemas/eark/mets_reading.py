"""Reads METS.xml of an E-ARK package as a stream: what there is one of is kept, the rest passes by.

Sections of metadata and files are many: a visitor sees each once.  The header, the groups and the upper
levels of the structural map are few.  A package of a million files needs no more memory than one of ten.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from metadata_schemas.xml import BadXml, Element, first_element, records

METS = "http://www.loc.gov/METS/"
CSIP_NAMESPACE = "https://dilcis.eu/xml/mets/csipextensionmets"
_PREFIXES = {
    METS.lower(): "",
    "http://www.w3.org/1999/xlink": "xlink:",
    CSIP_NAMESPACE: "csip:",
    "https://dilcis.eu/xml/mets/sipextensionmets": "sip:",
}
_SECTIONS = ("dmdSec", "digiprovMD", "rightsMD", "techMD", "sourceMD")
_FILES = ("file", "fileGrp", "fileSec")
_STRUCTURE = ("fptr", "mptr", "div", "structMap")
DIVISIONS_KEPT = 3
"""Levels of the structural map that CSIP speaks of: the package, its parts, their representations."""
PARTS_KEPT = 10_000
"""Divisions and pointers that one division may have here; CSIP needs one for each group of files."""


@dataclass(frozen=True)
class Part:
    """One element.  Attributes of the E-ARK and XLink namespaces carry their usual prefix."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    parts: tuple["Part", ...] = ()

    def get(self, name: str) -> str:
        """An attribute; empty when it is missing or empty."""
        return self.attributes.get(name, "").strip()

    def all(self, name: str) -> list["Part"]:
        return [part for part in self.parts if part.name == name]

    def first(self, name: str) -> "Part | None":
        return next(iter(self.all(name)), None)


@dataclass
class Group:
    """A file group, and how many files are in it."""

    part: Part
    files: int = 0

    @property
    def use(self) -> str:
        return self.part.get("USE")


@dataclass
class Mets:
    """A METS document without its sections and files.  ``sections`` counts those by name."""

    root: Part
    header: Part | None = None
    sections: Counter[str] = field(default_factory=Counter)
    file_section: Part | None = None
    groups: list[Group] = field(default_factory=list)
    structures: list[Part] = field(default_factory=list)


class Visitor(Protocol):
    """Sees each part that a document may have a million of."""

    def section(self, part: Part) -> None:
        """A dmdSec, or a part of an amdSec."""

    def file(self, part: Part, group: Group) -> None: ...


def is_eark(path: Path) -> bool:
    """Whether a METS.xml is one of an E-ARK package: it says so by its profile or its attributes."""
    try:
        with path.open("rb") as stream:
            root = part_of(first_element(stream))
    except BadXml:
        return False
    told = " ".join((root.get("PROFILE"), *root.attributes, *root.attributes.values())).lower()
    return root.name == "mets" and ("e-ark" in told or "csip" in told or "eark" in told)


def is_broken(path: Path) -> bool:
    """Whether a document has no root that can be read."""
    try:
        with path.open("rb") as stream:
            first_element(stream)
    except BadXml:
        return True
    return False


def read(path: Path, visitor: Visitor) -> Mets:
    """Read a METS document from end to end.  BadXml when it is none."""
    reading = _Reading(visitor)
    names = ("metsHdr", *_SECTIONS, "amdSec", *_FILES, *_STRUCTURE, "mets")
    with path.open("rb") as stream:
        for element in records(stream, *(f"{{{METS}}}{name}" for name in names)):
            reading.take(element)
    if reading.mets is None:
        raise BadXml("The document is not METS.")
    return reading.mets


def part_of(element: Element, *, deep: bool = True) -> Part:
    parts = tuple(part_of(child) for child in element.iterchildren("*")) if deep else ()
    attributes = {_short(str(name)): str(value) for name, value in element.attrib.items()}
    return Part(_short(str(element.tag)), attributes, (element.text or "").strip(), parts)


def _short(name: str) -> str:
    namespace, _, local = name.removeprefix("{").rpartition("}")
    return _PREFIXES.get(namespace.lower(), "") + local


class _Reading:
    """Puts a document together from the elements that end, innermost first."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.mets: Mets | None = None
        self.open_groups: dict[Element, Group] = {}
        self.open_divisions: dict[Element, list[Part]] = {}

    def take(self, element: Element) -> None:
        if self.mets is None:
            self.mets = Mets(part_of(element.getroottree().getroot(), deep=False))
        name = _short(str(element.tag))
        if name in _STRUCTURE:
            self._structure(self.mets, name, element)
        elif name in _FILES:
            self._file_section(self.mets, name, element)
        elif name == "metsHdr":
            self.mets.header = part_of(element)
        else:
            self.mets.sections[name] += 1
            if name in _SECTIONS:
                self.visitor.section(part_of(element))

    def _file_section(self, mets: Mets, name: str, element: Element) -> None:
        if name == "file":
            parent = element.getparent()
            group = self._group(mets, parent) if parent is not None else Group(Part("fileGrp"))
            group.files += 1
            self.visitor.file(part_of(element), group)
        elif name == "fileGrp":
            self._group(mets, element)
            del self.open_groups[element]
        else:
            mets.file_section = part_of(element, deep=False)

    def _group(self, mets: Mets, element: Element) -> Group:
        """The group of a file; a file within a file belongs to the group around both."""
        if element not in self.open_groups:
            self.open_groups[element] = Group(part_of(element, deep=False))
            mets.groups.append(self.open_groups[element])
        return self.open_groups[element]

    def _structure(self, mets: Mets, name: str, element: Element) -> None:
        parent = element.getparent()
        part = Part(
            name, part_of(element, deep=False).attributes, "", tuple(self.open_divisions.pop(element, ()))
        )
        if name == "structMap":
            mets.structures.append(part)
        elif parent is not None and _depth(element) <= DIVISIONS_KEPT:
            kept = self.open_divisions.setdefault(parent, [])
            if len(kept) < PARTS_KEPT:
                kept.append(part)


def _depth(element: Element) -> int:
    """How deep a division lies, or the division of a pointer."""
    around = sum(1 for _ in element.iterancestors(f"{{{METS}}}div"))
    return around + (_short(str(element.tag)) == "div")
