"""What has arrived in a transfer folder: every file's name, size and time, and nothing opened.

Names are kept as the file system has them; bytes that are not UTF-8 travel as surrogates.
Links and devices are never followed or read.
"""

import hashlib
import os
import re
import stat
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from archive.errors import Unavailable, WrongCall
from archive.stores.keys import are_plain
from ingest.looking.inventory import LOOKED, Inventory
from metadata_schemas.description import Finding, Severity, Where

LITTER = frozenset({".ds_store", "thumbs.db", "desktop.ini"})
"""Files that systems leave behind by themselves; they are named in a note and not taken in."""


_ODD_BYTES = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True)
class Found:
    """One file.  ``path`` is relative to the folder, with ``/``; ``id`` is its number in the inventory."""

    id: int
    path: str
    size: int
    modified_ns: int


@dataclass(frozen=True)
class Arrival:
    """The files of a folder, in an inventory.  ``beside``: name to full path of the tag files of a bag."""

    folder: Path
    inventory: Inventory
    beside: Mapping[str, str]

    def files(self) -> Iterator[Found]:
        """Every file, in the order of the bytes of its path."""
        for row in self.inventory.rows(f"SELECT {FOUND} FROM files ORDER BY id"):
            yield found(*row)

    def oddly_named(self) -> Iterator[Found]:
        """Files whose names are not harmless at first sight."""
        for row in self.inventory.rows(f"SELECT {FOUND} FROM files WHERE NOT is_plain ORDER BY id"):
            yield found(*row)

    def file(self, path: str) -> Found | None:
        """The file that arrived at exactly this path."""
        wanted = f"SELECT {FOUND} FROM files WHERE reading = ? AND coalesce(path, reading) = ?"
        row = self.inventory.row(wanted, raw(normal(path)), raw(path))
        return found(*row) if row else None

    def below(self, prefix: str, *, exactly: bool = True) -> Iterator[Found]:
        """Files whose path begins so, as bytes or in NFC; the beginning is empty or ends with a slash."""
        start = raw(normal(prefix))
        among = f"SELECT {FOUND} FROM files WHERE reading >= ? AND reading < ? ORDER BY id"
        every = self.inventory.rows(among, start, start[:-1] + (b"0" if prefix else b"\xff"))
        yield from (file for row in every if (file := found(*row)).path.startswith(prefix) or not exactly)

    def top_files(self) -> Iterator[str]:
        """Names of files in no folder."""
        for row in self.inventory.rows(f"SELECT {FOUND} FROM files WHERE instr(reading, x'2F') = 0"):
            yield found(*row).path

    def top_folders(self) -> Iterator[str]:
        """Names of the folders at the top, each once."""
        among = "WHERE reading >= ? AND instr(reading, x'2F') > 0 ORDER BY reading LIMIT 1"
        after = b""
        while row := self.inventory.row(f"SELECT reading, {FOUND} FROM files {among}", after):
            after = row[0].split(b"/")[0] + b"0"
            yield found(*row[1:]).path.split("/")[0]

    @property
    def count(self) -> int:
        return int(self.inventory.value("SELECT count(*) FROM files"))

    @property
    def bytes(self) -> int:
        return int(self.inventory.value("SELECT coalesce(sum(size), 0) FROM files"))

    @cached_property
    def shape(self) -> str:
        """A digest of names and sizes: equal for the same transfer wherever it lies, cheap to know."""
        told = hashlib.sha256()
        every = self.inventory.rows("SELECT coalesce(path, reading), size FROM files ORDER BY id")
        for octets, size in every:
            told.update(b"%s\0%d\n" % (octets, size))
        return told.hexdigest()

    @cached_property
    def top(self) -> str:
        """What its sender calls the folder; nothing where it is ours, around what came through a browser."""
        return "" if _is_ours(self.folder) else shown(self.folder.resolve().name)

    def full_path(self, path: str) -> str:
        return f"{self.folder}/{path}"


class ArrivedNames:
    """The names of the files that arrived, as those who read lists ask for them."""

    def __init__(self, arrival: Arrival) -> None:
        self._arrival = arrival

    def __iter__(self) -> Iterator[str]:
        every = self._arrival.inventory.rows("SELECT coalesce(path, reading) FROM files ORDER BY id")
        return (os.fsdecode(path) for (path,) in every)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._arrival.file(name) is not None

    def spelled(self, reading: str) -> str | None:
        """The path that reads so in NFC; where its bytes are no UTF-8, in CP949."""
        asked = "SELECT coalesce(path, reading) FROM files WHERE reading = ? ORDER BY id LIMIT 1"
        inventory, wanted = self._arrival.inventory, raw(reading)
        path = inventory.value(asked, wanted) or inventory.value(
            "SELECT path FROM aliases WHERE reading = ?", wanted
        )
        return None if path is None else os.fsdecode(path)

    def below(self, folder: str) -> Iterator[str]:
        """All paths in a folder, which is given in NFC with its slash."""
        return (file.path for file in self._arrival.below(folder, exactly=False))


FOUND = "files.id, coalesce(files.path, files.reading), files.size, files.modified_ns"
"""The columns that `found` takes."""


def found(id: int, path: bytes, size: int, modified_ns: int) -> Found:
    return Found(id, os.fsdecode(path), size, modified_ns)


