"""Whatever fails at whatever step: the same command again ends in the same bytes and rows.

``SEOGO_FAULTS=500`` draws five hundred faults, and kills at every boundary; ``SEOGO_SEED`` repeats a run.
"""

import os
import random
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from tests.conftest import Installation
from tests.crashes.conftest import Disturbed, Struck, ended, installation, kill
from tests.crashes.faults import Fault, boundaries, draw, steps_of
from tests.crashes.seen import without_times

FAULTS = int(os.environ["SEOGO_FAULTS"])
SEED = os.environ["SEOGO_SEED"]
NOT_SEALED = re.compile(r"\b[Ss]tore \w+")
TURNS = ("receive", "receive", "receive", "work", "receive", "accept", "receive", "work")
"""Whose faults are drawn by lot, in turn."""

ALL = FAULTS >= 100
SHARES = {"receive": 40, "fill": 20} if ALL else {"receive": 4, "fill": 2}
"""Who is killed at its boundaries, in so many tests: at all of them in the long run, else at one for each."""


@dataclass(frozen=True)
class Run:
    """A command, the installation it begins with, the steps it takes, and what is seen when it has ended."""

    command: tuple[str, ...]
    stores: str
    begins_with: Path
    steps: Mapping[tuple[str, str], int]
    seen: dict[str, Any]

    def __str__(self) -> str:
        return " ".join(("seogo", *self.command[:2]))


Watched = Callable[..., Run]


@pytest.fixture(scope="session")
def watched(tmp_path_factory: pytest.TempPathFactory, made: Path) -> Watched:
    """A command once without faults, and what it does step by step."""

    def run(here: Disturbed, *command: str, stores: str = "ab") -> Run:
        folder = tmp_path_factory.mktemp("watched")
        if here.home.exists():
            shutil.copytree(here.home, folder / "begins")
        around = {
            "LD_PRELOAD": str(made), "FAULT_ROOT": str(here.home), "FAULT_TRACE": str(folder / "trace"),
            "FAULT_COUNTER": str(folder / "counter"),
        }  # fmt: skip
        done(here, *command, **around)
        return Run(command, stores, folder / "begins", steps_of(folder / "trace", here.home), seen_of(here))

    return run


def done(here: Disturbed, *command: str, **more: str) -> None:
    code, told, errors = ended(here.place.start(*command, **more))
    assert code == 0, (command, told, errors)


@pytest.fixture(scope="session")
def receive(tmp_path_factory: pytest.TempPathFactory, small_transfer: Path, watched: Watched) -> Run:
    here = installation(tmp_path_factory.mktemp("receive") / "home", small_transfer)
    return watched(here, *here.receive_command)


@pytest.fixture(scope="session")
def work(
    tmp_path_factory: pytest.TempPathFactory, small_transfer: Path, watched: Watched, receive: Run
) -> Run:
    """What `--until stored` left to do: all ends as if nothing had been left."""
    here = installation(tmp_path_factory.mktemp("work") / "home", small_transfer)
    done(here, *here.receive_command, "--until", "stored")
    return replace(watched(here, "work", "--until-idle", "--json"), seen=receive.seen)


@pytest.fixture(scope="session")
def accept(tmp_path_factory: pytest.TempPathFactory, small_transfer: Path, watched: Watched) -> Run:
    """The second of two steps."""
    here = installation(tmp_path_factory.mktemp("accept") / "home", small_transfer)
    done(here, *(each for each in here.receive_command if each != "--accept"))
    return watched(here, "transfer", "accept", "2026-0001", "--json")


@pytest.fixture(scope="session")
def fill(tmp_path_factory: pytest.TempPathFactory, small_transfer: Path, watched: Watched) -> Run:
    """A third store, that came when all was taken in."""
    here = installation(tmp_path_factory.mktemp("fill") / "home", small_transfer)
    done(here, *here.receive_command)
    three = with_stores(here, "abc")
    assert three.place.run("init").exit_code == 0
    return watched(three, "copy", "fill", "--store", "c", "--json", stores="abc")


def with_stores(here: Disturbed, names: str) -> Disturbed:
    stores = " ".join(f"{name}={(here.home / 'stores' / name).as_uri()}" for name in names)
    return Disturbed(Installation({**here.place.environment, "SEOGO_STORES": stores}), here.folder)


def test_every_part_of_an_installation_has_steps(receive: Run) -> None:
    parts = {area for _, area in receive.steps}
    assert {"stores/a/.incoming", "stores/b/packages", "seogo.db-wal", "shelf", "index", "keys"} <= parts
    assert sum(receive.steps.values()) > 1_000


