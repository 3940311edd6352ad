"""Which folders of a transfer are information packages, by what lies at their top."""

from dataclasses import dataclass
from typing import Literal

from ingest.looking.information_packages import eark_transfer, neo3_transfer
from ingest.looking.information_packages.package_folder import PackageFolder
from ingest.looking.information_packages.promises import promised
from ingest.looking.landing import Arrival
from metadata_schemas import eark
from metadata_schemas.neo3_reading import is_neo3
from metadata_schemas.transfer_lists import TransferLists, is_table

Kind = Literal["eark", "neo3"]
PACKED = (
    ".zip",
    ".neo3",
    ".7z",
    ".tar",
    ".tar.gz",
    ".tgz",
    ".tar.bz2",
    ".tbz2",
    ".tar.xz",
    ".txz",
    ".tar.zst",
)
DIGEST_OF_ONE = (".md5", ".sha1", ".sha256", ".sha512")
"""What stands after the name of a packed file in that of a file with its digest."""


@dataclass(frozen=True)
class Sent:
    """A package that came.  ``prefix``: its folder with a slash, "" when the transfer folder is it."""

    kind: Kind
    prefix: str


def find(arrival: Arrival) -> tuple[Sent, ...]:
    """The packages of a transfer: its folder, or folders in it.  A list at the top speaks for itself."""
    if kind := _kind(arrival, ""):
        return (Sent(kind, ""),)
    if any(is_table(path) for path in arrival.top_files()):
        return ()
    tops = (top + "/" for top in arrival.top_folders())
    return tuple(Sent(kind, top) for top in tops if (kind := _kind(arrival, top)))


def _kind(arrival: Arrival, prefix: str) -> Kind | None:
    """What its METS.xml does not say, the folders beside it may: it may be broken, and is to be told so."""
    folder = PackageFolder(arrival, prefix)
    if arrival.file(f"{prefix}mimetype") and is_neo3(folder.full_path("mimetype")):
        return "neo3"
    if not arrival.file(f"{prefix}METS.xml"):
        return None
    mets = folder.full_path("METS.xml")
    if eark.is_eark(mets) or folder.holds("representations"):
        return "eark"
    return "eark" if folder.holds("metadata") and eark.is_broken(mets) else None


def read(arrival: Arrival, sent: tuple[Sent, ...]) -> TransferLists:
    """All packages of a transfer as the description that its lists would be."""
    folders: dict[Kind, list[PackageFolder]] = {"eark": [], "neo3": []}
    for each in sent:
        folders[each.kind].append(PackageFolder(arrival, each.prefix))
    first, second = eark_transfer.read(arrival, folders["eark"]), neo3_transfer.read(folders["neo3"])
    checksums = promised(arrival)
    checksums.update(second.checksums)
    return TransferLists(
        (*first.volumes, *second.volumes),
        (*first.findings, *second.findings),
        (*first.lists, *second.lists),
        checksums,
        first.claimed | second.claimed,
    )


def packed(arrival: Arrival) -> str | None:
    """A file that may be a packed package, where nothing but such files and their digests came."""
    first: str | None = None
    for file in arrival.files():
        name, dot, end = file.path.lower().rpartition(".")
        if dot + end in DIGEST_OF_ONE and name.endswith(PACKED):
            continue
        if not file.path.lower().endswith(PACKED):
            return None
        first = first or file.path
    return first
