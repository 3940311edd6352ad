"""A command that is told to stop says so, whatever rises on the way out."""

import signal
from collections.abc import Iterator

import click
import pytest

from archive.site.terminal import run

TOLD = (signal.SIGINT, signal.SIGTERM)


@pytest.fixture(autouse=True)
def _the_handlers_of_the_tests() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in TOLD}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def close() -> None:
    raise AssertionError("a session cannot be closed here")


def work(number: signal.Signals) -> None:
    try:
        signal.raise_signal(number)
    finally:
        close()


@pytest.mark.parametrize("number", TOLD)
def test_what_rises_because_a_command_is_cut_off_is_no_defect(
    capfd: pytest.CaptureFixture[str], number: signal.Signals
) -> None:
    assert run(click.Command("work", callback=lambda: work(number)), []) == 3
    assert capfd.readouterr().err.strip() == "Stopped. Run the same command again; it goes on."
    assert run(click.Command("close", callback=close), []) == 1
    assert "a defect of ours" in capfd.readouterr().err


def test_who_was_started_to_ignore_ctrl_c_ignores_it() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    assert run(click.Command("go-on", callback=lambda: signal.raise_signal(signal.SIGINT)), []) == 0
