"""Checks a METS document of an E-ARK package against every requirement, in the pass that reads it.

A requirement that a million files miss gives a few findings and the number of the rest.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from posixpath import normpath
from typing import Any
from urllib.parse import unquote, unquote_plus

from metadata_schemas import xml
from metadata_schemas.description import Finding, Severity, Where
from metadata_schemas.eark import file_section, folders, header, mets_reading, sections, sip, structural_map
from metadata_schemas.eark.mets_reading import Group, Mets, Part
from metadata_schemas.eark.requirements import (
    Document,
    Fault,
    Folder,
    OfDocument,
    OfPart,
    Requirement,
    digest_names,
    finding,
)
from metadata_schemas.xml import BadXml

TOLD_AT_MOST = 5
"""Findings of one requirement about files and sections; the rest are counted."""

ROOT_DOCUMENT: tuple[OfDocument, ...] = (
    *header.ROOT,
    *header.HEADER,
    *sections.DOCUMENT,
    *file_section.SECTION,
    *file_section.GROUPS,
    *structural_map.DOCUMENT,
    *structural_map.DIVISIONS,
    *sip.SIP,
)
REPRESENTATION: tuple[OfDocument, ...] = (
    *header.ROOT,
    *header.HEADER_ITSELF,
    *file_section.SECTION,
    *structural_map.DOCUMENT,
)
"""What a METS.xml of a representation is asked; who made the package and its parts are the root's to say."""

RIGHT_SIZE = Requirement[Part]("CSIP69", "MUST", lambda part: ())


@dataclass(frozen=True)
class Reference:
    """A file that METS names.  ``path``: from METS.xml, None when it leads out of the package."""

    id: str
    href: str
    path: str | None
    digest: tuple[str, str] | None
    kind: str
    use: str = ""


@dataclass
class Checked:
    """What a document was found to be.  ``mets`` is None when it could not be read."""

    mets: Mets | None = None
    findings: list[Finding] = field(default_factory=list)


Take = Callable[[Reference], object]


def check_mets(path: Path, place: str, name: str, folder: Folder, take: Take, *, is_root: bool) -> Checked:
    """Read and judge one document; ``take`` is given each file it names.  ``place``: how findings call it."""
    checked = Checked()
    at_most: Severity = "error" if is_root else "warning"
    parts = _Parts(place, folder, take, checked.findings, at_most)
    try:
        checked.mets = mets_reading.read(path, parts)
        checked.findings += _schema_faults(path, place, at_most)
    except BadXml as error:
        sentence = f"{place} cannot be read: {error} Make the package again and send it."
        checked.findings.append(
            Finding("bag.eark.mets", "error", Where(path=place), None, "METS 1.12", sentence)
        )
        return checked
    parts.count_the_rest()
    document = Document(checked.mets, name, folder, is_root)
    for requirement in ROOT_DOCUMENT if is_root else REPRESENTATION:
        for fault in requirement.judge(document):
            checked.findings.append(finding(requirement, fault, place, at_most=at_most))
    return checked


def check_folders(folder: Folder, place: str) -> Iterator[Finding]:
    for requirement in folders.FOLDERS:
        for fault in requirement.judge(folder):
            yield finding(requirement, fault, place)


def _schema_faults(path: Path, place: str, severity: Severity) -> Iterator[Finding]:
    for error in xml.validate(path, "package")[:1]:
        sentence = (
            f"{place} departs from the METS schema: {error.message} Make the package again and send it."
        )
        yield Finding("bag.eark.schema", severity, Where(path=place), None, "METS 1.12", sentence)


class _Parts:
    """Judges sections and files while the document is read."""

    def __init__(
        self, place: str, folder: Folder, take: Take, findings: list[Finding], at_most: Severity
    ) -> None:
        self.place, self.folder, self.take = place, folder, take
        self.findings, self.at_most = findings, at_most
        self.told: Counter[str] = Counter()

    def section(self, part: Part) -> None:
        for requirement in sections.OF_SECTION.get(part.name, ()):
            self._report(requirement, requirement.judge(part), self.at_most)
        for reference in part.all("mdRef"):
            self._refer(reference, reference.get("xlink:href"), part.name)

    def file(self, part: Part, group: Group) -> None:
        for requirement in file_section.FILE:
            self._report(requirement, requirement.judge(part), "error")
        location = part.first("FLocat")
        if location is not None:
            self._refer(part, location.get("xlink:href"), "file", group.use)

    def _refer(self, part: Part, href: str, kind: str, use: str = "") -> None:
        path = inside(href, self.folder)
        if kind == "file":
            self._report(RIGHT_SIZE, sections.right_size(part, self.folder, path), "error")
        algorithm = digest_names().get(part.get("CHECKSUMTYPE"))
        digest = (algorithm, part.get("CHECKSUM").lower()) if algorithm and part.get("CHECKSUM") else None
        if href:
            self.take(Reference(part.get("ID"), href, path, digest, kind, use))

    def _report(self, requirement: OfPart, faults: Iterable[Fault], at_most: Severity) -> None:
        for fault in faults:
            self.told[requirement.id] += 1
            if self.told[requirement.id] <= TOLD_AT_MOST:
                self.findings.append(finding(requirement, fault, self.place, at_most=at_most))

    def count_the_rest(self) -> None:
        severities: dict[str, Any] = {each.rule: each.severity for each in self.findings}
        for name, count in self.told.items():
            if count > TOLD_AT_MOST:
                rule = f"bag.eark.{name}"
                message = (
                    f"{self.place}: {count - TOLD_AT_MOST} more places depart from {name} in the same way."
                )
                self.findings.append(
                    Finding(rule, severities[rule], Where(path=self.place), str(count), None, message)
                )


def inside(href: str, folder: Folder) -> str | None:
    """The path that a reference means, from METS.xml; None when it leads out of the package.

    Paths are percent-encoded; some tools write a space as a plus sign, so where no file has the plain
    path, that reading counts if it finds one.
    """
    local = href.removeprefix("./")
    if ":" in local.split("/")[0] or local.startswith(("/", "\\")) or not local:
        return None
    path = normpath(unquote(local, errors="surrogateescape"))
    if path.startswith(("../", "/")) or path in ("..", ".") or "\0" in path:
        return None
    if folder.size(path) is None and "+" in local:
        spaced = normpath(unquote_plus(local, errors="surrogateescape"))
        path = spaced if folder.size(spaced) is not None else path
    return path
