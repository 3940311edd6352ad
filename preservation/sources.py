"""Reads the files of a volume from the transfer: each byte once, hashed, examined and written as it comes.

A file that is not what the list or the survey said, or that an examiner refuses, is a finding.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import FileIO
from typing import Protocol

from metadata_schemas.description import Finding, Where
from preservation.examining import Examinations, Examiner, has_errors
from preservation.fan_out import Everywhere, Writer

BLOCK = 256 * 1024


@dataclass(frozen=True)
class SourceFile:
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
class PackedFile:
    source: SourceFile
    sha256: str


def read_sources(
    everywhere: Everywhere,
    files: SourceFiles,
    name_of: Callable[[SourceFile], str],
    examiners: Sequence[Examiner],
) -> tuple[list[PackedFile], list[Finding]]:
    """Copy each file while it is hashed and examined."""
    packed: list[PackedFile] = []
    findings: list[Finding] = []
    buffer = memoryview(bytearray(BLOCK))
    for file in files:
        try:
            sha256, found = _read_source(everywhere, file, name_of(file), buffer, examiners)
        except FileNotFoundError:
            findings.append(_changed(file, "it is no longer there"))
        except _Withheld as withheld:
            findings += withheld.findings
        else:
            findings += found
            packed.append(PackedFile(file, sha256))
    return packed, findings


def _read_source(
    everywhere: Everywhere, file: SourceFile, name: str, buffer: memoryview, examiners: Sequence[Examiner]
) -> tuple[str, list[Finding]]:
    digests = _Digests(file)
    with (
        open(file.path, "rb", buffering=0) as source,
        Examinations(examiners, file.original_name, file.size) as examinations,
    ):
        findings: list[Finding] = []

        def copy(writer: Writer) -> None:
            _copy(source, buffer, writer, digests, examinations)
            findings.extend(examinations.findings())
            if has_errors(findings):
                raise _Withheld(findings)

        sha256, size = everywhere.write(name, copy)
        return sha256, [*findings, *_differences(file, os.fstat(source.fileno()), size, digests.all(sha256))]


class _Withheld(Exception):
    """A file that is finished in no store, and why."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__()
        self.findings = findings


class _Digests:
    """The digests that were promised for a file, besides the SHA-256 that is always made."""

    def __init__(self, file: SourceFile) -> None:
        self.hashes = {name: hashlib.new(name) for name in file.expect if name != "sha256"}

    def update(self, data: memoryview) -> None:
        for each in self.hashes.values():
            each.update(data)

    def all(self, sha256: str) -> dict[str, str]:
        return {"sha256": sha256, **{name: each.hexdigest() for name, each in self.hashes.items()}}


def _copy(
    source: FileIO, buffer: memoryview, writer: Writer, digests: _Digests, examinations: Examinations
) -> None:
    while count := source.readinto(buffer):
        data = buffer[:count]
        writer.write(data)
        digests.update(data)
        examinations.take(data)


def _differences(
    file: SourceFile, now: os.stat_result, size: int, found: Mapping[str, str]
) -> Iterator[Finding]:
    if size != file.size or now.st_mtime_ns != file.modified_ns:
        yield _changed(file, f"it had {file.size} bytes when it was looked at and {size} when it was read")
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
