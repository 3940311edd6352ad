"""What one more volume costs in a large transfer, and what a large transfer takes of memory.

The same transfer in several sizes: volumes of six tiny files, each an item of its own, because what is
held in memory grows with names and rows and not with bytes.  Then one volume of as many files as are
asked for, one of as many items of a file each, and one of a single large file.  Measured is the real
`receive --accept --until stored` in a process with its modules loaded, and the memory of that process
with its children.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import measuring, transfers
from benchmarks.ingest import site_in, take_in
from benchmarks.transfers import Transfer
from benchmarks.watching import Peak, watched

FILES_A_VOLUME = 6
TINY = 16
GROWTH_BAR, MEMORY_BAR = 1.15, 1.1
LARGE_BAR = 500 << 20
A_WORKER_BAR = 150 << 20


@dataclass(frozen=True)
class Taken:
    volumes: int
    files: int
    seconds: float
    peak: Peak

    @property
    def milliseconds(self) -> float:
        return self.seconds / self.volumes * 1000

    @property
    def work(self) -> float:
        """Milliseconds of processor a volume."""
        return self.peak.processor / self.volumes * 1000


def main() -> int:
    parser = measuring.arguments(__doc__)
    parser.add_argument("--volumes", type=int, nargs="*", default=[100, 1_000, 10_000])
    parser.add_argument("--files", type=int, default=1_000_000, help="of the one large volume; 0 for none")
    parser.add_argument("--an-item", type=int, default=1_000, help="files an item of the large volume")
    parser.add_argument("--items", type=int, default=100_000, help="of one more, a file each; 0 for none")
    parser.add_argument("--large-file", type=float, default=4e9, help="bytes of one file; 0 for none")
    parser.add_argument("--keep", help="a folder of transfers to make once and use again")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.child:
        return _child(Path(wanted.child[0]), Path(wanted.child[1]), int(wanted.child[2]))
    with measuring.working_folder(wanted.folder) as folder:
        kept = Path(wanted.keep) if wanted.keep else folder / "transfers"
        sizes = [max(1, int(count * wanted.scale)) for count in wanted.volumes]
        _report([_row(_take(_made(kept, count, FILES_A_VOLUME, 1), folder)) for count in sizes])
        for files, an_item in ((wanted.files, wanted.an_item), (wanted.items, 1)):
            if count := int(files * wanted.scale):
                _report_large(_take(_made(kept, 1, count, an_item), folder), an_item)
        if size := int(wanted.large_file * wanted.scale):
            made = transfers.make(folder / "one-file", [size])
            _report_large_file(size, _take(made, folder / "home"))
    return 0


def _made(kept: Path, volumes: int, a_volume: int, an_item: int) -> Transfer:
    folder = kept / f"{volumes}x{a_volume}x{an_item}"
    if not folder.exists():
        unfinished = folder.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        transfers.make(unfinished, [TINY] * volumes * a_volume, a_volume=a_volume, an_item=an_item)
        unfinished.rename(folder)
    return Transfer(folder, ((),) * volumes, TINY * volumes * a_volume)


def _take(made: Transfer, folder: Path) -> Taken:
    """Take a transfer in, in a process of its own that is watched."""
    print(f"Taking in {made.folder.name} …", file=sys.stderr, flush=True)
    home, volumes = folder / made.folder.name, len(made.volumes)
    command = [
        sys.executable,
        "-m",
        "benchmarks.growth",
        "--child",
        str(made.folder),
        str(home),
        str(volumes),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process, watched(process.pid, home) as peak:
        said = process.stdout.read() if process.stdout else b""
    if process.returncode:
        raise SystemExit(f"{made.folder} was not taken in.")
    told = json.loads(said)
    return Taken(volumes, told["files"], told["seconds"], peak)


def _child(folder: Path, home: Path, volumes: int) -> int:
    measuring.load()
    made = Transfer(folder, ((),) * volumes, 0)
    site = site_in(home)
    started = time.perf_counter()
    files = take_in(made, site)
    print(json.dumps({"seconds": time.perf_counter() - started, "files": files}))
    return 0


def _row(each: Taken) -> Taken:
    print(
        f"{each.volumes:,} volumes, {each.files:,} files: {each.seconds:.1f} s, {each.milliseconds:.2f} ms a "
        f"volume ({each.work:.2f} ms of a processor), {each.peak.together / 1e6:.0f} MB in all, "
        f"{each.peak.largest / 1e6:.0f} MB the largest process",
        flush=True,
    )
    return each


def _report(taken: Sequence[Taken]) -> None:
    first, last = taken[0], taken[-1]
    cost, work = last.milliseconds / first.milliseconds, last.work / first.work
    memory = last.peak.together / first.peak.together
    print(f"A volume at {last.volumes:,} costs {cost:.2f} of one at {first.volumes:,}, ", end="")
    print(f"{_met(cost, GROWTH_BAR)};")
    print(f"  in seconds of processor, start of the processes and all, {work:.2f}.")
    print(f"Memory is {memory:.2f} of it: {_met(memory, MEMORY_BAR)}.", flush=True)


def _report_large(taken: Taken, an_item: int) -> None:
    files, peak = taken.files, taken.peak
    print(f"One volume of {files:,} files, {an_item:,} an item: ", end="")
    print(f"{taken.seconds:.0f} s, {files / taken.seconds:,.0f} files/s")
    print(f"  {peak.together / 1e6:.0f} MB in all, {peak.largest / 1e6:.0f} MB the largest process; ", end="")
    print(
        f"{_met(peak.together, LARGE_BAR)}; {peak.scratch / files:.0f} bytes a file on disk beside the stores"
    )


def _report_large_file(size: int, taken: Taken) -> None:
    peak = taken.peak
    print(f"One file of {size / 1e9:g} GB: {peak.together / 1e6:.0f} MB in all, ", end="")
    print(f"{peak.packer / 1e6:.0f} MB the process that packs; {_met(peak.packer, A_WORKER_BAR)}")


def _met(value: float, bar: float) -> str:
    shown = f"{bar / 1e6:.0f} MB" if bar > 1e6 else f"{bar:g}"
    return f"the bar of {shown} is {'met' if value <= bar else 'NOT met'}"


if __name__ == "__main__":
    sys.exit(main())
