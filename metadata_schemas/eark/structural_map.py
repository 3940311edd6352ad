"""Requirements on the structural map: that its divisions point at the groups of files (CSIP80 to CSIP119)."""

from collections.abc import Callable, Iterator

from metadata_schemas.eark.mets_reading import Mets, Part
from metadata_schemas.eark.requirements import Document, Fault, OfDocument, equals, has

Judge = Callable[[Document], Iterator[Fault]]


def has_map(document: Document) -> Iterator[Fault]:
    if not document.mets.structures:
        yield Fault("there is no structMap", None, "structMap")


def is_physical(document: Document) -> Iterator[Fault]:
    if (found := _map(document.mets)) is not None:
        yield from equals("TYPE", "PHYSICAL", "structMap")(found)


def is_of_csip(document: Document) -> Iterator[Fault]:
    if (found := _map(document.mets)) is not None:
        yield from equals("LABEL", "CSIP", "structMap")(found)


def _map(mets: Mets) -> Part | None:
    """The map of CSIP: by its label, else the first."""
    labelled = [each for each in mets.structures if each.get("LABEL") == "CSIP"]
    return next(iter([*labelled, *mets.structures]), None)


def map_has_id(document: Document) -> Iterator[Fault]:
    if (found := _map(document.mets)) is not None:
        yield from has("ID", "structMap")(found)


def has_one_division(document: Document) -> Iterator[Fault]:
    found = _map(document.mets)
    if found is not None and len(found.all("div")) != 1:
        count = len(found.all("div"))
        yield Fault(f"structMap has {count} divisions at the top", str(count), "one div")


def _top(document: Document) -> Part | None:
    found = _map(document.mets)
    return None if found is None else found.first("div")


def top_has_id(document: Document) -> Iterator[Fault]:
    if (top := _top(document)) is not None:
        yield from has("ID", "div")(top)


def has_division(label: str) -> Judge:
    """One division with the label; more than one is an error in the corpus whatever the level."""

    def judge(document: Document) -> Iterator[Fault]:
        top = _top(document)
        if top is None:
            return
        count = len(_called(top, label))
        if count > 1:
            yield Fault(f"structMap has {count} divisions {label}", str(count), f"one div {label}", "error")
        elif not count and not any(each.get("LABEL").startswith(f"{label}/") for each in top.all("div")):
            yield Fault(f"structMap has no division {label}", None, label)

    return judge


def _called(top: Part, label: str) -> list[Part]:
    return [each for each in top.all("div") if each.get("LABEL") == label]


def division_has_id(label: str) -> Judge:
    def judge(document: Document) -> Iterator[Fault]:
        top = _top(document)
        for division in _called(top, label) if top else ():
            yield from has("ID", f"div {label}")(division)

    return judge


def refers_to_sections(attribute: str, *names: str) -> Judge:
    """The division of metadata refers to the sections, where there are any."""

    def judge(document: Document) -> Iterator[Fault]:
        top = _top(document)
        told = any(document.mets.sections[name] for name in names)
        divisions = _called(top, "Metadata") if top else []
        if told and divisions and not any(division.get(attribute) for division in divisions):
            yield Fault(f"the division Metadata has no {attribute}", None, attribute)

    return judge


def points_at_groups(label: str) -> Judge:
    """Each group of that use is pointed at by its division, and the division points at no other."""

    def judge(document: Document) -> Iterator[Fault]:
        top = _top(document)
        if top is None:
            return
        groups = {group.part.get("ID"): group.use for group in document.mets.groups}
        pointed = [each.get("FILEID") for division in _called(top, label) for each in division.all("fptr")]
        for identifier in pointed:
            if not groups.get(identifier, "").startswith(label):
                yield Fault(
                    f"the division {label} points at {identifier!r}, no group for {label}", identifier, label
                )
        for identifier in _unpointed(document, top, label, set(pointed)):
            yield Fault(f"no division {label} points at the group {identifier!r}", None, identifier)

    return judge


def _unpointed(document: Document, top: Part, label: str, pointed: set[str]) -> Iterator[str]:
    """Groups that no pointer of the map names; one of a representation is named by its METS pointer too."""
    titles = {
        pointer.get("xlink:title") for division in _all_divisions(top) for pointer in division.all("mptr")
    }
    pointers = {pointer.get("FILEID") for division in _all_divisions(top) for pointer in division.all("fptr")}
    named = pointed if label != "Representations" else pointed | titles | pointers
    for group in document.mets.groups:
        if group.use.startswith(label) and group.part.get("ID") not in named:
            yield group.part.get("ID")


