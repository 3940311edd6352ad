"""Files that are there whole or not at all, for what a command writes where a person told it to."""

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO


@contextlib.contextmanager
def whole_or_not_at_all(path: Path) -> Iterator[BinaryIO]:
    """A file that takes its name when all of it is written; one that was there is replaced only then."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as aside:
        try:
            yield aside  # type: ignore[misc]
            aside.flush()
            os.fsync(aside.fileno())
            os.replace(aside.name, path)
        except BaseException:
            os.unlink(aside.name)
            raise


def write(path: Path, blocks: Iterable[bytes]) -> None:
    with whole_or_not_at_all(path) as file:
        file.writelines(blocks)
