"""Opens documents that are ZIP files inside limits of members, bytes and ratio."""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from archive import errors
from preservation.documents.text import damaged, encrypted

MOST_MEMBERS = 20_000
MOST_BYTES = 1_000_000_000  # all members together, as they declare
MOST_MEMBER_BYTES = 256_000_000  # one member that is read, as it really comes out
MOST_RATIO = 250  # XML of office documents reaches 60
RATIO_FROM = 20_000_000  # small members may be as dense as they like
# What the standard library raises for a ZIP file it cannot make sense of.
CANNOT_READ = (
    zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, OverflowError,
)  # fmt: skip


class Members:
    """The members of one open ZIP file, each read whole and only inside the limits."""

    def __init__(self, archive: zipfile.ZipFile, kind: str) -> None:
        self.kind = kind
        self._archive = archive
        self.names = tuple(archive.namelist())

    def read(self, name: str) -> bytes:
        try:
            info = self._archive.getinfo(name)
        except KeyError as missing:
            raise damaged(self.kind, f"its part {name} is missing") from missing
        if info.flag_bits & 1:
            raise encrypted(self.kind)
        try:
            with self._archive.open(info) as stream:
                data = stream.read(MOST_MEMBER_BYTES + 1)
        except CANNOT_READ as cause:
            raise damaged(self.kind, f"its part {name} cannot be unpacked ({cause})") from cause
        if len(data) > MOST_MEMBER_BYTES:
            raise too_big(self.kind, f"its part {name} unpacks to more than {MOST_MEMBER_BYTES:,} bytes")
        return data


@contextmanager
def members(path: Path, kind: str) -> Iterator[Members]:
    try:
        archive = zipfile.ZipFile(path)
    except CANNOT_READ as cause:
        raise damaged(kind, f"it cannot be opened as ZIP ({cause})") from cause
    with archive:
        check_limits(archive, kind)
        yield Members(archive, kind)


def check_limits(archive: zipfile.ZipFile, kind: str) -> None:
    infos = archive.infolist()
    if len(infos) > MOST_MEMBERS:
        raise too_big(kind, f"it declares {len(infos):,} members, more than {MOST_MEMBERS:,}")
    if sum(info.file_size for info in infos) > MOST_BYTES:
        raise too_big(kind, f"its members declare more than {MOST_BYTES:,} bytes")
    for info in infos:
        if info.file_size > RATIO_FROM and info.file_size > MOST_RATIO * max(1, info.compress_size):
            raise too_big(kind, f"a member would grow more than {MOST_RATIO} times when unpacked")


def too_big(kind: str, why: str) -> errors.Unreadable:
    return errors.Unreadable(
        f"The {kind} file was not read: {why}.",
        code="limit.unpack",
        next="Look at the file by hand in a safe place, or ask the sender for another copy.",
    )
