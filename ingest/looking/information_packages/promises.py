"""What METS and PREMIS of a package promise of its files: digests by path, and promises that contradict."""

from collections.abc import Iterator, Mapping

from ingest.looking.information_packages.contents import is_record
from ingest.looking.information_packages.package_folder import Notes, PackageFolder
from ingest.looking.landing import Arrival, shown
from metadata_schemas import premis_reading
from metadata_schemas.description import Finding, Where
from metadata_schemas.eark import Reference
from metadata_schemas.xml import BadXml


class Promises:
    """Collected while the documents of a package are read.

    ``named`` has the use of each file by its path in the package; ``digests`` go by the path in the transfer.
    """

    def __init__(self, folder: PackageFolder) -> None:
        self.folder = folder
        self.named = folder.notes("named")
        self.described: list[str] = []
        self.preservation: list[str] = []
        self.digests = promised(folder.arrival)
        self.findings: list[Finding] = []
        self.ids = folder.notes("ids")
        self.base = ""

    def take(self, reference: Reference) -> None:
        """A file that a METS document names; ``base`` is the folder that document lies in."""
        if reference.path is None:
            self.findings.append(_outside(reference, self.folder.prefix + self.base + "METS.xml"))
            return
        path = self.base + reference.path
        self.named[path] = self.named.get(path) or reference.use or reference.kind
        if reference.id and reference.kind == "file":
            self.ids[reference.id] = path
        if reference.kind == "dmdSec":
            self.described.append(path)
        elif reference.kind == "digiprovMD":
            self.preservation.append(path)
        if reference.digest:
            self.promise(path, {reference.digest[0]: reference.digest[1]}, "METS.xml")

    def promise(self, path: str, digests: Mapping[str, str], by: str) -> None:
        place = self.folder.arrived(path)
        known = self.digests.get(place, {})
        for algorithm, digest in digests.items():
            if known.get(algorithm, digest) != digest:
                self.findings.append(_contradiction(place, algorithm, known[algorithm], digest, by))
        self.digests[place] = {**digests, **known}

    def read_preservation(self) -> None:
        """Digests that PREMIS tells; an object that is no file of the package tells nothing here."""
        by_name = _unique_names(self.folder) if self.preservation else {}
        for path in self.preservation:
            if self.folder.size(path) is None:
                continue
            try:
                self._read_premis(path, by_name)
            except BadXml as error:
                self.findings.append(_unread(self.folder.arrived(path), str(error)))

    def _read_premis(self, path: str, by_name: Mapping[str, str]) -> None:
        if not premis_reading.is_premis(self.folder.full_path(path)):
            return
        for told in premis_reading.read(self.folder.full_path(path)):
            if (own := next(self._meant(told.names, by_name), None)) is not None:
                self.promise(own, told.digests, shown(self.folder.arrived(path)))

    def _meant(self, names: tuple[str, ...], by_name: Mapping[str, str]) -> Iterator[str]:
        for name in filter(None, names):
            for key in (name, f"ID-{name}"):
                if key in self.ids:
                    yield self.ids[key]
            if self.folder.size(name) is not None:
                yield name
            elif alone := by_name.get(name):
                yield alone


def promised(arrival: Arrival) -> Notes:
    """Digests by path and algorithm, of all packages of a transfer together."""
    return Notes(arrival.inventory, "promised")


def _unique_names(folder: PackageFolder) -> Mapping[str, str]:
    """Records by their name alone; none for a name that several have."""
    names = folder.notes("names")
    for path in folder.below("representations"):
        if is_record(path, {}):
            name = path.rpartition("/")[2]
            names[name] = None if name in names else path
    return names


def _outside(reference: Reference, document: str) -> Finding:
    sentence = (
        f"{shown(document)} refers to {reference.href[:200]!r}, which is no file of the package. "
        "Put the file into the package and refer to it there."
    )
    return Finding(
        "bag.eark.outside",
        "error",
        Where(path=shown(document)),
        reference.href[:200],
        "a path in the package",
        sentence,
    )


def _contradiction(path: str, algorithm: str, before: str, digest: str, by: str) -> Finding:
    sentence = (
        f"{by} says that the {algorithm} of {shown(path)} is {digest[:16]}…, and elsewhere the package says "
        f"{before[:16]}…. Find out which is right and send the package again."
    )
    return Finding("bag.eark.fixity", "error", Where(path=shown(path)), digest, before, sentence)


def _unread(path: str, why: str) -> Finding:
    sentence = f"{shown(path)} is kept and could not be read: {why} Send it again if it should count."
    return Finding("bag.eark.premis", "warning", Where(path=shown(path)), None, "PREMIS 3.0", sentence)
