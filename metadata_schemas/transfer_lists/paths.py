"""Finds the file that a list means: written with either slash, in NFC or NFD, from one of a few roots."""

import unicodedata
from collections.abc import Iterable, Iterator
from posixpath import dirname, normpath

_ROOTS = ("", "objects/", "data/", "data/objects/")


class Paths:
    """All paths of a transfer, found again by what a list says."""

    def __init__(self, names: Iterable[str]):
        self.names = tuple(names)
        self._exact = frozenset(self.names)
        self._by_reading: dict[str, str] = {}
        for name in sorted(self.names):
            for reading in _readings(name):
                self._by_reading.setdefault(reading, name)

    def find(self, written: str, *, near: str = "") -> str | None:
        """The path as found on disk; None where there is none or the path would leave the transfer."""
        cleaned = clean(written) or clean(f"{dirname(near)}/{written.strip()}")
        if cleaned is None:
            return None
        for candidate in _candidates(cleaned, near):
            if candidate in self._exact:
                return candidate
            if (found := self._by_reading.get(unicodedata.normalize("NFC", candidate))) is not None:
                return found
        return None

    def below(self, folder: str, *, near: str = "") -> list[str]:
        """All paths in a folder that a list names, from the first root that has it."""
        for candidate in _candidates(folder.rstrip("/"), near):
            wanted = unicodedata.normalize("NFC", candidate) + "/"
            if found := [
                name for name in self.names if unicodedata.normalize("NFC", name).startswith(wanted)
            ]:
                return found
        return []


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


def _readings(name: str) -> Iterator[str]:
    """A name in bytes that are no UTF-8 is most often CP949 from an old Korean archive file."""
    yield unicodedata.normalize("NFC", name)
    if any("\udc80" <= sign <= "\udcff" for sign in name):
        try:
            yield unicodedata.normalize("NFC", name.encode("utf-8", "surrogateescape").decode("cp949"))
        except UnicodeDecodeError:
            return
