"""METS.xml of a package by the E-ARK CSIP 2.1/2.2 profile, streamed from text templates.

Only the root METS.xml is written: the content files stand in its file section,
so no METS.xml is needed below a representation. lxml judges the result in tests, it does not write it.
"""

from collections.abc import Iterable, Iterator, Sequence

from metadata_schemas.package import (
    FileFacts,
    MetadataFile,
    Output,
    PackageFacts,
    checked,
    encoded,
    href_of,
    instant,
    optional,
    stream,
)
from metadata_schemas.xml import attribute, text

PROFILE = "https://earkcsip.dilcis.eu/profile/E-ARK-CSIP.xml"
CONTENT_TYPE = "NAK 8:2022 records"

_CONTENT = f'csip:CONTENTINFORMATIONTYPE="OTHER" csip:OTHERCONTENTINFORMATIONTYPE="{CONTENT_TYPE}"'


def write_mets(
    out: Output, *, package: PackageFacts, files: Iterable[FileFacts], metadata: Sequence[MetadataFile]
) -> None:
    """Write METS.xml. ``files`` is read once and never held; ``metadata`` are the other documents."""
    stream(out, _parts(package, iter(files), metadata))


def _parts(
    package: PackageFacts, files: Iterator[FileFacts], metadata: Sequence[MetadataFile]
) -> Iterator[str]:
    yield _head(package)
    descriptive = [file for file in metadata if file.kind == "descriptive"]
    preservation = [file for file in metadata if file.kind == "preservation"]
    for number, file in enumerate(descriptive, 1):
        yield f'<dmdSec ID="dmd-{number}" CREATED="{instant(file.created)}" STATUS="CURRENT">\n'
        yield f"{_reference(file)}</dmdSec>\n"
    if preservation:
        yield '<amdSec ID="amd-1">\n'
        for number, file in enumerate(preservation, 1):
            yield f'<digiprovMD ID="prov-{number}" CREATED="{instant(file.created)}" STATUS="CURRENT">\n'
            yield f"{_reference(file)}</digiprovMD>\n"
        yield "</amdSec>\n"
    first = next(files, None)
    groups = _own_groups(metadata)
    if first is not None or groups:
        yield '<fileSec ID="files">\n'
        for label, members in groups:
            yield from _own_group(label, members)
        if first is not None:
            yield from _content_group(package, first, files, described=bool(preservation))
        yield "</fileSec>\n"
    labels = [label for label, _ in groups]
    yield _structure(package, len(descriptive), len(preservation), labels, has_content=first is not None)
    yield "</mets>\n"


def _head(package: PackageFacts) -> str:
    at = instant(package.created)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<mets xmlns="http://www.loc.gov/METS/" xmlns:xlink="http://www.w3.org/1999/xlink"'
        ' xmlns:csip="https://DILCIS.eu/XML/METS/CSIPExtensionMETS"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        ' xsi:schemaLocation="http://www.loc.gov/METS/ https://www.loc.gov/standards/mets/mets.xsd"\n'
        f' OBJID="{attribute(package.reference)}" LABEL="{attribute(package.title)}"'
        f' TYPE="Mixed" {_CONTENT} PROFILE="{PROFILE}">\n'
        f'<metsHdr CREATEDATE="{at}" LASTMODDATE="{at}" RECORDSTATUS="{package.record_status}"'
        ' csip:OAISPACKAGETYPE="AIP">\n'
        '<agent ROLE="CREATOR" TYPE="OTHER" OTHERTYPE="SOFTWARE">'
        f"<name>{text(package.software)}</name>"
        f'<note csip:NOTETYPE="SOFTWARE VERSION">{text(package.software_version)}</note></agent>\n'
        f"{_organization('ARCHIVIST', package.archive, package.archive_code)}"
        f"{_organization('SUBMITTER', package.agency, package.agency_code)}</metsHdr>\n"
    )


