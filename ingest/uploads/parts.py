"""A part of an upload: files one after the other, up to some megabytes, or one large file.

Ten thousand small files are a few parts, so they need a few requests.  A part arrives in one file that
only grows; when it is whole it is cut into its files and each is compared with the digest that the browser
made.  What is cut off by a kill is found by the size of that file, and cut again from the start.
A part is done only when its files are on the medium: a power cut takes none of them away.
"""

import errno
import fcntl
import hashlib
import json
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, BinaryIO

from archive.errors import Conflict
from archive.stores import disk
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

    def kept(self) -> list[Listed]:
        """Files that were cut from this part and are what was listed."""
        failed = {each.path for each in self.failed()}
        return [each for each in self.files() if each.path not in failed] if self.is_done else []

    def open(self, files: list[Listed]) -> None:
        """FileExistsError when somebody else has listed files under this number."""
        for changed in disk.make_folders(self.root.parent, self.list.parent):
            disk.sync_folder(changed)
        with self._alone(wait=True):
            if self.exists:
                raise FileExistsError(errno.EEXIST, "the number is taken", str(self.list))
            _write(self.list, files)
            if not any(each.size for each in files):
                self._cut()

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
                self._cut()
            return offset

    def cut(self) -> None:
        """Make files of what arrived; one that is not what was listed is told, and not kept.

        All is on the medium before the part is done.  Cutting again after a kill ends the same.
        """
        with self._alone(wait=True):
            if not self.is_done:
                self._cut()

    def doubt(self, paths: Collection[str]) -> None:
        """Files that were kept and are no longer what was listed have failed: they are asked for again."""
        wrong = [Failed(each.path, "digest") for each in self.kept() if each.path in paths]
        if wrong:
            _write(self.done, [*self.failed(), *wrong])

    def remove(self, others: Mapping[str, int]) -> None:
        """Forget the part with its files, but not those of ``others``: sizes by path that other parts keep.

        A kill in between leaves a part of which nothing arrived; it is sent again, or let go again.
        """
        with self._alone():
            for path in (self.done, self.data):
                path.unlink(missing_ok=True)
            disk.sync_folder(self.list.parent)
            for each in self.files():
                place = names.inside(self.root, each.path)
                if place.is_file() and place.stat().st_size != others.get(each.path):
                    self._let_go(place)
            self.list.unlink()

    def _let_go(self, place: Path) -> None:
        place.unlink()
        with suppress(OSError):  # a folder in which something is stays
            for folder in place.relative_to(self.root).parents[:-1]:
                (self.root / folder).rmdir()

    def _cut(self) -> None:
        files = self.files()
        with self._on_the_medium(files):
            failed = [*(self._keep_whole(files[0]) if len(files) == 1 else self._keep_each(files))]
        _write(self.done, failed)
        self.data.unlink(missing_ok=True)

    @contextmanager
    def _on_the_medium(self, files: list[Listed]) -> Iterator[None]:
        """What is placed within is on its medium afterwards with its names, or OSError.

        Many files wait for one sync of the file system, unless that promises too little there.
        """
        descriptor = os.open(self.list.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            yield
            if len(files) == 1 or disk.WEAK_SYNC.fullmatch(disk.file_system(self.list.parent)):
                self._sync_each(files)
            else:
                disk.sync_filesystem(descriptor)
        finally:
            os.close(descriptor)

    def _sync_each(self, files: list[Listed]) -> None:
        folders: set[Path] = set()
        for place in (names.inside(self.root, each.path) for each in files):
            if place.is_file():
                disk.sync_file(place)
                folders.update(each for each in place.parents if each.is_relative_to(self.root.parent))
        for folder in folders:
            disk.sync_folder(folder)

    def _keep_each(self, files: list[Listed]) -> Iterator[Failed]:
        with self.data.open("rb") if self.data.exists() else BytesIO() as stream:
            for each in files:
                yield from self._keep(each, stream)

    def _keep(self, file: Listed, stream: IO[bytes]) -> Iterator[Failed]:
        digest, left = hashlib.sha256(), file.size
        aside = self.list.with_suffix(".file")
        with aside.open("wb") as kept:
            while left and (block := stream.read(min(BLOCK, left))):
                digest.update(block)
                kept.write(block)
                left -= len(block)
        yield from self._place(aside, file, digest.hexdigest())

    def _keep_whole(self, file: Listed) -> Iterator[Failed]:
        """The arrived bytes become the file; after a kill they may be in its place already."""
        place = names.inside(self.root, file.path)
        if file.size and not self.data.exists() and place.is_file():
            with place.open("rb") as stream:
                is_it = hashlib.file_digest(stream, "sha256").hexdigest() == file.sha256
            yield from () if is_it else [Failed(file.path, "digest")]
            return
        self.data.touch()
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
    def _alone(self, *, wait: bool = False) -> Iterator[None]:
        """Only one at a time writes to a part.  Conflict for the second, unless it waits."""
        with self.list.with_suffix(".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Conflict("The part is being written.", code="upload.locked") from None
            yield


def _copy(body: IO[bytes], stream: BinaryIO, offset: int, end: int) -> int:
    while offset < end and (block := body.read(min(BLOCK, end - offset))):
        stream.write(block)
        offset += len(block)
    return offset


def _write(path: Path, rows: Sequence[Listed | Failed]) -> None:
    """A whole file or none, on the medium with its name."""
    aside = path.with_suffix(path.suffix + "-new")
    with aside.open("w", encoding="utf-8") as stream:
        json.dump([asdict(each) for each in rows], stream, ensure_ascii=False)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(aside, path)
    disk.sync_folder(path.parent)
