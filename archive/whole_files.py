"""Files that are there whole or not at all, for what a command writes where a person told it to."""

import contextlib
import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from archive.errors import WrongCall


@contextlib.contextmanager
def whole_or_not_at_all(path: Path) -> Iterator[BinaryIO]:
    """A file that takes its name when all of it is written; one that was there is replaced only then.

    A link stays, and what it leads to is replaced.  WrongCall where there is no folder for it, or where
    something that is no file has its name, as a folder, a device or a pipe.
    """
    path = path.resolve()
    aside = _aside(path)
    try:
        with aside.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def try_place(path: Path) -> None:
    """Rise now, before anything else is changed, where a file cannot be written; nothing stays of it."""
    aside = _aside(path.resolve())
    aside.touch(exist_ok=False)
    aside.unlink()


def try_all(*files: Path | None, folder: Path | None = None) -> None:
    """The same for all that a command is to write, and for a folder that it is to fill.

    WrongCall also where two of them are one place, for then one would be lost.
    """
    wanted = [path for path in (*files, folder) if path is not None]
    known: dict[Path, Path] = {}
    for path in wanted:
        if other := known.get(path.resolve()):
            one = f"{path}" if path == other else f"{other} and {path} are one place, which"
            raise WrongCall(f"{one} is named for two things.", next="Give each a name of its own.")
        known[path.resolve()] = path
    for file in filter(None, files):
        try_place(file)
    if folder is not None:
        _try_folder(folder)


def _try_folder(folder: Path) -> None:
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try_place(folder / "file")
        for each in missing:
            each.rmdir()
    except (FileNotFoundError, FileExistsError, NotADirectoryError) as error:
        raise WrongCall(
            f"{folder} can be no folder: {error.strerror}.", next="Name another folder for them."
        ) from error


def write(path: Path, blocks: Iterable[bytes]) -> None:
    with whole_or_not_at_all(path) as file:
        file.writelines(blocks)


def _aside(path: Path) -> Path:
    """The name that a file has until it is whole."""
    fault = f"There is no folder {path.parent}." if not path.parent.is_dir() else ""
    if path.exists() and not path.is_file():
        fault = f"{path} is {'a folder' if path.is_dir() else 'no file'}."
    if fault:
        raise WrongCall(fault, next="Give the name of a file in a folder that is there.")
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}")
