"""Text of HWPX (OWPML, KS X 6101): a ZIP of XML sections.

Paragraphs, table cells, notes, headers and text boxes are all ``p`` elements, in reading
order of the file.  The namespace changed between editions, so only local names are compared.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from metadata_schemas import xml
from preservation.contents import DocumentText
from preservation.documents.text import damaged, encrypted, in_pages
from preservation.documents.zipped import Members, members

KIND = "HWPX"
SECTION = re.compile(r"Contents/section(\d+)\.xml", re.IGNORECASE)
TEXT = frozenset({"t", "text", "script", "mainText", "subText"})
# Some controls keep the words they show in an attribute: (element, attribute).
SHOWN = {
    "compose": "composeText",
    "textart": "text",
    "btn": "caption",
    "radioBtn": "caption",
    "checkBtn": "caption",
}
SPACES = {"tab": "\t", "lineBreak": "\n", "nbSpace": " ", "fwSpace": " ", "hyphen": "-"}


def hwpx_text(path: Path) -> DocumentText:
    with members(path, KIND) as parts:
        refuse_encrypted(parts)
        sections = sorted(
            (name for name in parts.names if SECTION.fullmatch(name)),
            key=lambda name: int(SECTION.fullmatch(name).group(1)),  # type: ignore[union-attr]
        )
        if not sections:
            raise damaged(KIND, "it has no section of text")
        return in_pages([lines(tree(parts, name)) for name in sections])


def refuse_encrypted(parts: Members) -> None:
    manifest = "META-INF/manifest.xml"
    if manifest in parts.names and b"encryption-data" in parts.read(manifest):
        raise encrypted(KIND)


def tree(parts: Members, name: str) -> Any:
    try:
        return xml.parse(parts.read(name))
    except xml.BadXml as cause:
        raise damaged(parts.kind, f"its part {name} cannot be read. {str(cause).rstrip('.')}") from cause


def lines(root: Any) -> Iterator[str]:
    """One line a paragraph.  A paragraph inside another one (a table cell) ends the outer line."""
    line: list[str] = []
    for when, element in walk(root):
        name = local_name(element)
        if name == "p":
            if line:
                yield from "".join(line).split("\n")
            line = []
        elif when == "start" and name in SPACES:
            line.append(SPACES[name])
        elif when == "start" and name in TEXT:
            line.append(element.text or "")
        elif when == "start" and name in SHOWN:
            line.append(element.get(SHOWN[name], ""))
        if when == "end" and in_text(element):
            line.append(element.tail or "")
    if line:
        yield "".join(line)


def walk(root: Any) -> Iterator[tuple[str, Any]]:
    """Start and end of every element, without recursion: nesting is the sender's choice."""
    stack = [("start", root)]
    while stack:
        when, element = stack.pop()
        yield when, element
        if when == "start":
            stack.append(("end", element))
            stack.extend(("start", child) for child in reversed(element))


def in_text(element: Any) -> bool:
    parent = element.getparent()
    return parent is not None and local_name(parent) in TEXT


def local_name(element: Any) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
