"""One small transfer, an undisturbed run of it to compare with, and the means to disturb another."""

import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from click.testing import CliRunner
from sqlalchemy import MetaData, func, select

import seogo
from archive.site import settings
from archive.site.site import Site
from archive.work.pool import POOLED
from ingest.samples.making import make
from tests.conftest import Installation, plain_environment
from tests.crashes.faults import library

AGENCY = "6110000"
CLOCK = "2026-03-02T09:00:00+09:00"
SEALS = {"seals"}
"""How often was sealed depends on where a run was cut; what was sealed does not."""


@dataclass(frozen=True)
class Process:
    """One process of the group of a command."""

    number: int
    parent: int
    command: str
    name: str
    state: str


@dataclass(frozen=True)
class Disturbed:
    """An installation in one folder, with a clock that stands still."""

    place: Installation
    folder: Path

    @property
    def home(self) -> Path:
        return self.place.home

    @property
    def receive_command(self) -> tuple[str, ...]:
        return ("transfer", "receive", str(self.folder), "--agency", AGENCY, "--accept", "--json")

    def receive(self, *more: str) -> "subprocess.Popen[str]":
        return self.place.start(*self.receive_command, *more)

    def stopped_at(self, step: "Callable[[Disturbed], object]", *more: str) -> "subprocess.Popen[str]":
        """The command, standing still in the middle of a step, until `go_on`.

        It may be quicker than we look: then it begins once more from nothing.
        """
        for _ in range(10):
            process = self.receive(*more)
            while process.poll() is None:
                if step(self) and _stands_still(process) and step(self):
                    return process
                go_on(process)
                time.sleep(0.001)
            ended(process)
            shutil.rmtree(self.home)
        raise AssertionError("the command ended ten times before it was seen at this step")

    def ask(self, *arguments: str) -> dict[str, Any]:
        """What a command tells that only looks, asked in this process because that is quicker."""
        with CliRunner().isolation(env=self.place.environment) as (told, _, _):
            with seogo.cli.make_context("seogo", [*arguments, "--json"]) as context:
                seogo.cli.invoke(context)
            found: dict[str, Any] = json.loads(told.getvalue())
        return found

    def rows(self, table: str) -> int:
        """Counted from outside, also while the database is only coming to be."""
        try:
            with sqlite3.connect(f"file:{self.home}/seogo.db?mode=ro", uri=True, timeout=0) as connection:
                [[count]] = connection.execute(f"SELECT count(*) FROM {table}")
            return int(count)
        except sqlite3.Error:
            return 0

    def half_bags(self) -> list[str]:
        """What lies in the scratch of the stores, besides the lock that stays."""
        found = self.home.glob("stores/*/.incoming/*")
        return sorted(str(path.relative_to(self.home)) for path in found if path.suffix != ".lock")

    def all_that_is_seen(self) -> dict[str, Any]:
        """Rows, answers and bytes; equal for two installations that took in the same."""
        site = Site(settings.read(self.place.environment))
        seen = {
            "rows": counts(site),
            "transfers": [
                self.ask("transfer", "show", each["transfer"])
                for each in self.ask("transfer", "list")["transfers"]
            ],
            "volumes": [
                self.ask("volume", "show", each["reference"])
                for each in self.ask("volume", "list")["volumes"]
            ],
            "failed": self.ask("job", "list", "--state", "failed")["jobs"],
            "public index": self.ask("index", "compare"),
            "staff index": self.ask("index", "compare", "--as", "staff"),
            "log": {name: self.ask("ledger", "verify")[name] for name in ("size", "holds", "failures")},
            "kept": {store.name: kept(store) for store in site.stores},
            "shelf": {key: digest(site.shelf.open(key)) for key, _ in site.shelf.find("")},
            "half bags": self.half_bags(),
            "scratch": sorted(path.name for path in self.home.glob("scratch/*")),
        }
        seen["copies"] = self.ask("copy", "check")
        site.engine.dispose()
        return seen


def counts(site: Site) -> dict[str, int]:
    tables = MetaData()
    tables.reflect(site.engine)
    with site.reading_session() as session:
        return {
            name: session.scalar(select(func.count()).select_from(table)) or 0
            for name, table in sorted(tables.tables.items())
            if name not in SEALS
        }


