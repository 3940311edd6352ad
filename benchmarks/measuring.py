"""Pairs of runs, told as ratios: the same work by two parties, in turns, each in a new folder."""

import argparse
import gc
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import seogo


@dataclass(frozen=True)
class Pair:
    """Seconds that our side and the other side took, next to each other."""

    ours: float
    other: float

    @property
    def ratio(self) -> float:
        """How much of the other's speed ours reached."""
        return self.other / self.ours


Side = Callable[[Path], Callable[[], object]]
"""Makes ready in a new folder what is then timed."""


def pairs(count: int, ours: Side, other: Side, folder: Path) -> list[Pair]:
    """Run both in turns, the first of each pair changing; what they wrote stays until the end."""
    found = []
    for number in range(count):
        times = {}
        turns = (("ours", ours), ("other", other))
        for name, side in turns if number % 2 == 0 else reversed(turns):
            where = folder / f"{name}-{number}"
            where.mkdir(parents=True)
            times[name] = timed(side(where))
        found.append(Pair(times["ours"], times["other"]))
    return found


def timed(call: Callable[[], object]) -> float:
    os.sync()
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def spread(values: Sequence[float], form: str = ".2f") -> str:
    """Median and range."""
    middle = statistics.median(values)
    return f"{middle:{form}} ({min(values):{form}} to {max(values):{form}})"


def tell(
    name: str,
    found: Sequence[Pair],
    *,
    files: int,
    size: int,
    other: str,
    wanted: float | None,
    mine: str = "ours",
) -> None:
    """One claim: what was measured, and whether the bar is met where there is one."""
    ratios = [each.ratio for each in found]
    ours = statistics.median(each.ours for each in found)
    seconds = [spread([each.ours for each in found]), spread([each.other for each in found])]
    bar = "no bar is set"
    if wanted is not None:
        bar = f"the bar of {wanted:g} is {'met' if statistics.median(ratios) >= wanted else 'NOT met'}"
    print(f"{name}: {files:,} files, {size / 1e6:,.0f} MB, {len(found)} pairs")
    print(f"  of the speed of {other}: {spread(ratios)}; {bar}")
    print(f"  {mine} {seconds[0]} s, {other} {seconds[1]} s")
    print(f"  {files / ours:,.0f} files/s, {size / ours / 1e6:,.0f} MB/s", flush=True)


def load() -> None:
    """Load everything and keep it from the collector, as a command does with what it loads."""
    seogo.load()
    gc.freeze()


def arguments(about: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full size, for a quick look")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--folder", help="where to work")
    return parser


@contextmanager
def working_folder(inside: str | None) -> Iterator[Path]:
    """Everything a benchmark writes; it goes at the end, because deleting slows down what comes next."""
    folder = Path(tempfile.mkdtemp(prefix="seogo-bench-", dir=inside))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
