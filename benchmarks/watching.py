"""What a process and all its children hold in memory, and what lies in an installation beside its stores."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from archive.work.pool import POOLED

BETWEEN = 0.1
"""Seconds between two looks; what rises and falls between them is not seen."""


@dataclass
class Peak:
    """Most bytes seen.

    ``together``: of all processes, each with its share of what they share; ``largest``, ``packer``: of the
    largest one, and of the largest that packs; ``scratch``: on disk outside of stores.
    """

    together: int = 0
    largest: int = 0
    packer: int = 0
    scratch: int = 0
    worked: dict[int, float] = field(default_factory=dict)

    @property
    def processor(self) -> float:
        """Seconds in which a processor worked for them; says more than the clock where others work too."""
        return sum(self.worked.values())


@contextmanager
def watched(pid: int, home: Path) -> Iterator[Peak]:
    peak, ended = Peak(), threading.Event()
    watcher = threading.Thread(target=_watch, args=(pid, home, peak, ended))
    watcher.start()
    try:
        yield peak
    finally:
        ended.set()
        watcher.join()


def _watch(pid: int, home: Path, peak: Peak, ended: threading.Event) -> None:
    looks = 0
    while not ended.wait(BETWEEN):
        every = list(family(pid))
        held = [memory_of(each) for each in every]
        peak.worked |= {each: seconds for each in every if (seconds := worked(each))}
        peak.together = max(peak.together, sum(shared for shared, _ in held))
        peak.largest = max(peak.largest, *(alone for _, alone in held), 0)
        packing = (alone for each, (_, alone) in zip(every, held, strict=True) if called(each) == POOLED)
        peak.packer = max(peak.packer, 0, *packing)
        if looks % 20 == 0:
            peak.scratch = max(peak.scratch, outside_stores(home))
        looks += 1


def family(pid: int) -> Iterator[int]:
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in told(children).split():
            yield from family(int(child))


def memory_of(pid: int) -> tuple[int, int]:
    """A process's share of what it shares with others, and all that it has in memory."""
    facts = dict(line.split(":", 1) for line in told(Path(f"/proc/{pid}/smaps_rollup")).splitlines()[1:])
    shared, alone = (int(facts.get(name, "0 kB").split()[0]) << 10 for name in ("Pss", "Rss"))
    return shared, alone


def worked(pid: int) -> float:
    """Seconds of processor that a process has used so far."""
    ticks = told(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def called(pid: int) -> str:
    return told(Path(f"/proc/{pid}/comm")).strip()


def told(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def outside_stores(home: Path) -> int:
    """Bytes of an installation that are not in its stores or on its shelf."""
    total = 0
    for folder, folders, names in os.walk(home):
        if Path(folder) == home:
            folders[:] = [name for name in folders if name not in ("stores", "shelf")]
        for name in names:
            try:
                total += os.lstat(os.path.join(folder, name)).st_size
            except OSError:
                continue
    return total
