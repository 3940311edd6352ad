"""Names as people see them: signs that nobody sees, and a form that is fit to print.

Signs that turn the reading direction or steer a terminal let a name look like another one.
"""

import re

# Joiners inside words (U+200C, U+200D) are left out: scripts and emoji are written with them.
HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")

TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Those of them that turn the reading direction of what follows."""

STEERS = re.compile(f"{HIDDEN.pattern[:-1]}\u061c\u2028\u2029\ud800-\udfff]")
"""Those, two more that break a line, and what is no text at all."""


def not_a_text(words: str) -> bool:
    """Whether there are bytes in it that are no UTF-8, which the system hands on as half signs."""
    return not words.isascii() and re.search("[\ud800-\udfff]", words) is not None


def hides_something(name: str) -> bool:
    return HIDDEN.search(name) is not None


def printable(name: str, longest: int | None = None) -> str:
    """Odd bytes and hidden signs as escapes; cut after ``longest`` signs."""
    plain = "".join(sign if sign.isprintable() else _escaped(sign) for sign in name[:longest])
    return plain if longest is None or len(name) <= longest else f"{plain}…"


def on_one_line(words: str) -> str:
    """Words for a terminal: signs that steer it, break the line or turn it round are shown as escapes."""
    return STEERS.sub(lambda found: _escaped(found[0]), words)


def unturned(words: str) -> str:
    """Words for a page, where line breaks and soft hyphens do no harm."""
    return TURNS.sub(lambda found: _escaped(found[0]), words)


def _escaped(sign: str) -> str:
    if "\udc80" <= sign <= "\udcff":
        return f"\\x{ord(sign) - 0xDC00:02x}"
    return sign.encode("unicode_escape").decode()
