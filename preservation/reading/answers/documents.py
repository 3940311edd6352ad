"""Pages and text."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from preservation import documents, rendering

pages = rendering.pages


def text(path: Path, mimetype: str) -> Iterator[Any]:
    yield documents.text(path, mimetype)


def page_count(path: Path, mimetype: str) -> Iterator[Any]:
    yield rendering.page_count(path, mimetype)
