"""What a database that does not do what it is asked is to people: locked, full, damaged, not there.

SQLite tells the cause by a number, PostgreSQL by a state, and in words where no server answered at all.
"""

import re
import sqlite3
from dataclasses import dataclass

from sqlalchemy.exc import DatabaseError, OperationalError

from archive.errors import ArchiveError, Damaged, Unavailable


@dataclass(frozen=True)
class Cause:
    """What is known of it in plain words, and the next step."""

    fact: str
    next: str


LOCKED = Cause("The database is locked by another program.", "Let that one end, then do the same again.")
READ_ONLY = Cause(
    "The database may not be written.",
    "Give this user the right to write to it, of SQLite to the file and its folder, then do the same again.",
)
FULL = Cause("The disk of the database is full.", "Make room, then do the same again.")
DISK = Cause("The disk of the database does not read or write.", "Mend the disk, then do the same again.")
NOT_OPENED = Cause(
    "The file of the database cannot be opened.",
    "See that SEOGO_DATABASE is right, its folder there and open to this user, then do the same again.",
)
NO_SERVER = Cause(
    "No database server answers there.",
    "See that it runs and that SEOGO_DATABASE is right, then do the same again.",
)
NOT_LET_IN = Cause(
    "The database server does not let this user in.", "Correct user name and password in SEOGO_DATABASE."
)
NO_DATABASE = Cause(
    "The database server has no database of that name.", "Make it, or correct the name in SEOGO_DATABASE."
)
TOO_MANY = Cause(
    "The database server takes no more connections.",
    "Allow more (max_connections) or let others end, then do the same again.",
)
STOPPING = Cause("The database server is starting or ending.", "When it runs, do the same again.")
DAMAGED = Cause(
    "The database is damaged, or what lies in its place is none.",
    "Keep it as it is, and put its backup in its place.  The stores are not touched by this.",
)
FOREIGN = Cause(
    "The database is none of this version of Seogo.", "See that SEOGO_DATABASE names the right one."
)
UNKNOWN = Cause("The database did not answer.", "See that it runs and has room, then do the same again.")

BY_NUMBER = {
    sqlite3.SQLITE_BUSY: LOCKED,
    sqlite3.SQLITE_LOCKED: LOCKED,
    sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_PERM: READ_ONLY,
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_IOERR: DISK,
    sqlite3.SQLITE_CANTOPEN: NOT_OPENED,
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_NOTADB: DAMAGED,
}
"""The lower eight bits of SQLite's result codes, https://www.sqlite.org/rescode.html."""

BY_STATE = (
    ("25006", READ_ONLY), ("28", NOT_LET_IN), ("3D000", NO_DATABASE), ("40P01", LOCKED), ("53100", FULL),
    ("53300", TOO_MANY), ("55P03", LOCKED), ("57014", UNKNOWN), ("57P", STOPPING), ("58030", DISK),
    ("XX001", DAMAGED), ("XX002", DAMAGED),
)  # fmt: skip
"""How PostgreSQL's states begin, https://www.postgresql.org/docs/current/errcodes-appendix.html."""

BY_WORDS = (
    (re.compile("no such (table|column)"), FOREIGN),
    (re.compile("password authentication|pg_hba.conf|role .* does not exist"), NOT_LET_IN),
    (re.compile("database .* does not exist"), NO_DATABASE),
    (re.compile("too many clients|connection slots"), TOO_MANY),
    (re.compile("starting up|shutting down"), STOPPING),
    (re.compile("refused|resolve|host name|No such file|timeout|unreachable|No route"), NO_SERVER),
)
"""What libpq says where a connection was not made, and SQLite of another's file; they have no number."""


def told(error: DatabaseError) -> ArchiveError | None:
    """What is told of an error of the database; None where the error is a defect of ours.

    The words of the database are left out: they may quote what is in it.
    """
    cause = _cause(error)
    if cause is None:
        return None
    if cause is DAMAGED:
        return Damaged(cause.fact, code="database.damaged", next=cause.next)
    return Unavailable(cause.fact, code="database", next=cause.next)


def words_of(error: DatabaseError) -> str:
    """What the database itself said, in one line; what PostgreSQL says below it quotes rows."""
    return next(iter(str(error.orig).strip().splitlines()), "")


def _cause(error: DatabaseError) -> Cause | None:
    number, state = getattr(error.orig, "sqlite_errorcode", None), getattr(error.orig, "sqlstate", None)
    known = BY_NUMBER.get(number & 0xFF) if number is not None else None
    known = known or next((cause for begins, cause in BY_STATE if (state or "").startswith(begins)), None)
    if known is None and isinstance(error, OperationalError):
        said = str(error.orig)
        return next((cause for words, cause in BY_WORDS if words.search(said)), UNKNOWN)
    return known