def _organization(role: str, name: str | None, code: str | None) -> str:
    if name is None:
        return ""
    known = f'ROLE="{role}"' if role == "ARCHIVIST" else f'ROLE="OTHER" OTHERROLE="{role}"'
    note = optional('<note csip:NOTETYPE="IDENTIFICATIONCODE">{}</note>', code, text)
    return f'<agent {known} TYPE="ORGANIZATION"><name>{text(name)}</name>{note}</agent>\n'


def _reference(file: MetadataFile) -> str:
    other = optional(' OTHERMDTYPE="{}"', file.other_mdtype, attribute)
    return (
        f'<mdRef LOCTYPE="URL" MDTYPE="{file.mdtype}"{other} xlink:type="simple"'
        f' xlink:href="{encoded(href_of(file.path))}" {_measures(file)}/>'
    )


def _measures(file: MetadataFile) -> str:
    return (
        f'MIMETYPE="{attribute(file.mimetype)}" SIZE="{file.size}" CREATED="{instant(file.created)}"'
        f' CHECKSUM="{file.sha256}" CHECKSUMTYPE="SHA-256"'
    )


def _own_groups(metadata: Sequence[MetadataFile]) -> list[tuple[str, list[MetadataFile]]]:
    groups = [
        ("Documentation", [file for file in metadata if file.kind == "documentation"]),
        ("Schemas", [file for file in metadata if file.kind == "schema"]),
    ]
    return [(label, members) for label, members in groups if members]


def _own_group(label: str, members: Sequence[MetadataFile]) -> Iterator[str]:
    yield f'<fileGrp ID="group-{label.lower()}" USE="{label}" {_CONTENT}>\n'
    for number, file in enumerate(members, 1):
        yield (
            f'<file ID="ID-{label.lower()}-{number}" {_measures(file)}><FLocat LOCTYPE="URL"'
            f' xlink:type="simple" xlink:href="{encoded(href_of(file.path))}"/></file>\n'
        )
    yield "</fileGrp>\n"


def _content_group(
    package: PackageFacts, first: FileFacts, rest: Iterator[FileFacts], *, described: bool
) -> Iterator[str]:
    yield f'<fileGrp ID="group-representation" USE="Representations" {_CONTENT}>\n'
    fallback = instant(package.created)
    # PREMIS is the first document of the administrative section, and describes every file.
    provenance = ' ADMID="prov-1"' if described else ""
    yield _file(first, fallback, provenance)
    for file in rest:
        yield _file(file, fallback, provenance)
    yield "</fileGrp>\n"


def _file(file: FileFacts, fallback: str, provenance: str) -> str:
    created = fallback if file.modified is None else instant(file.modified)
    return (
        f'<file ID="ID-{checked(file.identifier)}" MIMETYPE="{attribute(file.mimetype)}"'
        f' SIZE="{file.size}" CREATED="{created}" CHECKSUM="{file.sha256}" CHECKSUMTYPE="SHA-256"'
        f'{provenance}><FLocat LOCTYPE="URL" xlink:type="simple"'
        f' xlink:href="{encoded(file.href)}"/></file>\n'
    )


def _structure(
    package: PackageFacts, descriptive: int, preservation: int, groups: Sequence[str], *, has_content: bool
) -> str:
    dmd = " ".join(f"dmd-{number}" for number in range(1, descriptive + 1))
    adm = " ".join(f"prov-{number}" for number in range(1, preservation + 1))
    lines = [
        '<structMap ID="structure" TYPE="PHYSICAL" LABEL="CSIP">\n',
        f'<div ID="div-package" LABEL="{attribute(package.reference)}">\n',
        f'<div ID="div-metadata" LABEL="Metadata"{_idrefs("DMDID", dmd)}{_idrefs("ADMID", adm)}/>\n',
    ]
    for label in groups:
        lines.append(_division(label, f"group-{label.lower()}"))
    if has_content:
        lines.append(_division("Representations", "group-representation"))
    return "".join([*lines, "</div>\n</structMap>\n"])


def _division(label: str, group: str) -> str:
    return f'<div ID="div-{label.lower()}" LABEL="{label}"><fptr FILEID="{group}"/></div>\n'


def _idrefs(name: str, value: str) -> str:
    return f' {name}="{value}"' if value else ""
