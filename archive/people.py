"""Citizens, archivists, auditors: who may sign in, and what a role may do.

Personal data lives here and nowhere else; every other table, the ledger and the logs
know a person only by ``opaque``, which says nothing without this table.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from archive.database import Base
from archive.errors import Conflict, Missing, WrongCall

Role = Literal["citizen", "archivist", "auditor"]
ROLES: tuple[Role, ...] = ("citizen", "archivist", "auditor")

MAY: dict[str, frozenset[str]] = {
    "citizen": frozenset(),
    "archivist": frozenset({"see closed items", "work at the desk", "see evidence"}),
    "auditor": frozenset({"see evidence"}),
}

TRIES = 5
LOCKED_FOR = timedelta(minutes=15)
_HASHER = PasswordHasher()
_NOBODY = _HASHER.hash("nobody has this password")


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    opaque: Mapped[str] = mapped_column(String(20), unique=True)
    username: Mapped[str] = mapped_column(String(80), unique=True)
    display_name: Mapped[str]
    role: Mapped[str] = mapped_column(String(20))
    password_hash: Mapped[str]
    failed_tries: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime]


@dataclass(frozen=True)
class Reader:
    """Whoever asks: a signed-in person or anybody.  ``name`` is opaque and fit for the ledger."""

    name: str = "public"
    role: Role = "citizen"

    def may(self, what: str) -> bool:
        return what in MAY[self.role]


@dataclass(frozen=True)
class SignedIn:
    user: User


@dataclass(frozen=True)
class WrongPassword:
    tries_left: int


@dataclass(frozen=True)
class Locked:
    until: datetime


def add(
    session: Session, username: str, password: str, *, role: str, display_name: str, now: datetime
) -> User:
    if role not in ROLES:
        raise WrongCall(f"There is no role {role!r}.", next=f"Choose one of {', '.join(ROLES)}.")
    if len(password) < 10:
        raise WrongCall("A password needs at least 10 signs.", next="Choose a longer one.")
    if session.scalar(select(func.count()).where(User.username == username)):
        raise Conflict("That user name is taken.", next="Choose another.")
    user = User(
        opaque="p-" + secrets.token_hex(6),
        username=username,
        display_name=display_name,
        role=role,
        password_hash=_HASHER.hash(password),
        created_at=now,
    )
    session.add(user)
    session.flush()
    return user


def sign_in(
    session: Session, username: str, password: str, now: datetime
) -> SignedIn | WrongPassword | Locked:
    """Check a password.  An unknown name takes as long as a wrong password and reads the same."""
    user = session.scalar(select(User).where(User.username == username).with_for_update())
    if user is None:
        _matches(_NOBODY, password)
        return WrongPassword(TRIES - 1)
    if user.locked_until and user.locked_until > now:
        return Locked(user.locked_until)
    if _matches(user.password_hash, password):
        user.failed_tries, user.locked_until = 0, None
        return SignedIn(user)
    user.failed_tries += 1
    if user.failed_tries >= TRIES:
        user.failed_tries, user.locked_until = 0, now + LOCKED_FOR
        return Locked(user.locked_until)
    return WrongPassword(TRIES - user.failed_tries)


def get(session: Session, user_id: int) -> User:
    user = session.get(User, user_id)
    if user is None:
        raise Missing("There is no such user.")
    return user


def reader(user: User | None) -> Reader:
    if user is None:
        return Reader()
    return Reader(user.opaque, user.role)  # type: ignore[arg-type]


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False
