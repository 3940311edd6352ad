"""What the descriptive metadata of a package tells: NAK 8 as we write it, EAD (2002 and 3) and Dublin Core.

The document itself is kept as it came; here it only becomes the values that a transfer list would give.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, is_dataclass, replace
from pathlib import Path

from metadata_schemas import dates, nak8_reading
from metadata_schemas.description import DateSpan, ItemDescription, VolumeDescription
from metadata_schemas.xml import BadXml, Element, first_element, parse

EAD_NAMESPACES = ("urn:isbn:1-931666-22-9", "http://ead3.archivists.org/schema/", "")
DUBLIN_CORE = ("dc", "simpledc", "qualifieddc")
_COMPONENTS = ("c", *(f"c{number:02}" for number in range(1, 13)))


@dataclass(frozen=True)
class Told:
    """A description.  Files of its items are references as the document has them."""

    volume: VolumeDescription
    raw: Mapping[str, str] = field(default_factory=dict)


def read(path: Path) -> Told | None:
    """What a document describes; None when it is of no kind that is known here.  BadXml when it is broken."""
    with path.open("rb") as stream:
        namespace, name = _split(first_element(stream))
    if namespace == nak8_reading.NAMESPACE:
        return _nak8(path)
    if name == "ead" and namespace in EAD_NAMESPACES:
        return _ead(parse(path))
    if name.lower() in DUBLIN_CORE:
        return _dublin_core(parse(path))
    return None


def _nak8(path: Path) -> Told:
    """One of our own: everything comes back as it was, with the file of each item where it lies now."""
    with path.open("rb") as stream:
        described = nak8_reading.read(stream)
    files: dict[str, list[str]] = {}
    with path.open("rb") as stream:
        for component in nak8_reading.read_components(stream):
            files.setdefault(component.item, []).append(component.href)
    items = tuple(
        _with_files(item, files.get(reference, []), reference)
        for item, reference in zip(described.volume.items, described.item_references, strict=True)
    )
    sender_id = described.volume.sender_id or described.reference
    volume = replace(described.volume, items=items, files=(), sender_id=sender_id)
    _be_text((volume, described.reference))
    return Told(volume, {"reference": described.reference})


def _be_text(value: object) -> None:
    """BadXml where something in it has half a sign: JSON in a description can hold that, and no text can."""
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise BadXml(f"The description holds a value that is no text: {value!a}.") from error
    elif isinstance(value, Mapping):
        _be_text((*value, *value.values()))
    elif isinstance(value, tuple):
        for each in value:
            _be_text(each)
    elif is_dataclass(value):
        _be_text(tuple(vars(value).values()))


def _with_files(item: ItemDescription, files: list[str], reference: str) -> ItemDescription:
    return replace(item, files=tuple(files), sender_id=item.sender_id or reference)


def _ead(root: Element) -> Told:
    top = _find(root, "archdesc")
    if top is None:
        return Told(VolumeDescription(title=""))
    raw = dict(_cells(top))
    items = tuple(_components(top))
    volume = VolumeDescription(
        title=raw.get("unittitle", ""),
        sender_id=raw.get("unitid"),
        created=_date(raw.get("unitdate")),
        creator_agency=raw.get("origination"),
        description=raw.get("scopecontent"),
        items=items,
    )
    return Told(volume, raw)


def _components(top: Element) -> Iterator[ItemDescription]:
    """Each component that names a file is an item."""
    for element in top.iter("{*}*"):
        own = element.find("{*}did")
        if _split(element)[1] in _COMPONENTS and own is not None:
            files = tuple(_links(own)) + tuple(_links(element, deep=False))
            raw = dict(_cells(element))
            if files:
                yield ItemDescription(
                    title=raw.get("unittitle") or files[0],
                    sender_id=raw.get("unitid"),
                    created=_date(raw.get("unitdate")),
                    description=raw.get("scopecontent"),
                    files=files,
                    raw=raw,
                )


def _links(element: Element, *, deep: bool = True) -> Iterator[str]:
    for each in element.iter("{*}dao") if deep else element.iterchildren("{*}dao"):
        href = each.get("href") or each.get("{http://www.w3.org/1999/xlink}href")
        if href:
            yield href


def _cells(element: Element) -> Iterator[tuple[str, str]]:
    own = element.find("{*}did")
    for name in ("unittitle", "unitid", "unitdate", "origination"):
        found = None if own is None else own.find("{*}" + name)
        if found is not None and (value := _text(found)):
            yield name, value
    for name in ("scopecontent", "accessrestrict"):
        found = element.find("{*}" + name)
        if found is not None and (value := _text(found)):
            yield name, value


def _dublin_core(root: Element) -> Told:
    raw: dict[str, str] = {}
    for element in root.iterchildren("*"):
        if value := _text(element):
            name = _split(element)[1]
            raw[name] = f"{raw[name]}; {value}" if name in raw and value not in raw[name] else value
    volume = VolumeDescription(
        title=raw.get("title", ""),
        sender_id=raw.get("identifier"),
        created=_date(raw.get("date")),
        creator_agency=raw.get("creator"),
        description=raw.get("description"),
    )
    return Told(volume, raw)


def _date(text: str | None) -> DateSpan | None:
    return dates.parse(text) if text else None


def _find(root: Element, name: str) -> Element | None:
    return root.find("{*}" + name)


def _text(element: Element) -> str:
    return " ".join("".join(str(part) for part in element.itertext()).split())


def _split(element: Element) -> tuple[str, str]:
    namespace, _, name = str(element.tag).removeprefix("{").rpartition("}")
    return namespace, name
