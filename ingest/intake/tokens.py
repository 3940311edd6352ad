"""Tokens by which an agency's program is known.  A token is shown once; only its digest is kept."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from archive import holdings
from archive.database import Base
from archive.errors import Missing, Refused
from archive.holdings import Agency


class AgencyToken(Base):
    __tablename__ = "agency_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    agency_id: Mapped[int] = mapped_column(ForeignKey("agencies.id"), index=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    made_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


def make(session: Session, agency: str, *, now: datetime) -> tuple[AgencyToken, str]:
    """A new token of an agency, with the words that are never shown again."""
    words = f"seogo_{secrets.token_urlsafe(32)}"
    owner = holdings.ensure_agency(session, agency)
    token = AgencyToken(agency_id=owner.id, sha256=_digest(words), made_at=now)
    session.add(token)
    session.flush()
    return token, words


def revoke(session: Session, token_id: int, *, now: datetime) -> AgencyToken:
    """From now on the token opens nothing.  Repeating it changes nothing."""
    token = session.get(AgencyToken, token_id)
    if token is None:
        raise Missing(f"There is no token {token_id}.", next="List them with: seogo agency token list")
    token.revoked_at = token.revoked_at or now
    return token


def find(session: Session) -> Sequence[tuple[AgencyToken, str]]:
    """All tokens with the code of their agency."""
    rows = select(AgencyToken, Agency.code).join(Agency, Agency.id == AgencyToken.agency_id)
    return [(token, code) for token, code in session.execute(rows.order_by(AgencyToken.id))]


def agency_of(session: Session, words: str) -> str:
    """The agency whose token this is.  Refused otherwise; whether there ever was such a token is not told."""
    code = session.scalar(
        select(Agency.code)
        .join(AgencyToken, AgencyToken.agency_id == Agency.id)
        .where(AgencyToken.sha256 == _digest(words), AgencyToken.revoked_at.is_(None))
    )
    if code is None:
        raise Refused(
            "This needs the token of an agency.", code="token",
            next="Send it as: Authorization: Bearer seogo_…",
        )  # fmt: skip
    return code


def _digest(words: str) -> str:
    """The words are 256 random bits, so a plain digest cannot be guessed back."""
    return hashlib.sha256(words.encode()).hexdigest()
