"""A reader process that meets real accidents: the file's name says which, and on which page."""

import ctypes
import os
import signal
import time
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from preservation.reading import child
from preservation.reading.answers import documents, formats


def pages(path: Path, mimetype: str, first: int = 1) -> Iterator[Any]:
    kind, bad = accident(path)
    for page in documents.pages(path, mimetype, first):
        if page.number in bad:
            happen(kind)
        yield page


def page_count(path: Path, mimetype: str) -> Iterator[Any]:
    kind, bad = accident(path)
    if 0 in bad:
        happen(kind)
    yield from documents.page_count(path, mimetype)


def identify_all(files: Sequence[tuple[Path, str]]) -> Iterator[Any]:
    for path, name in files:
        kind, bad = accident(path)
        if 0 in bad:
            happen(kind)
        yield from formats.identify_all([(path, name)])


def accident(path: Path) -> tuple[str, set[int]]:
    kind, _, numbers = path.stem.partition("-")
    return kind, {int(number) for number in numbers.split("-") if number.isdigit()}


def happen(kind: str) -> None:
    if kind == "segfault":
        ctypes.string_at(0)
    if kind == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "hang":
        time.sleep(60)
    if kind == "memory":
        bytearray(8 << 30)


def serve(line: Connection, memory: int) -> None:
    child.VERBS.update(dict.fromkeys(("pages", "page_count", "identify_all"), __name__))
    child.serve(line, memory)
