"""Spreads tasks over child processes that end with their parent; results come as they are ready."""

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import active_children
from typing import TypeVar

from archive.errors import ArchiveError, Unavailable
from archive.work.processes import die_with_parent, fresh_processes, interrupts_for_us_alone

Task = TypeVar("Task")
Result = TypeVar("Result")


def spread(
    call: Callable[[Task], Result], tasks: Iterable[Task], *, workers: int
) -> Generator[tuple[Task, Result | ArchiveError], None, None]:
    """Call each task in one of ``workers`` processes; at most twice as many tasks are held at once.

    An `ArchiveError` of a task is its result, so that the caller decides whether to go on.
    Unavailable when a child was killed: nothing is known about the tasks it had.
    Whoever stops listening ends the children, in the middle of whatever they do.
    """
    waiting = iter(tasks)
    running: dict[Future[Result | ArchiveError], Task] = {}
    others = set(active_children())
    with ProcessPoolExecutor(workers, mp_context=fresh_processes(), initializer=die_with_parent) as pool:
        try:
            while True:
                while len(running) < 2 * workers and (task := next(waiting, None)) is not None:
                    with interrupts_for_us_alone():
                        running[pool.submit(_caught, call, task)] = task
                if not running:
                    return
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    outcome = future.result()
                    yield running.pop(future), outcome
        except BrokenProcessPool as error:
            raise Unavailable(
                "A working process was killed; what it was doing is not finished.",
                code="work.killed",
                next="Run the same command again; it goes on where it stopped.",
            ) from error
        finally:
            if running:
                for child in set(active_children()) - others:
                    child.kill()


def _caught(call: Callable[[Task], Result], task: Task) -> Result | ArchiveError:
    try:
        return call(task)
    except ArchiveError as error:
        return error
