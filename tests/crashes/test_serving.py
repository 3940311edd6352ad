"""How `seogo serve` and `seogo demo` begin and end: real signals, and ports that others want too."""

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import pytest

from tests.conftest import Installation
from tests.crashes.conftest import kill, processes, waited_for
from tests.flows.test_portal import Browser, free_port

SMALL = ("demo", "--volumes", "1", "--pages", "1")
ENDS_WITHIN = 60.0
"""Seconds, where other tests want the same processors; it is one or two by itself."""

SAYS_WITHIN = 120.0
"""Seconds; a demo that is new makes its transfers in them."""


IN_A_SCRIPT = ("sh", "-c", '"$@" & wait $!', "script")
"""A shell without job control: it has what it starts with & ignore SIGINT."""


@contextmanager
def begun(
    place: Installation, *command: str, port: int, by: Sequence[str] = ()
) -> Iterator["subprocess.Popen[str]"]:
    arguments = (*command, "--port", str(port)) if command[0] == "demo" else command
    process = place.start(*arguments, by=by, SEOGO_PORT=str(port))
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # also what outlived it, where a test failed
        kill(process)


def said(process: "subprocess.Popen[str]", words: str) -> str:
    """The line with these words, once it is said."""
    stream = process.stdout if words == "Stop it" else process.stderr
    assert stream
    lines = []
    late = threading.Timer(SAYS_WITHIN, os.killpg, (process.pid, signal.SIGKILL))
    late.start()
    try:
        for line in stream:
            lines.append(line)
            if words in line:
                return line
    finally:
        late.cancel()
    raise AssertionError(f"it never said {words!r}: {lines}")


def is_free(port: int) -> bool:
    """As whoever shares ports finds it."""
    with socket.socket() as asked:
        asked.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return asked.connect_ex(("127.0.0.1", port)) != 0


TOLD = [("one", signal.SIGTERM), ("one", signal.SIGINT), ("all", signal.SIGTERM), ("all", signal.SIGINT)]
"""A terminal sends Ctrl-C to every process of the group."""


@pytest.fixture
def made(place: Installation) -> Installation:
    assert place.run("init").exit_code == 0
    return place


@pytest.mark.parametrize("turn", range(len(TOLD)))
def test_the_portal_ends_whole_when_told_once_at_any_moment(made: Installation, turn: int) -> None:
    port, since = free_port(), time.monotonic()
    with begun(made, "serve", port=port) as process:
        assert said(process, "Serving") == f"Serving http://127.0.0.1:{port}\n"
        it_takes = time.monotonic() - since
        ends_when_told(process, turn, port)
        assert (process.returncode, process.communicate()) == (0, ("", ""))
    for twentieth in range(turn + 1, 20, len(TOLD)):
        with begun(made, "serve", port=port) as process:
            time.sleep(it_takes * twentieth / 20)
            ends_when_told(process, turn, port)


@pytest.mark.parametrize("turn", [0, 3])
def test_the_demo_ends_whole_when_told_once_at_any_moment(place: Installation, turn: int) -> None:
    port = free_port()
    with begun(place, *SMALL, port=port) as process:
        said(process, "Stop it")
        ends_when_told(process, turn, port)
        assert (process.returncode, process.communicate()[0]) == (0, "Stopped.\n")
    since = time.monotonic()
    with begun(place, *SMALL, port=port) as process:  # quicker than the first: what it makes is there
        said(process, "Stop it")
        it_takes = time.monotonic() - since
    for tenth in (4, 7, 9):
        with begun(place, *SMALL, port=port) as process:
            time.sleep(it_takes * tenth / 10)
            ends_when_told(process, turn, port)
    assert place.run("work", "--until-idle").exit_code == 0


def ends_when_told(process: "subprocess.Popen[str]", turn: int, port: int) -> None:
    whom, number = TOLD[turn]
    (os.killpg if whom == "all" else os.kill)(process.pid, number)
    leaves_nothing(process, port)


