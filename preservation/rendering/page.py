"""One page as the portal shows it: three JPEG sizes, the text, and where each word stands."""

from dataclasses import dataclass

Word = tuple[float, float, float, float, str]


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
    """``images`` is None exactly when ``reason`` says why.  Word boxes are fractions of the page."""

    number: int
    images: PageImages | None
    text: str = ""
    words: tuple[Word, ...] = ()
    reason: str | None = None
