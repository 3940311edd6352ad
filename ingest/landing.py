"""What has arrived in a transfer folder: every file's name, size and time, and nothing opened.

Names are kept as the file system has them; bytes that are not UTF-8 travel as surrogates.
Links and devices are never followed or read.
"""

import hashlib
import os
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from archive.errors import Unavailable, WrongCall
from metadata_schemas.description import Finding, Where

LITTER = frozenset({".ds_store", "thumbs.db", "desktop.ini"})
"""Files that systems leave behind by themselves; they are named in a note and not taken in."""


@dataclass(frozen=True)
class Found:
    """One file.  ``path`` is relative to the folder, with ``/``."""

    path: str
    size: int
    modified_ns: int


@dataclass(frozen=True)
class Arrival:
    folder: Path
    files: tuple[Found, ...]
    findings: tuple[Finding, ...]

    @property
    def shape(self) -> str:
        """A digest of names and sizes: equal for the same transfer wherever it lies, cheap to know."""
        told = hashlib.sha256()
        for file in self.files:
            told.update(raw(file.path) + b"\0" + str(file.size).encode() + b"\n")
        return told.hexdigest()

    def full_path(self, path: str) -> str:
        return f"{self.folder}/{path}"


def survey(folder: Path) -> Arrival:
    """Look at a transfer folder.  WrongCall when it is none, Unavailable when it cannot be looked at."""
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
    files: list[Found] = []
    findings: list[Finding] = []
    try:
        for entry, path in _walk(str(folder), ""):
            _look(entry, path, files, findings)
    except OSError as error:
        raise Unavailable(
            f"The folder could not be read to the end: {error.strerror} at {shown(str(error.filename))}.",
            code="transfer.folder",
            next="Mend the rights or the medium and give the folder again.",
        ) from error
    files.sort(key=lambda file: raw(file.path))
    return Arrival(folder.absolute(), tuple(files), tuple(findings))


def raw(path: str) -> bytes:
    """A path as the file system has it."""
    return os.fsencode(path)


def normal(path: str) -> str:
    """The form in which names are compared: NFC, with ``/``."""
    return unicodedata.normalize("NFC", path.replace("\\", "/"))


def shown(path: str) -> str:
    """A path fit to print: bytes that are not UTF-8 as ``\\xNN``."""
    return raw(path).decode("utf-8", "backslashreplace")


def not_utf8(path: str) -> bool:
    return any("\udc80" <= sign <= "\udcff" for sign in path)


def read_name(path: str) -> tuple[str, str | None]:
    """A name as people read it, and its bytes in hexadecimal where it is not UTF-8.

    Names of old Korean systems are CP949; what is neither is shown with its odd bytes escaped.
    """
    if not not_utf8(path):
        return path, None
    octets = raw(path)
    try:
        return octets.decode("cp949"), octets.hex()
    except UnicodeDecodeError:
        return shown(path), octets.hex()


def _walk(folder: str, prefix: str) -> Iterator[tuple[os.DirEntry[str], str]]:
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: raw(entry.name)):
            path = prefix + entry.name
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(entry.path, path + "/")
            else:
                yield entry, path


def _look(entry: os.DirEntry[str], path: str, files: list[Found], findings: list[Finding]) -> None:
    about = entry.stat(follow_symlinks=False)
    if stat.S_ISLNK(about.st_mode):
        findings.append(_finding("file.link", "error", path, "is a link; send the file itself"))
    elif not stat.S_ISREG(about.st_mode):
        findings.append(_finding("file.special", "error", path, "is not an ordinary file; leave it out"))
    elif entry.name.lower() in LITTER or entry.name.startswith("._"):
        findings.append(
            _finding("file.litter", "note", path, "was left by an operating system and is not taken in")
        )
    elif not os.access(entry.path, os.R_OK):
        findings.append(_finding("file.unreadable", "error", path, "may not be read; mend its rights"))
    else:
        files.append(Found(path, about.st_size, about.st_mtime_ns))


def _finding(rule: str, severity: str, path: str, fact: str) -> Finding:
    where = Where(path=shown(path))
    return Finding(rule, severity, where, None, None, f"{shown(path)} {fact}.")  # type: ignore[arg-type]