@pytest.mark.parametrize("command", [("serve",), SMALL], ids=["serve", "demo"])
def test_what_a_script_started_beside_itself_ignores_ctrl_c_and_ends_by_term(
    made: Installation, command: tuple[str, ...]
) -> None:
    port = free_port()
    with begun(made, *command, port=port, by=IN_A_SCRIPT) as script:
        told = said(script, "Serving" if command == ("serve",) else "Stop it")
        assert command != SMALL or told == "Stop it with Ctrl-C; from a script, with the signal TERM.\n"
        [started] = [each for each in processes(script.pid) if each.parent == script.pid]
        os.kill(started.number, signal.SIGINT)
        assert Browser(f"http://127.0.0.1:{port}").get("/").status == 200
        assert script.poll() is None
        os.kill(started.number, signal.SIGTERM)
        leaves_nothing(script, port)
        last = "Stopped.\n" if command == SMALL else ""
        assert (script.returncode, script.communicate()[0]) == (0, last)


def test_nobody_serves_on_when_the_command_is_killed(place: Installation) -> None:
    port = free_port()
    for command, words in ((SMALL, "Stop it"), (("serve",), "Serving")):
        with begun(place, *command, port=port) as process:
            said(process, words)
            waited_for(lambda process=process, command=command: command != SMALL or is_working(process.pid))
            os.kill(process.pid, signal.SIGKILL)
            leaves_nothing(process, port)


def leaves_nothing(process: "subprocess.Popen[str]", port: int) -> None:
    waited_for(lambda: process.poll() is not None and not processes(process.pid), ENDS_WITHIN)
    assert is_free(port)


def is_working(group: int) -> bool:
    """Whether the ``seogo work`` of a demo has begun its own fork server."""
    beside = {each.number for each in processes(group) if each.command.strip().endswith(" work")}
    return any(each.parent in beside for each in processes(group) if "forkserver" in each.command)


@pytest.mark.parametrize("half", [b"", b"GET / HT"], ids=["nobody asks", "a request is under way"])
def test_the_demo_says_when_its_worker_ended_by_itself(place: Installation, half: bytes) -> None:
    port = free_port()
    with begun(place, *SMALL, port=port) as process:
        said(process, "Stop it")
        asking = socket.create_connection(("127.0.0.1", port))
        asking.sendall(half)
        [worker] = [each for each in processes(process.pid) if each.command.strip().endswith(" work")]
        os.kill(worker.number, signal.SIGKILL)
        leaves_nothing(process, port)
        asking.close()
        out, errors = process.communicate()
        assert (process.returncode, out) == (4, "")
        assert "seogo work, which did the jobs of the demo, ended by itself." in errors


def test_the_portal_serves_on_when_nobody_reads_what_it_says(made: Installation) -> None:
    port = free_port()
    with begun(made, "serve", port=port) as process:
        assert process.stderr
        process.stderr.close()
        waited_for(lambda: not is_free(port))
        assert Browser(f"http://127.0.0.1:{port}").get("/").status == 200
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(ENDS_WITHIN) == 0


def test_it_says_that_it_serves_when_it_answers(made: Installation) -> None:
    port = free_port()
    with begun(made, "serve", port=port) as process:
        said(process, "Serving")
        assert Browser(f"http://127.0.0.1:{port}").get("/").status == 200


def test_a_port_that_is_in_use_is_refused_and_not_shared(made: Installation) -> None:
    port = free_port()
    with begun(made, "serve", port=port) as first:
        waited_for(lambda: not is_free(port))  # taken, and not yet answered from
        assert_refused(made, port)
        said(first, "Serving")
        assert_refused(made, port)
        assert Browser(f"http://127.0.0.1:{port}").get("/").status == 200


def assert_refused(place: Installation, port: int) -> None:
    with begun(place, "serve", port=port) as second:
        assert second.wait(ENDS_WITHIN) == 3
        refused = (
            f"Port {port} of 127.0.0.1 is in use. End what serves there, or set another one: SEOGO_PORT."
        )
        assert second.communicate()[1].strip() == refused
