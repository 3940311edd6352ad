"""Writes the documents of a package in the order they depend on each other: METS.xml is the last.

The content files are already written; their facts are read once a document, so
``files`` is asked for a fresh iterator each time.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from metadata_schemas import ead, mets, nak8, package, premis
from metadata_schemas.description import VolumeDescription
from metadata_schemas.package import FileFacts, MetadataFile, Output, PackageFacts


class Measured(Protocol):
    """What a finished document is known by."""

    @property
    def sha256(self) -> str: ...

    @property
    def size(self) -> int: ...


class Document(Protocol):
    """One document being written, perhaps to several stores at once."""

    def write(self, data: bytes, /) -> object: ...

    def finish(self) -> Measured: ...

    def abort(self) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Contents:
    """Everything the documents of one bag are written from."""

    package: PackageFacts
    volume: VolumeDescription
    item_references: Sequence[str]
    files: Callable[[], Iterable[FileFacts]]
    events: Sequence[premis.Event]
    agents: Sequence[premis.Agent]


def write_documents(create: Callable[[str], Document], contents: Contents) -> list[MetadataFile]:
    """Write every document of the bag's ``data/`` and say what was written, METS.xml last.

    ``create`` opens a document by its path in the bag. The list is what the
    manifest needs besides the content files. When one fails it is aborted, and the error rises.
    """
    at = contents.package.created
    written = []
    for path, write in _writers(contents):
        measured = _write(create(path), write)
        written.append(package.described(path, size=measured.size, sha256=measured.sha256, created=at))

    def write_mets(out: Output) -> None:
        mets.write_mets(out, package=contents.package, files=contents.files(), metadata=written)

    last = _write(create(package.METS), write_mets)
    own = MetadataFile(package.METS, last.size, last.sha256, at, "preservation", "OTHER", "METS")
    return [*written, own]


def _writers(contents: Contents) -> list[tuple[str, Callable[[Output], None]]]:
    facts, volume, references = contents.package, contents.volume, contents.item_references

    def write_nak8(out: Output) -> None:
        nak8.write_nak8(
            out, volume, reference=facts.reference, item_references=references, files=contents.files()
        )

    def write_ead3(out: Output) -> None:
        ead.write_ead3(out, volume, package=facts, item_references=references)

    def write_premis(out: Output) -> None:
        premis.write_premis(
            out, package=facts, files=contents.files(), events=contents.events, agents=contents.agents
        )

    described = [(package.NAK8, write_nak8), (package.EAD3, write_ead3), (package.PREMIS, write_premis)]
    return [*described, *((path, _constant(data)) for path, data in package.constant_files())]


def _constant(data: bytes) -> Callable[[Output], None]:
    def write(out: Output) -> None:
        out.write(data)

    return write


def _write(document: Document, write: Callable[[Output], None]) -> Measured:
    try:
        write(document)
        return document.finish()
    except BaseException:
        document.abort()
        raise
