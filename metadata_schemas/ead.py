"""ead3.xml of a package: the volume at level "file" and its items, for tools that read EAD3 and not NAK 8.

A reading copy of the description: nak8.xml says more, and is what a rebuild reads.
"""

from collections.abc import Iterable, Iterator

from metadata_schemas.description import Access, DateSpan, ItemDescription, VolumeDescription
from metadata_schemas.package import Output, PackageFacts, instant, optional, stream
from metadata_schemas.xml import attribute, text

_ACCESS = {"open": "공개", "partial": "부분공개", "closed": "비공개"}


def write_ead3(
    out: Output, volume: VolumeDescription, *, package: PackageFacts, item_references: Iterable[str]
) -> None:
    """Write ead3.xml. One reference an item, in the order of ``volume.items``."""
    stream(out, _parts(volume, package, item_references))


def _parts(volume: VolumeDescription, package: PackageFacts, references: Iterable[str]) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<ead xmlns="http://ead3.archivists.org/schema/">\n'
    yield _control(volume, package)
    yield f'<archdesc level="file">{_volume(volume, package)}'
    if volume.items:
        yield "<dsc>\n"
        for reference, item in zip(references, volume.items, strict=True):
            yield _item(item, reference)
        yield "</dsc>"
    yield "</archdesc>\n</ead>\n"


def _control(volume: VolumeDescription, package: PackageFacts) -> str:
    software = f"{package.software} {package.software_version}"
    return (
        f"<control><recordid>{text(package.reference)}</recordid>"
        f"<filedesc><titlestmt><titleproper>{text(volume.title)}</titleproper></titlestmt></filedesc>"
        '<maintenancestatus value="new"/>'
        f"<maintenanceagency><agencyname>{text(package.archive)}</agencyname></maintenanceagency>"
        '<maintenancehistory><maintenanceevent><eventtype value="created"/>'
        f"<eventdatetime>{instant(package.created)}</eventdatetime>"
        f'<agenttype value="machine"/><agent>{text(software)}</agent>'
        "</maintenanceevent></maintenancehistory></control>\n"
    )


def _volume(volume: VolumeDescription, package: PackageFacts) -> str:
    origin = "<origination><corpname><part>{}</part></corpname></origination>"
    keeper = f"<repository><corpname><part>{text(package.archive)}</part></corpname></repository>"
    return (
        f"<did>{_unit(package.reference, volume.sender_id, volume.title, volume.created)}"
        f"{optional(origin, volume.creator_agency, text)}{keeper}"
        f"{_pages(volume.page_count)}</did>{_scope(volume.description)}{_restriction(volume.access)}\n"
    )


def _item(item: ItemDescription, reference: str) -> str:
    return (
        f'<c level="item"><did>{_unit(reference, item.sender_id, item.title, item.created)}'
        f"{_pages(item.page_count)}</did>{_scope(item.description)}{_restriction(item.access)}</c>\n"
    )


def _unit(reference: str, sender_id: str | None, title: str, created: DateSpan | None) -> str:
    sender = optional('<unitid label="관리번호">{}</unitid>', sender_id, text)
    named = f"<unittitle>{text(title)}</unittitle>"
    return f"<unitid>{text(reference)}</unitid>{sender}{named}{_unit_date(created)}"


def _unit_date(span: DateSpan | None) -> str:
    if span is None or not span.text:
        return ""
    normal = ""
    if span.earliest is not None and span.latest is not None:
        both = f"{span.earliest.isoformat()}/{span.latest.isoformat()}"
        normal = f' normal="{attribute(both)}"'
    return f"<unitdate{normal}>{text(span.text)}</unitdate>"


def _pages(count: int | None) -> str:
    return "" if count is None else f"<physdesc>{count}쪽</physdesc>"


def _scope(summary: str | None) -> str:
    return optional("<scopecontent><p>{}</p></scopecontent>", summary, text)


def _restriction(access: Access | None) -> str:
    if access is None:
        return ""
    reasons = ", ".join(f"{reason}호" for reason in access.reasons)
    said = _ACCESS[access.status] + (f" ({reasons})" if reasons else "")
    return f"<accessrestrict><p>{said}</p></accessrestrict>"
