"""Reads NEO3 packages (NAK 31-2): the manifest of PackagingInformation.xml and what Metadata.xml says.

Names of elements are those that the standard's tables give; the namespace is not insisted on, and what
stands around them is kept as it came.  Where the standard leaves a form open, each form is read.
"""

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from metadata_schemas.xml import BadXml, Element, first_element, records

MIMETYPE = "application/neo3+zip"
METADATA, PACKAGING = "Metadata.xml", "PackagingInformation.xml"
ALGORITHMS = {
    "MD5": "md5", "SHA1": "sha1", "SHA-1": "sha1", "SHA2-256": "sha256", "SHA-256": "sha256",
    "SHA256": "sha256", "SHA2-384": "sha384", "SHA-384": "sha384", "SHA384": "sha384",
    "SHA2-512": "sha512", "SHA-512": "sha512", "SHA512": "sha512",
}  # fmt: skip
_LENGTHS = {"md5": 16, "sha1": 20, "sha256": 32, "sha384": 48, "sha512": 64}
CELLS_KEPT = 500


@dataclass(frozen=True)
class ManifestItem:
    """One file of the package.  ``path`` is None where only a ``UniqueID`` tells where it is kept."""

    id: str
    path: str | None
    algorithm: str
    digest: str | None


@dataclass(frozen=True)
class ContentItem:
    """One content file as Metadata.xml has it."""

    manifest_id: str
    title: str
    size: int | None
    digest: str


@dataclass
class Described:
    """``level``: Record (기록물건) or File (기록물철).  ``cells``: values of its metadata by element."""

    level: str = ""
    cells: dict[str, str] = field(default_factory=dict)
    contents: list[ContentItem] = field(default_factory=list)
    is_signed: bool = False

    @property
    def title(self) -> str:
        """The first value whose element is called a title."""
        return next((value for name, value in self.cells.items() if name.lower().endswith("title")), "")


def package_id(path: Path) -> str:
    """The identifier of a package, from the root of its PackagingInformation.xml."""
    with path.open("rb") as stream:
        return str(first_element(stream).get("PackageID") or "")


def read_manifest(path: Path) -> Iterator[ManifestItem]:
    """The items of the manifest, one at a time.  BadXml where the document breaks off."""
    with path.open("rb") as stream:
        for element in records(stream, "{*}ManifestItem"):
            algorithm = element.get("HashAlgorithm") or ""
            known = ALGORITHMS.get(algorithm.upper().strip())
            yield ManifestItem(
                element.get("ManifestItemID") or "",
                _text(element, "Path") or None,
                known or algorithm,
                hexadecimal(_text(element, "HashValue"), known) if known else None,
            )


def hexadecimal(written: str, algorithm: str) -> str | None:
    """A digest in hexadecimal, which may be written so or in base64; None when it is neither."""
    plain = "".join(written.split())
    for decode in (bytes.fromhex, lambda text: base64.b64decode(text, validate=True)):
        try:
            octets = decode(plain)
        except (ValueError, binascii.Error):
            continue
        if len(octets) == _LENGTHS[algorithm]:
            return octets.hex()
    return None


def read_metadata(path: Path) -> Described:
    """What Metadata.xml says.  BadXml when it cannot be read."""
    told = Described()
    with path.open("rb") as stream:
        for element in records(stream, "{*}Record", "{*}File", "{*}ContentItem", "{*}Signature"):
            name = _local(element)
            if name == "ContentItem":
                told.contents.append(_content(element))
            elif name == "Signature":
                told.is_signed = True
            elif not told.level:
                told.level = name
                told.cells = dict(_cells(element))
    if not told.level and not told.contents:
        raise BadXml("It describes neither a record nor a file.")
    return told


def _content(element: Element) -> ContentItem:
    size = _text(element, "ContentSize")
    return ContentItem(
        _text(element, "ManifestIDRef") or element.get("ManifestIDRef") or "",
        _text(element, "ContentTitle"),
        int(size) if size.isdigit() else None,
        _text(element, "ContentHashValue"),
    )


def _cells(element: Element) -> Iterator[tuple[str, str]]:
    """Each element that holds a value, by its parent's name and its own; one that comes again is numbered."""
    seen: dict[str, int] = {}
    for each in element.iter("{*}*"):
        value = (each.text or "").strip()
        if len(each) or not value or sum(seen.values()) >= CELLS_KEPT:
            continue
        parent = each.getparent()
        name = (
            f"{_local(parent)}/{_local(each)}"
            if parent is not None and parent is not element
            else _local(each)
        )
        seen[name] = seen.get(name, 0) + 1
        yield (name if seen[name] == 1 else f"{name} {seen[name]}"), value


def _text(element: Element, name: str) -> str:
    found = element.find(".//{*}" + name)
    return "" if found is None else (found.text or "").strip()


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def is_neo3(mimetype: Path) -> bool:
    """Whether a file named ``mimetype`` says that its folder is NEO3."""
    with mimetype.open("rb") as stream:
        return stream.read(len(MIMETYPE) + 16).decode("ascii", "replace").strip() == MIMETYPE
