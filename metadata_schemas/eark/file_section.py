"""Requirements on the file section, its groups and each file in it (CSIP58 to CSIP79, CSIP113, CSIP114)."""

from collections.abc import Callable, Iterator

from metadata_schemas.eark.header import other_content_type
from metadata_schemas.eark.mets_reading import Part
from metadata_schemas.eark.requirements import (
    Document,
    Fault,
    OfDocument,
    OfPart,
    below,
    equals,
    has,
    terms,
)
from metadata_schemas.eark.sections import has_mime_type


def has_file_section(document: Document) -> Iterator[Fault]:
    if document.mets.file_section is None:
        yield Fault("there is no fileSec, so METS names no file", None, "fileSec")


def file_section_has_id(document: Document) -> Iterator[Fault]:
    if document.mets.file_section is not None:
        yield from has("ID", "fileSec")(document.mets.file_section)


def has_group(use: str) -> Callable[[Document], Iterator[Fault]]:
    """MUST by its level, a warning in the corpus: packages that have nothing of the kind are common."""

    def judge(document: Document) -> Iterator[Fault]:
        if document.mets.file_section is not None and not any(
            group.use == use or group.use.startswith(f"{use}/") for group in document.mets.groups
        ):
            yield Fault(f"there is no fileGrp for {use}", None, use, "warning")

    return judge


def of_groups(judge: Callable[[Part], Iterator[Fault]]) -> Callable[[Document], Iterator[Fault]]:
    def judge_groups(document: Document) -> Iterator[Fault]:
        for group in document.mets.groups:
            yield from judge(group.part)

    return judge_groups


def tells_content_type(group: Part) -> Iterator[Fault]:
    if group.get("USE").startswith("Representations"):
        yield from has("csip:CONTENTINFORMATIONTYPE", "fileGrp")(group)


def has_use(document: Document) -> Iterator[Fault]:
    """The use of a group begins with a word of the vocabulary and names a folder that is there."""
    for group in document.mets.groups:
        if not group.use:
            yield Fault(f"fileGrp {group.part.get('ID')} has no USE", None, "USE")
        elif group.use.split("/")[0] not in terms("use"):
            fact = f"fileGrp {group.part.get('ID')} has USE {group.use!r}, which no vocabulary knows"
            yield Fault(fact, group.use, ", ".join(sorted(terms("use"))))
        elif "/" in group.use and not _is_there(document, group.use):
            fact = f"fileGrp {group.part.get('ID')} has USE {group.use!r}, and there is no such folder"
            yield Fault(fact, group.use, "a folder of the package")


def _is_there(document: Document, use: str) -> bool:
    first, _, rest = use.partition("/")
    return document.folder.holds(f"{first.lower()}/{rest}") or document.folder.holds(use)


def groups_hold_files(document: Document) -> Iterator[Fault]:
    for group in document.mets.groups:
        if not group.files:
            yield Fault(f"fileGrp {group.part.get('ID')} ({group.use}) has no file", None, "file")


def has_location(part: Part) -> Iterator[Fault]:
    if len(part.all("FLocat")) != 1:
        yield Fault(f"file {part.get('ID')} has {len(part.all('FLocat'))} FLocat", None, "one FLocat")


SECTION: tuple[OfDocument, ...] = (
    OfDocument("CSIP58", "SHOULD", has_file_section),
    OfDocument("CSIP59", "MUST", file_section_has_id),
    OfDocument("CSIP65", "MUST", of_groups(has("ID", "fileGrp"))),
)

GROUPS: tuple[OfDocument, ...] = (
    OfDocument("CSIP60", "MUST", has_group("Documentation")),
    OfDocument("CSIP113", "MUST", has_group("Schemas")),
    OfDocument("CSIP114", "MUST", has_group("Representations")),
    OfDocument("CSIP62", "SHOULD", of_groups(tells_content_type)),
    OfDocument("CSIP63", "MAY", of_groups(other_content_type)),
    OfDocument("CSIP64", "MUST", has_use),
    OfDocument("CSIP66", "MUST", groups_hold_files),
)

FILE: tuple[OfPart, ...] = (
    OfPart("CSIP67", "MUST", has("ID", "file")),
    OfPart("CSIP68", "MUST", has_mime_type),
    OfPart("CSIP69", "MUST", has("SIZE", "file")),
    OfPart("CSIP70", "MUST", has("CREATED", "file")),
    OfPart("CSIP71", "MUST", has("CHECKSUM", "file")),
    OfPart("CSIP72", "MUST", has("CHECKSUMTYPE", "file")),
    OfPart("CSIP76", "MUST", has_location),
    OfPart("CSIP77", "MUST", below(equals("LOCTYPE", "URL", "FLocat"), "FLocat")),
    OfPart("CSIP78", "MUST", below(equals("xlink:type", "simple", "FLocat"), "FLocat")),
    OfPart("CSIP79", "MUST", below(has("xlink:href", "FLocat"), "FLocat")),
)
"""CSIP61, 73, 74 and 75 allow attributes that nobody has to use."""
