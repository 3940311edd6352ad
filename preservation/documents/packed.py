"""Whether a packed file (zip, tar, gzip) can be unpacked; nothing of it is written anywhere.

Members are listed and gzip data is unpacked into nothing, within limits, so that a bomb costs
no more than they allow.  What is beyond the limits counts as sound.
"""

import gzip
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from archive import errors
from preservation.contents import DocumentText

MOST_MEMBERS = 100_000
MOST_UNPACKED = 256 << 20
BLOCK = 1 << 20
WRONG = (zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, ValueError, OSError)


def packed_text(kind: str, try_out: Callable[[Path], None], path: Path) -> DocumentText:
    """Always Unreadable: a packed file has no text of its own.  The reason says whether it is sound."""
    try:
        try_out(path)
    except WRONG as error:
        raise errors.Unreadable(
            f"The {kind} file cannot be unpacked: {error}.", code="format.broken",
            next="Ask the sender for a sound copy, or for the files that were packed.",
        ) from error  # fmt: skip
    raise errors.Unreadable(
        f"The {kind} file is kept as it came; what is packed in it is not shown.", code="format.no_reader",
        next="Unpack it to read what is in it.",
    )  # fmt: skip


def zip_text(path: Path) -> DocumentText:
    return packed_text("zip", _list_zip, path)


def tar_text(path: Path) -> DocumentText:
    return packed_text("tar", _list_tar, path)


def gzip_text(path: Path) -> DocumentText:
    return packed_text("gzip", _unpack_gzip, path)


def _list_zip(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        for member in islice(archive.infolist(), MOST_MEMBERS):
            if member.header_offset > path.stat().st_size:
                raise zipfile.BadZipFile("a member lies behind the end of the file")


def _list_tar(path: Path) -> None:
    with tarfile.open(path, "r:") as archive:
        if not list(islice(archive, MOST_MEMBERS)):
            raise tarfile.ReadError("it holds no member")


def _unpack_gzip(path: Path) -> None:
    unpacked = 0
    with gzip.open(path) as stream:
        while unpacked < MOST_UNPACKED and (block := stream.read(BLOCK)):
            unpacked += len(block)
