"""nak8.xml of a package: volume, items and components by NAK 8:2022, written as a stream and read back.

Elements carry the numbers of the standard; ``schemas/nak8.xsd`` gives its Korean
names. The sender's own cells stay in ``source``. What a list did not say is
absent and never made up, and what is read back equals what was written.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from metadata_schemas.description import Access, DateSpan, ItemDescription, VolumeDescription
from metadata_schemas.nak8_reading import (
    COMPONENT,
    ITEM,
    NAMESPACE,
    STATUS_TEXT,
    VOLUME,
    Component,
    Described,
    read,
    read_components,
)
from metadata_schemas.package import FileFacts, Output, checked, encoded, stream
from metadata_schemas.xml import attribute, holds, is_plain, text

__all__ = ["NAMESPACE", "Component", "Described", "read", "read_components", "write_nak8"]


def write_nak8(
    out: Output,
    volume: VolumeDescription,
    *,
    reference: str,
    item_references: Iterable[str],
    files: Iterable[FileFacts] = (),
) -> None:
    """Write nak8.xml. One reference an item, in the order of ``volume.items``; ``files`` is read once."""
    stream(out, _parts(volume, reference, item_references, files))


def _parts(
    volume: VolumeDescription, reference: str, item_references: Iterable[str], files: Iterable[FileFacts]
) -> Iterator[str]:
    yield (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<description xmlns="{NAMESPACE}" standard="NAK 8:2022" version="2.3">\n'
    )
    yield _volume(volume, reference)
    for item_reference, item in zip(item_references, volume.items, strict=True):
        yield _item(item, item_reference, reference)
    for file in files:
        yield _component(file)
    yield "</description>\n"


def _volume(volume: VolumeDescription, reference: str) -> str:
    number = None if volume.volume_number is None else str(volume.volume_number)
    secondary = (("철번호", volume.file_number), ("권호수", number))
    extents = (("쪽", volume.page_count), ("건", volume.item_count), ("개", volume.file_count))
    dates = _date("created", "13.1", volume.created) + _date("closed", "13.2", volume.closed)
    creator = (
        _value("corporateName", "1.2", volume.creator_agency)
        + _value("corporateCode", "1.3", volume.creator_code)
        + _value("sectionName", "1.4", volume.creating_unit)
    )
    return (
        f"<record>{_group('creator', '1', creator)}{_value('aggregationLevel', '2', VOLUME)}"
        f"{_identifiers(reference, volume.sender_id, secondary)}{_title(volume.title)}"
        f"{_summary(volume.description)}"
        f"{_value('carrierKind', '7', volume.carrier_kind)}{_record_type(volume.record_type)}"
        f"{''.join(_extent(unit, size) for unit, size in extents)}"
        f"{_value('classification', '12', volume.classification)}{_group('dates', '13', dates)}"
        f"{_value('retention', '15', volume.retention)}{_access(volume.access)}{_source(volume)}</record>\n"
    )


def _item(item: ItemDescription, reference: str, volume_reference: str) -> str:
    secondary = (("문서번호", item.document_number),)
    return (
        f'<record partOf="{attribute(volume_reference)}">{_value("aggregationLevel", "2", ITEM)}'
        f"{_identifiers(reference, item.sender_id, secondary)}{_title(item.title)}"
        f"{_summary(item.description)}{_record_type(item.record_type)}"
        f"{_extent('쪽', item.page_count)}{_group('dates', '13', _date('created', '13.1', item.created))}"
        f"{_access(item.access)}{_source(item)}</record>\n"
    )


def _component(file: FileFacts) -> str:
    return (
        f'<record partOf="{attribute(file.item)}"><aggregationLevel no="2">{COMPONENT}</aggregationLevel>'
        f'<recordIdentifier no="3"><mainId no="3.1">{checked(file.identifier)}</mainId></recordIdentifier>'
        f'{_title(file.original_name)}<extent no="11" unit="B">{file.size}</extent>'
        f'<content href="{encoded(file.href)}"/></record>\n'
    )


def _identifiers(reference: str, sender_id: str | None, secondary: Iterable[tuple[str, str | None]]) -> str:
    others = "".join(_value("secondaryId", "3.3", value, f' type="{kind}"') for kind, value in secondary)
    system = _value("systemId", "3.2", sender_id, ' type="기록관리시스템"')
    return _group("recordIdentifier", "3", _value("mainId", "3.1", reference) + system + others)


def _title(title: str) -> str:
    return _group("title", "4", _value("mainTitle", "4.1", title))


def _summary(summary: str | None) -> str:
    return _value("description", "5", summary, ' type="내용요약"')


def _record_type(record_type: str | None) -> str:
    return _group("type", "8", _value("recordType", "8.1", record_type))


def _extent(unit: str, size: int | None) -> str:
    return "" if size is None else f'<extent no="11" unit="{unit}">{size}</extent>'


def _date(name: str, number: str, span: DateSpan | None) -> str:
    if span is None:
        return ""
    earliest = "" if span.earliest is None else f' earliest="{span.earliest.isoformat()}"'
    latest = "" if span.latest is None else f' latest="{span.latest.isoformat()}"'
    return _value(name, number, span.text, earliest + latest)


def _access(access: Access | None) -> str:
    if access is None:
        return ""
    opens_on = None if access.opens_on is None else access.opens_on.isoformat()
    parts = [_value("status", "17.3.1", STATUS_TEXT[access.status])]
    parts += [f'<reason no="17.3.2">{reason}호</reason>' for reason in access.reasons]
    parts += [f'<restrictedPages no="17.3.3" from="{a}" to="{b}"/>' for a, b in access.restricted_pages]
    parts.append(_value("plannedOpening", "17.3.4", opens_on))
    parts.append(_value("basis", "17.3.5", access.basis))
    parts.append(_value("listAccess", "17.3.6", "공개" if access.list_open else "비공개"))
    return _group("rights", "17", _group("externalAccess", "17.3", "".join(parts)))


def _source(row: VolumeDescription | ItemDescription) -> str:
    """The row of the sender's list, cell by cell, as it came."""
    files = "".join(_value("file", None, path) for path in row.files)
    cells = _cells("identifier", row.identifiers) + _cells("raw", row.raw) + _cells("extra", row.extra)
    return f'<source row="{row.row}">{_value("list", None, row.list)}{files}{cells}</source>'


def _cells(name: str, cells: Mapping[str, str]) -> str:
    return "".join(
        f"<{name}>{_column(column)}{_value('value', None, value)}</{name}>" for column, value in cells.items()
    )


@lru_cache(maxsize=1_000)  # the same columns come with every item of a list
def _column(column: str) -> str:
    return _value("column", None, column)


def _group(name: str, number: str, content: str) -> str:
    return f'<{name} no="{number}">{content}</{name}>' if content else ""


def _value(name: str, number: str | None, value: str | None, more: str = "") -> str:
    """One element. A value that XML cannot hold is written as a JSON string and marked as one."""
    if value is None:
        return ""
    numbered = "" if number is None else f' no="{number}"'
    if is_plain(value):
        return f"<{name}{numbered}{more}>{value}</{name}>"
    if holds(value):
        return f"<{name}{numbered}{more}>{text(value)}</{name}>"
    return f'<{name}{numbered}{more} encoding="json">{text(json.dumps(value))}</{name}>'
