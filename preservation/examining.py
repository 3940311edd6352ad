"""Looks into the bytes of a file while they are read, before anything of it is kept.

Malware and archives inside transfers are examined in the same pass that hashes and writes.  What is
found is a value; Unavailable means that nothing could be looked at, and then nothing may be kept.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from metadata_schemas.description import Finding


class Examination(Protocol):
    """One file on its way past one examiner."""

    def take(self, data: memoryview) -> None:
        """The next bytes of the file.  The caller MAY use the buffer again as soon as this returns."""

    def findings(self) -> Iterable[Finding]:
        """What is wrong, asked once and after the last byte.  Unavailable: it could not be looked at."""

    def close(self) -> None:
        """Let go of everything, also in the middle of a file.  MUST NOT raise."""


class Examiner(Protocol):
    """Looks at many files, one after the other, in one process."""

    def begin(self, name: str, size: int) -> Examination | None:
        """Begin a file; None when this examiner has nothing to do with it.  ``name`` is fit to print."""


class Examinations:
    """One file on its way past every examiner.  Use it in a ``with`` block."""

    def __init__(self, examiners: Sequence[Examiner], name: str, size: int) -> None:
        self._under_way: list[Examination] = []
        try:
            for examiner in examiners:
                if (examination := examiner.begin(name, size)) is not None:
                    self._under_way.append(examination)
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self) -> "Examinations":
        return self

    def __exit__(self, *_: object) -> None:
        for examination in self._under_way:
            examination.close()

    def take(self, data: memoryview) -> None:
        for examination in self._under_way:
            examination.take(data)

    def takers(self) -> list[Callable[[memoryview], object]]:
        """What takes the bytes: each on its own, and each in order, but not all in one thread."""
        return [each.take for each in self._under_way]

    def findings(self) -> Iterator[Finding]:
        for examination in self._under_way:
            yield from examination.findings()


def has_errors(findings: Iterable[Finding]) -> bool:
    return any(each.severity == "error" for each in findings)
