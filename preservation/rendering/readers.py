"""Which reader makes the pages of which media type."""

from collections.abc import Iterator
from pathlib import Path

from archive import errors
from preservation.rendering.images import FORMATS, image_page_count, image_pages
from preservation.rendering.page import RenderedPage
from preservation.rendering.pdf import pdf_page_count, pdf_pages

PDF = "application/pdf"


def can_render(mimetype: str) -> bool:
    return mimetype == PDF or mimetype in FORMATS


def page_count(path: Path, mimetype: str) -> int | None:
    """How many pages the file says it has; None for a format that has no page pictures here."""
    if not can_render(mimetype):
        return None
    not_empty(path)
    return pdf_page_count(path) if mimetype == PDF else image_page_count(path, mimetype)


def pages(path: Path, mimetype: str, first: int = 1) -> Iterator[RenderedPage]:
    """The pages from ``first`` on, one at a time.

    A page that cannot be made comes with its reason, and the next ones still come.
    Raises Unreadable when the file as a whole cannot be read.
    """
    if not can_render(mimetype):
        raise errors.Unreadable(
            f"There is no page reader for {mimetype}.",
            code="format.no_reader",
            next="Open the file itself with a program for its format.",
        )
    not_empty(path)
    return pdf_pages(path, first) if mimetype == PDF else image_pages(path, mimetype, first)


def not_empty(path: Path) -> None:
    if path.stat().st_size == 0:
        raise errors.Unreadable(
            "The file is empty: it holds no bytes.",
            code="file.empty",
            next="Ask the sender for the file again.",
        )
