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
        struck = sum(("struck", True) in map(tuple, report.user_properties) for report in ended)
        terminalreporter.write_line(
            f"Faults: {len(ended)} tried, {struck} struck, {sum(report.failed for report in ended)} not "
            f"recovered from; the same again with "
            f"SEOGO_SEED={os.environ['SEOGO_SEED']} SEOGO_FAULTS={os.environ['SEOGO_FAULTS']}."
        )
