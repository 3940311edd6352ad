"""Jobs that only tests run.  A child imports this module by its name."""

import os
import signal
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from sqlalchemy.exc import OperationalError

from archive.errors import Conflict, Unavailable
from archive.site.site import Site
from archive.work import jobs
from archive.work.jobs import job

BEFORE = set(jobs.DECLARED)


@job("test-note")
def note(site: Site, path: str, line: str = "ran") -> Iterator[jobs.Progress]:
    with open(path, "a", encoding="utf-8") as file:
        file.write(f"{line}\n")
    yield 1, 1


@job("test-steps")
def steps(site: Site) -> Iterator[jobs.Progress]:
    yield 2, 5
    yield 5, 5


@job("test-sleep")
def sleep(site: Site, path: str, seconds: float = 60.0) -> Iterator[jobs.Progress]:
    with open(path, "a", encoding="utf-8") as file:
        file.write(f"{os.getpid()}\n")
    yield 0, 1
    time.sleep(seconds)
    yield 1, 1


@job("test-hold")
def hold(site: Site, path: str, until: str) -> Iterator[jobs.Progress]:
    with open(path, "a", encoding="utf-8") as file:
        file.write(f"{os.getpid()}\n")
    yield 0, 1
    while not Path(until).exists():
        time.sleep(0.02)
    yield 1, 1


@job("test-hang", timeout=timedelta(seconds=1), attempts=1)
def hang(site: Site) -> Iterator[jobs.Progress]:
    yield 0, 1
    time.sleep(60)


@job("test-segfault", attempts=1)
def segfault(site: Site) -> Iterator[jobs.Progress]:
    yield 0, 1
    os.kill(os.getpid(), signal.SIGSEGV)


@job("test-hungry", attempts=1, memory=400 << 20)
def hungry(site: Site) -> Iterator[jobs.Progress]:
    yield len(bytearray(1 << 30)), 1 << 30


@job("test-away")
def away(site: Site, needs: str) -> Iterator[jobs.Progress]:
    if not Path(needs).exists():
        raise Unavailable("The thing it needs is away.")
    yield 1, 1


@job("test-busy", attempts=1)
def busy(site: Site, needs: str) -> Iterator[jobs.Progress]:
    if not Path(needs).exists():
        raise Conflict("Another command has it at this moment.", code="busy")
    yield 1, 1


@job("test-no-database", attempts=1)
def no_database(site: Site) -> Iterator[jobs.Progress]:
    yield 0, 1
    raise OperationalError("SELECT 1", {}, ConnectionError("refused"))


@job("test-refused", attempts=2)
def refused(site: Site, path: str) -> Iterator[jobs.Progress]:
    with open(path, "a", encoding="utf-8") as file:
        file.write("tried\n")
    yield 0, 1
    raise Conflict("It cannot be done like this.", code="test.refused", next="Do it otherwise.")


@job("test-long-reason", attempts=1)
def long_reason(site: Site) -> Iterator[jobs.Progress]:
    yield 0, 1
    raise Conflict("x" * 1_000_000)


@job("test-lost-file", attempts=1)
def lost_file(site: Site) -> Iterator[jobs.Progress]:
    yield 0, 1
    Path("/there is no/hong_gildong.pdf").read_bytes()


@job("test-quotes", attempts=1)
def quotes(site: Site) -> Iterator[jobs.Progress]:
    yield 0, 1
    raise ValueError("hong_gildong.pdf")


OURS = {name: declared for name, declared in jobs.DECLARED.items() if name not in BEFORE}
