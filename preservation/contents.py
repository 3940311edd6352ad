"""What a file was found to be and to contain: its format, its pages, its text.

Plain values that travel from the reader process to whoever asked; no library is loaded here.
"""

from dataclasses import dataclass

Word = tuple[float, float, float, float, str]
"""Left, top, right and bottom as fractions of the page as shown, and the word."""


@dataclass(frozen=True)
class Identified:
    """``puid`` is None when PRONOM knows no such format; then ``warning`` says so."""

    puid: str | None
    name: str | None
    version: str | None
    mimetype: str
    basis: str
    warning: str | None


@dataclass(frozen=True)
class PageImages:
    """JPEG files.  ``width`` and ``height`` are those of ``large``."""

    width: int
    height: int
    large: bytes
    small: bytes
    thumb: bytes


@dataclass(frozen=True)
class RenderedPage:
    """``images`` is None exactly when ``reason`` says why."""

    number: int
    images: PageImages | None
    text: str = ""
    words: tuple[Word, ...] = ()
    reason: str | None = None


@dataclass(frozen=True)
class DocumentText:
    """``remark`` tells what is missing from the text, and is None when all of it is there."""

    pages: tuple[str, ...]
    remark: str | None = None

    @property
    def whole(self) -> str:
        return "\n".join(self.pages)
