"""Requirements of E-ARK SIP over CSIP, on a package whose profile is that of a SIP (SIP1 to SIP31)."""

from collections.abc import Callable, Iterator

from metadata_schemas.eark.mets_reading import Part
from metadata_schemas.eark.requirements import Document, Fault, OfDocument, one_of

PROFILE = "e-ark-sip"
SUBMITTER = "SUBMITTER"


def is_sip(document: Document) -> bool:
    return PROFILE in document.mets.root.get("PROFILE").lower()


def _of_header(judge: Callable[[Part], Iterator[Fault]]) -> Callable[[Document], Iterator[Fault]]:
    def judge_header(document: Document) -> Iterator[Fault]:
        if document.mets.header is not None and is_sip(document):
            yield from judge(document.mets.header)

    return judge_header


def has_the_profile(document: Document) -> Iterator[Fault]:
    """A package that calls itself a SIP and has another profile is taken by that profile."""
    header = document.mets.header
    if header is not None and header.get("csip:OAISPACKAGETYPE") == "SIP" and not is_sip(document):
        yield Fault(
            "the package is a SIP by another profile", document.mets.root.get("PROFILE"), PROFILE, "note"
        )


def is_a_sip(header: Part) -> Iterator[Fault]:
    if header.get("csip:OAISPACKAGETYPE") != "SIP":
        yield Fault("a package by the SIP profile is no SIP", header.get("csip:OAISPACKAGETYPE"), "SIP")


def has_known_status(header: Part) -> Iterator[Fault]:
    yield from one_of("RECORDSTATUS", "record_status", "metsHdr", missing=False)(header)


def has_submitter(header: Part) -> Iterator[Fault]:
    if not _submitters(header):
        yield Fault("no agent of metsHdr is the submitter", None, "agent ROLE=OTHER OTHERROLE=SUBMITTER")


def _submitters(header: Part) -> list[Part]:
    return [agent for agent in header.all("agent") if agent.get("OTHERROLE") == SUBMITTER]


def submitter_has_role(header: Part) -> Iterator[Fault]:
    for agent in _submitters(header):
        if agent.get("ROLE") != "OTHER":
            yield Fault("the submitter has another ROLE", agent.get("ROLE"), "OTHER")


def submitter_has_type(header: Part) -> Iterator[Fault]:
    for agent in _submitters(header):
        if agent.get("TYPE") not in ("ORGANIZATION", "INDIVIDUAL"):
            yield Fault("the submitter is neither organisation nor person", agent.get("TYPE"), "ORGANIZATION")


def notes_are_codes(header: Part) -> Iterator[Fault]:
    for agent in _submitters(header):
        if any(note.get("csip:NOTETYPE") != "IDENTIFICATIONCODE" for note in agent.all("note")):
            yield Fault("the note of the submitter is not marked", None, "IDENTIFICATIONCODE")


SIP: tuple[OfDocument, ...] = (
    OfDocument("SIP2", "MUST", has_the_profile),
    OfDocument("SIP3", "MAY", _of_header(has_known_status)),
    OfDocument("SIP4", "MUST", _of_header(is_a_sip)),
    OfDocument("SIP15", "MUST", _of_header(has_submitter)),
    OfDocument("SIP16", "MUST", _of_header(submitter_has_role)),
    OfDocument("SIP17", "MUST", _of_header(submitter_has_type)),
    OfDocument("SIP20", "MUST", _of_header(notes_are_codes)),
)
"""The others allow agents, references and attributes that nobody has to use, or repeat CSIP."""
