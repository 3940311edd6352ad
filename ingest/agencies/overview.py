"""What the desk shows of an agency: its agreements, the transfers each judged, and trying one on the past."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from archive.holdings import Agency
from ingest import agreements
from ingest.agreements import trying
from ingest.agreements.documents import SAYS_SOMETHING_ALONE, Agreement, Clause
from ingest.agreements.trying import Tried
from ingest.agreements.versions import AgreementRow
from ingest.intake import tokens
from ingest.transfers import FindingRow, Transfer

SHOWN = 50
MOST_FILES = 100_000
"""So many files of past transfers a page looks at, in a few seconds; the command line looks at all."""


@dataclass(frozen=True)
class Line:
    """An agency in the list.  ``version`` is that of the agreement in force."""

    agency: Agency
    version: int | None
    transfers: int
    tokens: int


@dataclass(frozen=True)
class Version:
    """An agreement with an agency.  ``state`` is `past`, `now` or `to come`; ``judged`` counts transfers."""

    row: AgreementRow
    agreement: Agreement
    state: str
    judged: int


@dataclass(frozen=True)
class Judged:
    """A transfer that an agreement judged, and how many findings cite each of its clauses."""

    transfer: Transfer
    clauses: Mapping[str, int]


@dataclass(frozen=True)
class Trial:
    """An agreement tried on past transfers, the newest first.  ``left`` counts those that were left out."""

    agreement: Agreement
    tried: Sequence[Tried]
    left: int
    not_judged: Sequence[str]


def lines(session: Session, today: date) -> list[Line]:
    """All agencies that ever sent something, agreed on something, or have a token."""
    sent = _counted(session, Transfer.agency_code)
    begun = (row for row in agreements.find(session) if row.effective_from <= today)
    by_agency = groupby(begun, key=lambda row: row.agency_code)
    now = {code: max((row.effective_from, row.version) for row in rows)[1] for code, rows in by_agency}
    good = [code for token, code in tokens.find(session) if token.revoked_at is None]
    agencies = session.scalars(select(Agency).order_by(Agency.name, Agency.code))
    return [
        Line(each, now.get(each.code), sent.get(each.code, 0), good.count(each.code)) for each in agencies
    ]


def _counted(session: Session, column: InstrumentedAttribute[str]) -> dict[str, int]:
    return dict(session.execute(select(column, func.count()).group_by(column)).all())


def versions(session: Session, agency: str, today: date) -> list[Version]:
    """Every agreement with an agency, the newest first."""
    agreed = agreements.in_force(session, agency, today)
    counted = dict(
        session.execute(
            select(Transfer.agreement_version, func.count())
            .where(Transfer.agency_code == agency)
            .group_by(Transfer.agreement_version)
        ).all()
    )

    def state(row: AgreementRow) -> str:
        if agreed is not None and row.version == agreed.version:
            return "now"
        return "to come" if row.effective_from > today else "past"

    rows = reversed(agreements.find(session, agency))
    return [Version(row, row.agreement, state(row), counted.get(row.version, 0)) for row in rows]


def judged(session: Session, agency: str, version: int) -> list[Judged]:
    """The newest transfers that an agreement judged."""
    rows = session.scalars(
        select(Transfer)
        .where(Transfer.agency_code == agency, Transfer.agreement_version == version)
        .order_by(Transfer.id.desc())
        .limit(SHOWN)
    ).all()
    agreed = agreements.get_version(session, agency, version)
    return [Judged(row, _cited(session, row, agreed)) for row in rows]


def _cited(session: Session, transfer: Transfer, agreed: Agreement) -> dict[str, int]:
    found = select(func.count()).where(
        FindingRow.transfer_id == transfer.id, FindingRow.rule.startswith("agreement.")
    )
    counted = (
        (
            each.id,
            session.scalar(
                found.where(FindingRow.expected.endswith(f"[{agreed.cited(each)}]", autoescape=True))
            ),
        )
        for each in agreed.clauses
    )
    return {clause: count for clause, count in counted if count}


def demands(clause: Clause) -> Iterator[tuple[str, object]]:
    """What a clause asks for: the key of a sentence, and the value that it is about."""
    if clause.rule in SAYS_SOMETHING_ALONE:
        yield clause.rule, ""
    of = clause.options.get("of", "volume")
    for option, value in sorted(clause.options.items()):
        if option == "names":
            yield f"{clause.rule}.{of}", ", ".join(value)
        elif option != "of" and value is not False:
            yield f"{clause.rule}.{option}", ", ".join(value) if isinstance(value, list) else value


def past(session: Session, agency: str) -> Sequence[Transfer]:
    """The transfers to choose from, the newest first."""
    mine = select(Transfer).where(Transfer.agency_code == agency).order_by(Transfer.id.desc())
    return session.scalars(mine.limit(SHOWN)).all()


def tried(session: Session, agreement: Agreement, number: str | None) -> Trial:
    """Try an agreement on one transfer, or on the newest ones.  Nothing is written."""
    if number:
        found = list(trying.try_on(session, agreement, number))
        return Trial(agreement, found, 0, trying.not_judged(agreement))
    mine = select(Transfer.number, Transfer.files).where(Transfer.agency_code == agreement.agency)
    rows = session.execute(mine.order_by(Transfer.id.desc())).all()
    files, chosen = 0, list[str]()
    for each, count in rows[:SHOWN]:
        files += count
        if chosen and files > MOST_FILES:
            break
        chosen.append(each)
    found = [one for each in chosen for one in trying.try_on(session, agreement, each)]
    return Trial(agreement, found, len(rows) - len(chosen), trying.not_judged(agreement))
