"""What taking in costs, as a share of the floor (see `benchmarks.floor`).

Ours is the real `receive --accept --until stored`: lists read and checked, bags, METS, PREMIS and NAK 8
written, both copies read back from the disk, rows entered, the log sealed; no scan, no identification.
It is called in a process that has its modules loaded and its statements compiled, as a process has that
goes on taking in transfers; what a process costs to start, and its first transfer, is told by itself.
"""

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from archive.site import installation, settings
from archive.site.evidence import seal_now
from archive.site.site import Site
from benchmarks import floor, measuring, transfers
from benchmarks.transfers import AGENCY, Transfer
from ingest import results
from ingest.taking import receiving
from ingest.taking.receiving import Asked

OTHER_AGENCY = "1741000"
SEOGO = Path(sys.executable).with_name("seogo")


@dataclass(frozen=True)
class Set:
    name: str
    sizes: Callable[[float], list[int]]
    floor: Callable[[Path, tuple[tuple[str, ...], ...], Path], None]
    bar: float


SETS = {
    "A": Set("A, mixed files", lambda scale: list(transfers.mixed(int(2_000 * scale), 1)), floor.keep, 0.85),
    "B": Set("B, files of 20 kB", lambda scale: [20_000] * int(6_000 * scale), floor.keep, 0.6),
    "C": Set("C, one large file", lambda scale: [int(4e9 * scale)], floor.keep_large, 0.85),
    "D": Set("D, files of 2 kB", lambda scale: [2_000] * int(15_000 * scale), floor.keep, 0.5),
}


def main() -> int:
    parser = measuring.arguments(__doc__)
    parser.add_argument("sets", nargs="*", default=["A", "B", "D"], help="A, B, C or D")
    wanted = parser.parse_args()
    measuring.load()
    with measuring.working_folder(wanted.folder) as folder:
        starting, first = start_of_a_process(), more_for_the_first(folder / "first")
        print(f"A process starts in {starting:.2f} s, and its first transfer takes {first:.2f} s longer:")
        print("neither is in a figure below.")
        for name in wanted.sets:
            measure(SETS[name], folder / name, scale=wanted.scale, pairs=wanted.pairs)
    return 0


def measure(each: Set, folder: Path, *, scale: float, pairs: int) -> None:
    made = transfers.make(folder / "transfer", each.sizes(scale))
    taking_in(made, folder / "warm-up")()
    found = measuring.pairs(
        pairs,
        lambda at: taking_in(made, at),
        lambda at: partial(each.floor, made.folder, made.volumes, at),
        folder,
    )
    measuring.tell(each.name, found, files=made.files, size=made.bytes, other="the floor", wanted=each.bar)


def taking_in(made: Transfer, home: Path) -> Callable[[], object]:
    """A transfer that is the second one of a new installation."""
    site = site_in(home)
    take_in(_small(home / "small"), site, agency=OTHER_AGENCY)
    return partial(take_in, made, site)


def _small(folder: Path) -> Transfer:
    return transfers.make(folder, [2_000] * 10)


def take_in(made: Transfer, site: Site, agency: str = AGENCY) -> int:
    """One transfer, in this process and its workers; the number of its files."""
    number = receiving.receive(site, Asked(folder=made.folder, agency=agency, accept=True), lambda *_: None)
    seal_now(site)
    with site.reading_session() as session:
        told = results.result(session, number)
    if told["state"] != "stored" or told["volumes"]["accepted"] != len(made.volumes):
        raise SystemExit(f"The transfer was not taken in whole: {told['state']}, {told['findings'][:3]}")
    return int(told["files"])


def site_in(home: Path) -> Site:
    site = Site(settings.read({"SEOGO_HOME": str(home), "SEOGO_WORKERS": str(floor.PROCESSES)}))
    installation.prepare(site)
    return site


def more_for_the_first(folder: Path) -> float:
    """Seconds that the first transfer of a process and an installation takes longer than one like it."""
    site, small = site_in(folder / "home"), _small(folder / "small")
    first, second = (
        measuring.timed(partial(take_in, small, site, agency)) for agency in (AGENCY, OTHER_AGENCY)
    )
    return first - second


def start_of_a_process() -> float:
    def start() -> None:
        subprocess.run([str(SEOGO), "transfer", "receive", "--help"], stdout=subprocess.DEVNULL, check=True)

    start()
    started = time.perf_counter()
    start()
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
