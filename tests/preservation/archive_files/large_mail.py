"""Looks through mail that is never there as a whole, in a process of its own, and says what that cost.

``python -m tests.preservation.archive_files.large_mail box 650000`` prints one object.
"""

import json
import sys
from pathlib import Path

from preservation.archive_files import Limits
from preservation.archive_files.judging import judge
from tests.preservation.archive_files.mailing import FROM, HEAD, PLAIN, Endless, attachment, message
from tests.preservation.archive_files.making import zipped

LIMITS = Limits(bytes=1 << 40, members=100_000, depth=3, seconds=3_600)
WITH_TEXT = FROM + message(attachment(b"a record " * 50)) + b"\n"
WITH_ARCHIVE = FROM + message(attachment(zipped({"a.txt": b"x"}))) + b"\n"
WITHOUT = FROM + PLAIN + b"\n"


def nth_message(number: int) -> bytes:
    if number % 10_000 == 0:
        return WITH_ARCHIVE
    return WITH_TEXT if number % 50 == 0 else WITHOUT


def nth_megabyte(number: int) -> bytes:
    """One message whose only line never ends."""
    return HEAD + b"\n" if number == 0 else b"x" * (1 << 20)


def most_memory() -> int:
    """Kilobytes that the process ever held."""
    (line,) = [
        each for each in Path("/proc/self/status").read_text().splitlines() if each.startswith("VmHWM")
    ]
    return int(line.split()[1])


def main(what: str, count: int) -> None:
    piece = {"box": nth_message, "line": nth_megabyte}[what]
    judge(Endless(100, nth_message), "a.mbox", LIMITS)  # type: ignore[arg-type]
    before = most_memory()
    facts = [fault.fact for fault in judge(Endless(count, piece), "a.eml", LIMITS)]  # type: ignore[arg-type]
    print(json.dumps({"facts": facts, "grown": most_memory() - before}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
