"""The terms of the law: when a file is counted from, handed over, kept until, reviewed and opened.

Every number comes from ``tables/terms.toml`` with the day it took effect. ``on`` is
the day whose law is asked for.
"""

import tomllib
from collections.abc import Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from metadata_schemas.description import Status


def gisan_date(completed: int) -> date:
    """Retention is counted from 1 January of the year after the matter was completed."""
    return date(completed + 1, 1, 1)


def transfer_due_year(completed: int, *, on: date) -> int:
    """The year in which a 기록관 hands the file over to the archive."""
    rules = [rule for rule in _in_force("transfer_to_archive", on) if rule["completed_from"] <= completed]
    return gisan_date(completed).year + int(rules[-1]["years_from_gisan"])


def retention_end(completed: int, retention: str, *, on: date) -> date | None:
    """The last day of retention; None for 준영구 and 영구. KeyError for a value that is no class."""
    rule = _newest("retention_years", on)
    if retention in rule["without_end"]:
        return None
    return date(completed + int(rule["years"][retention]), 12, 31)


def retention_periods() -> tuple[str, ...]:
    """Every class of retention that the law has had, the shortest first."""
    rules = _terms()["retention_years"]
    return tuple(dict.fromkeys(each for rule in rules for each in (*rule["years"], *rule["without_end"])))


def is_for_the_archive(retention: str, *, on: date) -> bool:
    """Only 30년, 준영구 and 영구 are handed over to a permanent archive."""
    return retention in _newest("retained_by_archive", on)["classes"]


def sheets_per_volume(record_type: str | None, *, on: date) -> int | None:
    """How many sheets (cards, drawings) one 권 may hold; None where the rule says nothing."""
    limit = _newest("sheets_per_volume", on)["limits"].get(record_type or "일반문서")
    return None if limit is None else int(limit)


def open_on_30y(created: int, *, on: date) -> date:
    return date(created + int(_newest("closed_review", on)["open_after_years"]) + 1, 1, 1)


def review_30y_year(created: int, *, on: date) -> int:
    """Reviewed during this year, so that the record opens on time."""
    return created + int(_newest("closed_review", on)["open_after_years"])


def due_5y(last_review: int, *, on: date) -> int:
    return last_review + int(_newest("closed_review", on)["review_every_years"])


def is_due(
    *, status: Status, reasons: Sequence[int], created: int, last_review: int, year: int, on: date
) -> bool:
    """Whether a closed record stands for review in ``year``.

    One that is closed by clause 6 alone waits for its thirty years; a second clause
    beside it ends that exemption.
    """
    if status == "open":
        return False
    if review_30y_year(created, on=on) <= year:
        return True
    exempt = int(_newest("closed_review", on)["exempt_clause"])
    return set(reasons) != {exempt} and due_5y(last_review, on=on) <= year


def _newest(name: str, on: date) -> dict[str, Any]:
    return _in_force(name, on)[-1]


def _in_force(name: str, on: date) -> list[dict[str, Any]]:
    """Rows in force on that day, oldest first. Older than the oldest row, the oldest holds."""
    rows = sorted(_terms()[name], key=lambda row: row["effective_from"])
    return [row for row in rows if row["effective_from"] <= on] or rows[:1]


@cache
def _terms() -> dict[str, Any]:
    return tomllib.loads((files("metadata_schemas") / "tables" / "terms.toml").read_text("utf-8"))
