"""premis.xml of a package (PREMIS 3.0), streamed from text templates.

One event stands for all files: the file names the event, the event names the
representation, so a million files make one event and not a million. Agents are
software and organisations, never persons.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Literal

from metadata_schemas.package import (
    FileFacts,
    Output,
    PackageFacts,
    checked,
    encoded,
    instant,
    optional,
    stream,
)
from metadata_schemas.xml import holds, text

UNKNOWN_FORMAT = "unknown"

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<premis xmlns="http://www.loc.gov/premis/v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' xsi:schemaLocation="http://www.loc.gov/premis/v3 https://www.loc.gov/standards/premis/premis.xsd"'
    ' version="3.0">\n'
)


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened to the package. ``about_files``: to each of its files, not only to the whole.

    ``type`` is a label of the event type vocabulary of the Library of Congress,
    such as "transfer", "accession", "message digest calculation", "information package creation".
    """

    identifier: str
    type: str
    at: datetime
    detail: str | None = None
    outcome: str | None = None
    outcome_note: str | None = None
    agents: tuple[str, ...] = ()
    about_files: bool = False


@dataclass(frozen=True, kw_only=True)
class Agent:
    """Who or what acted; there is no kind for a person."""

    identifier: str
    name: str
    type: Literal["software", "organization"]
    version: str | None = None


def write_premis(
    out: Output,
    *,
    package: PackageFacts,
    files: Iterable[FileFacts],
    events: Sequence[Event],
    agents: Sequence[Agent],
) -> None:
    """Write premis.xml. ``files`` is read once and never held."""
    stream(out, _parts(package, files, events, agents))


def _parts(
    package: PackageFacts, files: Iterable[FileFacts], events: Sequence[Event], agents: Sequence[Agent]
) -> Iterator[str]:
    yield _HEAD
    yield _representation(package, events)
    tail = _file_tail(package, events)
    for file in files:
        yield _file(file, tail)
    for event in events:
        yield _event(package, event)
    for agent in agents:
        yield _agent(agent)
    yield "</premis>\n"


def _representation(package: PackageFacts, events: Sequence[Event]) -> str:
    return (
        '<object xsi:type="representation">'
        f"{_identifier('object', package.representation_identifier)}\n"
        "<relationship><relationshipType>structural</relationshipType>"
        "<relationshipSubType>represents</relationshipSubType>"
        f"{_identifier('relatedObject', package.reference)}</relationship>\n"
        f"{''.join(_identifier('linkingEvent', event.identifier) for event in events)}</object>\n"
    )


def _file_tail(package: PackageFacts, events: Sequence[Event]) -> str:
    links = "".join(_identifier("linkingEvent", event.identifier) for event in events if event.about_files)
    return (
        "<relationship><relationshipType>structural</relationshipType>"
        "<relationshipSubType>is included in</relationshipSubType>"
        f"{_identifier('relatedObject', package.representation_identifier)}</relationship>{links}</object>\n"
    )


def _file(file: FileFacts, tail: str) -> str:
    return (
        '<object xsi:type="file"><objectIdentifier><objectIdentifierType>local</objectIdentifierType>'
        f"<objectIdentifierValue>{checked(file.identifier)}</objectIdentifierValue></objectIdentifier>"
        f"{_exact_name(file)}"
        "<objectCharacteristics><compositionLevel>0</compositionLevel>"
        "<fixity><messageDigestAlgorithm>SHA-256</messageDigestAlgorithm>"
        f"<messageDigest>{file.sha256}</messageDigest></fixity><size>{file.size}</size>"
        f"{_format(file.format_name, file.format_version, file.puid)}</objectCharacteristics>"
        f"<originalName>{text(file.original_name)}</originalName>{tail}"
    )


def _exact_name(file: FileFacts) -> str:
    """The bytes of a name that came in another encoding, or that XML cannot hold: they are not lost."""
    if file.original_bytes is not None:
        kind, exact = "original name, bytes in hexadecimal", text(file.original_bytes)
    elif not holds(file.original_name):
        kind, exact = "original name, percent-encoded", encoded(file.original_name)
    else:
        return ""
    return (
        f"<significantProperties><significantPropertiesType>{kind}</significantPropertiesType>"
        f"<significantPropertiesValue>{exact}</significantPropertiesValue></significantProperties>"
    )


@lru_cache(maxsize=1_000)  # there are few formats and many files
def _format(name: str | None, version: str | None, puid: str | None) -> str:
    versioned = optional("<formatVersion>{}</formatVersion>", version, text)
    registry = optional(
        "<formatRegistry><formatRegistryName>PRONOM</formatRegistryName>"
        "<formatRegistryKey>{}</formatRegistryKey></formatRegistry>",
        puid,
        text,
    )
    named = f"<formatName>{text(name or UNKNOWN_FORMAT)}</formatName>"
    return f"<format><formatDesignation>{named}{versioned}</formatDesignation>{registry}</format>"


def _event(package: PackageFacts, event: Event) -> str:
    detail = optional(
        "<eventDetailInformation><eventDetail>{}</eventDetail></eventDetailInformation>", event.detail, text
    )
    agents = "".join(_identifier("linkingAgent", agent) for agent in event.agents)
    return (
        f"<event>{_identifier('event', event.identifier)}<eventType>{text(event.type)}</eventType>"
        f"<eventDateTime>{instant(event.at)}</eventDateTime>{detail}{_outcome(event)}{agents}"
        f"{_identifier('linkingObject', package.representation_identifier)}</event>\n"
    )


def _outcome(event: Event) -> str:
    if event.outcome is None:
        return ""
    note = optional(
        "<eventOutcomeDetail><eventOutcomeDetailNote>{}</eventOutcomeDetailNote></eventOutcomeDetail>",
        event.outcome_note,
        text,
    )
    outcome = f"<eventOutcome>{text(event.outcome)}</eventOutcome>"
    return f"<eventOutcomeInformation>{outcome}{note}</eventOutcomeInformation>"


def _agent(agent: Agent) -> str:
    version = optional("<agentVersion>{}</agentVersion>", agent.version, text)
    return (
        f"<agent>{_identifier('agent', agent.identifier)}<agentName>{text(agent.name)}</agentName>"
        f"<agentType>{agent.type}</agentType>{version}</agent>\n"
    )


def _identifier(kind: str, value: str) -> str:
    return (
        f"<{kind}Identifier><{kind}IdentifierType>local</{kind}IdentifierType>"
        f"<{kind}IdentifierValue>{text(value)}</{kind}IdentifierValue></{kind}Identifier>"
    )
