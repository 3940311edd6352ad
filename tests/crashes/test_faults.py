"""Whatever fails at whatever step: the same command again ends in the same bytes and rows.

``SEOGO_FAULTS=500`` draws five hundred faults, ``SEOGO_SEED`` repeats those of an earlier run.
"""

import os
import random
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.crashes.conftest import Disturbed, Struck, Undisturbed, ended, installation, kill
from tests.crashes.faults import Fault, draw, library, steps_of
from tests.crashes.seen import without_times

FAULTS = int(os.environ["SEOGO_FAULTS"])
SEED = os.environ["SEOGO_SEED"]
NOT_SEALED = re.compile(r"\b[Ss]tore \w+")
WORKS = 4
"""Every so many faults are those of `seogo work`; the others are those of `seogo transfer receive`."""


@dataclass(frozen=True)
class Run:
    """A command that takes in or works on, the installation it begins with, and the steps it takes."""

    command: tuple[str, ...]
    begins_with: Path
    steps: Mapping[tuple[str, str], int]


@dataclass(frozen=True)
class Runs:
    library: Path
    receive: Run
    work: Run


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory, small_transfer: Path) -> Runs:
    """Both commands once without faults, and what each does step by step."""
    folder = tmp_path_factory.mktemp("runs")
    made = library(folder)
    whole = installation(folder / "home", small_transfer)
    received = watched(whole, whole.receive_command, made, folder / "of-receive", folder / "nothing")
    shutil.rmtree(whole.home)
    stored = whole.place.start(*whole.receive_command, "--until", "stored")
    assert ended(stored)[0] == 0
    shutil.copytree(whole.home, folder / "stored")
    worked = watched(whole, WORK, made, folder / "of-work", folder / "stored")
    return Runs(made, received, worked)


WORK = ("work", "--until-idle", "--json")


def watched(here: Disturbed, command: tuple[str, ...], made: Path, trace: Path, begins_with: Path) -> Run:
    around = {
        "LD_PRELOAD": str(made), "FAULT_ROOT": str(here.home), "FAULT_COUNTER": f"{trace}.counter",
        "FAULT_TRACE": str(trace),
    }  # fmt: skip
    code, told, errors = ended(here.place.start(*command, **around))
    assert code == 0, (told, errors)
    return Run(command, begins_with, steps_of(trace, here.home))


def test_every_part_of_an_installation_has_steps(runs: Runs) -> None:
    parts = {area for _, area in runs.receive.steps}
    assert {"stores/a/.incoming", "stores/b/packages", "seogo.db-wal", "shelf", "index", "keys"} <= parts
    assert {"shelf", "index", "seogo.db-wal"} <= {area for _, area in runs.work.steps}
    assert sum(runs.receive.steps.values()) > 1_000


@pytest.mark.fault
@pytest.mark.parametrize("turn", range(FAULTS))
def test_after_any_fault_the_same_command_ends_the_same(
    disturbed: Disturbed, undisturbed: Undisturbed, runs: Runs, tmp_path: Path, struck: Struck, turn: int
) -> None:
    run = runs.work if turn % WORKS == WORKS - 1 else runs.receive
    fault = draw(random.Random(f"{SEED}-{turn}"), run.steps)
    print(f"SEOGO_SEED={SEED}, turn {turn}: {fault} of seogo {run.command[0]}")
    if run.begins_with.exists():
        moved_in(run.begins_with, disturbed)
    clock = {"SEOGO_CLOCK": ""} if fault.kind == "clock" else {}
    around = fault.environment(disturbed.home, tmp_path / "counter", runs.library)
    ends_with = run_with(disturbed, run.command, {**around, **clock})
    struck(fault.has_struck(tmp_path / "counter"))
    if ends_with != 0:
        code, told, errors = ended(disturbed.place.start(*run.command, **clock))
        assert code == 0, (str(fault), told, errors)
    assert_the_same(disturbed, undisturbed, fault)


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


def assert_the_same(here: Disturbed, undisturbed: Undisturbed, fault: Fault) -> None:
    seen, expected = here.all_that_is_seen(), undisturbed.seen
    if fault.kind == "clock":
        seen, expected = without_times(seen), without_times(expected)
    assert seen.keys() == expected.keys()
    for part in expected:
        assert seen[part] == expected[part], (str(fault), part)
