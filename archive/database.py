"""The declarative base, times in UTC, and opening a database.

SQLite is the embedded default: write-ahead log, every commit synced, foreign keys on.
PostgreSQL is the production database.  What is written here must hold on both.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    ColumnElement,
    DateTime,
    Dialect,
    Engine,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    text,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.types import TypeDecorator

from archive.locks import is_won

OpenSession = sessionmaker[Session]

ROWS_AT_ONCE = 1000

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class UTCDateTime(TypeDecorator[datetime]):
    """An aware instant.  A naive value is refused, and what comes back is always UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a time zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class FilePath(TypeDecorator[str]):
    """An absolute path as a file system has it; one whose bytes are no UTF-8 is kept in hexadecimal."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None or value.isascii():
            return value
        octets = os.fsencode(value)
        try:
            return octets.decode()
        except UnicodeDecodeError:
            return f"hex:{octets.hex()}"

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None or not value.startswith("hex:"):
            return value
        return os.fsdecode(bytes.fromhex(value.removeprefix("hex:")))


class Base(DeclarativeBase):
    """Each table is declared in the only package that writes it."""

    __table__: ClassVar[Table]
    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar = {datetime: UTCDateTime(), dict[str, Any]: JSON(), list[Any]: JSON()}


def open_engine(url: str) -> Engine:
    """An engine for ``sqlite:///path`` or ``postgresql://…``.  Its errors tell no value of a row."""
    parsed = make_url(url)
    return _sqlite(parsed) if parsed.get_backend_name() == "sqlite" else _postgresql(parsed)


def insert_all(
    session: Session, table: type[Base], rows: Iterable[dict[str, Any]], **same: ColumnElement[Any]
) -> None:
    """Insert rows as they come, so that a million of them are never in memory at once.

    ``same`` are columns that every row has in common, or that the database finds for each.
    """
    insert = table.__table__.insert().values(**same)
    waiting = iter(rows)
    while some := list(islice(waiting, ROWS_AT_ONCE)):
        session.execute(insert, some)


def insert_for_ids(session: Session, table: type[Base], rows: Sequence[dict[str, Any]]) -> Sequence[int]:
    """Insert rows and tell their ids, in their order."""
    plain = table.__table__
    if not rows:
        return ()
    return session.scalars(plain.insert().returning(plain.c.id, sort_by_parameter_order=True), rows).all()


def insert_values(
    session: Session, table: type[Base], names: tuple[str, ...], rows: Iterable[tuple[Any, ...]]
) -> None:
    """The same as `insert_all` for rows that are the values of these columns, in the order of the table.

    The driver is given them as they are, but for what the types of columns want: where there are many
    rows, those that are looked at by name take twice as long.
    """
    connection = session.connection()
    statement, is_positional, wanted = _prepared(connection.dialect, table, names)
    waiting = iter(rows)
    while some := list(islice(waiting, ROWS_AT_ONCE)):
        columns = zip(wanted, zip(*some, strict=True), strict=True)
        ready = zip(*(map(make, column) if make else column for make, column in columns), strict=True)
        values = ready if is_positional else (dict(zip(names, each, strict=True)) for each in ready)
        connection.exec_driver_sql(statement, list(values))


@lru_cache
def _prepared(
    dialect: Dialect, table: type[Base], names: tuple[str, ...]
) -> tuple[str, bool, list[Callable[[Any], Any] | None]]:
    """A statement as the driver takes it, whether by position, and what makes each value fit for it."""
    made = table.__table__.insert().inline().compile(dialect=dialect, column_keys=names)
    if tuple(made.params) != names:
        raise ValueError(f"the values for {table.__tablename__} have to be {', '.join(made.params)}")
    types = (table.__table__.c[name].type.dialect_impl(dialect) for name in names)
    return made.string, made.positional, [each.bind_processor(dialect) for each in types]


def in_byte_order(session: Session, column: ColumnElement[str]) -> ColumnElement[str]:
    """A column to order by as Python orders strings, whatever order the database was made with."""
    is_server = session.get_bind().dialect.name == "postgresql"
    return column.collate("C" if is_server else "BINARY")


def open_session_maker(engine: Engine) -> OpenSession:
    return sessionmaker(engine, expire_on_commit=False)


@contextmanager
def one_machine_only(engine: Engine, name: str, *, wait: bool = False) -> Iterator[bool]:
    """Hold a lock that every machine with this database sees; False when another one holds it
    for longer than a look at it takes.

    The server drops it when its holder's connection ends.  On SQLite there is only one machine:
    the answer is True, and a lock file has to do the rest.
    """
    if engine.dialect.name != "postgresql":
        yield True
        return
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], signed=True)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        asked = "true FROM pg_advisory_lock(:number)" if wait else "pg_try_advisory_lock(:number)"
        held = is_won(lambda: bool(connection.scalar(text(f"SELECT {asked}"), {"number": number})))
        try:
            yield held
        finally:
            if held:
                connection.execute(text("SELECT pg_advisory_unlock(:number)"), {"number": number})


# A server that vanished without a word is noticed after a minute, not after the two hours of TCP.
_PATIENCE = {"connect_timeout": 5, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3,
             "tcp_user_timeout": 60_000}  # fmt: skip


def _postgresql(url: URL) -> Engine:
    return create_engine(
        url, pool_pre_ping=True, pool_size=5, max_overflow=20, connect_args=_PATIENCE, hide_parameters=True
    )


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url, connect_args={"timeout": 60}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: object) -> None:
        # The driver's own transaction control begins too late for a read followed by a write:
        # it is switched off, and BEGIN is said by us below.
        connection.isolation_level = None
        run: Callable[[str], Any] = connection.execute
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = FULL")
        run("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        # IMMEDIATE takes the write lock at once, so two writers queue instead of one failing midway;
        # a session that only reads says so with the execution option `reading`.
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine
