"""Locks (WORM): until when a server refuses to let go of what it was given, whoever asks.

An object is locked as it is written, and what the server says of its lock is read from the object.
A lock is only ever made longer.  Its end is told by the machine's clock, because a server refuses
an end that its own clock has passed.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from archive.errors import WrongCall

Mode: TypeAlias = Literal["COMPLIANCE", "GOVERNANCE"]
MODES: dict[str, Mode] = {"compliance": "COMPLIANCE", "governance": "GOVERNANCE"}
MOST_DAYS = 36_500
"""A hundred years: the most that Amazon's servers take, and a slip of the pen would hold for good."""

_SEOUL = ZoneInfo("Asia/Seoul")


@dataclass(frozen=True)
class Terms:
    """What a store's settings ask for: at least this long, and longer where a record is kept longer."""

    mode: Mode
    days: int

    def lock(self, kept_until: date | None = None) -> Lock:
        """The lock of an object written now.  ``kept_until``: the last day of its record, in Seoul."""
        midnight = datetime.fromtimestamp(time.time(), UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        least, most = (midnight + timedelta(days) for days in (self.days, MOST_DAYS))
        if kept_until is None:
            return Lock(self.mode, least)
        over = datetime.combine(kept_until + timedelta(1), datetime.min.time(), _SEOUL).astimezone(UTC)
        return Lock(self.mode, min(max(least, over), most))


@dataclass(frozen=True)
class Lock:
    """How an object is locked: COMPLIANCE is lifted by nobody, GOVERNANCE by who has a right of its own."""

    mode: Mode
    until: datetime

    def covers(self, wanted: Lock) -> bool:
        return self.until >= wanted.until and self.mode in ("COMPLIANCE", wanted.mode)

    def __str__(self) -> str:
        return f"{self.mode} until {self.until.astimezone(UTC):%Y-%m-%d}"


def read_terms(lock: str, retention: str) -> Terms | None:
    """The options ``lock`` and ``retention`` of a store's URL; None when it has neither."""
    if not lock and not retention:
        return None
    if lock not in MODES:
        raise WrongCall(f"lock={lock} is neither compliance nor governance.")
    if not (retention.isdecimal() and len(retention) < 6 and 0 < int(retention) <= MOST_DAYS):
        raise WrongCall(f"retention={retention} is not a number of days from 1 to {MOST_DAYS}.")
    return Terms(MODES[lock], int(retention))
