"""Reads the digests that PREMIS (2 and 3) tells of files, one object at a time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from metadata_schemas.xml import Element, first_element, records

NAMESPACES = ("http://www.loc.gov/premis/v3", "info:lc/xmlns/premis-v2")
ALGORITHMS = {"md5": "md5", "sha1": "sha1", "sha256": "sha256", "sha384": "sha384", "sha512": "sha512"}


@dataclass(frozen=True)
class FileObject:
    """A file as PREMIS describes it.  ``names``: what may tell which file it is, the surest first."""

    names: tuple[str, ...]
    digests: Mapping[str, str]


def is_premis(path: Path) -> bool:
    """Whether the root of a document is PREMIS.  BadXml when it has none."""
    with path.open("rb") as stream:
        return any(str(first_element(stream).tag).startswith(f"{{{name}}}") for name in NAMESPACES)


def read(path: Path) -> Iterator[FileObject]:
    """The objects that tell a digest.  BadXml where the document breaks off."""
    with path.open("rb") as stream:
        for element in records(stream, *(f"{{{name}}}object" for name in NAMESPACES)):
            digests = dict(_digests(element))
            if digests:
                yield FileObject(tuple(_names(element)), digests)


def _digests(element: Element) -> Iterator[tuple[str, str]]:
    for fixity in element.iter("{*}fixity"):
        named = ALGORITHMS.get(_text(fixity, "messageDigestAlgorithm").lower().replace("-", ""))
        digest = _text(fixity, "messageDigest").lower()
        if named and digest:
            yield named, digest


def _names(element: Element) -> Iterator[str]:
    for identifier in element.iterchildren("{*}objectIdentifier"):
        yield _text(identifier, "objectIdentifierValue")
    for location in element.iter("{*}contentLocationValue"):
        yield (location.text or "").strip()
    yield _text(element, "originalName")


def _text(element: Element, name: str) -> str:
    found = element.find("{*}" + name)
    return "" if found is None else (found.text or "").strip()
