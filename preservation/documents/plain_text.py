"""Text files in the encodings that Korean offices left behind.

A byte order mark decides, then strict UTF-8.  After that CP949 (which contains EUC-KR) and
Big5 are both tried, and the one whose characters are in common use is taken.
"""

import unicodedata
from pathlib import Path

from archive import errors
from preservation.contents import DocumentText
from preservation.documents.text import damaged, in_pages

MOST_BYTES = 80_000_000
MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
LEGACY = ("euc_kr", "cp949", "big5", "euc_jis_2004", "gb18030")
# Below this share of common characters a legacy decoding is a guess, and is said to be one.
SURE = 0.5


def plain_text(path: Path) -> DocumentText:
    text, remark = decoded(size_checked(path).read_bytes())
    parts = text.replace("\r\n", "\n").replace("\r", "\n").split("\f")
    return in_pages([part.split("\n") for part in parts], remark)


def size_checked(path: Path) -> Path:
    if path.stat().st_size > MOST_BYTES:
        raise errors.Unreadable(
            f"The text file is larger than {MOST_BYTES:,} bytes and was not read.",
            code="limit.text",
            next="Open the file itself; ask the sender for it in several files.",
        )
    return path


def decoded(data: bytes) -> tuple[str, str | None]:
    """The text, and a remark where the encoding is only likely."""
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return strictly(data, encoding), None
    if (wide := without_mark(data)) is not None:
        return strictly(data, wide), None
    try:
        return data.decode("utf-8"), None
    except UnicodeDecodeError:
        return from_legacy(data)


def strictly(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as cause:
        raise damaged("text", f"it announces {encoding} and is not") from cause


def without_mark(data: bytes) -> str | None:
    """UTF-16 without its mark: every other byte of the line ends and digits is zero."""
    sample = data[:4096]
    if len(sample) < 4 or len(data) % 2:
        return None
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd > len(sample) // 20 and not even:
        return "utf-16-le"
    return "utf-16-be" if even > len(sample) // 20 and not odd else None


def from_legacy(data: bytes) -> tuple[str, str | None]:
    read = [
        (commonness(text, encoding), text, encoding) for encoding in LEGACY if (text := tried(data, encoding))
    ]
    if not read:
        raise errors.Unreadable(
            "The text is in no encoding known here (UTF-8, UTF-16, CP949, EUC-KR, Big5 were tried).",
            code="text.encoding",
            next="Ask the sender for the encoding, or for the text in UTF-8.",
        )
    # max keeps the first of equals: the Korean reading.
    best, text, encoding = max(read, key=lambda each: each[0])
    return text, None if best >= SURE else f"The encoding is not declared; {encoding} is only likely."


def tried(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def commonness(text: str, encoding: str) -> float:
    """Share of the characters beyond ASCII that are usual in texts of that encoding."""
    beyond = [character for character in text if ord(character) > 127]
    usual = sum(1 for character in beyond if is_usual(character, encoding))
    return usual / len(beyond) if beyond else 0.0


def is_usual(character: str, encoding: str) -> bool:
    if encoding in ("euc_kr", "cp949"):
        return "가" <= character <= "힣" or is_sign(character)
    if encoding == "big5":
        return ("一" <= character <= "鿿" and in_level_one(character)) or is_sign(character)
    # The other two are last resorts: they accept almost any bytes.
    return False


def in_level_one(character: str) -> bool:
    """Big5 keeps the 5,401 common characters in its first block."""
    return b"\xa4\x40" <= character.encode("big5", "replace") <= b"\xc6\x7e"


def is_sign(character: str) -> bool:
    return unicodedata.category(character)[0] in "PS" and ord(character) >= 0x2000
