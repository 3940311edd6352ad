"""Packs one volume: each source byte is read once, into a complete bag in every store that is then read back.

The order of the writes is the promise: content, documents, manifests, read back of everything,
and the tagmanifest last in each store.  Until then no store shows a bag.  Packing the same plan
again gives the same bytes, so after a kill the same call ends as if nothing had happened.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache, partial
from importlib import metadata as installed
from itertools import chain, islice
from typing import TypeVar

from archive import holdings
from archive.site.site import SEOUL
from archive.stores import Store
from metadata_schemas import package as layout
from metadata_schemas.description import Finding, VolumeDescription
from metadata_schemas.ead import write_ead3
from metadata_schemas.mets import write_mets
from metadata_schemas.nak8 import write_nak8
from metadata_schemas.package import FileFacts, PackageFacts
from metadata_schemas.premis import Event, write_premis
from preservation import bag_events, bagging, packages, retention
from preservation.bag_events import SOFTWARE
from preservation.examining import Examiner, has_errors
from preservation.fan_out import Everywhere, Writer, Written
from preservation.packages import NewBag
from preservation.scanning import Released, WholeScan
from preservation.sources import Digests, SourceFile, SourceFiles, modified_at, octets_of, read_sources

UNKNOWN_TYPE = "application/octet-stream"
HELD = 2_000
"""Of a volume with more files nothing is held that grows with their number."""

Thing = TypeVar("Thing")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All that decides the bytes of a bag, besides the bytes of its files.

    ``files`` MAY be anything that another process can go through by itself; a tuple is the simple case.
    ``scanner`` is what the scanner told of itself when this was decided; None where none is set.
    ``released`` is what it may say and the files still pass; ``whole_scan`` what was agreed of its scan.
    """

    reference: str
    volume: VolumeDescription
    files: SourceFiles
    packed_at: datetime
    archive: str
    agency: str
    agency_code: str
    transfer: str
    scanner: str | None = None
    released: Released = frozenset()
    whole_scan: WholeScan | None = None

    @property
    def prefix(self) -> str:
        return packages.prefix(self.reference)

    @property
    def kept_until(self) -> date | None:
        """The last day of its retention, which locks follow: the same as of the volume in custody."""
        span, today = self.volume.span, self.packed_at.astimezone(SEOUL).date()
        return retention.kept_until(self.volume.retention, span.latest if span else None, on=today)

    def item_reference(self, item: int) -> str:
        """Of the item at this place in the volume, from 0."""
        return holdings.item_reference(self.reference, item + 1)

    def place_of(self, file: SourceFile) -> str:
        """Its path in the bag."""
        return layout.content_path(self.item_reference(file.item), file.place)


@dataclass(frozen=True)
class Packed:
    """A bag that every store holds and has given back intact.  ``findings``: nothing worse than warnings."""

    digests: Digests
    findings: tuple[Finding, ...]
    bag: NewBag


@dataclass(frozen=True)
class NotAsPromised:
    """The files are not what list or survey said: nothing was kept, and these are the reasons."""

    findings: tuple[Finding, ...]


def pack(stores: Sequence[Store], plan: Plan, examiners: Sequence[Examiner] = ()) -> Packed | NotAsPromised:
    """Write the first bag of a volume everywhere.  Whatever goes wrong, no store shows a part of it.

    No file that an examiner finds fault with is finished in any store.
    """
    size = octets_of(plan.files)
    with Everywhere(stores, plan.prefix, size, kept_until=plan.kept_until) as everywhere:
        names = _asked_often(lambda: map(plan.place_of, plan.files), len(plan.files))
        digests, findings = read_sources(everywhere, plan.files, names(), examiners, plan.released)
        if has_errors(findings):
            return NotAsPromised(tuple(findings))
        contents = _asked_often(lambda: _contents(plan, names(), digests), len(plan.files))
        _write_documents(everywhere, plan, contents, findings)
        tagmanifest = _write_manifests(everywhere, plan, contents())
        everywhere.finish(packages.TAGMANIFEST, tagmanifest, contents)
    bag = NewBag(
        1, plan.prefix, hashlib.sha256(tagmanifest).hexdigest(),
        everywhere.objects + 1, everywhere.octets + len(tagmanifest), plan.packed_at,
    )  # fmt: skip
    return Packed(digests, tuple(findings), bag)


@cache
def _version() -> str:
    return installed.version("seogo")


def _asked_often(make: Callable[[], Iterator[Thing]], count: int) -> Callable[[], Iterable[Thing]]:
    """What is gone through several times: held where there is little of it, else made each time."""
    if count > HELD:
        return make
    held = tuple(make())
    return lambda: held


