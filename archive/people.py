"""Citizens, archivists, auditors: who may sign in, and what a role may do.

Personal data lives here and nowhere else; every other table, the ledger and the logs
know a person only by ``opaque``, which says nothing without this table.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import String, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column

from archive import holdings
from archive.database import Base
from archive.errors import Conflict, Missing, WrongCall

Role = Literal["citizen", "archivist", "auditor", "sender"]
ROLES: tuple[Role, ...] = ("citizen", "archivist", "auditor", "sender")

MAY: dict[str, frozenset[str]] = {
    "citizen": frozenset(),
    "archivist": frozenset({"see closed items", "work at the desk", "see evidence", "send transfers"}),
    "auditor": frozenset({"see evidence"}),
    "sender": frozenset({"send transfers"}),
}

LONGEST_NAME = 80
TRIES = 5
LOCKED_FOR = timedelta(minutes=15)
_HASHER = PasswordHasher()
_NOBODY = _HASHER.hash("nobody has this password")


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    opaque: Mapped[str] = mapped_column(String(20), unique=True)
    username: Mapped[str] = mapped_column(String(LONGEST_NAME), unique=True)
    display_name: Mapped[str]
    role: Mapped[str] = mapped_column(String(20))
    password_hash: Mapped[str]
    agency_code: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[datetime]


class SignInTries(Base):
    """Wrong tries for a user name, whether anybody has that name or not; kept as its SHA-256."""

    __tablename__ = "sign_in_tries"

    name_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    failed: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]


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
    session: Session,
    username: str,
    password: str,
    *,
    role: str,
    display_name: str,
    now: datetime,
    agency: str | None = None,
) -> User:
    """``agency``: whose transfers a sender brings; a sender has one, and nobody else has."""
    for what, name in (("user name", username), ("name", display_name)):
        if not name.strip() or name != name.strip() or not name.isprintable() or len(name) > LONGEST_NAME:
            raise WrongCall(
                f"{name[:40]!r} is no {what}.",
                next=f"Give one of 1 to {LONGEST_NAME} signs on one line, with no blank before or behind it.",
            )
    if role not in ROLES:
        raise WrongCall(f"There is no role {role!r}.", next=f"Choose one of {', '.join(ROLES)}.")
    if (role == "sender") != bool(agency):
        raise WrongCall("A sender has an agency, and nobody else has.", next="Give its code, or none.")
    if agency:
        holdings.check_agency_code(session, agency)
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
        agency_code=agency,
        created_at=now,
    )
    session.add(user)
    session.flush()
    return user


def sign_in(
    session: Session, username: str, password: str, now: datetime
) -> SignedIn | WrongPassword | Locked:
    """Check a password.  An unknown name takes as long, is counted and locked, and reads the same."""
    tries = _tries(session, username)
    if tries.locked_until and tries.locked_until > now:
        return Locked(tries.locked_until)
    user = session.scalar(select(User).where(User.username == username))
    if _matches(user.password_hash if user else _NOBODY, password) and user:
        tries.failed, tries.locked_until = 0, None
        return SignedIn(user)
    tries.failed += 1
    if tries.failed >= TRIES:
        tries.failed, tries.locked_until = 0, now + LOCKED_FOR
        return Locked(tries.locked_until)
    return WrongPassword(TRIES - tries.failed)


def _tries(session: Session, username: str) -> SignInTries:
    """The row of a name, entered when it is new and locked until the caller commits."""
    name_hash = hashlib.sha256(username.encode("utf-8", "surrogatepass")).hexdigest()
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    entered = dialect.insert(SignInTries).values(name_hash=name_hash, failed=0)
    session.execute(entered.on_conflict_do_nothing(index_elements=["name_hash"]))
    return session.scalars(
        select(SignInTries).where(SignInTries.name_hash == name_hash).with_for_update()
    ).one()


def get(session: Session, user_id: int) -> User:
    user = session.get(User, user_id)
    if user is None:
        raise Missing("There is no such user.")
    return user


def name_of(session: Session, opaque: str) -> str | None:
    """The name that is shown of a person; None where nobody here has that id."""
    return session.scalar(select(User.display_name).where(User.opaque == opaque))


def reader(user: User | None) -> Reader:
    if user is None:
        return Reader()
    return Reader(user.opaque, user.role)  # type: ignore[arg-type]


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerifyMismatchError, InvalidHashError):
        return False
