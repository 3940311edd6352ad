"""Packs one volume: each source byte is read once, into a complete bag in every store that is then read back.

The order of the writes is the promise: content, documents, manifests, read back of everything,
and the tagmanifest last in each store.  Until then no store shows a bag.  Packing the same plan
again gives the same bytes, so after a kill the same call ends as if nothing had happened.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from operator import methodcaller
from typing import Any

from archive.stores import Store
from metadata_schemas import package as layout
from metadata_schemas.description import Finding, VolumeDescription
from metadata_schemas.ead import write_ead3
from metadata_schemas.mets import write_mets
from metadata_schemas.nak8 import write_nak8
from metadata_schemas.package import FileFacts, MetadataFile, PackageFacts
from metadata_schemas.premis import Agent, Event, write_premis
from preservation import bagging, packages
from preservation.examining import Examiner, has_errors
from preservation.fan_out import Everywhere, Writer
from preservation.packages import NewBag
from preservation.sources import PackedFile, SourceFile, SourceFiles, modified_at, octets_of, read_sources

SOFTWARE = "Seogo"
UNKNOWN_TYPE = "application/octet-stream"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All that decides the bytes of a bag, besides the bytes of its files.  ``items``: a reference each.

    ``files`` MAY be anything that another process can go through by itself; a tuple is the simple case.
    """

    reference: str
    volume: VolumeDescription
    items: tuple[str, ...]
    files: SourceFiles
    packed_at: datetime
    archive: str
    agency: str
    agency_code: str
    transfer: str

    @property
    def prefix(self) -> str:
        return packages.prefix(self.reference)

    def place_of(self, file: SourceFile) -> str:
        """Its path in the bag."""
        return layout.content_path(self.items[file.item], file.place)


@dataclass(frozen=True)
class Packed:
    """A bag that every store holds and has given back intact.  ``findings``: nothing worse than warnings."""

    plan: Plan
    files: tuple[PackedFile, ...]
    findings: tuple[Finding, ...]
    tagmanifest_sha256: str
    objects: int
    bytes: int

    def bag(self) -> NewBag:
        plan = self.plan
        return NewBag(1, plan.prefix, self.tagmanifest_sha256, self.objects, self.bytes, plan.packed_at)


@dataclass(frozen=True)
class NotAsPromised:
    """The files are not what list or survey said: nothing was kept, and these are the reasons."""

    plan: Plan
    findings: tuple[Finding, ...]


def pack(stores: Sequence[Store], plan: Plan, examiners: Sequence[Examiner] = ()) -> Packed | NotAsPromised:
    """Write the first bag of a volume everywhere.  Whatever goes wrong, no store shows a part of it.

    No file that an examiner finds fault with is finished in any store.
    """
    with Everywhere(stores, plan.prefix, octets_of(plan.files)) as everywhere:
        files, findings = read_sources(everywhere, plan.files, plan.place_of, examiners)
        if has_errors(findings):
            return NotAsPromised(plan, tuple(findings))
        _write_documents(everywhere, plan, files)
        tagmanifest = _write_manifests(everywhere, plan, files)
        everywhere.finish(packages.TAGMANIFEST, tagmanifest)
    return Packed(
        plan,
        tuple(files),
        tuple(findings),
        hashlib.sha256(tagmanifest).hexdigest(),
        len(everywhere.written) + 1,
        sum(size for _, size in everywhere.written.values()) + len(tagmanifest),
    )


