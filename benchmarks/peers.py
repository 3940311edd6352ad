"""Taking in beside what other programs do with the same files.

bagit-python with the same promises: a bag a volume, both copies synced, then validated cold.  Its own
processes share the files of one bag; the same once more with the volumes shared out by us, which it does
not do by itself.  One bag, made, validated and copied twice without a look at the copies.

And a3m, which makes one AIP of a transfer of scans, documents and sound, each identified; ours is
identified too.  Name its command in A3M, for it needs an environment of its own, and install the programs
that its rules call: where one is missing it leaves that work out, and is quicker than it is.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import bagit

from benchmarks import floor, measuring, transfers
from benchmarks.ingest import SETS, site_in, take_in, taking_in
from benchmarks.transfers import Transfer
from ingest.samples import making as samples
from preservation.identifying import identify_files

Side = Callable[[Transfer, Path], Callable[[], None]]

SAME_PROMISES = {"A": 1.5, "B": 3.0}
QUICKER = {"A": 2, "B": 1}
"""With which number of its own processes bagit-python is quicker: it starts them anew for each bag."""
IN_TURN = "bagit, a bag a volume, both copies validated cold"
UNCHECKED = "bagit, one bag, copied twice unchecked"
A3M_VOLUMES, A3M_PAGES, A3M_BAR = 20, 37, 50.0
A3M_CALLS = ("atool", "tree", "7z", "convert", "exiftool", "ffmpeg", "gs", "mediainfo", "tesseract")


def main() -> int:
    parser = measuring.arguments(__doc__)
    wanted = parser.parse_args()
    measuring.load()
    with measuring.working_folder(wanted.folder) as folder:
        for name, bar in SAME_PROMISES.items():
            made = transfers.make(folder / name / "transfer", SETS[name].sizes(wanted.scale))
            taking_in(made, folder / name / "warm-up")()
            others: tuple[tuple[str, Side, float | None], ...] = (
                (IN_TURN, partial(one_by_one, QUICKER[name]), bar),
                ("the same, the volumes shared out by us", shared_out, None),
                (UNCHECKED, one_bag, 1.0),
                (f"{UNCHECKED}, until all is on the disk", one_bag_on_the_disk, None),
            )
            for number, (other, side, least) in enumerate(others):
                where = folder / name / str(number)
                found = measuring.pairs(wanted.pairs, partial(taking_in, made), partial(side, made), where)
                measuring.tell(
                    SETS[name].name, found, files=made.files, size=made.bytes, other=other, wanted=least
                )
            the_floor(name, made, folder / name / "floor", wanted.pairs)
        beside_a3m(folder / "a3m", wanted.pairs)
    return 0


def the_floor(name: str, made: Transfer, folder: Path, pairs: int) -> None:
    """What nobody can leave out who reads the copies back, beside the bag that nobody looks at."""
    found = measuring.pairs(
        pairs, lambda at: partial(floor.keep, made.folder, made.volumes, at), partial(one_bag, made), folder
    )
    told = partial(measuring.tell, other=UNCHECKED, wanted=None, mine="the floor")
    told(f"The floor, {SETS[name].name}", found, files=made.files, size=made.bytes)


def one_by_one(processes: int, made: Transfer, at: Path) -> Callable[[], None]:
    """As it is used: one volume after another, the files of each spread by the tool itself."""

    def run() -> None:
        for volume in made.volumes:
            _keep(processes, (made.folder, volume, at))

    return run


def shared_out(made: Transfer, at: Path) -> Callable[[], None]:
    """As it could be used: a program of ours gives whole volumes to two processes."""
    tasks = [(made.folder, volume, at) for volume in made.volumes]

    def run() -> None:
        with get_context("fork").Pool(floor.PROCESSES) as pool:
            pool.map(partial(_keep, 1), tasks, chunksize=1)

    return run


def _keep(processes: int, task: tuple[Path, Sequence[str], Path]) -> None:
    source, volume, at = task
    name = volume[0].split("/")[0]
    shutil.copytree(source / name, at / "a" / name)
    bagit.make_bag(str(at / "a" / name), checksums=["sha256"], processes=processes)
    shutil.copytree(at / "a" / name, at / "b" / name)
    floor.sync(at)
    for copy in (at / "a" / name, at / "b" / name):
        _forget_pages(copy)
        bagit.Bag(str(copy)).validate(processes=processes)


def _forget_pages(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as stream:
                os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def one_bag(made: Transfer, at: Path) -> Callable[[], None]:
    def run() -> None:
        shutil.copytree(made.folder, at / "bag")
        bag = bagit.make_bag(str(at / "bag"), checksums=["sha256"], processes=floor.PROCESSES)
        bag.validate(processes=floor.PROCESSES)
        for copy in "ab":
            shutil.copytree(at / "bag", at / copy)

    return run


def one_bag_on_the_disk(made: Transfer, at: Path) -> Callable[[], None]:
    copy = one_bag(made, at)

    def run() -> None:
        copy()
        floor.sync(at)

    return run


def beside_a3m(folder: Path, pairs: int) -> None:
    command = os.environ.get("A3M")
    if not command:
        print("a3m: not measured, for A3M names no command (pip install a3m, in an environment of its own).")
        return
    if missing := [each for each in A3M_CALLS if shutil.which(each) is None]:
        print(f"a3m: not measured, for it calls programs that are not here: {', '.join(missing)}.")
        return
    sample = samples.make(
        folder / "transfer", volumes=A3M_VOLUMES, pages=A3M_PAGES, seed=1, agency=transfers.AGENCY
    )
    made = Transfer(sample.folder, ((),) * sample.volumes, sample.bytes)
    found = measuring.pairs(pairs, partial(_identified, made), partial(_a3m, command, made), folder)
    measuring.tell("a3m", found, files=sample.files, size=made.bytes, other="a3m", wanted=A3M_BAR)


def _identified(made: Transfer, at: Path) -> Callable[[], None]:
    site = site_in(at)

    def run() -> None:
        take_in(made, site)
        list(identify_files(site))

    return run


def _a3m(command: str, made: Transfer, at: Path) -> Callable[[], None]:
    names = ("TEMP_DIR", "PROCESSING_DIRECTORY", "REJECTED_DIRECTORY", "SHARED_DIRECTORY")
    folders = {f"A3M_{name}": f"{at}/{name.lower()}/" for name in names}
    places = {"A3M_DB_NAME": f"{at}/db.sqlite", "A3M_RPC_BIND_ADDRESS": "127.0.0.1:7000"}
    environment = {**os.environ, **places, **folders}
    off = ("normalize", "transcribe_files", "perform_policy_checks_on_originals")
    options = [word for name in off for word in ("-p", f"{name}=no")]
    line = [command, "--no-input", "--name", "t", *options, made.folder.as_uri()]

    def run() -> None:
        subprocess.run(line, env=environment, check=True, stdout=subprocess.DEVNULL)

    return run


if __name__ == "__main__":
    sys.exit(main())
