"""A part of an upload: files one after the other, up to some megabytes, or one large file.

Ten thousand small files are a few parts, so they need a few requests.  A part arrives in one file that
only grows; when it is whole it is cut into its files and each is compared with the digest that the browser
made.  What is cut off by a kill is found by the size of that file, and cut again from the start.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, BinaryIO

from archive.errors import Conflict
from ingest.uploads import names

BLOCK = 1 << 20
CUT_AT_ONCE = 64 << 20
"""A part up to this size is cut in the request that brings its last byte; a larger one by the job."""


@dataclass(frozen=True)
class Listed:
    """A file as the browser tells it.  ``modified``: milliseconds, to know it again."""

    path: str
    size: int
    modified: int
    sha256: str


@dataclass(frozen=True)
class Failed:
    """A file that did not arrive as it was listed, and why in a word."""

    path: str
    reason: str


class Part:
    """One part in the holding area of an upload."""

    def __init__(self, upload: Path, number: int) -> None:
        self.root = upload / "files"
        stem = upload / "parts" / f"{number:06}"
        self.number = number
        self.list, self.data, self.done = (stem.with_suffix(f".{kind}") for kind in ("json", "data", "done"))

    @property
    def exists(self) -> bool:
        return self.list.exists()

    @property
    def is_done(self) -> bool:
        return self.done.exists()

    def files(self) -> list[Listed]:
        return [Listed(**each) for each in json.loads(self.list.read_text("utf-8"))]

    @property
    def is_whole(self) -> bool:
        return self.is_done or self.offset() == self.length()

    def length(self) -> int:
        return sum(each.size for each in self.files())

    def offset(self) -> int:
        """How many bytes are here; all of them once it was cut into its files."""
        if self.is_done:
            return self.length()
        return self.data.stat().st_size if self.data.exists() else 0

    def failed(self) -> list[Failed]:
        return [Failed(**each) for each in json.loads(self.done.read_text("utf-8"))] if self.is_done else []

    def open(self, files: list[Listed]) -> None:
        self.list.parent.mkdir(parents=True, exist_ok=True)
        _write(self.list, json.dumps([asdict(each) for each in files], ensure_ascii=False))
        if not any(each.size for each in files):
            self.cut()

    def append(self, offset: int, body: IO[bytes], limit: int) -> int:
        """Add bytes at ``offset``; the new offset.  What came before a broken connection stays.

        Conflict when the part is at another offset, or when more comes than it lacks.
        """
        with self._alone():
            length = self.length()
            if self.is_done or offset != self.offset():
                raise Conflict("The part is at another offset.", code="upload.offset")
            with self.data.open("ab") as stream:
                offset = _copy(body, stream, offset, min(length, offset + limit))
                stream.flush()
                os.fsync(stream.fileno())
            if body.read(1):
                raise Conflict("More bytes came than the part lacks.", code="upload.length")
            if offset == length <= CUT_AT_ONCE:
                self.cut()
            return offset

    def cut(self) -> None:
        """Make files of what arrived; one that is not what was listed is told, and not kept."""
        files = self.files()
        failed: list[Failed] = []
        if len(files) == 1 and self.data.exists():
            failed += self._keep_whole(files[0])
        else:
            stream: BinaryIO | None = self.data.open("rb") if self.data.exists() else None
            for each in files:
                failed += self._keep(each, stream)
            if stream:
                stream.close()
        _write(self.done, json.dumps([asdict(each) for each in failed], ensure_ascii=False))
        self.data.unlink(missing_ok=True)

    def remove(self) -> None:
        """Forget the part; files that were cut from it stay until they are listed again."""
        with self._alone():
            for path in (self.data, self.done, self.list):
                path.unlink(missing_ok=True)

    def _keep(self, file: Listed, stream: BinaryIO | None) -> Iterator[Failed]:
        digest, left = hashlib.sha256(), file.size
        aside = self.list.with_suffix(".file")
        with aside.open("wb") as kept:
            while left and stream and (block := stream.read(min(BLOCK, left))):
                digest.update(block)
                kept.write(block)
                left -= len(block)
        yield from self._place(aside, file, digest.hexdigest())

    def _keep_whole(self, file: Listed) -> Iterator[Failed]:
        with self.data.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        yield from self._place(self.data, file, digest)

    def _place(self, aside: Path, file: Listed, digest: str) -> Iterator[Failed]:
        if digest != file.sha256:
            aside.unlink()
            yield Failed(file.path, "digest")
            return
        place = names.inside(self.root, file.path)
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            os.utime(aside, ns=(file.modified * 1_000_000,) * 2)
            os.replace(aside, place)
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            aside.unlink(missing_ok=True)
            yield Failed(file.path, "in the way")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Only one request at a time writes to a part.  Conflict for the second."""
        self.list.parent.mkdir(parents=True, exist_ok=True)
        with self.list.with_suffix(".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Conflict("The part is being written.", code="upload.locked") from None
            yield


def _copy(body: IO[bytes], stream: BinaryIO, offset: int, end: int) -> int:
    while offset < end and (block := body.read(min(BLOCK, end - offset))):
        stream.write(block)
        offset += len(block)
    return offset


def _write(path: Path, text: str) -> None:
    """A whole file or none."""
    aside = path.with_suffix(path.suffix + "-new")
    with aside.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(aside, path)