def _write_documents(everywhere: Everywhere, plan: Plan, files: Sequence[PackedFile]) -> None:
    facts = PackageFacts(
        reference=plan.reference,
        title=plan.volume.title,
        created=plan.packed_at,
        software=SOFTWARE,
        software_version=version("seogo"),
        archive=plan.archive,
        agency=plan.agency,
        agency_code=plan.agency_code,
    )
    metadata: list[MetadataFile] = []

    def add(path: str, write: Callable[[Writer], object]) -> None:
        sha256, size = everywhere.write(path, write)
        metadata.append(layout.described(path, size=size, sha256=sha256, created=plan.packed_at))

    add(
        layout.NAK8,
        lambda out: write_nak8(
            out, plan.volume, reference=plan.reference, item_references=plan.items, files=_facts(plan, files)
        ),
    )
    add(layout.EAD3, lambda out: write_ead3(out, plan.volume, package=facts, item_references=plan.items))
    events, agents = _history(plan)
    add(
        layout.PREMIS,
        lambda out: write_premis(out, package=facts, files=_facts(plan, files), events=events, agents=agents),
    )
    for path, data in layout.constant_files():
        add(path, methodcaller("write", data))
    everywhere.write(
        layout.METS, lambda out: write_mets(out, package=facts, files=_facts(plan, files), metadata=metadata)
    )


def _facts(plan: Plan, files: Sequence[PackedFile]) -> Iterator[FileFacts]:
    for number, file in enumerate(files, start=1):
        source = file.source
        yield FileFacts(
            identifier=f"{plan.reference}.{number:06d}",
            href=layout.href_of(plan.place_of(source)),
            original_name=source.original_name,
            size=source.size,
            sha256=file.sha256,
            modified=modified_at(source.modified_ns),
            mimetype=UNKNOWN_TYPE,
            item=plan.items[source.item],
        )


def _history(plan: Plan) -> tuple[Sequence[Event], Sequence[Agent]]:
    """What had happened to the volume when its first bag was written; its own read back is in the ledger."""
    software, agency = f"software-{SOFTWARE}", "agency"

    def event(number: int, kind: str, **more: Any) -> Event:
        told = {"agents": (software,), "outcome": "success", **more}
        return Event(identifier=f"{plan.reference}.e{number}", type=kind, at=plan.packed_at, **told)

    digests = "SHA-256 of each file, computed while it was read once from the transfer"
    events = [
        event(1, "transfer", agents=(agency,), outcome=None, detail=f"sent in transfer {plan.transfer}"),
        event(2, "message digest calculation", detail=digests, about_files=True),
        event(3, "accession"),
        event(4, "information package creation"),
    ]
    agents = [
        Agent(identifier=software, name=SOFTWARE, type="software", version=version("seogo")),
        Agent(identifier=agency, name=plan.agency, type="organization"),
    ]
    return events, agents


def _write_manifests(everywhere: Everywhere, plan: Plan, files: Sequence[PackedFile]) -> bytes:
    """Write manifest, declaration and bag-info; the tagmanifest is only made, it goes last."""
    payload = dict(everywhere.written)
    everywhere.write(packages.MANIFEST, lambda out: _lines(out, payload))
    octets = sum(size for _, size in payload.values())
    info = bagging.bag_info(
        [
            ("Source-Organization", plan.agency),
            ("Organization-Code", plan.agency_code),
            ("External-Identifier", plan.reference),
            *([("Internal-Sender-Identifier", plan.volume.sender_id)] if plan.volume.sender_id else []),
            ("Bag-Group-Identifier", plan.reference),
            ("Bag-Count", "1 of ?"),
            ("Bagging-Date", plan.packed_at.astimezone(UTC).date().isoformat()),
            ("Bag-Software-Agent", f"{SOFTWARE} {version('seogo')}"),
            ("Payload-Oxum", f"{octets}.{len(payload)}"),
            *([("Retention-Period", plan.volume.retention)] if plan.volume.retention else []),
        ]
    )
    everywhere.put("bagit.txt", bagging.declaration())
    everywhere.put("bag-info.txt", info)
    tags = {name: everywhere.written[name] for name in everywhere.written.keys() - payload.keys()}
    return b"".join(bagging.manifest_line(sha256, name) for name, (sha256, _) in sorted(tags.items()))


def _lines(out: Writer, objects: Mapping[str, tuple[str, int]]) -> None:
    for name, (sha256, _) in objects.items():
        out.write(bagging.manifest_line(sha256, name))
