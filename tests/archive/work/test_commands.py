"""``seogo work`` and ``seogo job`` from outside: keys, exit codes, and what is left when it is stopped."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from archive.work import commands, jobs
from archive.work.jobs import Job
from tests.conftest import ROOT, Installation

Submit = Callable[..., int]
Row = Callable[[int], Job]
WITH_OUR_JOBS = "import tests.archive.work.declared, seogo; seogo.main()"

DROPS_IT = f"""
import signal
from archive.work.runner import Runner
class Cleared:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)
def step(runner, on_change, step=Runner.step, left=[Cleared()]):
    left.clear()
    return step(runner, on_change)
Runner.step = step
{WITH_OUR_JOBS}
"""


def started(place: Installation, *arguments: str, program: str = WITH_OUR_JOBS) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments], env=place.environment, cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


def ended(process: "subprocess.Popen[str]") -> tuple[int, dict[str, Any]]:
    out, err = process.communicate(timeout=120)
    assert "Traceback" not in err, err
    return process.returncode, json.loads(out) if out.strip() else {}


def is_running(number: str) -> bool:
    return Path(f"/proc/{number}").exists()


def begun(path: Path) -> list[str]:
    end = time.monotonic() + 200
    while not path.exists() or not path.read_text().endswith("\n"):
        assert time.monotonic() < end, "no child began"
        time.sleep(0.02)
    return path.read_text().split()


def test_work_tells_what_is_done_what_failed_and_what_waits(
    place: Installation, submit: Submit, tmp_path: Path
) -> None:
    submit("test-steps")
    code, told = ended(started(place, "work", "--until-idle", "--json"))
    assert (code, told) == (0, {"done": 1, "failed": [], "waiting": []})

    failed = submit("test-refused", path=str(tmp_path / "tried"))
    code, told = ended(started(place, "work", "--until-idle", "--json"))
    refused = {"job": f"test-refused {failed}", "reason": "It cannot be done like this.",
               "next": "Do it otherwise."}  # fmt: skip
    assert (code, told) == (3, {"done": 0, "failed": [refused], "waiting": []})

    waits = submit("test-away", needs=str(tmp_path / "thing"))
    code, told = ended(started(place, "work", "--until-idle", "--json"))
    waiting = {"job": f"test-away {waits}", "reason": "The thing it needs is away.", "next": None}
    assert (code, told) == (4, {"done": 0, "failed": [refused], "waiting": [waiting]})

    listed = place.run("job", "list", "--state", "failed").told["jobs"]
    assert [(each["job"], each["reason"], each["next"]) for each in listed] == [
        (failed, "It cannot be done like this.", "Do it otherwise.")
    ]
    assert commands.left_in_words({"failed": [refused], "waiting": [waiting]}) == [
        f"failed: test-refused {failed}: It cannot be done like this. Do it otherwise.",
        f"waiting: test-away {waits}: The thing it needs is away.",
    ]
    assert place.run("job", "retry", str(waits)).exit_code == 3
    again = place.run("job", "retry", str(failed))
    assert (again.exit_code, again.told["state"]) == (0, "waiting")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_is_told_to_stop_hands_its_jobs_back(
    place: Installation, submit: Submit, row: Row, tmp_path: Path, number: signal.Signals
) -> None:
    job = submit("test-sleep", path=str(tmp_path / "began"))
    process = started(place, "work")
    [child] = begun(tmp_path / "began")
    if number == signal.SIGINT:
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    assert ended(process) == (0, {})
    assert not is_running(child)
    assert (row(job).state, row(job).attempt, row(job).run_after) == ("waiting", 0, None)


def test_ctrl_c_is_heard_also_where_python_drops_what_rises(
    place: Installation, submit: Submit, row: Row, tmp_path: Path
) -> None:
    job = submit("test-sleep", path=str(tmp_path / "began"), seconds=3.0)
    process = started(place, "work", "--until-idle", "--json", program=DROPS_IT)
    out, errors = process.communicate(timeout=120)
    assert "Exception ignored in: <function Cleared.__del__" in errors
    assert (process.returncode, json.loads(out)["error"]["code"]) == (3, "stopped"), errors
    assert (row(job).state, row(job).attempt) == ("waiting", 0)


def test_a_worker_that_is_killed_alone_takes_its_children_along_and_the_next_goes_on(
    place: Installation, submit: Submit, row: Row, tmp_path: Path
) -> None:
    job = submit("test-hold", path=str(tmp_path / "began"), until=str(tmp_path / "let go"))
    process = started(place, "work")
    [child] = begun(tmp_path / "began")
    process.kill()
    process.communicate()
    end = time.monotonic() + 60
    while is_running(child):
        assert time.monotonic() < end, "the child outlived its runner"
        time.sleep(0.02)
    assert row(job).state == "working"
    (tmp_path / "let go").touch()
    code, told = ended(started(place, "work", "--until-idle", "--json"))
    # The killed one may have ended some of the jobs that recur before.
    assert (code, told["failed"], told["waiting"], row(job).state) == (0, [], [], "done"), told
    assert 1 <= told["done"] <= 1 + sum(1 for each in jobs.DECLARED.values() if each.again)


@pytest.mark.parametrize(
    "call",
    [("job", "retry"), ("transfer", "show", "2026-0001", "--volume"), ("ledger", "prove"),
     ("transfer", "accept", "2026-0001", "--volume")],
)  # fmt: skip
def test_a_number_that_nothing_can_have_is_a_wrong_call(place: Installation, call: tuple[str, ...]) -> None:
    for number in (2**31, 10**30):
        said = place.run(*call, str(number))
        assert (said.exit_code, "is no number from" in said.errors + str(said.told)) == (2, True), said
