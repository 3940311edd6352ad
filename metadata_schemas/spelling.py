"""How two spellings of one Korean word are compared: width, case, spaces and dots do not count."""

import re
import unicodedata

_IGNORED = re.compile(r"[\s·ㆍ‧・.,_*※\u200b\ufeff'\"`:：/-]+")


def plain(text: str) -> str:
    """The letters and digits only, so that 「기록물철 제목」, 기록물철_제목 and 기록물철제목 are one word."""
    return _IGNORED.sub("", unicodedata.normalize("NFKC", text)).casefold()


def tidy(text: str) -> str:
    """A cell as a reader sees it: NFC, no blanks at the ends, no zero-width signs."""
    return unicodedata.normalize("NFC", text).replace("\ufeff", "").replace("\u200b", "").strip()
