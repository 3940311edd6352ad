"""Which reader makes the pages of which media type."""

from collections.abc import Iterator
from pathlib import Path

from archive import errors
from preservation.contents import RenderedPage
from preservation.rendering.images import FORMATS, image_page_count, image_pages
from preservation.rendering.pdf import pdf_page_count, pdf_pages

PDF = "application/pdf"


def can_render(mimetype: str) -> bool:
    return mimetype == PDF or mimetype in FORMATS


def page_count(path: Path, mimetype: str) -> int:
    """How many pages the file says it has.  Raises Unreadable as `pages` does."""
    check(path, mimetype)
    return pdf_page_count(path) if mimetype == PDF else image_page_count(path, mimetype)


def pages(path: Path, mimetype: str, first: int = 1) -> Iterator[RenderedPage]:
    """The pages from ``first`` on, one at a time.

    A page that cannot be made comes with its reason, and the next ones still come.
    Raises Unreadable when the file as a whole cannot be read.
    """
    check(path, mimetype)
    return pdf_pages(path, first) if mimetype == PDF else image_pages(path, mimetype, first)


def check(path: Path, mimetype: str) -> None:
    if path.stat().st_size == 0:
        raise errors.Unreadable(
            "The file is empty: it holds no bytes.",
            code="file.empty",
            next="Ask the sender for the file again.",
        )
    if not can_render(mimetype):
        raise errors.Unreadable(
            f"There is no page reader for {mimetype}.",
            code="format.no_reader",
            next="Open the file itself with a program for its format.",
        )