def look_at(folder: Path) -> None:
    """WrongCall when there is no such folder, Unavailable when it may not be looked into."""
    try:
        if not folder.exists():
            raise WrongCall(
                f"There is no folder {shown(str(folder))}.",
                code="transfer.folder",
                next="Give the folder that holds the list and the files.",
            )
        if not folder.is_dir():
            raise WrongCall(
                f"{shown(str(folder))} is a file, not a folder.",
                code="transfer.folder",
                next="Unpack it into a folder and give that.",
            )
        with os.scandir(folder):  # its names may be read, and below what is in it may be asked for
            os.stat(f"{folder}/.")
    except OSError as error:
        raise Unavailable(
            f"The folder {shown(str(folder))} could not be looked into: {error.strerror}.",
            code="transfer.folder",
            next="Mend its rights or its medium, then give it again.",
        ) from error


def called(folder: Path) -> str:
    """What a sentence about a transfer begins with: its folder has no name for anybody where it is ours."""
    return "What was sent" if _is_ours(folder) else f"The folder {shown(folder.absolute().name)}"


def _is_ours(folder: Path) -> bool:
    return folder.name == "files" and (folder.parent / "parts").is_dir()


def survey(folder: Path, inventory: Inventory, *, below: str = "") -> Arrival:
    """Enter a transfer folder in the inventory; what is not ``below``, where the records lie, stays apart.

    Unavailable when a folder in it cannot be looked at.
    """
    beside: dict[str, str] = {}
    try:
        inventory.insert_all("arrived", _arrivals(folder.absolute(), below, beside, inventory))
    except OSError as error:
        raise Unavailable(
            f"The folder could not be read to the end: {error.strerror} at {shown(str(error.filename))}.",
            code="transfer.folder",
            next="Mend the rights or the medium and give the folder again.",
        ) from error
    inventory.write(
        "INSERT INTO files (reading, path, folded, is_plain, size, modified_ns) "
        "SELECT coalesce(reading, path), iif(reading IS NULL, NULL, path), folded, is_plain, "
        "size, modified_ns FROM arrived ORDER BY path"
    )
    inventory.write("DROP TABLE arrived")
    inventory.write("CREATE INDEX files_by_reading ON files (reading)")
    return Arrival(folder.absolute() / below, inventory, dict(sorted(beside.items())))


def raw(path: str) -> bytes:
    """A path as the file system has it."""
    return os.fsencode(path)


def normal(path: str) -> str:
    """The form in which names are compared: NFC, with ``/``; a part that nobody can read keeps its bytes."""
    if path.isascii():
        return path.replace("\\", "/")
    if not_utf8(path):
        path = "/".join(_decoded(part) or part for part in path.split("/"))
    return unicodedata.normalize("NFC", path.replace("\\", "/"))


def shown(path: str) -> str:
    """A path fit to print: bytes that are not UTF-8 as ``\\xNN``."""
    return raw(path).decode("utf-8", "backslashreplace")


def not_utf8(path: str) -> bool:
    return not path.isascii() and _ODD_BYTES.search(path) is not None


def read_name(path: str) -> tuple[str, str | None]:
    """A name as people read it, and its bytes in hexadecimal where it is not UTF-8.

    Names of old Korean systems are CP949; what is neither is shown with its odd bytes escaped.
    A file from such a system may lie in a folder of this one, so each part is read by itself.
    """
    if not not_utf8(path):
        return path, None
    return "/".join(_decoded(part) or shown(part) for part in path.split("/")), raw(path).hex()


def _decoded(part: str) -> str | None:
    if not not_utf8(part):
        return part
    try:
        return raw(part).decode("cp949")
    except UnicodeDecodeError:
        return None


def _arrivals(
    folder: Path, below: str, beside: dict[str, str], inventory: Inventory
) -> Iterator[tuple[bytes, bytes | None, bytes | None, bool, int, int]]:
    for entry, whole in _walk(str(folder), ""):
        is_record = whole.startswith(below)
        path = whole.removeprefix(below)
        about = entry.stat(follow_symlinks=False)
        if fault := _fault(entry, about):
            inventory.note(LOOKED, [(None, _finding(*fault, path))])
        elif is_record:
            if not_utf8(path):
                alias = raw(normal(read_name(path)[0]))
                inventory.write("INSERT INTO aliases VALUES (?, ?)", alias, raw(path))
            yield *_names(path), about.st_size, about.st_mtime_ns
        else:
            beside[whole] = entry.path


def _names(path: str) -> tuple[bytes, bytes | None, bytes | None, bool]:
    """The columns of `files` that tell of a name: itself, its two readings, and whether it is harmless."""
    if path.isascii() and "\\" not in path:  # as most are, and every one is told of
        octets, folded = path.encode(), path.lower()
        return octets, None, None if folded == path else folded.encode(), are_plain(path)
    reading = normal(path)
    folded = unicodedata.normalize("NFC", reading.casefold())
    return (
        raw(path),
        None if reading == path else raw(reading),
        None if folded == reading else raw(folded),
        are_plain(path),
    )


def _walk(folder: str, prefix: str) -> Iterator[tuple[os.DirEntry[str], str]]:
    """Files in the order in which the file system gives them: a folder may be too large to sort."""
    with os.scandir(folder) as entries:
        for entry in entries:
            path = prefix + entry.name
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(entry.path, path + "/")
            else:
                yield entry, path


def _fault(entry: os.DirEntry[str], about: os.stat_result) -> tuple[str, Severity, str] | None:
    if not stat.S_ISREG(about.st_mode):
        if stat.S_ISLNK(about.st_mode):
            return "file.link", "error", "is a link; send the file itself"
        return "file.special", "error", "is not an ordinary file; leave it out"
    if entry.name.lower() in LITTER or entry.name.startswith("._"):
        return "file.litter", "note", "was left by an operating system and is not taken in"
    return None


def _finding(rule: str, severity: Severity, fact: str, path: str) -> Finding:
    return Finding(rule, severity, Where(path=shown(path)), None, None, f"{shown(path)} {fact}.")
