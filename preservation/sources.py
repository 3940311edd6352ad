"""Reads the files of a volume from the transfer: each byte once, hashed, examined and written as it comes.

A file that is not what the list or the survey said, or that an examiner refuses, is a finding.
"""

import errno
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple, Protocol

from archive.site.language import amount
from metadata_schemas.description import Finding, Where
from preservation.examining import Examinations, Examiner, has_errors
from preservation.fan_out import Everywhere, Writer
from preservation.flowing import LARGE, Read, Take
from preservation.scanning import Released, let_pass

BLOCK = 128 * 1024
MOST_FAULTS = 1_000
"""After so many a volume is not read on: it is not taken, and the checks find the rest."""

OURS = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
"""Errors of an opening that say nothing of the file."""


class SourceFile(NamedTuple):
    """One file of the transfer and its place in the bag.  ``expect``: algorithm to promised digest."""

    path: str
    original_name: str
    original_bytes: str | None
    size: int
    modified_ns: int
    item: int
    place: str
    expect: Mapping[str, str]


class SourceFiles(Protocol):
    """The files of one volume, in the order of its items.

    It is sent to another process and gone through there more than once, so it MUST be picklable,
    and small however many files there are: what lies on a disk is opened anew by each iteration.
    """

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[SourceFile]: ...


@dataclass(frozen=True)
class Digests:
    """The SHA-256 of each file of a volume, in their order: 32 bytes a file, also for a million."""

    octets: bytes

    def __iter__(self) -> Iterator[str]:
        return (self.octets[at : at + 32].hex() for at in range(0, len(self.octets), 32))


def read_sources(
    everywhere: Everywhere,
    files: SourceFiles,
    names: Iterable[str],
    examiners: Sequence[Examiner],
    released: Released = frozenset(),
) -> tuple[Digests, list[Finding]]:
    """Copy each file under its name while it is hashed and examined.

    Without an error there is a digest for each.
    """
    octets = bytearray()
    findings: list[Finding] = []
    buffer = memoryview(bytearray(BLOCK))
    for file, name in zip(files, names, strict=True):
        try:
            sha256, found = _read_source(everywhere, file, name, buffer, examiners, released)
        except _Withheld as withheld:
            findings += withheld.findings
        else:
            findings += found
            octets += bytes.fromhex(sha256)
        if len(findings) > MOST_FAULTS and has_errors(findings):
            break
    return Digests(bytes(octets)), findings


def _read_source(
    everywhere: Everywhere,
    file: SourceFile,
    name: str,
    buffer: memoryview,
    examiners: Sequence[Examiner],
    released: Released,
) -> tuple[str, list[Finding]]:
    hashes = {kind: hashlib.new(kind) for kind in file.expect if kind != "sha256"}
    source = _opened(file)
    try:
        with Examinations(examiners, file.original_name, file.size) as examinations:
            read = partial(_read, source, file.original_name)
            also = [each.update for each in hashes.values()] + examinations.takers()
            if file.size < len(buffer):
                data = _whole(read, buffer, also)
                findings, size = _let_pass(examinations, file, released), len(data)
                sha256 = everywhere.copy(name, data)
            else:
                with everywhere.stream(name, file.size) as writer:
                    _copy(read, file.size, buffer, writer, also)
                    findings = _let_pass(examinations, file, released)
                    sha256, size = writer.finish()
        promised = {kind: each.hexdigest() for kind, each in hashes.items()}
        findings += _differences(file, os.fstat(source), size, {"sha256": sha256, **promised})
        return sha256, findings
    finally:
        os.close(source)


def _opened(file: SourceFile) -> int:
    """Whatever stands there meanwhile instead of the file: no link is followed, no pipe waited for."""
    try:
        source = os.open(file.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError as error:
        raise _Withheld([_changed(file, "it is no longer there")]) from error
    except OSError as error:
        if error.errno in OURS:
            raise
        if error.errno in (errno.ELOOP, errno.ENXIO):
            found = _changed(file, "a link or a device stands in its place")
        else:
            found = unreadable(file.original_name, error)
        raise _Withheld([found]) from error
    if stat.S_ISREG(os.fstat(source).st_mode):
        return source
    os.close(source)
    raise _Withheld([_changed(file, "what stands in its place is no file")])


class _Withheld(Exception):
    """A file that is finished in no store, and why."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__()
        self.findings = findings


def _read(source: int, name: str, into: memoryview) -> int:
    try:
        return os.readv(source, [into])
    except OSError as error:
        raise _Withheld([unreadable(name, error)]) from error


def _whole(read: Read, buffer: memoryview, also: Sequence[Take]) -> memoryview:
    """A small file, before any store is asked for it.  One that has grown fills the buffer, and no more."""
    size = 0
    while count := read(buffer[size:]):
        size += count
    data = buffer[:size]
    for take in also:
        take(data)
    return data


def _copy(read: Read, size: int, buffer: memoryview, writer: Writer, also: Sequence[Take]) -> None:
    if size >= LARGE:
        writer.flow(read, also)
        return
    while count := read(buffer):
        data = buffer[:count]
        writer.write(data)
        for take in also:
            take(data)


def _let_pass(examinations: Examinations, file: SourceFile, released: Released) -> list[Finding]:
    """What was found where it is nothing worse than a warning.

    A release is for the bytes that are expected; that others came is told when they are compared.
    """
    findings = list(let_pass(examinations.findings(), file.expect.get("sha256"), released))
    if has_errors(findings):
        raise _Withheld(findings)
    return findings


def _differences(
    file: SourceFile, now: os.stat_result, size: int, found: Mapping[str, str]
) -> Iterator[Finding]:
    if size != file.size or now.st_mtime_ns != file.modified_ns:
        # One that was small and has grown was read for one buffer only.
        found_now = now.st_size if file.size < BLOCK == size else size
        before = amount(file.size, "byte")
        yield _changed(file, f"it had {before} when it was looked at and {found_now:,} when it was read")
    for kind, promised in file.expect.items():
        if promised.lower() != found[kind]:
            yield Finding(
                "file.digest",
                "error",
                Where(path=file.original_name),
                found[kind],
                promised,
                f"The {kind} of {file.original_name} is not the one that was promised; send the file again.",
            )


def unreadable(name: str, error: OSError) -> Finding:
    """A bad sector keeps back the volume of its file, and no other one."""
    return Finding(
        "file.unreadable", "error", Where(path=name), None, None,
        f"{name} could not be read to the end: {error.strerror}. "
        "Mend its rights or its medium, then check the transfer again.",
    )  # fmt: skip


def _changed(file: SourceFile, how: str) -> Finding:
    return Finding(
        "file.changed",
        "error",
        Where(path=file.original_name),
        None,
        None,
        f"{file.original_name} changed while it was taken in: {how}. Wait until it has fully arrived.",
    )


def modified_at(nanoseconds: int) -> datetime:
    return datetime.fromtimestamp(nanoseconds // 10**9, UTC)


def octets_of(files: Iterable[SourceFile]) -> int:
    return sum(file.size for file in files)
