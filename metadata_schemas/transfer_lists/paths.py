"""Finds the file that a list means: written with either slash, in NFC or NFD, from one of a few roots."""

import unicodedata
from collections.abc import Iterable, Iterator
from posixpath import dirname, normpath
from typing import Protocol, runtime_checkable

_ROOTS = ("", "objects/", "data/", "data/objects/")


@runtime_checkable
class Names(Protocol):
    """All paths of a transfer as they were found; there may be millions."""

    def __iter__(self) -> Iterator[str]: ...

    def __contains__(self, name: object, /) -> bool: ...

    def spelled(self, reading: str) -> str | None:
        """The path that reads so in NFC; where its bytes are no UTF-8, in CP949."""

    def below(self, folder: str) -> Iterable[str]:
        """All paths in a folder, which is given in NFC with its slash."""


class FewNames:
    """Names that fit into memory."""

    def __init__(self, names: Iterable[str]):
        self._names = tuple(names)
        self._exact = frozenset(self._names)
        self._by_reading: dict[str, str] = {}
        for name in sorted(self._names):
            for reading in readings(name):
                self._by_reading.setdefault(reading, name)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._names))

    def __contains__(self, name: object) -> bool:
        return name in self._exact

    def spelled(self, reading: str) -> str | None:
        return self._by_reading.get(reading)

    def below(self, folder: str) -> list[str]:
        return [name for name in self._names if unicodedata.normalize("NFC", name).startswith(folder)]


class Paths:
    """All paths of a transfer, found again by what a list says."""

    def __init__(self, names: Names):
        self.names = names

    def find(self, written: str, *, near: str = "") -> str | None:
        """The path as found on disk; None where there is none or the path would leave the transfer."""
        cleaned = clean(written) or clean(f"{dirname(near)}/{written.strip()}")
        if cleaned is None:
            return None
        for candidate in _candidates(cleaned, near):
            if candidate in self.names:
                return candidate
            if (found := self.names.spelled(unicodedata.normalize("NFC", candidate))) is not None:
                return found
        return None

    def base(self, folder: str, *, near: str = "") -> str | None:
        """The folder that a list names, in NFC and with its slash, from the first root that has it."""
        for candidate in _candidates(folder.rstrip("/"), near):
            base = unicodedata.normalize("NFC", candidate) + "/"
            if next(iter(self.names.below(base)), None) is not None:
                return base
        return None


def clean(written: str) -> str | None:
    """One spelling of a relative path, with forward slashes; None for one that leaves its root."""
    path = written.strip().replace("\\", "/")
    if not path or path.startswith("/") or path[1:2] == ":":
        return None
    path = normpath(path)
    return None if path.startswith("../") or path in {"..", "."} else path


def _candidates(path: str, near: str) -> Iterator[str]:
    yield path
    folder = dirname(near)
    if folder:
        yield f"{folder}/{path}"
        if dirname(folder):
            yield f"{dirname(folder)}/{path}"
    for root in _ROOTS[1:]:
        yield root + path
        if path.startswith(root):
            yield path.removeprefix(root)


def label(name: str) -> str:
    """What a list is called in rows and words: its name, or how people read bytes that are no UTF-8."""
    *_, reading = readings(name)
    told = name if reading == unicodedata.normalize("NFC", name) else reading
    return told.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def readings(name: str) -> Iterator[str]:
    """A name in bytes that are no UTF-8 is most often CP949 from an old Korean archive file."""
    yield unicodedata.normalize("NFC", name)
    if any("\udc80" <= sign <= "\udcff" for sign in name):
        try:
            yield unicodedata.normalize("NFC", name.encode("utf-8", "surrogateescape").decode("cp949"))
        except UnicodeDecodeError:
            return
