"""Identification (PRONOM) in its own lane, beside the tool alone over the same files.

The tool alone: one Siegfried scanner in each of two processes, over the copies in a store.  Ours is the
job `identify-files` as `seogo work` runs it, with its rows.
"""

import statistics
import sys
from functools import partial
from pathlib import Path

from benchmarks import measuring, transfers
from benchmarks.ingest import site_in, take_in
from benchmarks.siegfried import scan_all
from benchmarks.transfers import Transfer
from preservation.identifying import identify_files

BAR = 800


def main() -> int:
    parser = measuring.arguments(__doc__)
    wanted = parser.parse_args()
    measuring.load()
    with measuring.working_folder(wanted.folder) as folder:
        made = transfers.make(folder / "transfer", [20_000] * int(6_000 * wanted.scale))
        found = [run(made, folder / f"home-{number}") for number in range(wanted.pairs)]
    rates = [made.files / (taking + ours) for taking, ours, _ in found]
    met = "met" if statistics.median(rates) >= BAR else "NOT met"
    shares = measuring.spread([alone / ours for _, ours, alone in found])
    own = measuring.spread([made.files / ours for _, ours, _ in found], ".0f")
    print(f"Identification of {made.files:,} files of 20 kB, {wanted.pairs} runs")
    print(f"  of the speed of the tool alone: {shares}")
    print(f"  identification: {own} files/s")
    print(f"  taken in and identified: {measuring.spread(rates, '.0f')} files/s; the bar of {BAR} is {met}")
    return 0


def run(made: Transfer, home: Path) -> tuple[float, float, float]:
    """Seconds of taking in, of identification, and of the tool alone."""
    site = site_in(home)
    taking = measuring.timed(partial(take_in, made, site))
    ours = measuring.timed(lambda: list(identify_files(site)))
    kept = sorted((home / "stores/a/packages").rglob("*.dat"))
    return taking, ours, measuring.timed(partial(scan_all, kept))


if __name__ == "__main__":
    sys.exit(main())
