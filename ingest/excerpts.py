"""What a terminal shows of long lists: the worst findings first, and references as the runs they form."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from metadata_schemas.description import SEVERITIES

SHOWN = 20
RUNS = 5


def worst(findings: Iterable[dict[str, Any]]) -> tuple[list[dict[str, Any]], Counter[str]]:
    """The findings to show, errors before warnings before notes, and how many of each are not shown.

    A transfer may have millions of them: they are gone through once, and no more are held than may be shown.
    """
    first: dict[str, list[dict[str, Any]]] = {severity: [] for severity in SEVERITIES}
    left: Counter[str] = Counter()
    for finding in findings:
        left[finding["severity"]] += 1
        if len(first[finding["severity"]]) < SHOWN:
            first[finding["severity"]].append(finding)
    shown = [finding for severity in SEVERITIES for finding in first[severity]][:SHOWN]
    left.subtract(finding["severity"] for finding in shown)
    return shown, left


def more(left: Counter[str]) -> str:
    """How many are not shown, such as `and 1 more warning and 12 more notes`; nothing where all are."""
    kinds = [f"{left[each]} more {each}{'s' * (left[each] > 1)}" for each in SEVERITIES if left[each]]
    return f"and {_in_a_row(kinds)}" if kinds else ""


def runs(references: Sequence[str]) -> str:
    """References as the first runs of following numbers, and how many come after those."""
    found: list[tuple[str, str]] = []
    told = 0
    for reference in references:
        if found and reference == _after(found[-1][1]):
            found[-1] = found[-1][0], reference
        elif len(found) == RUNS:
            break
        else:
            found.append((reference, reference))
        told += 1
    words = [first if first == last else f"{first} to {last}" for first, last in found]
    return ", ".join(words) + (f" and {len(references) - told} more" if len(references) > told else "")


def _after(reference: str) -> str:
    series, _, number = reference.rpartition("-")
    return f"{series}-{int(number) + 1:0{len(number)}d}"


def _in_a_row(words: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
