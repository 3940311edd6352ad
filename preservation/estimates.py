"""How long a fill will take: from what reading gives before it runs, from what was copied while it runs."""

import time
from dataclasses import dataclass
from itertools import islice

from archive.errors import ArchiveError
from archive.site import language
from archive.site.site import Site
from archive.stores import Store
from preservation import lagging
from preservation.lagging import Amount, Owed

LONGEST_TRIAL = 2.0
"""Seconds of reading that an estimate may cost."""
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Pace:
    """So many bytes in so many seconds."""

    bytes: int
    seconds: float

    @property
    def bytes_per_second(self) -> float | None:
        return self.bytes / self.seconds if self.bytes and self.seconds > 0 else None

    def time_for(self, octets: int) -> float | None:
        rate = self.bytes_per_second
        return None if rate is None else octets / rate


def of_reading(site: Site, target: Store) -> Pace:
    """How fast the other stores give what ``target`` lacks: read for two seconds, nothing written.

    Writing and reading back come on top of it, so this is the least that a fill takes.
    """
    began, octets = time.monotonic(), 0
    others = [store for store in site.near_stores if store.name != target.name]
    for owed in islice(lagging.lacking(site, target.name), 20):
        read = (_read(source, owed, until=began + LONGEST_TRIAL) for source in others)
        octets += next(filter(None, read), 0)
        if time.monotonic() - began >= LONGEST_TRIAL:
            break
    return Pace(octets, time.monotonic() - began)


def _read(source: Store, owed: Owed, *, until: float) -> int:
    octets = 0
    try:
        for key, _ in source.find(f"{owed.prefix}/"):
            with source.open(key) as stream:
                while (block := stream.read(_BLOCK)) and time.monotonic() < until:
                    octets += len(block)
            if time.monotonic() >= until:
                break
    except (ArchiveError, OSError):
        return octets  # a trial only: the fill itself tells what is wrong with a source
    return octets


def in_words(left: Amount, pace: Pace) -> str:
    """The pace and the time that is left, for a progress line."""
    rate, seconds = pace.bytes_per_second, pace.time_for(left.bytes)
    if rate is None or seconds is None:
        return f"{language.size(left.bytes)} left"
    return f"{language.size(left.bytes)} left, {language.size(int(rate))}/s, {span(seconds)} to go"


def span(seconds: float) -> str:
    minutes, rest = divmod(int(seconds + 0.5), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
