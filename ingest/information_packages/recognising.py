"""Which folders of a transfer are information packages, by what lies at their top."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ingest.information_packages import eark_transfer
from ingest.information_packages.package_folder import PackageFolder
from ingest.landing import Arrival
from metadata_schemas import eark
from metadata_schemas.transfer_lists import TransferLists, is_table


@dataclass(frozen=True)
class Sent:
    """A package that came.  ``prefix``: its folder with a slash, "" when the transfer folder is it."""

    kind: Literal["eark"]
    prefix: str


def find(arrival: Arrival) -> tuple[Sent, ...]:
    """The packages of a transfer: its folder, or folders in it.  A list at the top speaks for itself."""
    paths = {file.path for file in arrival.files}
    if kind := _kind(arrival, "", paths):
        return (Sent(kind, ""),)
    if any("/" not in path and is_table(path) for path in paths):
        return ()
    tops = sorted({path.split("/")[0] + "/" for path in paths if path.count("/")})
    return tuple(Sent(kind, top) for top in tops if (kind := _kind(arrival, top, paths)))


def _kind(arrival: Arrival, prefix: str, paths: Iterable[str]) -> Literal["eark"] | None:
    """What its METS.xml does not say, the folders beside it may: it may be broken, and is to be told so."""
    if f"{prefix}METS.xml" not in paths:
        return None
    folder = PackageFolder(arrival, prefix)
    mets = folder.full_path("METS.xml")
    if eark.is_eark(mets) or folder.holds("representations"):
        return "eark"
    return "eark" if folder.holds("metadata") and eark.is_broken(mets) else None


def read(arrival: Arrival, sent: tuple[Sent, ...]) -> TransferLists:
    """All packages of a transfer as the description that its lists would be."""
    return eark_transfer.read([PackageFolder(arrival, each.prefix) for each in sent])
