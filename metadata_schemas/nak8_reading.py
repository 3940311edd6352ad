"""Reads nak8.xml back into the values it was written from; a rebuild of the archive depends on it."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any, BinaryIO

from metadata_schemas.description import LARGEST, Access, DateSpan, ItemDescription, Status, VolumeDescription
from metadata_schemas.xml import BadXml, Element, records

NAMESPACE = "urn:x-seogo:nak8:2022"
VOLUME, ITEM, COMPONENT = "기록물철", "기록물건", "컴포넌트"
STATUS_TEXT: Mapping[Status, str] = {"open": "공개", "partial": "부분공개", "closed": "비공개"}

_STATUS: Mapping[str, Status] = {written: status for status, written in STATUS_TEXT.items()}
_IN = f"{{{NAMESPACE}}}"


@dataclass(frozen=True)
class Described:
    """A description as it was read: the references the archive gave, and the values."""

    reference: str
    volume: VolumeDescription
    item_references: tuple[str, ...]


@dataclass(frozen=True)
class Component:
    """One computer file of an item; ``href`` is percent-encoded, as METS.xml has it."""

    identifier: str
    item: str
    href: str
    original_name: str
    size: int


def read(source: BinaryIO) -> Described:
    """The values of a description, as they were before it was written. BadXml when it is none."""
    with _broken():
        return _described(source)


def _described(source: BinaryIO) -> Described:
    reference: str | None = None
    volume: dict[str, Any] = {}
    items: list[ItemDescription] = []
    references: list[str] = []
    for record in records(source, f"{_IN}record"):
        level = _text(record, "aggregationLevel")
        if level == COMPONENT:
            break
        if level == VOLUME:
            reference, volume = _needed(record, "recordIdentifier/mainId"), _volume_values(record)
        else:
            references.append(_needed(record, "recordIdentifier/mainId"))
            items.append(ItemDescription(**_item_values(record)))
    if reference is None:
        raise BadXml("The document describes no volume.")
    return Described(reference, VolumeDescription(**volume, items=tuple(items)), tuple(references))


def read_components(source: BinaryIO) -> Iterator[Component]:
    """The components in the order of the document, one at a time.  BadXml where one cannot be read."""
    for record in records(source, f"{_IN}record"):
        with _broken():
            component = _component(record)
        if component is not None:
            yield component


def _component(record: Element) -> Component | None:
    if _text(record, "aggregationLevel") != COMPONENT:
        return None
    content = record.find(f"{_IN}content")
    return Component(
        identifier=_needed(record, "recordIdentifier/mainId"),
        item=record.get("partOf", ""),
        href="" if content is None else content.get("href", ""),
        original_name=_needed(record, "title/mainTitle"),
        size=int(_needed(record, "extent")),
    )


@contextmanager
def _broken() -> Iterator[None]:
    """What is wrong with a value, as BadXml."""
    try:
        yield
    except BadXml:
        raise
    except (ValueError, KeyError, RecursionError) as error:
        raise BadXml(f"The description holds a value that it cannot hold: {error}.") from error


def _volume_values(record: Element) -> dict[str, Any]:
    number = _text(record, "recordIdentifier/secondaryId[@type='권호수']")
    return _shared_values(record) | {
        "file_number": _text(record, "recordIdentifier/secondaryId[@type='철번호']"),
        "volume_number": None if number is None else _number(number),
        "creator_agency": _text(record, "creator/corporateName"),
        "creator_code": _text(record, "creator/corporateCode"),
        "creating_unit": _text(record, "creator/sectionName"),
        "closed": _read_date(record, "dates/closed"),
        "retention": _text(record, "retention"),
        "carrier_kind": _text(record, "carrierKind"),
        "classification": _text(record, "classification"),
        "item_count": _read_extent(record, "건"),
        "file_count": _read_extent(record, "개"),
    }


def _item_values(record: Element) -> dict[str, Any]:
    number = _text(record, "recordIdentifier/secondaryId[@type='문서번호']")
    return _shared_values(record) | {"document_number": number}


def _shared_values(record: Element) -> dict[str, Any]:
    source = record.find(f"{_IN}source")
    if source is None:
        raise BadXml("A record of the description has no source.")
    return {
        "sender_id": _text(record, "recordIdentifier/systemId"),
        "title": _needed(record, "title/mainTitle"),
        "description": _text(record, "description"),
        "created": _read_date(record, "dates/created"),
        "record_type": _text(record, "type/recordType"),
        "access": _read_access(record),
        "page_count": _read_extent(record, "쪽"),
        "files": tuple(_decoded(element) for element in source.findall(f"{_IN}file")),
        "identifiers": _read_cells(source, "identifier"),
        "raw": _read_cells(source, "raw"),
        "extra": _read_cells(source, "extra"),
        "row": int(source.get("row", "0")),
        "list": _text(source, "list") or "",
    }


def _read_access(record: Element) -> Access | None:
    access = _find(record, "rights/externalAccess")
    if access is None:
        return None
    opens_on = _text(access, "plannedOpening")
    pages = access.findall(f"{_IN}restrictedPages")
    return Access(
        status=_STATUS[_needed(access, "status")],
        reasons=tuple(int(_decoded(reason).removesuffix("호")) for reason in access.findall(f"{_IN}reason")),
        restricted_pages=tuple((int(page.get("from", "0")), int(page.get("to", "0"))) for page in pages),
        opens_on=None if opens_on is None else date.fromisoformat(opens_on),
        list_open=_text(access, "listAccess") != "비공개",
        basis=_text(access, "basis"),
    )


def _read_date(record: Element, path: str) -> DateSpan | None:
    element = _find(record, path)
    if element is None:
        return None
    first, last = element.get("earliest"), element.get("latest")
    return DateSpan(
        text=_decoded(element),
        earliest=None if first is None else date.fromisoformat(first),
        latest=None if last is None else date.fromisoformat(last),
    )


def _read_extent(record: Element, unit: str) -> int | None:
    size = _text(record, f"extent[@unit='{unit}']")
    return None if size is None else _number(size)


def _read_cells(source: Element, name: str) -> dict[str, str]:
    return {_needed(cell, "column"): _needed(cell, "value") for cell in source.findall(_IN + name)}


def _find(record: Element, path: str) -> Element | None:
    return record.find("/".join(_IN + step for step in path.split("/")))


def _text(record: Element, path: str) -> str | None:
    element = _find(record, path)
    return None if element is None else _decoded(element)


def _needed(record: Element, path: str) -> str:
    value = _text(record, path)
    if value is None:
        raise BadXml(f"A record of the description has no {path}.")
    return value


def _number(written: str) -> int:
    if (number := int(written)) > LARGEST:
        raise ValueError(f"a number over {LARGEST:,}")
    return number


def _decoded(element: Element) -> str:
    written = element.text or ""
    return str(json.loads(written)) if element.get("encoding") == "json" else written
