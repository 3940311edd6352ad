"""Every agreement that was ever entered.  None is changed or removed: a new version follows it."""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from archive import holdings, ledger
from archive.database import Base
from archive.errors import Missing, Refused
from archive.versions import must_follow
from ingest.agreements import documents
from ingest.agreements.documents import Agreement


class AgreementRow(Base):
    """One version, with its document as it was entered."""

    __tablename__ = "agreements"
    __table_args__ = (UniqueConstraint("agency_code", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    agency_code: Mapped[str] = mapped_column(String(40), index=True)
    version: Mapped[int]
    effective_from: Mapped[date]
    document: Mapped[str] = mapped_column(Text)
    entered_at: Mapped[datetime]
    entered_by: Mapped[str] = mapped_column(String(40))

    @property
    def agreement(self) -> Agreement:
        return documents.read(self.document, is_entered=True)


def enter(session: Session, text: str, *, by: str, now: datetime, today: date) -> AgreementRow:
    """Enter a version.  The last document again is harmless.

    Conflict when it is neither the last nor the next one, an older one too; Refused when it
    would begin in the past, for what judged a transfer must not change afterwards.
    """
    told = documents.read(text)
    last = next(reversed(find(session, told.agency)), None)
    if last is not None and last.document == text:
        return last
    must_follow(
        told.version, last.version if last else 0, what=f"agreement with {told.agency}",
        code="agreement.version", since=last.effective_from.isoformat() if last else "",
    )  # fmt: skip
    if told.effective_from < today:
        raise Refused(
            f"The agreement would begin on {told.effective_from}, which is past.",
            code="agreement.past", next=f"Let it begin on {today} or later.",
        )  # fmt: skip
    row = AgreementRow(
        agency_code=told.agency, version=told.version, effective_from=told.effective_from,
        document=text, entered_at=now, entered_by=by,
    )  # fmt: skip
    holdings.ensure_agency(session, told.agency)
    session.add(row)
    facts = {
        "agency_code": told.agency,
        "version": told.version,
        "effective_from": told.effective_from.isoformat(),
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "document": text,
    }
    about = f"agreement/{told.agency}/{told.version}"
    ledger.record(session, act="agreement.entered", about=about, at=now, actor=by, facts=facts)
    return row


def find(session: Session, agency: str | None = None) -> Sequence[AgreementRow]:
    """All versions, of one agency or of all, in their order."""
    wanted = select(AgreementRow).order_by(AgreementRow.agency_code, AgreementRow.version)
    return session.scalars(wanted.where(AgreementRow.agency_code == agency) if agency else wanted).all()


def get(session: Session, agency: str, version: int | None, *, today: date) -> AgreementRow:
    """One version, or the one in force today."""
    rows = [row for row in find(session, agency) if version in (None, row.version)]
    row = _newest(rows, today) if version is None else next(iter(rows), None)
    if row is None and version is None and rows:
        first = rows[0]
        raise Missing(
            f"No agreement with {agency} is in force yet: version {first.version} begins on "
            f"{first.effective_from}.",
            next=f"See it with: seogo agreement show {agency} --version {first.version}",
        )
    if row is None:
        raise Missing(
            f"There is no such agreement with {agency}.", next="List them with: seogo agreement list"
        )
    return row


def get_version(session: Session, agency: str, version: int) -> Agreement:
    """An agreement that judged a transfer; none is ever removed."""
    mine = select(AgreementRow).where(AgreementRow.agency_code == agency, AgreementRow.version == version)
    return session.scalars(mine).one().agreement


def in_force(session: Session, agency: str, on: date) -> Agreement | None:
    """The agreement that judges what an agency sends on a day; None where nothing was agreed."""
    row = _newest(find(session, agency), on)
    return row.agreement if row else None


def _newest(rows: Sequence[AgreementRow], on: date) -> AgreementRow | None:
    begun = [row for row in rows if row.effective_from <= on]
    return max(begun, key=lambda row: (row.effective_from, row.version), default=None)
