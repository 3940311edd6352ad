"""What a document reader gives back: lines, cut into pages of a readable length.

Such a document has no fixed pages.  A page here is a part of it (a section, a sheet), cut
after 60 lines, so that a reader and a search hit can point at a place.
"""

from collections.abc import Iterable

from archive import errors
from preservation.contents import DocumentText

LINES_A_PAGE = 60
CHARACTERS_A_PAGE = 6_000
MOST_CHARACTERS = 20_000_000


def in_pages(parts: Iterable[Iterable[str]], remark: str | None = None) -> DocumentText:
    """Lines of each part, tidied and cut into pages.  A new part begins a new page."""
    pages: list[str] = []
    taken = 0
    for part in parts:
        lines: list[str] = []
        length = 0
        for line in pieces(part):
            taken += len(line) + 1
            if taken > MOST_CHARACTERS:
                raise too_long()
            if lines and (len(lines) >= LINES_A_PAGE or length + len(line) > CHARACTERS_A_PAGE):
                pages.append("\n".join(lines))
                lines, length = [], 0
            lines.append(line)
            length += len(line)
        pages.append("\n".join(lines).strip("\n"))
    return DocumentText(tuple(page for page in pages if page.strip()), remark)


def pieces(part: Iterable[str]) -> Iterable[str]:
    """A line without breaks, NULs and lone surrogates; a very long one in pieces of page length."""
    for raw in part:
        clean = raw.replace("\0", "").encode("utf-8", "replace").decode("utf-8").rstrip()
        for start in range(0, max(1, len(clean)), CHARACTERS_A_PAGE):
            yield clean[start : start + CHARACTERS_A_PAGE]


def too_long() -> errors.Unreadable:
    return errors.Unreadable(
        f"The document holds more than {MOST_CHARACTERS:,} characters of text and was not read further.",
        code="limit.text",
        next="Open the file itself; ask the sender for it in several files.",
    )


def damaged(kind: str, why: str) -> errors.Unreadable:
    return errors.Unreadable(
        f"The {kind} file is damaged: {why}.",
        code="file.damaged",
        next="Compare it with the sender's original and ask for a sound copy.",
    )


def encrypted(kind: str, how: str = "asks for a password") -> errors.Unreadable:
    return errors.Unreadable(
        f"The {kind} file is encrypted and {how}.",
        code="file.encrypted",
        next="Ask the sender for the password or for a copy without protection.",
    )