def kept(store: Any) -> dict[str, str]:
    """Digests by key of all that is kept outside of the log, whose salts are drawn by lot."""
    return {
        key: digest(store.open(key))
        for key, _ in store.find("")
        if not key.startswith(("ledger/", "journal/"))
    }


def digest(stream: BinaryIO) -> str:
    with stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def processes(group: int) -> list[Process]:
    """The living processes of a command, its children and theirs."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = stat.read_text().partition("(")[2].rpartition(")")
            fields = rest.split()
            command = (stat.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            found.append(Process(int(stat.parent.name), int(fields[1]), command, name, fields[0]))
    return found


def packers(group: int) -> list[Process]:
    return [each for each in processes(group) if each.name == POOLED]


def fork_servers(group: int) -> list[Process]:
    return [each for each in processes(group) if "forkserver" in each.command and each.parent == group]


def job_children(group: int) -> list[Process]:
    servers = {each.number for each in fork_servers(group)}
    return [each for each in processes(group) if each.parent in servers and each.name != POOLED]


def readers(group: int) -> list[Process]:
    asking = {each.number for each in job_children(group)}
    return [each for each in processes(group) if each.parent in asking]


def _stands_still(process: "subprocess.Popen[str]") -> bool:
    """Stop the command and all its processes; False when it has ended."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGSTOP)
    waited_for(lambda: all(each.state == "T" for each in processes(process.pid)))
    return process.poll() is None


def go_on(process: "subprocess.Popen[str]") -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGCONT)


def killed_one(process: "subprocess.Popen[str]", who: Callable[[int], list[Process]]) -> bool:
    """Kill a process of a command while all stand still, for it may end by itself at any moment."""
    found = who(process.pid) if _stands_still(process) else []
    if found:
        os.kill(found[0].number, signal.SIGKILL)
    go_on(process)
    return bool(found)


def kill(process: "subprocess.Popen[str]") -> None:
    """The whole command at once, as a power cut would."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    waited_for(lambda: not processes(process.pid))


def waited_for(condition: Callable[[], object], seconds: float = 60.0) -> Any:
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.001)
    return found


def reached(process: "subprocess.Popen[str]", condition: Callable[[], object]) -> Any:
    """The condition as soon as it holds; the command must not end before."""
    end = time.monotonic() + 120
    while process.poll() is None:
        if found := condition():
            return found
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.001)
    raise AssertionError(f"the command ended before: {ended(process)}")


def ended(process: "subprocess.Popen[str]") -> tuple[int, dict[str, Any], str]:
    out, err = process.communicate(timeout=200)
    return process.returncode, json.loads(out) if out.strip() else {}, err


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library of `faults.c`."""
    return library(tmp_path_factory.mktemp("library"))


@pytest.fixture(scope="session")
def small_transfer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small") / "transfer"
    make(folder, volumes=2, pages=2, seed=11)
    return folder


def installation(folder: Path, transfer: Path) -> Disturbed:
    """Folders are watched here, so it is the embedded installation also where the suite has servers."""
    environment = {**plain_environment(), "SEOGO_HOME": str(folder), "SEOGO_CLOCK": CLOCK}
    return Disturbed(Installation(environment), transfer)


@pytest.fixture
def disturbed(tmp_path: Path, small_transfer: Path) -> Disturbed:
    return installation(tmp_path / "home", small_transfer)


Struck = Callable[[bool], None]
"""Tells whether a fault that was tried happened: a command may end before its step or instant comes."""


@pytest.fixture
def struck(record_property: Callable[[str, object], None]) -> Struck:
    return lambda has: record_property("struck", has)


@dataclass(frozen=True)
class Undisturbed:
    seen: dict[str, Any]
    seconds: float


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, small_transfer: Path) -> Undisturbed:
    whole = installation(tmp_path_factory.mktemp("undisturbed") / "home", small_transfer)
    began = time.monotonic()
    code, told, errors = ended(whole.receive())
    assert (code, told.get("state")) == (0, "stored"), (told, errors)
    seconds = time.monotonic() - began
    return Undisturbed(whole.all_that_is_seen(), seconds)
