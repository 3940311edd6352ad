"""The formats of files."""

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from archive import errors
from preservation.formats import Identifier
from preservation.reading.child import not_readable


def identify_all(files: Sequence[tuple[Path, str]]) -> Iterator[Any]:
    """What cannot be looked at is an answer too, so that the others have theirs."""
    for path, name in files:
        try:
            yield _identifier().identify(path, name)
        except errors.Unavailable as error:
            yield error
        except OSError as error:
            yield not_readable(error)


@cache
def _identifier() -> Identifier:
    return Identifier()
