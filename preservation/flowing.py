"""One stream of bytes to several takers at once, each in a thread of its own, through a ring of buffers.

For large files: the disk reads while the processor hashes and every store writes.  A buffer is read
into again when the slowest taker is done with it, so memory is the ring, whatever the size.
"""

from collections.abc import Callable, Sequence
from queue import SimpleQueue
from threading import Lock, Thread
from typing import TypeAlias

LARGE = 64 << 20
"""From this size on threads are worth their start; many small files share the processors by themselves."""

BUFFERS = 6
BUFFER = 4 << 20

Read: TypeAlias = Callable[[memoryview], int]
Take: TypeAlias = Callable[[memoryview], object]


def flow(read: Read, takers: Sequence[Take]) -> int:
    """Give all bytes to every taker, in order; how many there were.

    The first error of a taker ends the flow and is raised here, when no thread is at work any more.
    """
    free: SimpleQueue[memoryview] = SimpleQueue()
    for _ in range(BUFFERS):
        free.put(memoryview(bytearray(BUFFER)))
    lanes = [_Lane(take) for take in takers]
    total = 0
    try:
        while not any(lane.error for lane in lanes) and (count := read(buffer := free.get())):
            total += count
            shared = _Shared(buffer, count, len(lanes), free)
            for lane in lanes:
                lane.queue.put(shared)
    finally:
        for lane in lanes:
            lane.end()
    for lane in lanes:
        if lane.error is not None:
            raise lane.error
    return total


class _Shared:
    """A full buffer on its way through the lanes."""

    def __init__(self, buffer: memoryview, count: int, takers: int, free: "SimpleQueue[memoryview]") -> None:
        self.data = buffer[:count]
        self._buffer, self._left, self._free, self._lock = buffer, takers, free, Lock()

    def done(self) -> None:
        with self._lock:
            self._left -= 1
        if self._left == 0:
            self._free.put(self._buffer)


class _Lane:
    """One taker and its thread.  After an error it only passes buffers on, so that nobody waits for it."""

    def __init__(self, take: Take) -> None:
        self.take = take
        self.queue: SimpleQueue[_Shared | None] = SimpleQueue()
        self.error: Exception | None = None
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while (shared := self.queue.get()) is not None:
            try:
                if self.error is None:
                    self.take(shared.data)
            except Exception as error:  # noqa: BLE001 - it is raised again in the thread that called
                self.error = error
            finally:
                shared.done()

    def end(self) -> None:
        self.queue.put(None)
        self._thread.join()
