"""How the portal takes a port, and what becomes of requests that still run when it is told to end."""

import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from archive import stopping
from archive.errors import Conflict, Unavailable, WrongCall
from archive.site import serving
from tests.crashes.conftest import waited_for
from tests.flows.test_portal import free_port

SLOW = """
import sys, threading, time
from archive import stopping
from archive.site import serving
serving.GRACE = float(sys.argv[2])
def answer(environ, start):
    if environ["PATH_INFO"] == "/slow":
        print("asked", flush=True)
        end = time.monotonic() + float(sys.argv[3])
        while time.monotonic() < end:
            sum(range(1000))
    start("200 OK", [])
    return [b"answered"]
def end(number):
    print("told", number, flush=True)
    return 7
listening = serving.listen(sys.argv[4], int(sys.argv[1]))
with stopping.noted() as told:
    if "beside" in sys.argv:  # until it is told a line
        threading.Thread(target=lambda: (sys.stdin.readline(), told.put(stopping.ENDED)), daemon=True).start()
    code = serving.serve(answer, listening, told, lambda: print("serving", flush=True), end)
print("ended", flush=True)
sys.exit(code)
"""


PIPES = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
FAILING = SLOW.replace('lambda: print("serving", flush=True)', "failing").replace(
    "listening =",
    """def failing():
    print("serving", flush=True)
    sys.stdin.readline()
    raise ValueError("the error that passes")
listening =""",
)


@contextmanager
def asked_for_long(
    port: int, *, grace: float, takes: float, program: str = SLOW, host: str = "127.0.0.1", more: str = ""
) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-c", program, str(port), str(grace), str(takes), host, more]
    with subprocess.Popen(command, text=True, **PIPES) as process:
        try:
            assert process.stdout and process.stdout.readline() == "serving\n"
            yield process
        finally:
            process.kill()


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port))


def has_read(port: int, line: socket.socket) -> bool:
    """Whether the other end of a line has taken what was sent, as the system tells of its connections."""
    mine, other = (f":{number:04X}" for number in (line.getsockname()[1], port))
    rows = [row.split() for row in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]]
    [waiting] = [row[4] for row in rows if row[1].endswith(other) and row[2].endswith(mine)]
    return int(waiting.partition(":")[2], 16) == 0


def test_a_request_that_runs_is_answered_before_the_end() -> None:
    port = free_port()
    with asked_for_long(port, grace=120, takes=1) as process, ThreadPoolExecutor() as asking:
        answer = asking.submit(lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}/slow").read())
        assert process.stdout and process.stdout.readline() == "asked\n"
        for _ in range(3):  # who tells it again changes nothing
            process.send_signal(signal.SIGTERM)
        assert answer.result(120) == b"answered"
        assert process.communicate(timeout=120) == (f"told {signal.SIGTERM:d}\nended\n", "")
        assert process.returncode == 7


@pytest.mark.parametrize("number", [signal.SIGTERM, stopping.ENDED])
def test_a_request_that_goes_on_and_on_is_cut_off_after_the_last_word(number: int) -> None:
    port = free_port()
    with asked_for_long(port, grace=0.2, takes=600, more="beside") as process, connected(port) as line:
        line.sendall(b"GET /slow HTTP/1.1\r\nHost: here\r\n\r\n")
        assert process.stdout and process.stdout.readline() == "asked\n"
        if number != stopping.ENDED:
            process.send_signal(number)
        told = process.communicate("end\n" if number == stopping.ENDED else None, timeout=120)
        assert (process.returncode, told) == (7, (f"told {number:d}\n", ""))


def test_an_error_that_passes_is_told_although_requests_are_cut_off() -> None:
    port = free_port()
    with asked_for_long(port, grace=0.2, takes=600, program=FAILING) as process, connected(port) as line:
        line.sendall(b"GET /slow HTTP/1.1\r\nHost: here\r\n\r\n")
        assert process.stdout and process.stdout.readline() == "asked\n"
        out, errors = process.communicate("fail\n", timeout=120)
        assert (process.returncode, out) == (1, "")
        assert errors.splitlines()[-1] == "ValueError: the error that passes"


@pytest.mark.parametrize(("half", "said"), [(b"", "ended\n"), (b"GET / HT", "")])
def test_who_is_connected_and_does_not_ask_keeps_nothing_from_ending(half: bytes, said: str) -> None:
    port = free_port()
    with asked_for_long(port, grace=3, takes=0) as process, connected(port) as line:
        line.sendall(half)
        waited_for(lambda: has_read(port, line))  # what nobody has read yet is closed at once
        process.send_signal(signal.SIGINT)
        told = process.communicate(timeout=20)  # granian by itself waits half a minute for the other half
        assert (process.returncode, told) == (7, (f"told {signal.SIGINT:d}\n{said}", ""))


def test_a_port_is_taken_once_and_the_next_one_is_found() -> None:
    port = free_port()
    with serving.listen("127.0.0.1", port):
        with pytest.raises(Conflict, match=rf"^Port {port} of 127\.0\.0\.1 is in use\.$"):
            serving.listen("127.0.0.1", port)
        with pytest.raises(Conflict, match="in use"):
            serving.listen("0.0.0.0", port)
        with serving.listen_at_or_after("127.0.0.1", port) as other:
            assert other.getsockname()[1] > port
    serving.listen("127.0.0.1", port).close()


def test_a_port_of_whoever_shares_ports_is_not_taken() -> None:
    port = free_port()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        with pytest.raises(Conflict, match="in use"):
            serving.listen("127.0.0.1", port)


def test_an_address_of_another_machine_is_not_listened_on() -> None:
    with pytest.raises(Unavailable, match=r"of 192\.0\.2\.1 cannot be taken \(Cannot assign"):
        serving.listen("192.0.2.1", free_port())
    for nowhere in ("no such host", ".."):
        with pytest.raises(WrongCall, match=r"^There is no address"):
            serving.listen(nowhere, 8000)


def test_an_address_of_the_new_form_stands_in_brackets() -> None:
    assert serving.url("::1", 9202) == "http://[::1]:9202"
    assert serving.url("127.0.0.1", 9202) == "http://127.0.0.1:9202"


def test_it_answers_on_an_address_of_the_new_form_where_the_machine_has_one() -> None:
    port = free_port()
    try:
        with socket.socket(socket.AF_INET6) as asked:
            asked.bind(("::1", port))
    except OSError:
        with pytest.raises(Unavailable):
            serving.listen("::1", port)
        return
    with asked_for_long(port, grace=3, takes=0, host="::1") as process:
        assert urllib.request.urlopen(f"{serving.url('::1', port)}/", timeout=60).read() == b"answered"
        process.send_signal(signal.SIGTERM)
        assert process.communicate(timeout=120)[0] == f"told {signal.SIGTERM:d}\nended\n"
