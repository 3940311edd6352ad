"""Tries an agreement on what an agency sent before: what it would have refused.  Nothing is written."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.errors import Missing
from ingest import transfers
from ingest.agreements.documents import Agreement
from ingest.agreements.judging import judge
from ingest.agreements.sent import Past
from ingest.transfers import Transfer
from metadata_schemas.description import Finding

MOST = 100
"""Findings that are told of one transfer; all are counted."""

NOT_JUDGED = ("checksums",)
"""Rules about what came with a transfer and is not kept: they cannot be tried on the past."""


@dataclass
class Tried:
    """``volumes`` are the places, from 1, of volumes that an error would have kept back.

    ``not_known``: clauses about a scan, where it is not recorded whether there was one.
    """

    transfer: str
    clauses: Counter[str] = field(default_factory=Counter)
    volumes: set[int] = field(default_factory=set)
    whole: bool = False
    findings: list[Finding] = field(default_factory=list)
    not_known: list[str] = field(default_factory=list)

    @property
    def errors(self) -> bool:
        return self.whole or bool(self.volumes)


def try_on(session: Session, agreement: Agreement, number: str | None) -> Iterator[Tried]:
    """One transfer of the agency, or all of them, the oldest first."""
    for transfer in _chosen(session, agreement, number):
        yield _tried(session, agreement, transfer)


def not_judged(agreement: Agreement) -> list[str]:
    return [clause.id for clause in agreement.clauses if clause.rule in NOT_JUDGED]


def _chosen(session: Session, agreement: Agreement, number: str | None) -> Sequence[Transfer]:
    if number is None:
        mine = select(Transfer).where(Transfer.agency_code == agreement.agency)
        return session.scalars(mine.order_by(Transfer.id)).all()
    transfer = transfers.get(session, number)
    if transfer.agency_code != agreement.agency:
        raise Missing(
            f"Transfer {number} came from {transfer.agency_code}, the agreement is with {agreement.agency}.",
            next="Name a transfer of that agency, or none to try it on all of them.",
        )
    return [transfer]


def _tried(session: Session, agreement: Agreement, transfer: Transfer) -> Tried:
    tried, sent = Tried(transfer.number), Past(session, transfer)
    for clause in agreement.clauses:
        if clause.rule == "virus-scan" and sent.scanned is None:
            tried.not_known.append(clause.id)
        one = Agreement(
            agreement.agency, agreement.version, agreement.effective_from, agreement.title, (clause,)
        )
        for place, found in judge(one, sent):
            tried.clauses[clause.id] += 1
            tried.whole |= place is None and found.severity == "error"
            if place is not None and found.severity == "error":
                tried.volumes.add(place + 1)
            if len(tried.findings) < MOST:
                tried.findings.append(found)
    return tried
