"""Tokens by which an agency's program is known.  A token is shown once; only its digest is kept."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from archive import holdings, ledger
from archive.database import Base
from archive.errors import Missing, NotSignedIn, Refused
from archive.holdings import Agency


class AgencyToken(Base):
    """``may_send``: else it only asks what came of transfers."""

    __tablename__ = "agency_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    agency_id: Mapped[int] = mapped_column(ForeignKey("agencies.id"), index=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    may_send: Mapped[bool] = mapped_column(default=True)
    made_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


@dataclass(frozen=True)
class Holder:
    """Whose program asks, and whether it may send."""

    agency: str
    may_send: bool

    def must_send(self) -> None:
        """Refused where its token only asks."""
        if not self.may_send:
            raise Refused(
                "This token only asks what came of transfers.", code="token.right",
                next="Send with one that was made without --only-ask.",
            )  # fmt: skip


def make(
    session: Session, agency: str, *, may_send: bool = True, by: str, now: datetime
) -> tuple[AgencyToken, str]:
    """A new token of an agency, with the words that are never shown again."""
    words = f"seogo_{secrets.token_urlsafe(32)}"
    owner = holdings.ensure_agency(session, agency)
    token = AgencyToken(agency_id=owner.id, sha256=_digest(words), may_send=may_send, made_at=now)
    session.add(token)
    session.flush()
    _record(session, "agency.token_made", agency, token, by=by, now=now)
    return token, words


def revoke(session: Session, token_id: int, *, by: str, now: datetime) -> AgencyToken:
    """From now on the token opens nothing.  Repeating it changes nothing."""
    token = session.get(AgencyToken, token_id)
    if token is None:
        raise Missing(f"There is no token {token_id}.", next="List them with: seogo agency token list")
    if token.revoked_at is None:
        token.revoked_at = now
        agency = session.get_one(Agency, token.agency_id)
        _record(session, "agency.token_revoked", agency.code, token, by=by, now=now)
    return token


def _record(session: Session, act: str, agency: str, token: AgencyToken, *, by: str, now: datetime) -> None:
    facts = {"agency_code": agency, "token": token.id, "may_send": token.may_send}
    ledger.record(session, act=act, about=f"agency/{agency}", at=now, actor=by, facts=facts)


def find(session: Session) -> Sequence[tuple[AgencyToken, str]]:
    """All tokens with the code of their agency."""
    rows = select(AgencyToken, Agency.code).join(Agency, Agency.id == AgencyToken.agency_id)
    return [(token, code) for token, code in session.execute(rows.order_by(AgencyToken.id))]


def holder(session: Session, words: str) -> Holder:
    """Whose token this is.  NotSignedIn otherwise; whether there ever was such a token is not told."""
    row = session.execute(
        select(Agency.code, AgencyToken.may_send)
        .join(AgencyToken, AgencyToken.agency_id == Agency.id)
        .where(AgencyToken.sha256 == _digest(words), AgencyToken.revoked_at.is_(None))
    ).one_or_none()
    if row is None:
        raise NotSignedIn(
            "This needs the token of an agency.", code="token.invalid" if words else "token",
            next="Send it as: Authorization: Bearer seogo_…",
        )  # fmt: skip
    return Holder(*row)


def _digest(words: str) -> str:
    """The words are 256 random bits, so a plain digest cannot be guessed back."""
    return hashlib.sha256(words.encode()).hexdigest()
