"""How a name from outside becomes one segment of a key, so that it is a name on every disk and store.

A name keeps its NFC form.  One that is too long, or unsafe on some system, is shortened and
carries a digest of the name as it came, so that two names never become one.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import NamedTuple

LONGEST_SEGMENT = 200

_DIGEST_SIGNS = 12
_LONGEST_SUFFIX = 16

# A percent sign and the two separators are harmless on disks, but the BagIt libraries in use do not read
# the code of the one in a manifest, and end a line at the others.
_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*%\u2028\u2029\ud800-\udfff\ufffe\uffff]')
_RESERVED = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\..*)?", re.IGNORECASE | re.DOTALL
)


class Segment(NamedTuple):
    """One part of a key, and why it is not the name as it came (None: it is, in NFC)."""

    segment: str
    changed: str | None


def safe_segment(name: str) -> Segment:
    """One file or folder name as a key segment.

    ``changed`` says why the name could not be kept: ``reserved``, ``characters``, ``trailing``
    or ``too long``.  NFC alone is no change: the name is the same one to every reader.
    """
    normal = unicodedata.normalize("NFC", name)
    reason = fault(normal)
    if reason is None:
        return Segment(normal, None)
    return Segment(shortened(normal, name, LONGEST_SEGMENT), reason)


def fault(segment: str) -> str | None:
    """Why it is not a safe one, in the words of `safe_segment`."""
    if segment in ("", ".", "..") or _RESERVED.fullmatch(segment):
        return "reserved"
    if _UNSAFE.search(segment):
        return "characters"
    if segment[-1] in ". " or segment[0] == " ":
        return "trailing"
    if len(segment.encode()) > LONGEST_SEGMENT:
        return "too long"
    return None


def shortened(normal: str, name: str, room: int) -> str:
    """``stem-digest.suffix`` in at most ``room`` bytes; the suffix stays, programs go by it."""
    clean = _UNSAFE.sub("_", normal).strip(" .") or "_"
    if _RESERVED.fullmatch(clean.partition(".")[0]):
        clean = f"_{clean}"
    stem, dot, suffix = clean.rpartition(".")
    if not dot or len(suffix.encode()) > _LONGEST_SUFFIX:
        stem, suffix = clean, ""
    ending = f"-{digest_of_name(name)}" + (f".{suffix}" if suffix else "")
    kept = stem.encode()[: max(room - len(ending.encode()), 0)].decode("utf-8", "ignore").rstrip(" .")
    return kept + ending


def digest_of_name(name: str) -> str:
    """Twelve hex digits that tell one name from another, also names that are not UTF-8."""
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST_SIGNS]
