"""How a job is run, as its module declares it with `jobs.job`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy.orm import Session

from archive.site.settings import Settings

Lane = Literal["reader", "staff", "batch"]
LANES: tuple[Lane, ...] = ("reader", "staff", "batch")

Again = Literal["minutely", "hourly", "daily"]
"""How often a runner asks for a job by itself: in each minute or hour, or once in each day of Seoul."""


@dataclass(frozen=True)
class Declared:
    """Its body, its lane, the limits of its child, and when it recurs by itself."""

    name: str
    body: Callable[..., Iterator[tuple[int, int]]]
    lane: Lane
    timeout: timedelta
    attempts: int
    memory: int
    preload: tuple[str, ...] = ()
    again: Again | None = None
    only_if: Callable[[Settings], bool] = lambda _settings: True
    due: Callable[[Session, datetime], bool] = lambda _session, _now: False
