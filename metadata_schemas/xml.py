"""The one door to lxml: documents from outside are parsed without entities, DTD or network.

A document that declares an entity is refused, because nothing an archive
receives needs one. Schemas are the committed files beside this module and no other.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from lxml import etree

SCHEMAS = Path(__file__).parent / "schemas"
# A description that somebody wrote is far smaller; a larger one is read with `records`.
PARSE_LIMIT = 64 * 1024 * 1024
_BLOCK = 64 * 1024
# libxml2 looks this far ahead for the end of one name, comment or value before it gives up.
_SAFE: dict[str, Any] = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}

Element = etree._Element
Source = bytes | Path | BinaryIO


class BadXml(ValueError):
    """Not XML that may be read here; the message says where and why."""


@dataclass(frozen=True)
class SchemaError:
    """One place where a document departs from its schema."""

    message: str


def parse(source: Source, *, limit: int = PARSE_LIMIT) -> Element:
    """The root of a small document. BadXml for broken, oversized or entity-declaring ones."""
    data = _bytes_of(source, limit)
    try:
        root = etree.fromstring(data, etree.XMLParser(**_SAFE))
    except etree.XMLSyntaxError as error:
        raise BadXml(f"The document is not well-formed XML: {error}.") from error
    _refuse_entities(root)
    return root


def records(source: BinaryIO, *tags: str) -> Iterator[Element]:
    """Each complete element with one of the qualified ``tags``, in order; freed after its turn.

    Memory does not grow with the document, so a description of a million
    files can be read. An element must not be kept after the next is asked for.
    """
    events = etree.iterparse(source, events=("end",), tag=tags, **_SAFE)
    looked = False
    try:
        for _, element in events:
            if not looked:
                _refuse_entities(element)
                looked = True
            yield element
            _free(element)
    except etree.XMLSyntaxError as error:
        raise BadXml(f"The document is not well-formed XML: {error}.") from error


def first_element(source: BinaryIO) -> Element:
    """The root as far as its attributes go; what lies in it is not read.  BadXml when there is none."""
    try:
        for _, element in etree.iterparse(source, events=("start",), **_SAFE):
            _refuse_entities(element)
            root: Element = element
            return root
    except etree.XMLSyntaxError as error:
        raise BadXml(f"The document is not well-formed XML: {error}.") from error
    raise BadXml("The document is empty.")


def validate(source: Source, schema: str) -> list[SchemaError]:
    """What ``schema`` ("package", "premis", "ead3", "nak8") finds wrong first; empty when valid.

    The document is judged as it streams by, so its size does not matter, and
    reading ends at the first fault. BadXml when that is not the schema's: then it is no XML.
    """
    stream = source.open("rb") if isinstance(source, Path) else _as_stream(source)
    with stream:
        return _judge(stream, load_schema(schema))


def _judge(stream: BinaryIO, schema: etree.XMLSchema) -> list[SchemaError]:
    events = etree.iterparse(stream, events=("start", "end"), schema=schema, **_SAFE)
    looked = False
    try:
        for event, element in events:
            if not looked:
                _refuse_entities(element)
                looked = True
            if event == "end":
                _free(element)
    except etree.XMLSyntaxError as error:
        # The parser's own log: the one on the exception also remembers other documents.
        found = [entry.message for entry in events.error_log if entry.domain_name == "SCHEMASV"]
        if not found:
            raise BadXml(f"The document is not well-formed XML: {error}.") from error
        return [SchemaError(message) for message in found]
    return []


@cache
def load_schema(name: str) -> etree.XMLSchema:
    """A committed schema by its name without ``.xsd``."""
    return compile_schema((SCHEMAS / f"{name}.xsd").read_bytes())


def compile_schema(data: bytes) -> etree.XMLSchema:
    """A schema from its text. What it imports must be one of the committed files, else BadXml."""
    parser = etree.XMLParser(**_SAFE)
    parser.resolvers.add(_OnlyOurSchemas())
    try:
        root = etree.fromstring(data, parser, base_url=str(SCHEMAS / "schema.xsd"))
    except etree.XMLSyntaxError as error:
        raise BadXml(f"The schema is not well-formed XML: {error}.") from error
    _refuse_entities(root)
    _refuse_foreign_imports(root)
    try:
        return etree.XMLSchema(root)
    except etree.XMLSchemaParseError as error:
        raise BadXml(f"The schema cannot be used: {error}.") from error


def _refuse_foreign_imports(root: Element) -> None:
    for name in ("import", "include", "redefine"):
        for node in root.iter(f"{{http://www.w3.org/2001/XMLSchema}}{name}"):
            location = node.get("schemaLocation")
            if location and not (SCHEMAS / location.rsplit("/", 1)[-1]).is_file():
                raise BadXml(f"The schema asks for {location}, which is not one of the committed schemas.")


class _OnlyOurSchemas(etree.Resolver):
    """Answers every location with the committed file of that name, whatever host it names."""

    # The type stubs of lxml leave the context out.
    def resolve(self, system_url: str, public_id: str, context: Any) -> Any:  # type: ignore[override]
        local = SCHEMAS / system_url.rsplit("/", 1)[-1]
        if local.is_file():
            return self.resolve_string(local.read_bytes(), context, base_url=str(local))
        raise BadXml(f"{system_url} is not one of the committed schemas.")


def _refuse_entities(element: Element) -> None:
    # The type stubs of lxml know neither that a document may have no DTD nor what a DTD lists.
    declared: Any = element.getroottree().docinfo.internalDTD
    if declared is not None and next(iter(declared.iterentities()), None) is not None:
        raise BadXml("The document declares entities, which are never loaded. Send it without a DTD.")


def _free(element: Element) -> None:
    """Drop an element that was read, and what lies before it, so that the tree stays small."""
    parent = element.getparent()
    element.clear()
    if parent is not None:
        while element.getprevious() is not None:
            del parent[0]


def _as_stream(source: bytes | BinaryIO) -> BinaryIO:
    return BytesIO(source) if isinstance(source, bytes) else source


def _bytes_of(source: Source, limit: int) -> bytes:
    if isinstance(source, bytes):
        data = source
    elif isinstance(source, Path):
        with source.open("rb") as stream:
            data = stream.read(limit + 1)
    else:
        data = source.read(limit + 1)
    if len(data) > limit:
        raise BadXml(f"The document is larger than {limit} bytes.")
    return data


# What XML 1.0 cannot hold at all, even escaped: most control signs, lone surrogates, two non-characters.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_IN_TEXT = re.compile("[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_IN_ATTRIBUTE = re.compile('[&<>"\t\n\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]')
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}


def is_plain(value: str) -> bool:
    """Whether ``value`` as element content is written as it is, which nearly every one is."""
    return _IN_TEXT.search(value) is None


def holds(value: str) -> bool:
    """Whether XML can carry ``value`` unchanged."""
    return _ILLEGAL.search(value) is None


def text(value: str) -> str:
    """``value`` as element content. A sign that XML cannot hold becomes U+FFFD."""
    return _IN_TEXT.sub(_escape, value) if _IN_TEXT.search(value) else value


def attribute(value: str) -> str:
    """``value`` between double quotes. A sign that XML cannot hold becomes U+FFFD."""
    return _IN_ATTRIBUTE.sub(_escape, value) if _IN_ATTRIBUTE.search(value) else value


def _escape(match: re.Match[str]) -> str:
    return _ESCAPES.get(match[0], "\ufffd")
