"""Pages of PDF files, by MuPDF.  Scripts and links in them are never run.

MuPDF repairs what it can; its remarks are kept for the reason and shown nowhere else.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymupdf as pymupdf_untyped
from PIL import Image

from archive import errors
from preservation.contents import RenderedPage, Word
from preservation.rendering.sizes import LARGE_EDGE, page_images

pymupdf: Any = pymupdf_untyped
POINTS_PER_INCH = 72
MOST_DPI = 300  # a small page is not blown up beyond what a scan of it would have
MOST_PAGES = 20_000
MOST_WORDS = 20_000  # a page of the densest gazette holds about 5,000
MOST_CHARACTERS = 500_000
# What PyMuPDF raises for content it cannot make sense of.
CANNOT_READ = (
    RuntimeError, ValueError, TypeError, IndexError, KeyError, AttributeError, OSError,
    AssertionError, OverflowError, pymupdf.mupdf.FzErrorBase,
)  # fmt: skip

pymupdf.TOOLS.mupdf_display_errors(False)
pymupdf.TOOLS.mupdf_display_warnings(False)


def pdf_page_count(path: Path) -> int:
    with opened(path) as document:
        return int(document.page_count)


def pdf_pages(path: Path, first: int = 1) -> Iterator[RenderedPage]:
    with opened(path) as document:
        for number in range(first, int(document.page_count) + 1):
            yield one_page(document, number)


def opened(path: Path) -> Any:
    pymupdf.TOOLS.reset_mupdf_warnings()
    try:
        document = pymupdf.open(path, filetype="pdf")
        pages = 0 if document.needs_pass else int(document.page_count)
    except CANNOT_READ as cause:
        raise damaged(f"MuPDF cannot open it: {remarks(cause)}") from cause
    if document.needs_pass:
        raise errors.Unreadable(
            "The PDF is encrypted and asks for a password.",
            code="file.encrypted",
            next="Ask the sender for the password or for a copy without one.",
        )
    if pages == 0:
        raise damaged("it has no page that can be found")
    if pages > MOST_PAGES:
        raise errors.Unreadable(
            f"The PDF has {pages:,} pages; at most {MOST_PAGES:,} are read.",
            code="limit.pages",
            next="Ask the sender for the document in several files.",
        )
    return document


def damaged(why: str) -> errors.Unreadable:
    return errors.Unreadable(
        f"The PDF is damaged: {why}.",
        code="file.damaged",
        next="Compare it with the sender's original and ask for a sound copy.",
    )


def remarks(cause: BaseException) -> str:
    """The exception, or what MuPDF noted on the way to it, without paths of this machine."""
    noted = pymupdf.TOOLS.mupdf_warnings(reset=1).splitlines()
    words = " ".join(str(cause).split())
    if "filename" in words or "/" in words:
        words = ""
    return (words or (noted[-1] if noted else type(cause).__name__))[:200].rstrip(".")


def one_page(document: Any, number: int) -> RenderedPage:
    pymupdf.TOOLS.reset_mupdf_warnings()
    try:
        page = document.load_page(number - 1)
        text, words = text_layer(page)
        images = page_images(picture(page))
    except CANNOT_READ as cause:
        return RenderedPage(
            number, None, reason=f"No picture of page {number} could be made: {remarks(cause)}."
        )
    except MemoryError:
        why = f"No picture of page {number} could be made: it needs more memory than a page may have."
        return RenderedPage(number, None, reason=why)
    return RenderedPage(number, images, text, words)


def picture(page: Any) -> Image.Image:
    edge = max(page.rect.width, page.rect.height, 1.0)
    scale = min(LARGE_EDGE / edge, MOST_DPI / POINTS_PER_INCH)
    pixels = page.get_pixmap(matrix=pymupdf.Matrix(scale, scale), alpha=False, colorspace=pymupdf.csRGB)
    return Image.frombuffer("RGB", (pixels.width, pixels.height), pixels.samples, "raw", "RGB", 0, 1)


def text_layer(page: Any) -> tuple[str, tuple[Word, ...]]:
    """The text in reading order of the file, and the word boxes as fractions of the page as shown."""
    layer = page.get_textpage(flags=pymupdf.TEXT_PRESERVE_WHITESPACE | pymupdf.TEXT_MEDIABOX_CLIP)
    text = layer.extractText()[:MOST_CHARACTERS]
    if not text.strip():
        return "", ()
    turn, width, height = page.rotation_matrix, page.rect.width or 1.0, page.rect.height or 1.0
    words = []
    for left, top, right, bottom, word, *_ in layer.extractWORDS()[:MOST_WORDS]:
        box = pymupdf.Rect(left, top, right, bottom) * turn
        words.append(
            (
                within(box.x0 / width),
                within(box.y0 / height),
                within(box.x1 / width),
                within(box.y1 / height),
                word,
            )
        )
    return well_formed(text), tuple(words)


def within(part: float) -> float:
    return round(min(1.0, max(0.0, part)), 5)


def well_formed(text: str) -> str:
    """Broken fonts give lone surrogates and NULs, which neither JSON nor a database takes."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")
