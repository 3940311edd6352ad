"""Requirements on the root of METS and its header: who made the package, what it is (CSIP1 to CSIP16)."""

from collections.abc import Callable, Iterator

from metadata_schemas.eark.mets_reading import Part
from metadata_schemas.eark.requirements import Document, Fault, OfDocument, has, one_of

SOFTWARE = {"ROLE": "CREATOR", "TYPE": "OTHER", "OTHERTYPE": "SOFTWARE"}
"""What marks the agent that CSIP wants: the software that made the package."""


def names_itself(document: Document) -> Iterator[Fault]:
    """The identifier of the document is the name of its folder; another name is a warning in the corpus."""
    name = document.mets.root.get("OBJID")
    if not name:
        yield Fault("mets has no OBJID", None, document.name)
    elif name != document.name:
        fact = f"OBJID is {name!r} and the folder is called {document.name!r}"
        yield Fault(fact, name, document.name, "warning")


def has_category(document: Document) -> Iterator[Fault]:
    root = document.mets.root
    yield from one_of("TYPE", "content_category", "mets")(root)
    if root.get("TYPE").upper() == "OTHER" and not root.get("csip:OTHERTYPE"):
        yield Fault("TYPE is 'Other' and csip:OTHERTYPE does not say what", None, "csip:OTHERTYPE")


def has_content_type(document: Document) -> Iterator[Fault]:
    """Mandatory below the root only."""
    judge = one_of(
        "csip:CONTENTINFORMATIONTYPE", "content_information_type", "mets", missing=not document.is_root
    )
    yield from judge(document.mets.root)


def has_other_content_type(document: Document) -> Iterator[Fault]:
    yield from other_content_type(document.mets.root)


def other_content_type(part: Part) -> Iterator[Fault]:
    told = part.get("csip:CONTENTINFORMATIONTYPE"), part.get("csip:OTHERCONTENTINFORMATIONTYPE")
    if told == ("OTHER", ""):
        fact = "csip:CONTENTINFORMATIONTYPE is 'OTHER' and csip:OTHERCONTENTINFORMATIONTYPE does not say what"
        yield Fault(fact, None, "csip:OTHERCONTENTINFORMATIONTYPE")


def has_profile(document: Document) -> Iterator[Fault]:
    yield from has("PROFILE", "mets")(document.mets.root)


def has_header(document: Document) -> Iterator[Fault]:
    if document.mets.header is None:
        yield Fault("mets has no metsHdr", None, "metsHdr")


def of_header(judge: Callable[[Part], Iterator[Fault]]) -> Callable[[Document], Iterator[Fault]]:
    def judge_header(document: Document) -> Iterator[Fault]:
        if document.mets.header is not None:
            yield from judge(document.mets.header)

    return judge_header


def has_agent(header: Part) -> Iterator[Fault]:
    if not header.all("agent"):
        yield Fault("metsHdr has no agent", None, "agent")


def has_creator(header: Part) -> Iterator[Fault]:
    """One agent must be all that the software is, not several a part of it each."""
    agents = header.all("agent")
    told = [all(any(agent.get(name) == value for agent in agents) for name, value in SOFTWARE.items())]
    if agents and (
        not any(agent.get("ROLE") == "CREATOR" for agent in agents) or (all(told) and not _software(header))
    ):
        yield Fault("no agent of metsHdr is the software that created the package", None, str(SOFTWARE))


def has_agent_attribute(name: str) -> Callable[[Part], Iterator[Fault]]:
    def judge(header: Part) -> Iterator[Fault]:
        values = [agent.get(name) for agent in header.all("agent")]
        if values and SOFTWARE[name] not in values:
            fact = f"no agent of metsHdr has {name} {SOFTWARE[name]!r}"
            yield Fault(fact, ", ".join(filter(None, values)) or None, SOFTWARE[name])

    return judge


def _software(header: Part) -> list[Part]:
    return [
        agent
        for agent in header.all("agent")
        if all(agent.get(name) == value for name, value in SOFTWARE.items())
    ]


def names_software(header: Part) -> Iterator[Fault]:
    for agent in _software(header):
        if [bool(name.text) for name in agent.all("name")] != [True]:
            yield Fault("the software that made the package has no name, or several", None, "one name")


def tells_version(header: Part) -> Iterator[Fault]:
    for agent in _software(header):
        if [bool(note.text) for note in agent.all("note")] != [True]:
            yield Fault(
                "the software that made the package has no note of its version, or several", None, "one note"
            )


def marks_version(header: Part) -> Iterator[Fault]:
    for agent in _software(header):
        for note in agent.all("note"):
            if note.get("csip:NOTETYPE") != "SOFTWARE VERSION":
                yield Fault(
                    "the note of the software is not marked", note.get("csip:NOTETYPE"), "SOFTWARE VERSION"
                )


ROOT: tuple[OfDocument, ...] = (
    OfDocument("CSIP1", "MUST", names_itself),
    OfDocument("CSIP2", "MUST", has_category),
    OfDocument("CSIP4", "SHOULD", has_content_type),
    OfDocument("CSIP5", "MAY", has_other_content_type),
    OfDocument("CSIP6", "MUST", has_profile),
)
"""CSIP3 is the second half of CSIP2: both ask for csip:OTHERTYPE."""

HEADER_ITSELF: tuple[OfDocument, ...] = (
    OfDocument("CSIP117", "MUST", has_header),
    OfDocument("CSIP7", "MUST", of_header(has("CREATEDATE", "metsHdr"))),
    OfDocument("CSIP8", "SHOULD", of_header(has("LASTMODDATE", "metsHdr"))),
    OfDocument("CSIP9", "MUST", of_header(one_of("csip:OAISPACKAGETYPE", "package_type", "metsHdr"))),
)

HEADER: tuple[OfDocument, ...] = (
    *HEADER_ITSELF,
    OfDocument("CSIP10", "MUST", of_header(has_agent)),
    OfDocument("CSIP11", "MUST", of_header(has_creator)),
    OfDocument("CSIP12", "MUST", of_header(has_agent_attribute("TYPE"))),
    OfDocument("CSIP13", "MUST", of_header(has_agent_attribute("OTHERTYPE"))),
    OfDocument("CSIP14", "MUST", of_header(names_software)),
    OfDocument("CSIP15", "MUST", of_header(tells_version)),
    OfDocument("CSIP16", "MUST", of_header(marks_version)),
)
