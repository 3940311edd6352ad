"""Letters and reports as PDF: from HTML of our own, on A4, with fonts that MuPDF brings, embedded in part.

The text can be read and searched; the same HTML gives the same bytes.
"""

from io import BytesIO
from typing import Any

import pymupdf as pymupdf_untyped

from archive.lettering import in_letters

pymupdf: Any = pymupdf_untyped
MARGIN = 56
FOOT = 28
CSS = """
body { font-family: sans-serif; font-size: 10.5pt; line-height: 1.5; }
h1 { font-size: 18pt; text-align: center; margin-bottom: 18pt; }
h2 { font-size: 12pt; margin-top: 14pt; margin-bottom: 4pt; }
table { width: 100%; margin-top: 6pt; margin-bottom: 6pt; }
th, td { border-width: 0.5pt; border-style: solid; border-color: #555; padding: 3pt; text-align: left; }
.mono { font-family: monospace; font-size: 8pt; }
.small { font-size: 8.5pt; }
.right { text-align: right; }
.center { text-align: center; }
"""


def pdf(html: str, *, title: str, foot: str) -> bytes:
    """Lay out HTML with tables and paragraphs.  ``foot`` stands below each page, before its number."""
    document = pymupdf.open("pdf", _laid_out(in_letters(html)))
    for page in document:
        text = f"{foot}   {page.number + 1} / {document.page_count}"
        box = pymupdf.Rect(
            MARGIN, page.rect.height - FOOT - 12, page.rect.width - MARGIN, page.rect.height - FOOT + 6
        )
        page.insert_htmlbox(box, f'<p style="font-size:8pt;text-align:center">{text}</p>')
    document.set_metadata({"title": title, "creator": "Seogo", "producer": "Seogo"})
    document.set_language("ko")
    document.subset_fonts()
    return bytes(document.tobytes(garbage=4, deflate=True, no_new_id=True))


def _laid_out(html: str) -> bytes:
    story, out = pymupdf.Story(html, user_css=CSS), BytesIO()
    writer, paper = pymupdf.DocumentWriter(out), pymupdf.paper_rect("a4")
    inside = pymupdf.Rect(MARGIN, MARGIN, paper.width - MARGIN, paper.height - MARGIN)
    more = True
    while more:
        device = writer.begin_page(paper)
        more, _ = story.place(inside)
        story.draw(device)
        writer.end_page()
    writer.close()
    return out.getvalue()