def _all_divisions(top: Part) -> Iterator[Part]:
    yield top
    for division in top.all("div"):
        yield from _all_divisions(division)


def pointer_is(judge: Callable[[Part], Iterator[Fault]]) -> Judge:
    """Judges each pointer at the METS.xml of a representation."""

    def judge_all(document: Document) -> Iterator[Fault]:
        top = _top(document)
        for division in _all_divisions(top) if top else ():
            for pointer in division.all("mptr"):
                yield from judge(pointer)

    return judge_all


def representations_have_divisions(document: Document) -> Iterator[Fault]:
    """Where representations have a METS.xml of their own, each is a division."""
    top = _top(document)
    if top is None:
        return
    pointers = sum(len(division.all("mptr")) for division in _all_divisions(top))
    for name in document.folder.folders("representations"):
        if document.folder.size(f"representations/{name}/METS.xml") is not None and not pointers:
            yield Fault(f"no division points at the METS.xml of representation {name}", None, name)


def divisions_of_representations(judge: Callable[[Part], Iterator[Fault]]) -> Judge:
    def judge_all(document: Document) -> Iterator[Fault]:
        top = _top(document)
        for division in _all_divisions(top) if top else ():
            if division.all("mptr"):
                yield from judge(division)

    return judge_all


def is_labelled(division: Part) -> Iterator[Fault]:
    if not division.get("LABEL").startswith("Representations"):
        fact = f"the division {division.get('ID')} of a representation is labelled {division.get('LABEL')!r}"
        yield Fault(fact, division.get("LABEL"), "Representations/name")


def has_one_pointer(division: Part) -> Iterator[Fault]:
    if len(division.all("mptr")) != 1:
        count = len(division.all("mptr"))
        yield Fault(f"the division {division.get('LABEL')} has {count} METS pointers", str(count), "one mptr")


DOCUMENT: tuple[OfDocument, ...] = (
    OfDocument("CSIP80", "MUST", has_map),
    OfDocument("CSIP81", "MUST", is_physical),
    OfDocument("CSIP82", "MUST", is_of_csip),
    OfDocument("CSIP83", "MUST", map_has_id),
    OfDocument("CSIP84", "MUST", has_one_division),
    OfDocument("CSIP85", "MUST", top_has_id),
)

DIVISIONS: tuple[OfDocument, ...] = (
    OfDocument("CSIP88", "MUST", has_division("Metadata")),
    OfDocument("CSIP89", "MUST", division_has_id("Metadata")),
    OfDocument("CSIP91", "SHOULD", refers_to_sections("ADMID", "digiprovMD", "rightsMD")),
    OfDocument("CSIP92", "SHOULD", refers_to_sections("DMDID", "dmdSec")),
    OfDocument("CSIP93", "SHOULD", has_division("Documentation")),
    OfDocument("CSIP94", "MUST", division_has_id("Documentation")),
    OfDocument("CSIP116", "MUST", points_at_groups("Documentation")),
    OfDocument("CSIP97", "SHOULD", has_division("Schemas")),
    OfDocument("CSIP98", "MUST", division_has_id("Schemas")),
    OfDocument("CSIP118", "MUST", points_at_groups("Schemas")),
    OfDocument("CSIP101", "SHOULD", has_division("Representations")),
    OfDocument("CSIP102", "MUST", division_has_id("Representations")),
    OfDocument("CSIP119", "MUST", points_at_groups("Representations")),
    OfDocument("CSIP105", "SHOULD", representations_have_divisions),
    OfDocument("CSIP106", "MUST", divisions_of_representations(has("ID", "div"))),
    OfDocument("CSIP107", "MUST", divisions_of_representations(is_labelled)),
    OfDocument("CSIP108", "MUST", pointer_is(has("xlink:title", "mptr"))),
    OfDocument("CSIP109", "MUST", divisions_of_representations(has_one_pointer)),
    OfDocument("CSIP110", "MUST", pointer_is(has("xlink:href", "mptr"))),
    OfDocument("CSIP111", "MUST", pointer_is(equals("xlink:type", "simple", "mptr"))),
    OfDocument("CSIP112", "MUST", pointer_is(equals("LOCTYPE", "URL", "mptr"))),
)
"""CSIP90, 95, 99 and 103 ask again for the labels of 88, 93, 97 and 101; 96, 100 and 104 for the pointers
of 116, 118 and 119.  CSIP86 and 87 are no longer used."""
