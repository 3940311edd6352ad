"""Which process this is, whether another one still lives, and locks that die with their holder."""

import ctypes
import fcntl
import multiprocessing
import os
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from multiprocessing import forkserver, resource_tracker
from multiprocessing.context import ForkServerContext, SpawnContext
from pathlib import Path
from typing import IO

from archive import stopping
from archive.errors import Conflict, Unavailable
from archive.locks import is_won

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15


def me() -> str:
    """A name no other process ever has: host, process id, and when the process began."""
    return f"{socket.gethostname()}:{os.getpid()}:{_began(os.getpid())}"


def is_dead(name: str) -> bool:
    """Whether that process is known to be gone.  One of another machine is never known to be.

    What follows a ``#`` is the caller's own.
    """
    host, pid, began = name.partition("#")[0].rsplit(":", 2)
    return host == socket.gethostname() and _began(int(pid)) != began


def _began(pid: int) -> str:
    """When a process began, empty when there is none or only its zombie: start of the machine, and ticks."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else f"{_boot()}.{fields[19]}"


@cache
def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text()[:8]


def fork_server(preload: Sequence[str]) -> ForkServerContext:
    """The fork server of this process; it imports ``preload`` once, none of which may start threads.

    The first call decides: a server that runs already is used as it is.  It ends with the thread
    that makes this call.  Ctrl-C is neither for it nor for its children.
    """
    _hide_command()
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["archive.work.tied", *preload])
    with starting_children():
        forkserver.ensure_running()
    return context


def fresh_processes() -> SpawnContext:
    """For a few children that live long and are direct children of this process."""
    _hide_command()
    return multiprocessing.get_context("spawn")


def _hide_command() -> None:
    """Left to itself, every child imports the whole command that this process was started with.

    That takes seconds and is of no use to it: it imports what its own work needs.
    """
    command = sys.modules["__main__"]
    command.__spec__ = None
    vars(command).pop("__file__", None)


@contextmanager
def starting_children() -> Iterator[None]:
    """A child started in this block never sees Ctrl-C: this process does, and ends its children.

    Whoever tells this process to stop is heard at the end of the block, when it knows them all.
    """
    with stopping.told_later():
        resource_tracker.ensure_running()  # when it starts it lets Ctrl-C through again
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def die_with_parent(number: int | None = None) -> None:
    """Ask the kernel to end this process when the one that started it ends; it may have ended already.

    ``number``: which one that is, where multiprocessing does not know it.
    """
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    parent = multiprocessing.parent_process()
    has_ended = not parent.is_alive() if parent is not None else number not in (None, os.getppid())
    if has_ended:
        os.kill(os.getpid(), signal.SIGKILL)


def be_called(name: str) -> None:
    """What `ps` and `top` call this process: at most 15 bytes."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_NAME, name.encode())


@contextmanager
def only_one(folder: Path, name: str, *, busy: str, next: str = "") -> Iterator[None]:
    """Hold a lock by that name; Conflict when another process holds it for longer than a look at it takes.

    The kernel drops it when the holder ends, however it ends.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / f"{name}.lock", "w") as file:
        try:
            if not is_won(lambda: _is_locked(file)):
                raise Conflict(busy, code="busy", next=next)
        except OSError as error:
            raise Unavailable(f"{folder} lies where nothing can be locked ({error.strerror}).",
                              next="Put SEOGO_HOME on a disk of this machine.") from error  # fmt: skip
        yield


def _is_locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
