"""Says at the end how many faults were tried, how many of them happened, and with which seed.

With the seed a run can be repeated.
"""

import os
import random

import pytest
from _pytest.terminal import TerminalReporter


def pytest_configure(config: pytest.Config) -> None:
    """One seed for all processes of a run."""
    os.environ.setdefault("SEOGO_SEED", str(random.SystemRandom().randrange(10**6)))
    os.environ.setdefault("SEOGO_FAULTS", "8")


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    ended = [
        report
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, ())
        if report.when == "call" and "fault" in report.keywords
    ]
    if ended:
        # A test may try several, or fail before it knows whether its fault happened.
        told = [[has for name, has in report.user_properties if name == "struck"] for report in ended]
        tried = sum(len(each) or report.failed for each, report in zip(told, ended, strict=True))
        struck = sum(has is True for each in told for has in each)
        failed = sum(report.failed for report in ended)
        terminalreporter.write_line(
            f"Faults: {tried} tried, {struck} struck, {failed} not recovered from; the same again with "
            f"SEOGO_SEED={os.environ['SEOGO_SEED']} SEOGO_FAULTS={os.environ['SEOGO_FAULTS']}."
        )
