"""Every error a person may read.  Anything else that escapes is a defect of ours.

ArchiveError
  WrongCall    the call itself is not of the right form              400  exit 2
  NotSignedIn  it has to be known who asks                           401  exit 3
  Refused      understood, and the answer is no                      403  exit 3
  Missing      no such transfer, volume, item, object                404  exit 3
  Conflict     somebody changed it first, or it is already there     409  exit 3
  Unreadable   bytes that cannot be read as what they are            422  exit 3
  Damaged      bytes do not match their recorded digest              500  exit 5
  Unavailable  a store, index, database or tool did not answer       503  exit 4
    Denied     it answered, and takes our credentials for this no more
"""

from collections.abc import Mapping
from typing import Any


class ArchiveError(Exception):
    """What happened, the fact, and the next step, in plain sentences without personal data."""

    code = "error"
    http_status = 500
    exit_code = 1

    def __init__(self, message: str, *, code: str | None = None, next: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.next = next

    @property
    def facts(self) -> Mapping[str, Any]:
        """What else a program may read of it."""
        return {}

    @property
    def told(self) -> dict[str, Any]:
        """In the keys that other programs rely on."""
        return {"code": self.code, "message": self.message, "next": self.next, **self.facts}

    def __reduce__(self) -> tuple[object, ...]:
        """Travels whole from a child process to its parent."""
        return _again, (type(self), self.message, self.code, self.next)


def _again(kind: type[ArchiveError], message: str, code: str, next: str) -> ArchiveError:
    return kind(message, code=code, next=next)


class WrongCall(ArchiveError):
    code, http_status, exit_code = "wrong_call", 400, 2


class NotSignedIn(ArchiveError):
    """``code`` is `token.invalid` where a token came and opens nothing."""

    code, http_status, exit_code = "token", 401, 3


class Refused(ArchiveError):
    code, http_status, exit_code = "refused", 403, 3


class Missing(ArchiveError):
    code, http_status, exit_code = "missing", 404, 3


class Conflict(ArchiveError):
    code, http_status, exit_code = "conflict", 409, 3


class Unreadable(ArchiveError):
    code, http_status, exit_code = "unreadable", 422, 3


class Damaged(ArchiveError):
    code, http_status, exit_code = "damaged", 500, 5


class Unavailable(ArchiveError):
    """``store`` is the name of the store that did not answer or is full, where it was one."""

    code, http_status, exit_code = "unavailable", 503, 4

    def __init__(self, message: str, *, code: str | None = None, next: str = "", store: str = "") -> None:
        super().__init__(message, code=code, next=next)
        self.store = store

    def __reduce__(self) -> tuple[object, ...]:
        return _away_again, (type(self), self.message, self.code, self.next, self.store)


class Denied(Unavailable):
    """Of a store in use this is as good as no answer: nothing is known, and the other stores go on."""

    code = "store.denied"


def _away_again(kind: type[Unavailable], message: str, code: str, next: str, store: str) -> Unavailable:
    return kind(message, code=code, next=next, store=store)
