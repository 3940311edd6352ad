"""The one door to libarchive (Debian: libarchive13): 7-Zip, RAR, LHA, CAB, compress and ISO 9660.

Where the library is missing that is told as such.  What it cannot read is not called damaged unless
the bytes themselves show it: a reader that gives up has not looked.
"""

import ctypes
import ctypes.util
import os
from collections.abc import Iterator
from contextlib import closing
from functools import cache, partial
from itertools import chain
from typing import Any, BinaryIO

from preservation.archive_files.members import Damaged, Encrypted, Kind, Member, Unsupported

READS = {
    "7z": ("7zip",),
    "rar": ("rar", "rar5"),
    "lha": ("lha",),
    "cab": ("cab",),
    "compress": ("tar", "raw"),
    "iso": ("iso9660",),
}
_LINKS_ARE_DATA = ("7z", "rar")
"""Here a link is the data of its member, of which the library tells what stands before the first NUL."""
_OK, _END, _WARN, _RETRY = 0, 1, -20, -10
_FAILED, _FATAL = -25, -30
_BLOCK = 1 << 20
_KINDS: dict[int, Kind] = {0o100000: "file", 0o040000: "folder", 0o120000: "link"}
_SUPPORTS = [f"archive_read_support_format_{each}" for each in chain.from_iterable(READS.values())]
_TEXT = ("archive_error_string", "archive_entry_pathname", "archive_entry_symlink", "archive_entry_hardlink")


def libarchive_members(kind: str, stream: BinaryIO) -> Iterator[Member]:
    library = _library()
    if library is None:
        raise Unsupported("the library that reads such files is not installed (Debian: libarchive13)")
    with closing(_Reading(library, kind, stream)) as reading:
        yield from reading.members()


@cache
def _library() -> Any:
    name = ctypes.util.find_library("archive")
    for each in (name, "libarchive.so.13"):
        try:
            return _declared(ctypes.CDLL(each)) if each else None
        except OSError:
            continue
    return None


def _declared(library: Any) -> Any:
    pointer, number = ctypes.c_void_p, ctypes.c_size_t
    library.archive_read_new.restype = pointer
    for name in _TEXT:
        function = getattr(library, name)
        function.restype, function.argtypes = ctypes.c_char_p, [pointer]
    takes: dict[str, list[Any]] = {
        "archive_read_free": [], "archive_read_next_header": [pointer],
        "archive_read_data": [pointer, number],
        "archive_read_open_memory": [pointer, number], "archive_read_open_fd": [ctypes.c_int, number],
        "archive_entry_filetype": [], "archive_entry_size": [], "archive_entry_size_is_set": [],
        "archive_entry_is_encrypted": [], "archive_read_support_filter_compress": [],
        **{each: [] for each in _SUPPORTS},
    }  # fmt: skip
    for name, more in takes.items():
        getattr(library, name).argtypes = [pointer, *more]
    library.archive_read_data.restype = ctypes.c_ssize_t
    library.archive_entry_size.restype = ctypes.c_int64
    return library


class _Reading:
    """One open archive of the library."""

    def __init__(self, library: Any, kind: str, stream: BinaryIO) -> None:
        self._library, self._kind = library, kind
        self._archive = library.archive_read_new()
        for each in READS[kind]:
            getattr(library, f"archive_read_support_format_{each}")(self._archive)
        if kind == "compress":
            library.archive_read_support_filter_compress(self._archive)
        self._kept: Any = None
        try:
            number = stream.fileno()
        except OSError:
            stream.seek(0)
            self._kept = data = stream.read()
            opened = library.archive_read_open_memory(self._archive, data, len(data))
        else:
            # The library reads the descriptor itself, from where it stands.
            os.lseek(number, 0, os.SEEK_SET)
            opened = library.archive_read_open_fd(self._archive, number, _BLOCK)
        if opened != _OK:
            raise Unsupported(f"libarchive does not open it ({self._said()})")

    def close(self) -> None:
        self._library.archive_read_free(self._archive)

    def members(self) -> Iterator[Member]:
        library, entry = self._library, ctypes.c_void_p()
        while (code := library.archive_read_next_header(self._archive, ctypes.byref(entry))) != _END:
            if code < _WARN or code == _RETRY:
                said = self._said()
                if "encrypted" in said:
                    raise Encrypted
                raise Unsupported(f"libarchive does not read it to the end ({said})")
            yield self._member(entry)

    def _member(self, entry: Any) -> Member:
        library = self._library
        kind = _KINDS.get(library.archive_entry_filetype(entry), "special")
        hard = library.archive_entry_hardlink(entry)
        target = hard or library.archive_entry_symlink(entry)
        encrypted = bool(library.archive_entry_is_encrypted(entry))
        size = library.archive_entry_size(entry) if library.archive_entry_size_is_set(entry) else None
        kind = "link" if hard else kind
        is_cut = kind == "link" and not hard and self._kind in _LINKS_ARE_DATA
        return Member(
            library.archive_entry_pathname(entry) or b"",
            kind,
            size=size,
            target=target if kind == "link" else None,
            hard=bool(hard),
            encrypted=encrypted,
            unsupported="what a link in it holds is not seen whole" if is_cut else None,
            data=partial(self._data) if not hard and not encrypted else None,
        )

    def _data(self) -> Iterator[bytes]:
        buffer = ctypes.create_string_buffer(_BLOCK)
        while (count := self._library.archive_read_data(self._archive, buffer, _BLOCK)) > 0:
            yield buffer.raw[:count]
        has_checksums = self._kind != "compress"
        if has_checksums and (count == _FATAL or (count == _WARN and "nsupported" not in self._said())):
            raise Damaged(f"a member cannot be unpacked ({self._said()})")
        if count < 0:
            raise Unsupported(f"a member cannot be unpacked here ({self._said()})")

    def _said(self) -> str:
        return (self._library.archive_error_string(self._archive) or b"no reason given").decode(
            "utf-8", "replace"
        )
