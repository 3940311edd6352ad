"""The portal on a port: takes it, answers, and ends when this process is told to.  The door to granian.

It is all one process.  granian's own command forks a worker that is deaf to its end for as long as it
loads, and opens the port in a way in which a second installation opens the same one beside it.
"""

import asyncio
import errno
import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from granian import _granian
from granian._futures import _new_cbscheduler
from granian.wsgi import _callback_wrapper

from archive.errors import Conflict, Unavailable, WrongCall
from archive.site import output

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

THREADS = 8
"""Requests at once."""

WAITING = 1024
"""Connections that may wait for a thread."""

GRACE = 5.0
"""Seconds that requests have to end when this process is told to; what is cut off then is done again."""


def listen(host: str, port: int) -> socket.socket:
    """Take a port for this process alone.  From here on whoever asks waits until `serve` answers."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:
        raise WrongCall(f"There is no address {host}.", next="Set SEOGO_HOST.") from error
    taken = socket.socket(family, kind)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # its last connections may not be over
        taken.bind(address)
        taken.listen(WAITING)
    except OSError as error:
        taken.close()
        raise _not_taken(host, port, error) from error
    return taken


def _not_taken(host: str, port: int, error: OSError) -> Exception:
    if error.errno == errno.EADDRINUSE:
        return Conflict(f"Port {port} of {host} is in use.", code="port",
                        next="End what serves there, or set another one: SEOGO_PORT.")  # fmt: skip
    return Unavailable(f"Port {port} of {host} cannot be taken ({error.strerror}).", code="machine",
                       next="Set SEOGO_HOST to an address of this machine, and SEOGO_PORT.")  # fmt: skip


def listen_at_or_after(host: str, port: int) -> socket.socket:
    """Take that port or the next free one."""
    last = min(port + 200, 65535)
    for candidate in range(port, last):
        with suppress(Conflict):
            return listen(host, candidate)
    return listen(host, last)


def url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(
    application: "WSGIApplication",
    listening: socket.socket,
    told: "SimpleQueue[int]",
    on_answer: Callable[[], object],
    on_end: Callable[[int], int],
) -> int:
    """Answer until something is told, such as to stop; ``on_answer`` once a request was answered.

    ``on_end`` gets what was told, a signal or `stopping.ENDED` where none came; it says the last word
    and gives the exit code.  Requests that go on for longer than `GRACE` are cut off: the process ends there.
    """
    family, address = listening.family, listening.getsockname()
    stop, has_stopped = _granian.WorkerSignal(), threading.Event()
    stop.add_cb(has_stopped.set)
    _start(application, listening, stop)
    try:
        if _is_answered(family, address, told):
            on_answer()
        number = told.get()
    except BaseException as error:
        stop.set()
        if not has_stopped.wait(GRACE):
            output.trace(error)
            os._exit(1)  # the interpreter cannot end below threads that run: it would abort
        raise
    stop.set()
    was_cut_off = not has_stopped.wait(GRACE)
    while not told.empty():
        number = max(number, told.get())
    code = on_end(number)
    if was_cut_off:
        os._exit(code)
    return code


def _start(application: "WSGIApplication", listening: socket.socket, stop: Any) -> None:
    """Returns at once.  The numbers are those of granian's own command."""
    logging.getLogger("_granian").setLevel(logging.ERROR)
    make: Any = _granian  # its types are told wrongly
    held = make.SocketHolder(listening.detach(), False, WAITING)
    http: tuple[Any, ...] = ("auto", None, None)
    tls: tuple[Any, ...] = (False, None, None, None, "tls1.3", None, [], False)
    no_parent, no_files, no_metrics = None, None, (None, None)
    server = make.WSGIWorker(
        1, (None, held), no_parent, 1, 512, THREADS, 30, WAITING, *http, no_files, *tls, no_metrics
    )
    answer = _callback_wrapper(application, {"url_path_prefix": None})
    scheduler: Any = _new_cbscheduler(asyncio.new_event_loop(), answer, impl_asyncio=True)  # type: ignore[no-untyped-call]
    server.serve_mtr(scheduler, None, stop)


def _is_answered(family: int, address: Any, told: "SimpleQueue[int]") -> bool:
    """Wait for the first answer, whatever it is; False when something is told before."""
    while told.empty():
        with suppress(OSError), socket.socket(family) as asking:
            asking.settimeout(5)
            asking.connect(address)  # the whole one: an address of a link has its interface too
            asking.sendall(b"HEAD /favicon.ico HTTP/1.0\r\n\r\n")
            if asking.recv(1):
                return True
        time.sleep(0.1)
    return False
