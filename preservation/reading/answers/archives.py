"""What is wrong with archive files and mail."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from preservation.archive_files import Limits
from preservation.archive_files.judging import judge


def look_through(path: Path, name: str, limits: Limits) -> Iterator[Any]:
    with path.open("rb") as stream:
        yield judge(stream, name, limits)
