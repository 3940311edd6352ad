"""Spreads tasks over child processes that end with their parent; results come as they are ready."""

import gc
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import active_children
from multiprocessing.process import BaseProcess
from typing import Any, Generic, TypeAlias, TypeVar

from archive import stopping
from archive.errors import ArchiveError, Unavailable
from archive.work.processes import be_called, die_with_parent, fork_server, starting_children

HELD = 2
"""Tasks of one worker at a time: the one it is at, and the one that comes next."""

TOGETHER, PATIENCE = 2, 0.5
"""Results are handed on some at a time, because writing them down waits for the disk each time: so many
for each task that is still held.  Towards the end they are fewer, and little is left to do after the last."""

POOLED = "seogo-pooled"
"""What the system calls a working process."""

Task = TypeVar("Task")
Result = TypeVar("Result")
Outcome: TypeAlias = tuple[Task, Result | ArchiveError]


@contextmanager
def working(
    call: Callable[[Task], Result], *, workers: int, preload: Sequence[str] = ()
) -> "Iterator[Pool[Task, Result]]":
    """Processes that call each task they are given.

    The fork server starts at once and loads ``preload`` while the caller makes ready; its children
    begin with the first tasks, in milliseconds.  Those that have nothing to do at the end of the block
    end while the caller goes on.
    """
    others = set(active_children())
    context = fork_server(preload)
    executor = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin, initargs=(call,))
    pool = Pool[Task, Result](executor, workers, others)
    try:
        yield pool
    finally:
        pool.end()


class Pool(Generic[Task, Result]):
    """Working processes, until the end of the block that asked for them."""

    def __init__(self, executor: ProcessPoolExecutor, workers: int, others: set[BaseProcess]) -> None:
        self._executor, self._workers, self._others = executor, workers, others
        self._running: dict[Future[Any], Task] = {}
        self._has_more = False
        """Whether the executor has a task too that it took and then failed with."""

    def spread(self, tasks: Iterable[Task]) -> Generator[list[Outcome[Task, Result]], None, None]:
        """What is ready, some at a time and none later than about `PATIENCE` after it became ready.

        At most `HELD` tasks a worker are held at once.  An `ArchiveError` of a task is its result,
        so that the caller decides whether to go on.
        Unavailable when a child was killed: nothing is known about the tasks it had.
        Whoever stops listening ends the children, in the middle of whatever they do.
        """
        waiting = iter(tasks)
        try:
            while self._give(waiting):
                ready: list[Outcome[Task, Result]] = []
                until = time.monotonic() + PATIENCE
                while self._give(waiting) and len(ready) < TOGETHER * len(self._running):
                    timeout = max(0, until - time.monotonic()) if ready else None
                    done, _ = wait(self._running, timeout, return_when=FIRST_COMPLETED)
                    if not done:
                        break
                    ready += [(self._running[each], each.result()) for each in done]
                    for each in done:
                        del self._running[each]
                yield ready
        except BrokenProcessPool as error:
            raise Unavailable(
                "A working process was killed; what it was doing is not finished.",
                code="work.killed",
                next="Run the same command again; it goes on where it stopped.",
            ) from error
        finally:
            if self._running or self._has_more:
                self.end()

    def _give(self, waiting: Iterator[Task]) -> bool:
        """Keep the workers busy; False when nothing is left to wait for."""
        stopping.if_told()
        while len(self._running) < HELD * self._workers and (task := next(waiting, None)) is not None:
            self._running[self._submit(task)] = task
        return bool(self._running)

    def _submit(self, task: Task) -> Future[Any]:
        """BrokenProcessPool also where a child died while another was started: then that one fails oddly."""
        with starting_children():
            try:
                return self._executor.submit(_caught, task)
            except OSError:
                self._has_more = True
                self._executor.submit(_nothing)  # refused by a pool that is broken
                raise

    def end(self) -> None:
        """Nothing is at work any more when this returns, and nothing can be spread again."""
        is_busy = bool(self._running) or self._has_more
        for child in set(active_children()) - self._others if is_busy else ():
            child.kill()
        self._executor.shutdown(wait=is_busy, cancel_futures=True)
        self._running.clear()


_call: Callable[[Any], Any]


def _begin(call: Callable[[Any], Any]) -> None:
    global _call
    gc.freeze()
    die_with_parent()
    be_called(POOLED)
    _call = call


def _nothing() -> None: ...


def _caught(task: Any) -> Any:
    try:
        return _call(task)
    except ArchiveError as error:
        return error
