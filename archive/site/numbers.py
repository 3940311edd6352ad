"""Numbers that people type at the command line: of places, jobs, entries, versions."""

from typing import Any

import click

MOST = 2**31 - 1
"""What a row can have on either database."""


class Number(click.ParamType[int]):
    """A whole number from ``least`` on that anything here can have.  Any other one is a wrong call."""

    name = "integer"

    def __init__(self, least: int = 0) -> None:
        self.least = least

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        number: int = click.INT.convert(value, param, ctx)
        if not self.least <= number <= MOST:
            self.fail(f"{value} is no number from {self.least} to {MOST}.", param, ctx)
        return number
