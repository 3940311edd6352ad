"""What a bag of a volume holds and where: the paths, and the facts its documents are written from.

The bag's ``data/`` is an E-ARK information package. Two files are the same in
every bag, so that a package explains itself: how to read it, and the schema of its description.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Literal, NamedTuple, Protocol
from urllib.parse import quote

METS = "data/METS.xml"
NAK8 = "data/metadata/descriptive/nak8.xml"
EAD3 = "data/metadata/descriptive/ead3.xml"
PREMIS = "data/metadata/preservation/premis.xml"
README = "data/documentation/README.txt"
NAK8_SCHEMA = "data/schemas/nak8.xsd"
ORIGINAL = "original"

_HERE = Path(__file__).parent
_BLOCK = 64 * 1024
_PLAIN_URL = re.compile(r"[A-Za-z0-9._~/-]*")
_IDENTIFIER = re.compile(r"[A-Za-z0-9._-]+\Z")

Kind = Literal["descriptive", "preservation", "documentation", "schema"]


class Output(Protocol):
    """Where a document goes: a file, or a sink that hashes and writes to several stores."""

    def write(self, data: bytes, /) -> object: ...


class FileFacts(NamedTuple):
    """One content file. ``href`` is its path from METS.xml, as a name and not yet percent-encoded.

    ``original_bytes`` are those of the name, in hexadecimal, where it did not come in UTF-8.
    """

    identifier: str
    href: str
    original_name: str
    original_bytes: str | None
    size: int
    sha256: str
    modified: datetime | None
    mimetype: str
    item: str
    puid: str | None = None
    format_name: str | None = None
    format_version: str | None = None


@dataclass(frozen=True)
class MetadataFile:
    """One document of the package that METS refers to. ``path`` is its path in the bag."""

    path: str
    size: int
    sha256: str
    created: datetime
    kind: Kind
    mdtype: str = "OTHER"
    other_mdtype: str | None = None
    mimetype: str = "application/xml"


@dataclass(frozen=True, kw_only=True)
class PackageFacts:
    """One bag of a volume. The first bag is NEW; a later one adds to it and is a SUPPLEMENT."""

    reference: str
    title: str
    created: datetime
    software: str
    software_version: str
    archive: str
    archive_code: str | None = None
    agency: str | None = None
    agency_code: str | None = None
    bag: int = 1
    representation: str = ORIGINAL

    @property
    def record_status(self) -> str:
        return "NEW" if self.bag == 1 else "SUPPLEMENT"

    @property
    def representation_identifier(self) -> str:
        return f"{self.reference}.v{self.bag}.{self.representation}"


def content_path(item: str, name: str, representation: str = ORIGINAL) -> str:
    """The path in the bag of a content file; ``name`` may hold sub-folders."""
    return f"data/representations/{representation}/data/{item}/{name}"


def href_of(path: str) -> str:
    """A path in the bag as METS.xml sees it."""
    return path.removeprefix("data/")


def described(path: str, *, size: int, sha256: str, created: datetime) -> MetadataFile:
    """The facts of one of the package's own documents, by its path in the bag."""
    kind, mdtype, other = _DOCUMENTS[path]
    mimetype = "text/plain" if path == README else "application/xml"
    return MetadataFile(path, size, sha256, created, kind, mdtype, other, mimetype)


_DOCUMENTS: dict[str, tuple[Kind, str, str | None]] = {
    NAK8: ("descriptive", "OTHER", "NAK 8:2022"),
    EAD3: ("descriptive", "EAD", None),
    PREMIS: ("preservation", "PREMIS", None),
    README: ("documentation", "OTHER", None),
    NAK8_SCHEMA: ("schema", "OTHER", None),
}


@cache
def constant_files() -> tuple[tuple[str, bytes], ...]:
    """Path in the bag and content of the files that every package carries unchanged."""
    return (
        (README, (_HERE / "package_readme.txt").read_bytes()),
        (NAK8_SCHEMA, (_HERE / "schemas" / "nak8.xsd").read_bytes()),
    )


def instant(moment: datetime) -> str:
    """A moment as every document states it: UTC, whole seconds."""
    if moment.tzinfo is None:
        raise ValueError("A moment in a package document needs a time zone.")
    return f"{moment.astimezone(UTC).isoformat()[:19]}Z"


def encoded(href: str) -> str:
    """A path as a relative URL. Names are UTF-8; a byte that is not goes out as its percent code."""
    if _PLAIN_URL.fullmatch(href):
        return href
    return quote(href.encode("utf-8", "surrogateescape"), safe="/")


def checked(identifier: str) -> str:
    """An identifier that may stand in an XML ID; ValueError when it may not."""
    if _IDENTIFIER.match(identifier) is None:
        raise ValueError(f"{identifier!r} cannot be an identifier in a package.")
    return identifier


def stream(out: Output, parts: Iterable[str]) -> None:
    """Write text as UTF-8 in blocks; memory stays at one block however many parts come."""
    for block in _blocks(parts):
        out.write(block)


def _blocks(parts: Iterable[str]) -> Iterator[bytes]:
    held: list[str] = []
    size = 0
    for part in parts:
        held.append(part)
        size += len(part)
        if size >= _BLOCK:
            yield "".join(held).encode()
            held.clear()
            size = 0
    if held:
        yield "".join(held).encode()


def optional(template: str, value: str | None, escape: Callable[[str], str]) -> str:
    """``template`` with the escaped value in place of ``{}``, or nothing when there is no value."""
    return "" if value is None else template.replace("{}", escape(value))
