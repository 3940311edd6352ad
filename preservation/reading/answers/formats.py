"""The formats of files."""

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from archive import errors
from preservation.formats import Identifier


def identify_all(files: Sequence[tuple[Path, str]]) -> Iterator[Any]:
    """What the tool cannot look at is an answer too, so that the others have theirs."""
    for path, name in files:
        try:
            yield _identifier().identify(path, name)
        except errors.Unavailable as error:
            if error.code == "copy.away":
                raise
            yield error


@cache
def _identifier() -> Identifier:
    return Identifier()
