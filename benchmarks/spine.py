"""What taking in costs: `seogo transfer receive` against the least that any program must do.

The floor, in the same run on the same files: read each source byte once with SHA-256, write two
copies, sync, drop the page cache, read both copies back with SHA-256.  It writes no list, no bag,
no metadata and no rows, so nothing honest can be faster by much.
"""

import argparse
import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from ctypes import CDLL
from dataclasses import asdict, dataclass, field
from pathlib import Path

SEOGO = Path(sys.executable).with_name("seogo")
BUFFER = 128 << 10
BLOCK = 512
"""getrusage counts blocks of this many bytes."""


@dataclass
class Cost:
    """What one command took, children and all."""

    seconds: float = 0
    user: float = 0
    system: float = 0
    peak_memory: int = 0
    scratch: int = 0
    read: int = 0
    written: int = 0
    from_disk: int = 0
    to_disk: int = 0
    said: dict[str, object] = field(default_factory=dict)


def main() -> int:
    wanted = arguments()
    folder = Path(tempfile.mkdtemp(prefix="seogo-bench-", dir=wanted.folder))
    try:
        source = folder / "transfer"
        run(["sample", "make", str(source), "--volumes", str(wanted.volumes), "--agency", wanted.agency,
             "--pages", str(wanted.pages), "--seed", str(wanted.seed)], folder / "home")  # fmt: skip
        files = sorted(path for path in source.rglob("*") if path.is_file())
        size = sum(path.stat().st_size for path in files)
        before = floor(source, files, folder / "floor-1")
        cost = run(["transfer", "receive", str(source), "--agency", wanted.agency, "--accept",
                    "--until", "stored", "--json"], folder / "home")  # fmt: skip
        after = floor(source, files, folder / "floor-2")
        report(wanted, len(files), size, min(before, after), cost)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--volumes", type=int, default=200)
    parser.add_argument("--pages", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--agency", default="6110000")
    parser.add_argument("--folder", help="where to work; about four times the transfer is needed")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


# -- the floor


def floor(source: Path, files: list[Path], target: Path) -> float:
    """Seconds for the floor, with as many threads as there are processors."""
    folders: dict[Path, list[Path]] = {}
    for path in files:
        folders.setdefault(path.parent, []).append(path)
    started = time.monotonic()
    with ThreadPoolExecutor(os.cpu_count() or 1) as threads:
        jobs = [threads.submit(keep_twice, source, each, target) for each in folders.values()]
        for job in jobs:
            job.result()
    return time.monotonic() - started


def keep_twice(source: Path, files: list[Path], target: Path) -> None:
    wanted = {}
    for path in files:
        copies = [target / name / path.relative_to(source) for name in "ab"]
        for copy in copies:
            copy.parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        with path.open("rb") as stream, copies[0].open("wb") as one, copies[1].open("wb") as two:
            while data := stream.read(BUFFER):
                digest.update(data)
                one.write(data)
                two.write(data)
        wanted.update(dict.fromkeys(copies, digest.digest()))
    sync(target)
    for copy, expected in wanted.items():
        if read_back(copy) != expected:
            raise SystemExit(f"{copy} was read back with other bytes.")


def sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if CDLL(None).syncfs(descriptor) != 0:
            raise SystemExit(f"syncfs failed on {folder}.")
    finally:
        os.close(descriptor)


def read_back(path: Path) -> bytes:
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as stream:
        os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while data := stream.read(BUFFER):
            digest.update(data)
    return digest.digest()


# -- the command, watched


def run(words: list[str], home: Path) -> Cost:
    scratch = home / "bench-tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "SEOGO_HOME": str(home), "TMPDIR": str(scratch)}
    cost, before = Cost(), resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    with subprocess.Popen([str(SEOGO), *words], env=environment, stdout=subprocess.PIPE) as process:
        ended = threading.Event()
        watcher = threading.Thread(target=watch, args=(process.pid, home, cost, ended))
        watcher.start()
        said = process.stdout.read() if process.stdout else b""
        code = process.wait()
        cost.seconds = time.monotonic() - started
        ended.set()
        watcher.join()
    if code != 0:
        raise SystemExit(f"seogo {' '.join(words)} ended with {code}: {said.decode()[:2000]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cost.user, cost.system = after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime
    cost.from_disk = (after.ru_inblock - before.ru_inblock) * BLOCK
    cost.to_disk = (after.ru_oublock - before.ru_oublock) * BLOCK
    cost.said = json.loads(said) if "--json" in words else {}
    return cost


def watch(pid: int, home: Path, cost: Cost, ended: threading.Event) -> None:
    """Looks ten times a second; what a process did after the last look is not counted."""
    seen: dict[int, tuple[int, int]] = {}
    looks = 0
    while not ended.wait(0.1):
        memory = 0
        for each in family(pid):
            memory += resident(each)
            seen[each] = moved(each) or seen.get(each, (0, 0))
        cost.peak_memory = max(cost.peak_memory, memory)
        if looks % 10 == 0:
            cost.scratch = max(cost.scratch, outside_stores(home))
        looks += 1
    cost.read = sum(read for read, _ in seen.values())
    cost.written = sum(written for _, written in seen.values())


def family(pid: int) -> Iterator[int]:
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in told(children).split():
            yield from family(int(child))


def resident(pid: int) -> int:
    """Proportional, so that what forked processes share is counted once."""
    for line in told(Path(f"/proc/{pid}/smaps_rollup")).splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) << 10
    return 0


def moved(pid: int) -> tuple[int, int] | None:
    facts = dict(line.split(": ") for line in told(Path(f"/proc/{pid}/io")).splitlines())
    return (int(facts["rchar"]), int(facts["wchar"])) if "rchar" in facts else None


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


# -- the report


def report(wanted: argparse.Namespace, files: int, size: int, least: float, cost: Cost) -> None:
    volumes = cost.said["volumes"]
    accepted = volumes["accepted"] if isinstance(volumes, dict) else 0
    if accepted != wanted.volumes:
        raise SystemExit(f"{accepted} of {wanted.volumes} volumes were accepted.")
    waiting = max(0.0, cost.seconds * (os.cpu_count() or 1) - cost.user - cost.system)
    rows = {
        "volumes": wanted.volumes,
        "files": files,
        "bytes": size,
        "seconds": round(cost.seconds, 2),
        "volumes per second": round(wanted.volumes / cost.seconds, 2),
        "files per second": round(files / cost.seconds, 1),
        "megabytes per second": round(size / cost.seconds / 1e6, 1),
        "floor, seconds": round(least, 2),
        "times the floor": round(cost.seconds / least, 2),
        "processor: our code and libraries, seconds": round(cost.user, 2),
        "processor: the kernel, seconds": round(cost.system, 2),
        "processors idle or waiting, seconds": round(waiting, 2),
        "peak memory, megabytes": round(cost.peak_memory / 1e6),
        "temporary disk, times the transfer": round(cost.scratch / size, 3),
        "bytes read per byte taken in": round(cost.read / size, 2),
        "bytes written per byte taken in": round(cost.written / size, 2),
        "of these from the disk": round(cost.from_disk / size, 2),
        "of these to the disk": round(cost.to_disk / size, 2),
    }
    if wanted.json:
        print(json.dumps({**rows, "cost": {**asdict(cost), "said": None}}, indent=2))
        return
    for name, value in rows.items():
        print(f"{name:45} {value:>15,}")


if __name__ == "__main__":
    sys.exit(main())
