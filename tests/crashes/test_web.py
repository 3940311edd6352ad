"""The portal killed while an archivist accepts: asked again, it all happens once."""

import os
import random
import shutil
import signal
import subprocess
import time
import urllib.error
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import RemoteDisconnected
from pathlib import Path
from typing import Any

import pytest

from tests.crashes.conftest import AGENCY, Disturbed, Struck, installation, kill, waited_for
from tests.crashes.faults import Fault, Step, library, steps_of
from tests.flows.test_portal import Browser, free_port

FAULTS = max(1, int(os.environ["SEOGO_FAULTS"]) // 20)
SEED = os.environ["SEOGO_SEED"]
PASSWORD = "seogo-archivist"
KINDS = ("kill all", "kill one", "fails once", "late")


@dataclass(frozen=True)
class Desk:
    """A home with a transfer that waits for its archivist, and what accepting it does step by step.

    ``before`` and ``after``: how often each operation was done before the form was sent, and after.
    """

    home: Path
    library: Path
    before: Counter[tuple[str, str]]
    after: Counter[tuple[str, str]]
    seen: dict[str, Any]


@contextmanager
def served(here: Disturbed, **around: str) -> Iterator[tuple[Browser, "subprocess.Popen[str]"]]:
    port = free_port()
    server = here.place.start("serve", SEOGO_PORT=str(port), **around)
    browser = Browser(f"http://127.0.0.1:{port}")
    try:
        waited_for(lambda: answers(browser) or server.poll() is not None)
        yield browser, server
    finally:
        server.send_signal(signal.SIGTERM)
        time.sleep(0.1)
        kill(server)


def answers(browser: Browser) -> bool:
    try:
        return bool(browser.get("/healthz").status)
    except (urllib.error.URLError, RemoteDisconnected, ConnectionError):
        time.sleep(0.1)
        return False


def accept(browser: Browser, number: str) -> None:
    page = f"/desk/transfers/{number}/accept"
    browser.send_form(page, page, confirmed="yes")


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory, small_transfer: Path) -> Desk:
    folder = tmp_path_factory.mktemp("desk")
    here = installation(folder / "home", small_transfer)
    received = here.place.run("transfer", "receive", small_transfer, "--agency", AGENCY)
    assert received.told["state"] == "waiting", received.errors
    added = here.place.run("user", "add", "archivist", "--role", "archivist", "--password", PASSWORD)
    assert added.exit_code == 0, added.errors
    shutil.copytree(here.home, folder / "begun")
    made, trace = library(folder), folder / "trace"
    around = {"LD_PRELOAD": str(made), "FAULT_ROOT": str(here.home), "FAULT_COUNTER": f"{trace}.counter"}
    with served(here, **around, FAULT_TRACE=str(trace)) as (browser, _):
        assert browser.sign_in("archivist", PASSWORD).status == 200
        before = Counter(steps_of(trace, here.home))
        accept(browser, received.told["transfer"])
        after = Counter(steps_of(trace, here.home))
    assert here.place.run("work", "--until-idle").exit_code == 0
    return Desk(folder / "begun", made, before, after, here.all_that_is_seen())


@pytest.mark.fault
@pytest.mark.parametrize("turn", range(FAULTS))
def test_a_portal_killed_while_it_accepts_is_asked_again_and_all_happens_once(
    disturbed: Disturbed, desk: Desk, tmp_path: Path, struck: Struck, turn: int
) -> None:
    lot = random.Random(f"{SEED}-web-{turn}")
    op, area = lot.choice(sorted(step for step in desk.after - desk.before if step[0] != "read"))
    nth = lot.randint(desk.before[op, area] + 1, desk.after[op, area])
    fault = Fault(lot.choice(KINDS), Step(op, area, nth))
    print(f"SEOGO_SEED={SEED}, turn {turn}: {fault} of seogo serve")
    shutil.copytree(desk.home, disturbed.home)
    assert disturbed.place.run("init").exit_code == 0
    [transfer] = disturbed.ask("transfer", "list")["transfers"]
    with served(disturbed, **fault.environment(disturbed.home, tmp_path / "counter", desk.library)) as (
        browser,
        _,
    ):
        try_to_accept(browser, transfer["transfer"])
    struck(fault.has_struck(tmp_path / "counter"))
    with served(disturbed) as (browser, server):
        assert server.poll() is None
        assert browser.sign_in("archivist", PASSWORD).status == 200
        accept(browser, transfer["transfer"])
    worked = disturbed.place.run("work", "--until-idle")
    assert (worked.exit_code, worked.told["failed"]) == (0, []), worked.errors
    seen = disturbed.all_that_is_seen()
    for part, expected in desk.seen.items():
        assert seen[part] == expected, (str(fault), part)


def try_to_accept(browser: Browser, number: str) -> None:
    """The portal may die at any moment of this."""
    try:
        browser.sign_in("archivist", PASSWORD)
        accept(browser, number)
    except (urllib.error.URLError, RemoteDisconnected, ConnectionError, AssertionError):
        pass