def test_the_boundaries_are_the_first_a_middle_and_the_last_step_of_each_kind() -> None:
    steps = {("write", "shelf"): 9, ("sync", "keys"): 2, ("name", "index"): 1, ("read", "index"): 5}
    assert {(each.op, each.area, each.nth) for each in boundaries(steps)} == {
        ("write", "shelf", 1), ("write", "shelf", 5), ("write", "shelf", 9),
        ("sync", "keys", 1), ("sync", "keys", 2), ("name", "index", 1),
    }  # fmt: skip


@pytest.mark.fault
@pytest.mark.parametrize("turn", range(FAULTS))
def test_after_any_fault_the_same_command_ends_the_same(
    request: pytest.FixtureRequest, disturbed: Disturbed, made: Path, struck: Struck, turn: int
) -> None:
    run: Run = request.getfixturevalue(TURNS[turn % len(TURNS)])
    fault = draw(random.Random(f"{SEED}-{turn}"), run.steps)
    print(f"SEOGO_SEED={SEED}, turn {turn}: {fault} of {run}")
    try_(run, fault, disturbed, made, struck)


@pytest.mark.fault
@pytest.mark.parametrize(("name", "share"), [(name, n) for name, all_ in SHARES.items() for n in range(all_)])
def test_killed_at_any_boundary_the_same_command_ends_the_same(
    request: pytest.FixtureRequest, disturbed: Disturbed, made: Path, struck: Struck, name: str, share: int
) -> None:
    run: Run = request.getfixturevalue(name)
    lot = random.Random(f"{SEED}-{name}-{share}")
    # Every process of the tests shares them out alike, also where it counted a step more or less.
    steps = [each for each in boundaries(run.steps)
             if crc32(f"{each.op} {each.area}".encode()) % SHARES[name] == share]  # fmt: skip
    for step in steps if ALL else [lot.choice(steps)]:
        fault = Fault(lot.choice(["kill all", "kill one"]), step)
        print(f"SEOGO_SEED={SEED}, {name} {share}: {fault} of {run}")
        try_(run, fault, disturbed, made, struck)
        shutil.rmtree(disturbed.home)


def try_(run: Run, fault: Fault, disturbed: Disturbed, made: Path, struck: Struck) -> None:
    """The command with the fault in it, and again without: all is as if there had been none."""
    here, counter = with_stores(disturbed, run.stores), disturbed.home.with_name("counter")
    counter.unlink(missing_ok=True)
    if run.begins_with.exists():
        moved_in(run.begins_with, here)
    clock = {"SEOGO_CLOCK": ""} if fault.kind == "clock" else {}
    around = fault.environment(here.home, counter, made)
    ends_with = run_with(here, run.command, {**around, **clock})
    struck(fault.has_struck(counter))
    if ends_with != 0:
        code, told, errors = ended(here.place.start(*run.command, **clock))
        assert code == 0, (str(fault), told, errors)
    assert_the_same(here, run, fault)


def moved_in(begins_with: Path, here: Disturbed) -> None:
    """A copy of a home in another place; its stores are tried there first, as for any new place."""
    shutil.copytree(begins_with, here.home)
    assert here.place.run("init").exit_code == 0


def run_with(here: Disturbed, command: tuple[str, ...], around: dict[str, str]) -> int:
    """The command with the fault in it: it is killed, or it says what is wrong, or all is done."""
    process = here.place.start(*command, **around)
    code, told, errors = ended(process)
    if code < 0:
        kill(process)
        return code
    assert "Traceback" not in errors, errors
    assert code in (0, 3, 4, 5), (code, told, errors)
    assert code == 0 or is_said(told, errors), (code, told, errors)
    return code


def is_said(told: dict[str, Any], errors: str) -> bool:
    """Whether it says what is wrong.  With a result that was reached, a log it could not seal is named."""
    return bool(told.get("error") or told.get("waiting") or told.get("failed") or NOT_SEALED.search(errors))


def seen_of(here: Disturbed) -> dict[str, Any]:
    """Without what each filling writes into the log of itself when it ends, which a killed one cannot."""
    fillings = here.rows("journal_records WHERE record LIKE '%\"copies.filled\"%'")
    seen = here.all_that_is_seen()
    for name in ("journal_records", "ledger_entries"):
        seen["rows"][name] -= fillings
    seen["log"]["size"] -= fillings
    return seen


def assert_the_same(here: Disturbed, run: Run, fault: Fault) -> None:
    seen, expected = seen_of(here), run.seen
    if fault.kind == "clock":
        seen, expected = without_times(seen), without_times(expected)
    assert seen.keys() == expected.keys()
    for part in expected:
        assert seen[part] == expected[part], (str(fault), part)
