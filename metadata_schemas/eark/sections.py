"""Requirements on descriptive and administrative metadata: each document is referred to (CSIP17 to 57)."""

from collections.abc import Iterator

from metadata_schemas.eark.mets_reading import Part
from metadata_schemas.eark.requirements import (
    Document,
    Fault,
    Folder,
    Level,
    OfDocument,
    OfPart,
    below,
    equals,
    has,
    one_of,
)

DESCRIPTIVE, PRESERVATION = "metadata/descriptive", "metadata/preservation"


def is_described(document: Document) -> Iterator[Fault]:
    if not document.mets.sections["dmdSec"]:
        yield Fault("there is no dmdSec, so METS names no description", None, "dmdSec")


def has_administration(document: Document) -> Iterator[Fault]:
    """What lies in the folder of preservation metadata and in no section is an error in the corpus."""
    told, kept = document.mets.sections["amdSec"], document.folder.holds(PRESERVATION)
    if told > 1:
        yield Fault(f"there are {told} amdSec", str(told), "one amdSec")
    if not told and kept:
        yield Fault(f"there is no amdSec and files lie in {PRESERVATION}", None, "amdSec", "error")
    elif not told:
        yield Fault("there is no amdSec", None, "amdSec")
    elif not kept and not document.mets.sections["rightsMD"]:
        yield Fault(f"there is an amdSec and no file in {PRESERVATION}", None, PRESERVATION)


def has_provenance(document: Document) -> Iterator[Fault]:
    told, kept = document.mets.sections["digiprovMD"], document.folder.holds(PRESERVATION)
    if not told and kept:
        yield Fault(f"there is no digiprovMD and files lie in {PRESERVATION}", None, "digiprovMD", "error")
    elif not told:
        yield Fault("there is no digiprovMD", None, "digiprovMD")
    elif not kept:
        yield Fault(f"there is a digiprovMD and no file in {PRESERVATION}", None, PRESERVATION)


def refers(part: Part) -> Iterator[Fault]:
    if part.first("mdRef") is None:
        yield Fault(f"{part.name} {part.get('ID')} refers to no document", None, "mdRef")


def has_mime_type(part: Part) -> Iterator[Fault]:
    kind = part.get("MIMETYPE")
    if not kind:
        yield Fault(f"{part.name} {part.get('ID')} has no MIMETYPE", None, "MIMETYPE")
    elif kind.count("/") != 1:
        yield Fault(f"{part.name} {part.get('ID')} has MIMETYPE {kind!r}", kind, "type/subtype")


def right_size(part: Part, folder: Folder, path: str | None) -> Iterator[Fault]:
    """A size that is told and is not the file's."""
    told, found = part.get("SIZE"), folder.size(path) if path else None
    if told and found is not None and told != str(found):
        yield Fault(f"{path} has a size of {found} and METS says {told}", str(found), told, "error")


def _section(name: str, first: int) -> tuple[OfPart, ...]:
    """Identifier, status and reference of a section of administrative metadata."""
    return (
        OfPart(f"CSIP{first}", "MUST", has("ID", name)),
        OfPart(f"CSIP{first + 1}", "SHOULD", one_of("STATUS", "status", name)),
        OfPart(f"CSIP{first + 2}", "SHOULD", refers),
        *_reference(first + 3),
    )


def _reference(first: int) -> tuple[OfPart, ...]:
    """The nine requirements on a reference; they have the same order in all sections."""
    judges = (
        equals("LOCTYPE", "URL", "mdRef"), equals("xlink:type", "simple", "mdRef"),
        has("xlink:href", "mdRef"), has("MDTYPE", "mdRef"), has_mime_type, has("SIZE", "mdRef"),
        has("CREATED", "mdRef"),
        has("CHECKSUM", "mdRef"), has("CHECKSUMTYPE", "mdRef"),
    )  # fmt: skip
    must: Level = "MUST"
    return tuple(
        OfPart(f"CSIP{number}", must, below(judge, "mdRef")) for number, judge in enumerate(judges, first)
    )


DOCUMENT: tuple[OfDocument, ...] = (
    OfDocument("CSIP17", "SHOULD", is_described),
    OfDocument("CSIP31", "SHOULD", has_administration),
    OfDocument("CSIP32", "SHOULD", has_provenance),
)

OF_SECTION: dict[str, tuple[OfPart, ...]] = {
    "dmdSec": (
        OfPart("CSIP18", "MUST", has("ID", "dmdSec")),
        OfPart("CSIP19", "MUST", has("CREATED", "dmdSec")),
        OfPart("CSIP20", "SHOULD", one_of("STATUS", "status", "dmdSec")),
        OfPart("CSIP21", "SHOULD", refers),
        *_reference(22),
    ),
    "digiprovMD": _section("digiprovMD", 33),
    "rightsMD": _section("rightsMD", 46),
}
