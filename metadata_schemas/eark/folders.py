"""Requirements on the folders of a package (CSIPSTR4 to CSIPSTR16): what it should hold beside METS.xml."""

from collections.abc import Callable, Iterator

from metadata_schemas.eark.requirements import Fault, Folder, Requirement

OfFolder = Requirement[Folder]
METS = "METS.xml"


def has_mets(folder: Folder) -> Iterator[Fault]:
    if folder.size(METS) is None:
        yield Fault("the package has no METS.xml at its top", None, METS)


def has_folder(name: str) -> Callable[[Folder], Iterator[Fault]]:
    def judge(folder: Folder) -> Iterator[Fault]:
        if not folder.holds(name):
            near = [each for each in folder.folders("") if each.lower() == name]
            told = f" (it is spelled {near[0]})" if near else ""
            yield Fault(f"the package has no folder {name}{told}", near[0] if near else None, name)

    return judge


def representations_are_folders(folder: Folder) -> Iterator[Fault]:
    if folder.holds("representations") and not folder.folders("representations"):
        yield Fault("the folder representations has no folder for a representation", None, "a folder each")


def representations_hold_data(folder: Folder) -> Iterator[Fault]:
    for name in folder.folders("representations"):
        if not folder.holds(f"representations/{name}/data"):
            yield Fault(f"representation {name} has no folder data", None, "data")


def representations_have_mets(folder: Folder) -> Iterator[Fault]:
    for name in folder.folders("representations"):
        if folder.size(f"representations/{name}/{METS}") is None:
            yield Fault(f"representation {name} has no METS.xml of its own", None, METS, "note")


FOLDERS: tuple[OfFolder, ...] = (
    OfFolder("CSIPSTR4", "MUST", has_mets),
    OfFolder("CSIPSTR5", "SHOULD", has_folder("metadata")),
    OfFolder("CSIPSTR9", "SHOULD", has_folder("representations")),
    OfFolder("CSIPSTR10", "SHOULD", representations_are_folders),
    OfFolder("CSIPSTR11", "SHOULD", representations_hold_data),
    OfFolder("CSIPSTR12", "SHOULD", representations_have_mets),
    OfFolder("CSIPSTR15", "MAY", has_folder("schemas")),
    OfFolder("CSIPSTR16", "MAY", has_folder("documentation")),
)
"""CSIPSTR1 to 3 are about a packed package: one folder in it.  Here that folder was found already.
CSIPSTR6 to 8, 13 and 14 recommend names of folders below metadata, and allow more."""
