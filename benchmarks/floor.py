"""The floor: what cannot be left out of taking in, as well as we know how to do it.

Two processes.  Each takes whole volumes: every file is read once with SHA-256 and written to two
folders, one `syncfs` a volume, then both copies are dropped from the page cache, asked for again
32 files ahead, read back and hashed.  It writes no list, no bag, no metadata and no rows.
"""

import hashlib
import multiprocessing
import os
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from ctypes import CDLL
from pathlib import Path

PROCESSES = 2
BUFFER = 128 << 10
AHEAD = 32
BLOCK = 4 << 20
BLOCKS = 6

Volume = Sequence[str]
"""Paths of a volume's files, relative to the transfer."""


def keep(source: Path, volumes: Sequence[Volume], target: Path) -> None:
    """The floor over whole volumes, spread over the processes."""
    forked = multiprocessing.get_context("fork")
    shares = [volumes[number::PROCESSES] for number in range(PROCESSES)]
    working = [forked.Process(target=_keep_all, args=(source, share, target)) for share in shares if share]
    for each in working:
        each.start()
    for each in working:
        each.join()
        if each.exitcode != 0:
            raise SystemExit("The floor did not read back what it wrote.")


def _keep_all(source: Path, volumes: Sequence[Volume], target: Path) -> None:
    buffer = bytearray(BUFFER)
    for volume in volumes:
        _keep(str(source), volume, str(target), buffer)


def _keep(source: str, volume: Volume, target: str, buffer: bytearray) -> None:
    view = memoryview(buffer)
    wanted: list[tuple[str, bytes]] = []
    made: set[str] = set()
    for name in volume:
        copies = [f"{target}/{store}/{name}" for store in "ab"]
        if (folder := os.path.dirname(name)) not in made:
            made.add(folder)
            for copy in copies:
                os.makedirs(os.path.dirname(copy), exist_ok=True)
        digest = hashlib.sha256()
        incoming = os.open(f"{source}/{name}", os.O_RDONLY)
        outgoing = [os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL) for copy in copies]
        while count := os.readv(incoming, [buffer]):
            digest.update(view[:count])
            for each in outgoing:
                os.write(each, view[:count])
        for each in (incoming, *outgoing):
            os.close(each)
        wanted += [(copy, digest.digest()) for copy in copies]
    sync(target)
    _read_back(wanted, buffer)


def sync(folder: str | Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if CDLL(None).syncfs(descriptor) != 0:
            raise SystemExit(f"syncfs failed on {folder}.")
    finally:
        os.close(descriptor)


def _read_back(wanted: Sequence[tuple[str, bytes]], buffer: bytearray) -> None:
    view = memoryview(buffer)
    ahead: deque[tuple[int, bytes]] = deque()
    coming = iter(wanted)
    while True:
        while len(ahead) < 2 * AHEAD and (each := next(coming, None)):
            descriptor = os.open(each[0], os.O_RDONLY)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_WILLNEED)
            ahead.append((descriptor, each[1]))
        if not ahead:
            return
        descriptor, expected = ahead.popleft()
        digest = hashlib.sha256()
        while count := os.readv(descriptor, [buffer]):
            digest.update(view[:count])
        os.close(descriptor)
        if digest.digest() != expected:
            raise SystemExit("The floor read back other bytes.")


# -- one large file


def keep_large(source: Path, volumes: Sequence[Volume], target: Path) -> None:
    """The floor of one large file: a pipeline, then both copies read back at once."""
    [[name]] = volumes
    copies = [target / store / name for store in "ab"]
    for copy in copies:
        copy.parent.mkdir(parents=True)
    digest = hashlib.sha256()
    outgoing = [copy.open("xb", buffering=0) for copy in copies]
    with (source / name).open("rb", buffering=0) as incoming:
        _pipeline(incoming.readinto, [digest.update, *(each.write for each in outgoing)])
    for each in outgoing:
        each.close()
    sync(target)
    found: list[bytes] = []
    readers = [threading.Thread(target=lambda copy=copy: found.append(_digest(copy))) for copy in copies]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    if set(found) != {digest.digest()}:
        raise SystemExit("The floor read back other bytes.")


def _digest(copy: Path) -> bytes:
    digest = hashlib.sha256()
    buffer = memoryview(bytearray(1 << 20))
    with copy.open("rb", buffering=0) as stream:
        os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_SEQUENTIAL)
        while count := stream.readinto(buffer):
            digest.update(buffer[:count])
    return digest.digest()


Take = Callable[[memoryview], object]


def _pipeline(read: Callable[[memoryview], int], takers: Sequence[Take]) -> None:
    """One thread a taker; a buffer is read into again when every taker is done with it."""
    free: queue.SimpleQueue[memoryview] = queue.SimpleQueue()
    for _ in range(BLOCKS):
        free.put(memoryview(bytearray(BLOCK)))
    lanes: list[queue.SimpleQueue[tuple[memoryview, int, list[int]] | None]] = [
        queue.SimpleQueue() for _ in takers
    ]
    lock = threading.Lock()

    def run(take: Take, lane: "queue.SimpleQueue[tuple[memoryview, int, list[int]] | None]") -> None:
        while (each := lane.get()) is not None:
            block, count, left = each
            take(block[:count])
            with lock:
                left[0] -= 1
                if left[0] == 0:
                    free.put(block)

    threads = [threading.Thread(target=run, args=pair) for pair in zip(takers, lanes, strict=True)]
    for thread in threads:
        thread.start()
    for block, count in _blocks(read, free):
        left = [len(lanes)]
        for lane in lanes:
            lane.put((block, count, left))
    for lane, thread in zip(lanes, threads, strict=True):
        lane.put(None)
        thread.join()


def _blocks(
    read: Callable[[memoryview], int], free: "queue.SimpleQueue[memoryview]"
) -> Iterator[tuple[memoryview, int]]:
    while count := read(block := free.get()):
        yield block, count
