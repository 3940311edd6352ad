"""What a database does not do is told in plain words, by its cause where that is known."""

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DatabaseError, IntegrityError, OperationalError, ProgrammingError

from archive import database_faults
from archive.database import open_engine
from archive.errors import ArchiveError, Damaged, Unavailable


def error_of(url: str, *statements: str) -> DatabaseError:
    """What a real SQLite says to the last of some statements."""
    engine = create_engine(url, connect_args={"timeout": 0})
    with pytest.raises(DatabaseError) as raised:
        _execute(engine, statements)
    engine.dispose()
    return raised.value


def _execute(engine: Engine, statements: tuple[str, ...]) -> None:
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))


def made(tmp_path: Path) -> Path:
    engine = create_engine(f"sqlite:///{tmp_path}/a.db")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE notes (words TEXT UNIQUE)"))
        connection.execute(text("INSERT INTO notes VALUES (hex(randomblob(20000)))"))
    engine.dispose()
    return tmp_path / "a.db"


def locked(tmp_path: Path) -> DatabaseError:
    holder = create_engine(f"sqlite:///{made(tmp_path)}")
    with holder.connect() as connection:
        connection.execute(text("BEGIN EXCLUSIVE"))
        found = error_of(f"sqlite:///{tmp_path}/a.db", "SELECT * FROM notes")
    holder.dispose()
    return found


def read_only(tmp_path: Path) -> DatabaseError:
    return error_of(f"sqlite:///file:{made(tmp_path)}?mode=ro&uri=true", "DELETE FROM notes")


def full(tmp_path: Path) -> DatabaseError:
    more = "INSERT INTO notes VALUES (hex(randomblob(999999)))"
    return error_of(f"sqlite:///{made(tmp_path)}", "PRAGMA max_page_count = 20", more)


def no_folder(tmp_path: Path) -> DatabaseError:
    return error_of(f"sqlite:///{tmp_path}/nowhere/a.db", "SELECT 1")


def cut(tmp_path: Path) -> DatabaseError:
    whole = made(tmp_path).read_bytes()
    (tmp_path / "a.db").write_bytes(whole[:8192])
    return error_of(f"sqlite:///{tmp_path}/a.db", "SELECT * FROM notes")


def no_database(tmp_path: Path) -> DatabaseError:
    (tmp_path / "a.db").write_bytes(b"this is no database at all" * 99)
    return error_of(f"sqlite:///{tmp_path}/a.db", "SELECT * FROM notes")


def foreign(tmp_path: Path) -> DatabaseError:
    return error_of(f"sqlite:///{made(tmp_path)}", "SELECT * FROM transfers")


SQLITE = (
    (locked, Unavailable, "The database is locked by another program."),
    (read_only, Unavailable, "The database may not be written."),
    (full, Unavailable, "The disk of the database is full."),
    (no_folder, Unavailable, "The file of the database cannot be opened."),
    (cut, Damaged, "The database is damaged, or what lies in its place is none."),
    (no_database, Damaged, "The database is damaged, or what lies in its place is none."),
    (foreign, Unavailable, "The database is none of this version of Seogo."),
)


@pytest.mark.parametrize(
    ("cause", "kind", "sentence"), SQLITE, ids=lambda each: getattr(each, "__name__", "")
)
def test_sqlite_is_told_by_its_cause(
    tmp_path: Path, cause: Callable[[Path], DatabaseError], kind: type[ArchiveError], sentence: str
) -> None:
    told = database_faults.told(cause(tmp_path))
    assert (type(told), told and told.message) == (kind, sentence)
    assert told and told.next


STATES = (
    ("25006", "The database may not be written."),
    ("28P01", "The database server does not let this user in."),
    ("3D000", "The database server has no database of that name."),
    ("53100", "The disk of the database is full."),
    ("53300", "The database server takes no more connections."),
    ("55P03", "The database is locked by another program."),
    ("57014", "The database did not answer."),
    ("57P01", "The database server is starting or ending."),
    ("XX001", "The database is damaged, or what lies in its place is none."),
)


@pytest.mark.parametrize(("state", "sentence"), STATES)
def test_postgresql_is_told_by_its_state(state: str, sentence: str) -> None:
    said = psycopg.errors.lookup(state)("secret words")
    told = database_faults.told(DatabaseError("SELECT secret", {}, said))
    assert told and told.message == sentence
    assert "secret" not in f"{told.message} {told.next}"


WORDS = (
    ('connection failed: FATAL:  password authentication failed for user "u"', "does not let this user in"),
    ('connection failed: FATAL:  database "nix" does not exist', "no database of that name"),
    ("connection failed: FATAL:  sorry, too many clients already", "takes no more connections"),
    ("failed to resolve host 'nix.invalid': [Errno -2] Name or service not known", "No database server"),
    ("something that nobody ever saw", "The database did not answer."),
)


@pytest.mark.parametrize(("words", "sentence"), WORDS)
def test_a_connection_that_is_not_made_is_told_by_its_words(words: str, sentence: str) -> None:
    told = database_faults.told(OperationalError("", {}, psycopg.OperationalError(words)))
    assert isinstance(told, Unavailable) and sentence in told.message


def test_a_server_that_is_not_there_is_told_as_such() -> None:
    engine = create_engine("postgresql+psycopg://u:p@127.0.0.1:1/x", connect_args={"connect_timeout": 5})
    with pytest.raises(OperationalError) as raised, engine.connect():
        pass
    told = database_faults.told(raised.value)
    assert told and told.message == "No database server answers there."


@pytest.mark.parametrize(
    "error",
    [IntegrityError("", {}, Exception("UNIQUE")), ProgrammingError("", {}, psycopg.errors.UndefinedTable())],
)
def test_what_is_wrong_with_a_statement_is_a_defect_of_ours(error: DatabaseError) -> None:
    assert database_faults.told(error) is None


def test_an_error_tells_no_value_of_a_row(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/people.db")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE people (name TEXT UNIQUE)"))
    enter = text("INSERT INTO people VALUES (:name)")
    with pytest.raises(IntegrityError) as raised, engine.begin() as connection:
        connection.execute(enter, [{"name": "홍길동"}, {"name": "홍길동"}])
    assert "홍길동" not in str(raised.value)
    engine.dispose()
    quoted = psycopg.errors.QueryCanceled("canceling statement\nDETAIL:  Key (name)=(홍길동)")
    assert database_faults.words_of(OperationalError("", {}, quoted)) == "canceling statement"
