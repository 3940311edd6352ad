"""A command that is told to stop says so, whatever rises on the way out."""

import errno
import signal
from collections.abc import Callable, Iterator

import click
import pytest
from sqlalchemy.exc import OperationalError

from archive import stopping
from archive.errors import Unavailable
from archive.site.terminal import run

TOLD = (signal.SIGINT, signal.SIGTERM)


@pytest.fixture(autouse=True)
def _the_handlers_of_the_tests() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in TOLD}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


CANNOT_CLOSE = (
    ("a session", lambda: AssertionError("cannot be closed here"), 1),
    ("a file", lambda: OSError(errno.EBADF, "closed already"), 1),
    ("the disk", lambda: OSError(errno.ENOSPC, "no room"), 4),
    ("a store", lambda: Unavailable("Store a did not answer."), 4),
    ("the database", lambda: OperationalError("ROLLBACK", {}, Exception("cut off")), 4),
)
"""What may rise where a command is cut off, and how a command ends of which it is the only error."""


@pytest.mark.parametrize(("what", "error", "alone"), CANNOT_CLOSE)
@pytest.mark.parametrize("number", TOLD)
def test_what_rises_because_a_command_is_cut_off_is_not_what_is_told(
    capfd: pytest.CaptureFixture[str],
    number: signal.Signals,
    what: str,
    error: Callable[[], Exception],
    alone: int,
) -> None:
    def close() -> None:
        raise error()

    def work() -> None:
        try:
            signal.raise_signal(number)
        finally:
            close()

    handlers = [signal.getsignal(number) for number in TOLD]
    assert run(click.Command("close", callback=close), []) == alone
    assert "Stopped." not in capfd.readouterr().err
    assert run(click.Command("work", callback=work), []) == 3
    assert capfd.readouterr().err.strip() == "Stopped. Run the same command again; it goes on."
    assert [signal.getsignal(number) for number in TOLD] == handlers
    stopping.if_told()  # what a command was told is nothing to the next


def test_who_was_started_to_ignore_ctrl_c_ignores_it() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    assert run(click.Command("go-on", callback=lambda: signal.raise_signal(signal.SIGINT)), []) == 0


def test_who_ignores_ctrl_c_hears_its_end_all_the_same_and_later() -> None:
    for number in TOLD:
        signal.signal(number, signal.SIG_IGN)
    reached = []

    def be_told() -> None:
        with stopping.heard(), stopping.told_later():
            for number in TOLD:
                signal.raise_signal(number)
                reached.append(number)

    with pytest.raises(KeyboardInterrupt):
        be_told()
    assert reached == list(TOLD)
    assert [signal.getsignal(number) for number in TOLD] == [signal.SIG_IGN] * 2


@pytest.mark.parametrize("number", TOLD)
def test_what_is_only_noted_interrupts_nothing_and_can_be_waited_for(number: signal.Signals) -> None:
    with stopping.heard():
        before = [signal.getsignal(each) for each in TOLD]
        with stopping.noted() as told:
            signal.raise_signal(number)
            signal.raise_signal(number)
            assert [told.get(), told.get()] == [number, number]
        assert [signal.getsignal(each) for each in TOLD] == before
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)


def test_ctrl_c_that_is_ignored_is_not_noted() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with stopping.noted() as told:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
        assert told.get() == signal.SIGTERM
        assert told.empty()
