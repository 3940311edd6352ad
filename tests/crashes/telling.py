"""Says at the end how many faults were tried and with which seed, so that a run can be repeated."""

import os
import random
from collections import Counter

import pytest
from _pytest.terminal import TerminalReporter


def pytest_configure(config: pytest.Config) -> None:
    """One seed for all processes of a run."""
    os.environ.setdefault("SEOGO_SEED", str(random.SystemRandom().randrange(10**6)))
    os.environ.setdefault("SEOGO_FAULTS", "8")


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    ended = Counter(
        outcome
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, ())
        if report.when == "call" and "fault" in report.keywords
    )
    if ended:
        terminalreporter.write_line(
            f"Faults: {ended.total()} tried, {ended['failed']} not recovered from; the same again with "
            f"SEOGO_SEED={os.environ['SEOGO_SEED']} SEOGO_FAULTS={os.environ['SEOGO_FAULTS']}."
        )
