"""Many small reads at once that pass the page cache: O_DIRECT, and the kernel's own queue (io_submit(2)).

One call asks for all of them, so that a file costs its opening, its digest and little else.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import platform
import threading
from collections.abc import Sequence

SLOTS = 32
"""So many reads are asked for together."""

BLOCK = 4096
"""Address, offset and length of a direct read are multiples of it, whatever the disk."""

SLOT = 128 * 1024
"""What one read holds.  A larger file gains nothing here: the system reads it ahead by itself."""

_CALLS = {"x86_64": (206, 209, 208, 207), "aarch64": (0, 2, 4, 1)}
"""io_setup, io_submit, io_getevents and io_destroy, which the C library does not offer."""


class _Asked(ctypes.Structure):
    """``struct iocb`` of linux/aio_abi.h, little endian."""

    _fields_ = (
        ("data", ctypes.c_uint64), ("key", ctypes.c_uint32), ("rw_flags", ctypes.c_int32),
        ("opcode", ctypes.c_uint16), ("priority", ctypes.c_int16), ("descriptor", ctypes.c_uint32),
        ("buffer", ctypes.c_uint64), ("length", ctypes.c_uint64), ("offset", ctypes.c_int64),
        ("reserved", ctypes.c_uint64), ("flags", ctypes.c_uint32), ("event", ctypes.c_uint32),
    )  # fmt: skip


class _Answer(ctypes.Structure):
    """``struct io_event``: the slot that was asked for, and how many bytes came or which error."""

    _fields_ = (
        ("slot", ctypes.c_uint64), ("asked", ctypes.c_uint64), ("length", ctypes.c_int64),
        ("more", ctypes.c_int64),
    )  # fmt: skip


class Queue:
    """Some reads that are asked for together and waited for together; each has its slot in ``room``.

    OSError where the system has no such queue, or has none left.
    """

    def __init__(self) -> None:
        numbers = _CALLS.get(platform.machine())
        if numbers is None:
            raise OSError(errno.ENOSYS, "no io_submit known for this machine")
        setup, self._submit, self._events, self._destroy = numbers
        self._context = ctypes.c_ulong(0)
        if _libc.syscall(setup, SLOTS, ctypes.byref(self._context)) != 0:
            raise OSError(ctypes.get_errno(), "io_setup failed")
        memory = mmap.mmap(-1, SLOTS * SLOT)
        start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
        self.room = memoryview(memory)
        self._asked = (_Asked * SLOTS)(*(_Asked(data=at, buffer=start + at * SLOT) for at in range(SLOTS)))
        here, step = ctypes.addressof(self._asked), ctypes.sizeof(_Asked)
        self._pointers = (ctypes.c_void_p * SLOTS)(*(here + at * step for at in range(SLOTS)))
        self._answers = (_Answer * SLOTS)()
        self.under_way = 0
        """How many may not have come yet."""

    def ask(self, files: Sequence[tuple[int, int]]) -> None:
        """Ask for the first bytes of each: its descriptor, opened with O_DIRECT, and how many are expected.

        A block more than that is asked for, so that a file which has grown is seen.
        """
        for asked, (descriptor, size) in zip(self._asked, files, strict=False):
            asked.descriptor = descriptor
            asked.length = (size // BLOCK + 1) * BLOCK
        if files:
            self.under_way = len(files)
            taken = _libc.syscall(self._submit, self._context, ctypes.c_long(len(files)), self._pointers)
            self.under_way = max(taken, 0)

    def lengths(self) -> list[int]:
        """Wait for all of them: how many bytes came into each slot, below 0 where none were read."""
        found = [-1] * SLOTS
        while self.under_way:
            wanted = ctypes.c_long(self.under_way)
            came = _libc.syscall(self._events, self._context, wanted, wanted, self._answers, None)
            if came < 0 and ctypes.get_errno() != errno.EINTR:
                raise OSError(ctypes.get_errno(), "io_getevents failed")
            for answer in self._answers[: max(came, 0)]:
                found[answer.slot] = answer.length
            self.under_way -= max(came, 0)
        return found

    def end(self) -> None:
        """Wait in the system for what is under way, and have the queue no longer."""
        _libc.syscall(self._destroy, self._context)


class Queues:
    """The queues of one process, which are dear to make and so are used again."""

    def __init__(self) -> None:
        self.free: list[Queue] = []
        self._lock = threading.Lock()
        self._are_none = False

    def take(self) -> Queue | None:
        """One that nobody uses; None where the system has none."""
        with self._lock:
            if self.free:
                return self.free.pop()
            if self._are_none:
                return None
        try:
            return Queue()
        except OSError as error:
            self._are_none = error.errno != errno.EAGAIN  # others have all there are, at this moment
            return None

    def give_back(self, queue: Queue) -> None:
        """It is used again, unless its user was stopped while something was under way."""
        if queue.under_way:
            queue.end()
            return
        with self._lock:
            self.free.append(queue)


def forget() -> None:
    """A child process has none of its parent's queues."""
    global queues
    queues = Queues()


_libc = ctypes.CDLL(None, use_errno=True)
queues = Queues()
os.register_at_fork(after_in_child=forget)
