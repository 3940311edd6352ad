"""E-ARK packages as a transfer: each package is a volume, and what its documents say is its list.

METS, PREMIS, descriptions, schemas and documentation of the sender are kept as administrative files.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ingest.looking.information_packages.contents import METS, is_record, is_stray, items_of, unnamed
from ingest.looking.information_packages.package_folder import PackageFolder
from ingest.looking.information_packages.promises import Promises, promised
from ingest.looking.landing import Arrival, shown
from metadata_schemas import eark
from metadata_schemas.description import Finding, ItemDescription, VolumeDescription, Where
from metadata_schemas.eark import describing
from metadata_schemas.eark.checking import Checked
from metadata_schemas.transfer_lists import TransferLists
from metadata_schemas.xml import BadXml


def read(arrival: Arrival, folders: Sequence[PackageFolder]) -> TransferLists:
    """The packages as one description, with everything that is wrong with them."""
    volumes: list[VolumeDescription] = []
    findings: list[Finding] = []
    claimed: set[str] = set()
    for folder in folders:
        promises = Promises(folder)
        root = _read_documents(folder, promises, findings)
        promises.read_preservation()
        told = _described(folder, promises)
        volumes.append(_volume(folder, promises, root, told))
        findings += promises.findings
        if root.mets is not None:
            findings += [*_unnamed(folder, promises), *_stray(folder, promises)]
        claimed |= {folder.arrived(path) for path in folder.paths() if not is_record(path, promises.named)}
    lists = tuple(folder.prefix + METS for folder in folders)
    return TransferLists(tuple(volumes), tuple(findings), lists, promised(arrival), frozenset(claimed))


def _records(folder: PackageFolder, promises: Promises) -> Iterator[str]:
    return (path for path in folder.paths() if is_record(path, promises.named))


def _read_documents(folder: PackageFolder, promises: Promises, findings: list[Finding]) -> Checked:
    """METS.xml of the package and of its representations, each judged as it is read."""
    root = eark.check_mets(
        folder.full_path(METS), shown(folder.arrived(METS)), folder.name, folder, promises.take, is_root=True
    )
    findings += [*root.findings, *eark.check_folders(folder, shown(folder.prefix.rstrip("/") or folder.name))]
    for name in folder.folders("representations"):
        promises.base = f"representations/{name}/"
        path = promises.base + METS
        if folder.size(path) is not None:
            below = PackageFolder(folder.arrival, folder.prefix + promises.base)
            place = shown(folder.arrived(path))
            found = eark.check_mets(folder.full_path(path), place, name, below, promises.take, is_root=False)
            findings += found.findings
    return root


def _described(folder: PackageFolder, promises: Promises) -> list[describing.Told]:
    """What the descriptive documents of the package say, the fullest first."""
    told: list[describing.Told] = []
    for path in dict.fromkeys([*promises.described, *folder.below("metadata/descriptive")]):
        if not path.lower().endswith(".xml") or folder.size(path) is None:
            continue
        try:
            if (one := describing.read(folder.full_path(path))) is not None:
                told.append(one)
        except BadXml as error:
            promises.findings.append(_undescribed(folder.arrived(path), str(error)))
    return sorted(told, key=lambda one: (-len(one.volume.items), not one.volume.title))


def _volume(
    folder: PackageFolder, promises: Promises, root: Checked, told: list[describing.Told]
) -> VolumeDescription:
    best = told[0].volume if told else VolumeDescription(title="")
    identifier, label = _named_by_mets(root)
    items = [*_own_items(folder, best)]
    if not items:
        missing = [
            path for path in promises.named if folder.size(path) is None and is_record(path, promises.named)
        ]
        items = items_of(folder, _records(folder, promises), missing)
    place = shown(folder.prefix + METS)
    return replace(
        best,
        title=best.title or label or identifier or folder.name,
        sender_id=best.sender_id or identifier or None,
        items=tuple(replace(item, row=row, list=place) for row, item in enumerate(items, start=1)),
        files=(),
        identifiers={**best.identifiers, **({"folder": folder.name} if folder.prefix else {})},
        raw={**best.raw, **{name: value for one in reversed(told) for name, value in one.raw.items()}},
        row=0,
        list=place,
    )


def _named_by_mets(root: Checked) -> tuple[str, str]:
    return ("", "") if root.mets is None else (root.mets.root.get("OBJID"), root.mets.root.get("LABEL"))


def _own_items(folder: PackageFolder, volume: VolumeDescription) -> Iterator[ItemDescription]:
    """Items that a description names files of, where these are files of the package."""
    resolved = [
        (item, [path for path in (eark.inside(href, folder) for href in item.files) if path])
        for item in volume.items
    ]
    if any(folder.size(path) is not None for _, paths in resolved for path in paths):
        for item, paths in resolved:
            yield replace(item, files=tuple(folder.prefix + path for path in paths))


def _unnamed(folder: PackageFolder, promises: Promises) -> Iterator[Finding]:
    """Records that METS names nowhere are taken, and nothing promises what is in them."""
    first, count, of = "", 0, 0
    for path in _records(folder, promises):
        of += 1
        if path not in promises.named:
            first, count = first or path, count + 1
    if count:
        place = shown(folder.arrived(METS))
        sentence = (
            f"{place} names {count} of {of} files of content nowhere, first "
            f"{shown(first)} (CSIP58, SHOULD). They are taken; nothing says what should be in them."
        )
        yield Finding(
            "bag.eark.CSIP58",
            "warning",
            Where(path=place),
            shown(first),
            "a file of the fileSec",
            sentence,
        )


def _stray(folder: PackageFolder, promises: Promises) -> Iterator[Finding]:
    """What METS names nowhere and lies where a package has neither records nor documents."""
    stray = (path for path in folder.paths() if is_stray(path, promises.named))
    why = "is named nowhere in METS.xml and lies outside of the folders of a package"
    return unnamed("eark", folder, stray, why)


def _undescribed(path: str, why: str) -> Finding:
    sentence = f"{shown(path)} is kept and is no description that can be read: {why} Send it again mended."
    return Finding(
        "bag.eark.description",
        "warning",
        Where(path=shown(path)),
        None,
        "EAD, NAK 8 or Dublin Core",
        sentence,
    )
