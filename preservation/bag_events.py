"""What premis.xml of a volume's first bag tells: what had happened to it when the bag was written.

Its own read back is in the ledger.  Agents are software and organisations, never persons.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from metadata_schemas.description import Finding
from metadata_schemas.premis import Agent, Event

SOFTWARE = "Seogo"
SOFTWARE_AGENT, AGENCY_AGENT, SCANNER_AGENT = f"software-{SOFTWARE}", "agency", "software-scanner"
_DIGESTS = "SHA-256 of each file, computed while it was read once from the transfer"
_UNSCANNED = "not scanned: no virus scanner was set"
_REMARKS = {
    "virus.released": "files that two steps released, though the scanner names them",
    "virus.encrypted": "encrypted files that the scanner could not look into",
    "virus.not_scanned_whole": "files not scanned whole",
    "agreement.encrypted": "encrypted files that the scanner could not look into",
    "agreement.not_scanned_whole": "files not scanned whole",
}


def events_of(
    reference: str, transfer: str, *, at: datetime, scanner: str | None, findings: Iterable[Finding]
) -> Sequence[Event]:
    """``scanner``: what it told of itself when the bag was decided on; None where none was set."""

    def event(number: int, kind: str, **more: Any) -> Event:
        told = {"agents": (SOFTWARE_AGENT,), "outcome": "success", **more}
        return Event(identifier=f"{reference}.e{number}", type=kind, at=at, **told)

    return (
        event(1, "transfer", agents=(AGENCY_AGENT,), outcome=None, detail=f"sent in transfer {transfer}"),
        event(2, "virus check", about_files=True, **_scan(scanner, findings)),
        event(3, "message digest calculation", detail=_DIGESTS, about_files=True),
        event(4, "accession"),
        event(5, "information package creation"),
    )


def agents_of(agency: str, version: str, scanner: str | None) -> Sequence[Agent]:
    ours = (
        Agent(identifier=SOFTWARE_AGENT, name=SOFTWARE, type="software", version=version),
        Agent(identifier=AGENCY_AGENT, name=agency, type="organization"),
    )
    if scanner is None:
        return ours
    name, release, _ = _parts(scanner)
    return (*ours, Agent(identifier=SCANNER_AGENT, name=name, type="software", version=release or None))


def _scan(scanner: str | None, findings: Iterable[Finding]) -> dict[str, Any]:
    """The words of the vocabulary are success, warning and fail; what fails is in no bag."""
    if scanner is None:
        return {"outcome": "warning", "outcome_note": _UNSCANNED}
    files = Counter(rule for rule, _ in {(each.rule, each.where.path) for each in findings})
    notes = [f"{told}: {files[rule]}" for rule, told in _REMARKS.items() if files[rule]]
    signatures = _parts(scanner)[2] or "that it does not name"
    return {
        "agents": (SOFTWARE_AGENT, SCANNER_AGENT),
        "detail": f"each file was streamed to the scanner while it was read, with the signatures "
                  f"{signatures} or newer ones",
        "outcome": "warning" if notes else "success",
        "outcome_note": "; ".join(["no malware" if not notes else "no other malware", *notes]),
    }  # fmt: skip


def _parts(scanner: str) -> tuple[str, str, str]:
    """Name, release and signatures, as clamd tells them: ``ClamAV 1.4.6/27890/Fri Nov 27 08:00:00 2026``."""
    software, _, signatures = scanner.partition("/")
    name, _, release = software.partition(" ")
    return name, release, " of ".join(signatures.split("/", 1))
