"""Tasks spread over processes: results, errors as results, and children that never outlive their parent."""

import errno
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, suppress
from functools import partial
from multiprocessing import active_children

import pytest

from archive.errors import ArchiveError, Conflict, Unavailable
from archive.work import pool as pool_of
from archive.work.pool import HELD, TOGETHER, Result, Task, working


def double(number: int) -> int:
    if number == 3:
        raise Conflict("Three is taken.", next="Take four.")
    return 2 * number


def die(by: int, number: int) -> int:
    os.kill(os.getpid(), by)
    return number


def sleep(number: int) -> int:
    time.sleep(0 if number == 0 else 60)
    return number


def fail(number: int) -> int:
    raise ValueError(number)


def spread(
    call: Callable[[Task], Result], tasks: Iterable[Task], *, workers: int
) -> Iterator[tuple[Task, Result | ArchiveError]]:
    """What a pool makes of tasks, one after the other."""
    with working(call, workers=workers) as pool:
        for ready in pool.spread(tasks):
            yield from ready


SUBMIT = ProcessPoolExecutor.submit


def refusing(
    monkeypatch: pytest.MonkeyPatch, first: Callable[[ProcessPoolExecutor], None], error: OSError
) -> None:
    """The task 2 meets that error, after something was done ``first``."""

    def submit(pool: ProcessPoolExecutor, call: Callable[..., object], *about: object) -> object:
        if about == (2,):
            first(pool)
            raise error
        return SUBMIT(pool, call, *about)

    monkeypatch.setattr(ProcessPoolExecutor, "submit", submit)


def test_every_task_has_its_result_and_an_error_of_ours_is_one() -> None:
    found = dict(spread(double, range(1, 6), workers=2))
    assert {task: found[task] for task in (1, 2, 4, 5)} == {1: 2, 2: 4, 4: 8, 5: 10}
    assert isinstance(found[3], Conflict)
    assert (found[3].message, found[3].next) == ("Three is taken.", "Take four.")


def test_a_killed_child_is_told_in_a_sentence() -> None:
    with pytest.raises(Unavailable, match="A working process was killed"):
        list(spread(partial(die, signal.SIGKILL), [1], workers=1))


def test_a_child_that_dies_while_another_is_started_is_told_in_the_same_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is made for the next one is closed by then: a start fails with whatever the system says."""

    def a_death(pool: ProcessPoolExecutor) -> None:
        with suppress(BrokenProcessPool):
            SUBMIT(pool, partial(die, signal.SIGKILL), 0).result()

    refusing(monkeypatch, a_death, OSError(errno.EBADF, "Bad file descriptor"))
    with pytest.raises(Unavailable, match="was killed"):
        list(spread(double, range(3), workers=1))


def test_what_the_system_refuses_while_no_child_died_is_told_as_that(monkeypatch: pytest.MonkeyPatch) -> None:
    refusing(monkeypatch, lambda _: None, OSError(errno.EMFILE, "Too many open files"))
    with pytest.raises(OSError, match="Too many open files"):
        list(spread(double, range(3), workers=1))
    assert not active_children()


def test_who_was_told_to_stop_gives_no_more_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive.stopping._told", [signal.SIGINT])
    with pytest.raises(KeyboardInterrupt):
        list(spread(double, [1], workers=1))


def test_a_defect_in_a_task_is_not_swallowed() -> None:
    with pytest.raises(ValueError, match="7"):
        list(spread(fail, [7], workers=1))


def test_whoever_stops_listening_ends_the_children() -> None:
    began = time.monotonic()
    with closing(spread(sleep, range(3), workers=2)) as found:
        assert next(found) == (0, 0)
        assert active_children()
    assert time.monotonic() - began < 30
    assert not active_children()


def test_an_error_in_the_block_ends_the_children_too() -> None:
    began = time.monotonic()
    with suppress(ZeroDivisionError), working(sleep, workers=2) as pool:
        found = pool.spread(range(3))
        next(found)
        raise ZeroDivisionError
    assert time.monotonic() - began < 30
    assert not active_children()


def test_tasks_are_taken_only_as_they_are_needed() -> None:
    taken: list[int] = []

    def tasks() -> Iterator[int]:
        for number in range(100, 150):
            taken.append(number)
            yield number

    with working(double, workers=2) as pool:
        done = 0
        for ready in pool.spread(tasks()):
            assert len(taken) <= done + len(ready) + 2 * HELD
            done += len(ready)
    assert (done, len(taken)) == (50, 50)


def test_fewer_results_come_together_towards_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def one_by_one(futures: Iterable[Future[object]], *_: object, **__: object) -> tuple[list[object], int]:
        first = next(iter(futures))
        first.result()
        return [first], 0

    monkeypatch.setattr(pool_of, "wait", one_by_one)
    with working(double, workers=2) as pool:
        groups = [len(ready) for ready in pool.spread(range(10, 50))]
    assert groups == [2 * HELD * TOGETHER] * 4 + [6, 2]


def test_a_result_is_not_kept_back_for_a_slow_task() -> None:
    began = time.monotonic()
    with working(sleep, workers=2) as pool, closing(pool.spread(range(2))) as ready:
        assert next(ready) == [(0, 0)]
        assert time.monotonic() - began < 30