def _contents(plan: Plan, names: Iterable[str], digests: Digests) -> Iterator[Written]:
    """The content files as they lie in the bag."""
    return zip(names, digests, (file.size for file in plan.files), strict=True)


def _write_documents(
    everywhere: Everywhere,
    plan: Plan,
    contents: Callable[[], Iterable[Written]],
    findings: Sequence[Finding],
) -> None:
    package = _package(plan)
    facts = _asked_often(lambda: _facts(plan, contents()), len(plan.files))
    told, places = plan.volume, range(len(plan.volume.items))
    nak8 = partial(write_nak8, volume=told, reference=plan.reference)
    ead3 = partial(write_ead3, volume=told, package=package)
    agents = bag_events.agents_of(plan.agency, _version(), plan.scanner)
    premis = partial(write_premis, package=package, events=_events(plan, findings), agents=agents)

    def items() -> Iterator[str]:
        return map(plan.item_reference, places)

    everywhere.write(layout.NAK8, lambda out: nak8(out, item_references=items(), files=facts()))
    everywhere.write(layout.EAD3, lambda out: ead3(out, item_references=items()))
    everywhere.write(layout.PREMIS, lambda out: premis(out, files=facts()))
    for path, data in layout.constant_files():
        everywhere.put(path, data)
    metadata = [
        layout.described(path, size=size, sha256=sha256, created=plan.packed_at)
        for path, (sha256, size) in everywhere.written.items()
    ]
    mets = partial(write_mets, package=package, metadata=metadata)
    everywhere.write(layout.METS, lambda out: mets(out, files=facts()))


def _events(plan: Plan, findings: Sequence[Finding]) -> Sequence[Event]:
    return bag_events.events_of(
        plan.reference, plan.transfer, at=plan.packed_at, scanner=plan.scanner, findings=findings
    )


def _package(plan: Plan) -> PackageFacts:
    return PackageFacts(
        reference=plan.reference,
        title=plan.volume.title,
        created=plan.packed_at,
        software=SOFTWARE,
        software_version=_version(),
        archive=plan.archive,
        agency=plan.agency,
        agency_code=plan.agency_code,
    )


def _facts(plan: Plan, contents: Iterable[Written]) -> Iterator[FileFacts]:
    written = zip(plan.files, contents, strict=True)
    for number, (source, (name, sha256, size)) in enumerate(written, start=1):
        yield FileFacts(
            identifier=f"{plan.reference}.{number:06d}",
            href=layout.href_of(name),
            original_name=source.original_name,
            original_bytes=source.original_bytes,
            size=size,
            sha256=sha256,
            modified=modified_at(source.modified_ns),
            mimetype=UNKNOWN_TYPE,
            item=plan.item_reference(source.item),
        )


def _write_manifests(everywhere: Everywhere, plan: Plan, contents: Iterable[Written]) -> bytes:
    """Write manifest, declaration and bag-info; the tagmanifest is only made, it goes last."""
    documents = [(name, *found) for name, found in everywhere.written.items()]
    oxum = f"{everywhere.octets}.{everywhere.objects}"
    payload = chain(contents, documents)
    everywhere.write(packages.MANIFEST, lambda out: _write_lines(out, payload))
    info = bagging.bag_info(
        [
            ("Source-Organization", plan.agency),
            ("Organization-Code", plan.agency_code),
            ("External-Identifier", plan.reference),
            *([("Internal-Sender-Identifier", plan.volume.sender_id)] if plan.volume.sender_id else []),
            ("Bag-Group-Identifier", plan.reference),
            ("Bag-Count", "1 of ?"),
            ("Bagging-Date", plan.packed_at.astimezone(UTC).date().isoformat()),
            ("Bag-Software-Agent", f"{SOFTWARE} {_version()}"),
            ("Payload-Oxum", oxum),
            *([("Retention-Period", plan.volume.retention)] if plan.volume.retention else []),
        ]
    )
    everywhere.put("bagit.txt", bagging.declaration())
    everywhere.put("bag-info.txt", info)
    tags = ((name, *everywhere.written[name]) for name in (packages.MANIFEST, "bagit.txt", "bag-info.txt"))
    return b"".join(map(_line, sorted(tags)))


def _write_lines(out: Writer, objects: Iterable[Written]) -> None:
    lines = map(_line, objects)
    while block := b"".join(islice(lines, 500)):
        out.write(block)


def _line(written: Written) -> bytes:
    name, sha256, _ = written
    return bagging.manifest_line(sha256, name)
