"""Kill it anywhere: the same command again ends as if nothing had happened.

The processes are real and so are the signals.  ``SEOGO_FAULTS=500`` makes it the long run, with a kill
at fifty random instants and at every named step; ``SEOGO_SEED`` repeats those of an earlier run.
"""

import os
import random
import signal
import time
from collections.abc import Callable

import pytest

from tests.crashes.conftest import (
    Disturbed,
    Process,
    Struck,
    Undisturbed,
    ended,
    fork_servers,
    go_on,
    job_children,
    kill,
    killed_one,
    packers,
    processes,
    reached,
    readers,
    waited_for,
)

SEED = os.environ["SEOGO_SEED"]
INSTANTS = max(1, int(os.environ["SEOGO_FAULTS"]) // 10)

STEPS: dict[str, Callable[[Disturbed], object]] = {
    "the key is made": lambda here: (here.home / "keys/log.key").exists(),
    "the database is begun": lambda here: (here.home / "seogo.db").exists(),
    "the transfer is recorded": lambda here: here.rows("transfers"),
    "a bag is being written": lambda here: any(here.home.glob("stores/a/.incoming/packages*")),
    "a bag has its name in the first store": lambda here: any(here.home.glob("stores/a/packages/*/v1")),
    "a bag has its name in the last store": lambda here: any(here.home.glob("stores/b/packages/*/v1")),
    "a volume is in custody": lambda here: here.rows("volumes"),
    "the log is sealed in one store": lambda here: (here.home / "stores/a/ledger/checkpoint").exists(),
    "a page image is on the shelf": lambda here: any(here.home.glob("shelf/**/thumb.jpg")),
    "a page is entered": lambda here: here.rows("pages"),
    "the index is begun": lambda here: any(here.home.glob("index*")),
}
ALWAYS = ("a bag is being written", "a bag has its name in the first store", "a page is entered")
"""The others take their turn in the long run."""


def ends_as_if_nothing_had_happened(here: Disturbed, undisturbed: Undisturbed) -> None:
    code, told, errors = ended(here.receive())
    assert (code, told.get("state")) == (0, "stored"), (told, errors)
    seen = here.all_that_is_seen()
    assert seen.keys() == undisturbed.seen.keys()
    for part, expected in undisturbed.seen.items():
        assert seen[part] == expected, part


@pytest.mark.fault
@pytest.mark.parametrize("turn", range(INSTANTS))
def test_killed_at_any_instant_the_same_command_ends_the_same(
    disturbed: Disturbed, undisturbed: Undisturbed, struck: Struck, turn: int
) -> None:
    lot = random.Random(f"{SEED}-instant-{turn}")
    # One instant in each equal part of the run, so that few of them still reach all of it.
    instant = undisturbed.seconds * (turn + lot.random()) / INSTANTS
    print(f"SEOGO_SEED={SEED}, turn {turn}: killed after {instant:.3f} of {undisturbed.seconds:.3f} seconds")
    process = disturbed.receive()
    time.sleep(instant)
    kill(process)
    struck(process.returncode < 0)
    ends_as_if_nothing_had_happened(disturbed, undisturbed)


@pytest.mark.parametrize("step", [*STEPS] if INSTANTS > 2 else ALWAYS)
def test_killed_at_a_step_the_same_command_ends_the_same(
    disturbed: Disturbed, undisturbed: Undisturbed, step: str
) -> None:
    kill(disturbed.stopped_at(STEPS[step]))
    ends_as_if_nothing_had_happened(disturbed, undisturbed)


def test_killed_again_and_again_it_still_ends_the_same(
    disturbed: Disturbed, undisturbed: Undisturbed
) -> None:
    kill(disturbed.stopped_at(STEPS["a bag is being written"]))
    for step in ("a volume is in custody", "a page is entered"):
        process = disturbed.receive()
        reached(process, lambda step=step: STEPS[step](disturbed))  # type: ignore[misc]
        kill(process)
    ends_as_if_nothing_had_happened(disturbed, undisturbed)


def test_a_killed_packer_is_told_in_a_sentence_and_the_same_command_completes(
    disturbed: Disturbed, undisturbed: Undisturbed
) -> None:
    process = disturbed.stopped_at(STEPS["a bag is being written"])
    os.kill(packers(process.pid)[0].number, signal.SIGKILL)
    go_on(process)
    code, told, _ = ended(process)
    assert (code, told["error"]["code"]) == (4, "work.killed")
    assert "same command again" in told["error"]["next"]
    assert disturbed.half_bags() == []
    waited_for(lambda: not processes(process.pid))
    ends_as_if_nothing_had_happened(disturbed, undisturbed)


@pytest.mark.parametrize("who", [fork_servers, job_children])
def test_a_killed_child_of_the_work_costs_a_retry_and_nothing_else(
    disturbed: Disturbed, undisturbed: Undisturbed, who: Callable[[int], list[Process]]
) -> None:
    process = disturbed.receive()
    # A process that will pack has its name a moment after it begins, so the packing has to be over.
    reached(
        process,
        lambda: (
            disturbed.rows("bags")
            and not packers(process.pid)
            and job_children(process.pid)
            and killed_one(process, who)
        ),
    )
    code, told, errors = ended(process)
    assert (code, told.get("state")) == (0, "stored"), (told, errors)
    ends_as_if_nothing_had_happened(disturbed, undisturbed)


def test_a_killed_reader_costs_at_most_what_it_was_reading(disturbed: Disturbed) -> None:
    process = disturbed.receive()
    reached(process, lambda: readers(process.pid) and killed_one(process, readers))
    code, told, errors = ended(process)
    assert (code, told.get("state")) == (0, "stored"), (told, errors)
    assert all(each["severity"] != "error" for each in told["findings"])
    assert disturbed.ask("job", "list", "--state", "failed")["jobs"] == []
    compared = disturbed.ask("index", "compare", "--as", "staff")
    assert (compared["equal"], compared["missing"], compared["different"]) == (told["items"], 0, 0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("step", ["a bag is being written", "a page is entered"])
def test_told_to_stop_it_says_so_and_leaves_nothing_behind(
    disturbed: Disturbed, undisturbed: Undisturbed, number: signal.Signals, step: str
) -> None:
    pages = undisturbed.seen["rows"]["pages"]
    # After the last page it may have ended before the signal is heard.
    process = disturbed.stopped_at(lambda here: STEPS[step](here) and here.rows("pages") < pages)
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # a terminal sends it to every process of the group
    else:
        process.send_signal(number)
    go_on(process)
    code, told, errors = ended(process)
    assert (code, told.get("error", {}).get("code")) == (3, "stopped"), errors  # a string is told whole
    assert "Traceback" not in errors
    waited_for(lambda: not processes(process.pid))
    assert disturbed.half_bags() == []
    assert disturbed.ask("job", "list", "--state", "working")["jobs"] == []
    ends_as_if_nothing_had_happened(disturbed, undisturbed)
