"""Why a run of a job did not end well, as its row keeps it: a sentence, and what its error said with it."""

from dataclasses import dataclass

from archive.errors import ArchiveError

LONGEST = 2000
"""What does not fit into the pipe would keep a child waiting for a runner that waits for its end."""


@dataclass(frozen=True)
class Reason:
    """``code`` and ``next`` step are None where no error of the archive ended it."""

    message: str
    code: str | None = None
    next: str | None = None


def of(error: ArchiveError) -> Reason:
    return Reason(error.message[:LONGEST], error.code, error.next[:LONGEST] or None)
