"""What is known of one transfer while it is worked on, in a file of its own: no list of it is held in memory.

A transfer may have millions of files and rows.  They lie in a SQLite file in the home, which goes when
the work ends; a run that was killed leaves it, and the next one removes it.  Nothing in it needs to
last, so nothing is synced.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import chain, count, islice
from pathlib import Path
from typing import Any

from archive.errors import Unavailable
from archive.work.processes import is_dead, me
from metadata_schemas.description import Finding
from metadata_schemas.transfer_lists import packed, unpacked

About = tuple[int | None, Finding]
"""A finding and the place of its volume in the list, or None when it is about the whole transfer."""

LOOKED, LISTED, HELD, READ = range(4)
"""What found something: the look at the folder, its lists, the holdings, or the bytes that were read."""

TABLES = """
CREATE TABLE arrived (
  path BLOB, reading BLOB, folded BLOB, is_plain INTEGER, size INTEGER, modified_ns INTEGER
);
-- how names that are no UTF-8 read in CP949
CREATE TABLE aliases (reading BLOB, path BLOB);
-- every file of the records' folder, in the order of its path; `path` only where it is not `reading`,
-- and so `folded`, the name as systems compare it that do not tell capitals from small letters
CREATE TABLE files (
  id INTEGER PRIMARY KEY, reading BLOB NOT NULL, path BLOB, folded BLOB, is_plain INTEGER NOT NULL,
  size INTEGER NOT NULL, modified_ns INTEGER NOT NULL, is_record INTEGER NOT NULL DEFAULT 1
);
CREATE TABLE folders (parent BLOB, key BLOB, folder BLOB, PRIMARY KEY (parent, key)) WITHOUT ROWID;
-- names without their endings, as people compare them; filled when a list names files by nothing else
CREATE TABLE stems (key BLOB, folded BLOB, file INTEGER);
CREATE TABLE promised (
  id INTEGER PRIMARY KEY, path BLOB, below BLOB, file INTEGER, algorithm TEXT, digest TEXT,
  is_held INTEGER NOT NULL DEFAULT 0, UNIQUE (path, algorithm)
);
-- what is known of bytes; `seconds`: when a file that is in custody was modified
CREATE TABLE digests (file INTEGER PRIMARY KEY, sha256 TEXT NOT NULL, seconds INTEGER);
-- `folder`: what its files share; `called`: that which is called like it, where files of its items are sought
CREATE TABLE volumes (
  place INTEGER PRIMARY KEY, list TEXT, row INTEGER, folder BLOB, packed BLOB NOT NULL,
  items INTEGER, files INTEGER, bytes INTEGER, lacking INTEGER, pages INTEGER,
  claims_after INTEGER, held_as INTEGER, called BLOB
);
CREATE INDEX volumes_by_row ON volumes (row);
CREATE INDEX volumes_by_folder ON volumes (folder);
CREATE TABLE items (
  volume INTEGER, position INTEGER, list TEXT, row INTEGER, files INTEGER, lacking INTEGER, pages INTEGER,
  sender_id TEXT, title TEXT NOT NULL, packed BLOB NOT NULL, PRIMARY KEY (volume, position)
) WITHOUT ROWID;
CREATE INDEX items_by_row ON items (row);
-- which file belongs to which item, in the order in which they are kept; those of a volume lie together
CREATE TABLE claims (id INTEGER PRIMARY KEY, volume INTEGER, item INTEGER, file INTEGER);
CREATE UNIQUE INDEX claims_of_file ON claims (file, volume, item);
CREATE TABLE missing (volume INTEGER, position INTEGER, name BLOB, below BLOB);
CREATE INDEX missing_below ON missing (below);
CREATE TABLE findings (
  id INTEGER PRIMARY KEY, stage INTEGER, place INTEGER, rule TEXT, path BLOB, packed BLOB NOT NULL
);
-- volumes that earlier rounds brought, and digests of one volume while it is compared with one of them, or
-- of single files while volumes are; each file is there once for each item that has it
CREATE TABLE earlier (key TEXT PRIMARY KEY, volume_id INTEGER, reference TEXT) WITHOUT ROWID;
CREATE TABLE sent (sha256 TEXT, file INTEGER);
CREATE INDEX sent_file ON sent (file);
-- volumes whose other files are in custody: what did not come of them again is not missing
CREATE TABLE kept_whole (place INTEGER PRIMARY KEY);
"""

# Without a journal a write is half as dear; a file that is spoilt by a kill is never read again.
SETTINGS = ("journal_mode = OFF", "synchronous = OFF", "cache_size = -4096", "temp_store = FILE")

ROWS_AT_ONCE = 100

_numbers = count(1)


class Inventory:
    """The file, opened.  What is written is seen by other processes after `commit`."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path, self.connection = path, connection

    def rows(self, question: str, *values: Any) -> Iterator[tuple[Any, ...]]:
        """Rows as they are found; they may be gone through while other tables are written."""
        return self.connection.execute(question, values)

    def row(self, question: str, *values: Any) -> tuple[Any, ...] | None:
        """The first row, if there is one."""
        first: tuple[Any, ...] | None = self.connection.execute(question, values).fetchone()
        return first

    def value(self, question: str, *values: Any) -> Any:
        """The first column of the first row; None where there is no row."""
        first = self.row(question, *values)
        return first[0] if first else None

    def write(self, statement: str, *values: Any) -> int:
        """Carry out one statement; the number of rows it wrote."""
        return self.connection.execute(statement, values).rowcount

    def write_all(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> int:
        """Carry out the statement for each row, as the rows come; the number of rows that were written."""
        return self.connection.executemany(statement, rows).rowcount

    def insert_all(self, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Insert whole rows as they come, many in one statement: that costs two thirds of one for each."""
        waiting = iter(rows)
        while some := list(islice(waiting, ROWS_AT_ONCE)):
            marks = ", ".join([f"({', '.join('?' * len(some[0]))})"] * len(some))
            self.write(f"INSERT INTO {table} VALUES {marks}", *chain.from_iterable(some))

    def note(self, stage: int, findings: Iterable[About]) -> None:
        rows = (
            (stage, place, each.rule, os.fsencode(each.where.path or ""), packed(each))
            for place, each in findings
        )
        self.write_all("INSERT INTO findings (stage, place, rule, path, packed) VALUES (?, ?, ?, ?, ?)", rows)

    def noted(self, stage: int) -> Iterator[About]:
        """What was found, in the order in which it was noted, or by path where that was no order."""
        order = "path, id" if stage == LOOKED else "id"
        wanted = f"SELECT place, packed FROM findings WHERE stage = ? ORDER BY {order}"
        for place, found in self.rows(wanted, stage):
            yield place, unpacked(found)

    def beside(self) -> Path:
        """A new name beside the inventory, for a file that goes when it does."""
        return self.path.with_name(f"{self.path.name}.{next(_numbers)}")

    def commit(self) -> None:
        self.connection.execute("COMMIT")
        self.connection.execute("BEGIN")


@contextmanager
def made(scratch: Path) -> Iterator[Inventory]:
    """A new and empty inventory, removed at the end of the block.  Unavailable when its disk fails."""
    scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
    _sweep(scratch)
    path = scratch / f"inventory-{me()}#{next(_numbers)}"
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            for setting in SETTINGS:
                connection.execute(f"PRAGMA {setting}")
            connection.executescript(f"BEGIN; {TABLES} COMMIT; BEGIN")
            yield Inventory(path, connection)
    except sqlite3.OperationalError as error:
        raise Unavailable(
            f"What is known of the transfer could not be laid down in {scratch}: {error}.",
            code="machine",
            next="See that its disk can be written to and has room, then do the same again.",
        ) from error
    finally:
        for each in (path, *path.parent.glob(f"{path.name}.*")):
            each.unlink(missing_ok=True)


def _sweep(scratch: Path) -> None:
    """Remove what processes left that were killed."""
    for path in scratch.glob("inventory-*"):
        if is_dead(path.name.removeprefix("inventory-")):
            path.unlink(missing_ok=True)
