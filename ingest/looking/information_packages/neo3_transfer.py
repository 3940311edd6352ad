"""NEO3 packages (NAK 31-2) as a transfer: each is a volume, its manifest the checksum list.

A record (기록물건) is one item with all its content files; a file (기록물철) has an item for each.
The electronic signature over Metadata.xml is not verified here, and a finding says so.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from posixpath import basename, normpath

from archive.site.language import amount
from ingest.looking.information_packages.contents import unnamed
from ingest.looking.information_packages.package_folder import PackageFolder
from ingest.looking.landing import normal, shown
from metadata_schemas import neo3_reading
from metadata_schemas.description import Finding, ItemDescription, Severity, VolumeDescription, Where
from metadata_schemas.neo3_reading import METADATA, PACKAGING, ContentItem, Described, ManifestItem
from metadata_schemas.transfer_lists import TransferLists
from metadata_schemas.xml import BadXml

CONTENTS = "Contents/"
OWN = frozenset({METADATA, PACKAGING, "mimetype"})
AGAIN = "Send the package again."


@dataclass
class _Package:
    """One package while it is read.  ``contents``: title and path of each content file."""

    folder: PackageFolder
    told: Described = field(default_factory=Described)
    identifier: str = ""
    items: dict[str, ManifestItem] = field(default_factory=dict)
    contents: list[tuple[str, str]] = field(default_factory=list)
    digests: dict[str, dict[str, str]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def report(
        self, rule: str, severity: Severity, path: str, fact: str, next_step: str, value: str | None = None
    ) -> None:
        place = shown(self.folder.arrived(path))
        sentence = f"{place}: {fact}. {next_step}"
        self.findings.append(Finding(f"bag.neo3.{rule}", severity, Where(path=place), value, None, sentence))


def read(folders: Sequence[PackageFolder]) -> TransferLists:
    """The packages as one description, with everything that is wrong with them."""
    packages = [_read(folder) for folder in folders]
    claimed = {
        folder.arrived(path)
        for folder, package in zip(folders, packages, strict=True)
        for path in set(folder.paths()) - {path for _, path in package.contents}
    }
    return TransferLists(
        tuple(_volume(package) for package in packages),
        tuple(finding for package in packages for finding in package.findings),
        tuple(folder.arrived(METADATA) for folder in folders),
        {path: digests for package in packages for path, digests in package.digests.items()},
        frozenset(claimed),
    )


def _read(folder: PackageFolder) -> _Package:
    package, is_read = _Package(folder), True
    for path, read_document in ((PACKAGING, _read_manifest), (METADATA, _read_metadata)):
        if folder.size(path) is None:
            package.report("incomplete", "error", path, "the document did not come", AGAIN)
            is_read = False
            continue
        try:
            read_document(package)
        except BadXml as error:
            package.report("unreadable", "error", path, str(error).rstrip("."), AGAIN)
            is_read = False
    if is_read:
        _tell_unnamed(package)
    return package


def _tell_unnamed(package: _Package) -> None:
    """Files that are no content of the metadata: those of the contents, and what the manifest has not."""
    contents = {normal(path) for _, path in package.contents} | OWN
    manifest = {normal(inside) for item in package.items.values() if (inside := _inside(item.path or ""))}
    paths = (
        path
        for path in package.folder.paths()
        if path not in contents and (path.startswith(CONTENTS) or path not in manifest)
    )
    package.findings += unnamed("neo3", package.folder, paths, f"is no content that {METADATA} names")


def _read_manifest(package: _Package) -> None:
    path = package.folder.full_path(PACKAGING)
    package.identifier = neo3_reading.package_id(path)
    for item in neo3_reading.read_manifest(path):
        package.items[item.id] = item
        if item.path is None:
            fact = f"the item {item.id!r} has no path in the package"
            package.report("elsewhere", "error", PACKAGING, fact, "Put its file into the package.", item.id)
        elif (inside := _inside(item.path)) is None:
            fact = f"the path {item.path[:200]!r} leads out of the package"
            package.report("outside", "error", PACKAGING, fact, AGAIN, item.path[:200])
        elif item.digest is None:
            fact = f"the digest of {shown(inside)} ({item.algorithm or 'no algorithm'}) cannot be compared"
            package.report(
                "algorithm", "warning", PACKAGING, fact, "Nothing is promised of it.", item.algorithm
            )
            package.digests.setdefault(package.folder.arrived(inside), {})
        else:
            package.digests.setdefault(package.folder.arrived(inside), {})[item.algorithm] = item.digest


def _inside(written: str) -> str | None:
    path = normpath(written.replace("\\", "/").removeprefix("./"))
    return None if path.startswith(("/", "..")) or ":" in path.split("/")[0] or "\0" in path else path


def _read_metadata(package: _Package) -> None:
    package.told = neo3_reading.read_metadata(package.folder.full_path(METADATA))
    for content in package.told.contents:
        item = package.items.get(content.manifest_id)
        inside = _inside(item.path) if item and item.path else None
        if item is None or inside is None:
            fact = (
                f"the content {content.title!r} refers to {content.manifest_id!r}, which the manifest has not"
            )
            package.report("reference", "error", METADATA, fact, AGAIN, content.manifest_id)
            continue
        package.contents.append((content.title, inside))
        _compare(package, content, item, inside)
    if not package.told.is_signed:
        fact = "there is no signature"
        package.report(
            "signature", "warning", METADATA, fact, "Ask whether the package is the one that was signed."
        )
    else:
        fact = "the signature is kept and was not verified"
        package.report(
            "signature", "warning", METADATA, fact, "Have it verified with the certificates of its time."
        )


def _compare(package: _Package, content: ContentItem, item: ManifestItem, path: str) -> None:
    """What the two documents say of a file, and what came."""
    found = package.folder.size(path)
    if content.size is not None and found is not None and content.size != found:
        fact = f"{shown(path)} has {amount(found, 'byte')} and should have {content.size:,}"
        package.report("size", "error", METADATA, fact, "Send the file again.", str(found))
    if item.digest and content.digest:
        told = neo3_reading.hexadecimal(content.digest, item.algorithm)
        if told and told != item.digest:
            fact = f"the digest of {shown(path)} is not the one in {PACKAGING}"
            package.report(
                "fixity", "error", METADATA, fact, "Find out which is right and send the package again.", told
            )


def _volume(package: _Package) -> VolumeDescription:
    title = package.told.title or package.identifier or package.folder.name
    place = shown(package.folder.arrived(METADATA))
    return VolumeDescription(
        title=title,
        sender_id=package.identifier or None,
        items=tuple(_items(package, title, place)),
        identifiers={"folder": package.folder.name} if package.folder.prefix else {},
        raw=package.told.cells,
        list=place,
    )


def _items(package: _Package, title: str, place: str) -> Iterator[ItemDescription]:
    prefix = package.folder.prefix
    if package.told.level == "Record":
        files = tuple(prefix + path for _, path in package.contents)
        yield ItemDescription(title=title, files=files, row=1, list=place)
        return
    for row, (name, path) in enumerate(package.contents, start=1):
        yield ItemDescription(title=name or basename(path), files=(prefix + path,), row=row, list=place)
