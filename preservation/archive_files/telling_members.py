"""Members whose content says something of the document around them: its script, and whether it is locked.

The editor of Hangul puts the same empty script into most documents: two names for the document, and
functions without a word in them.  Only what is more than that is worth telling.
"""

import re
from collections.abc import Callable

LONGEST = 1 << 20
"""Bytes of such a member that are looked at.  A script that is longer does something."""
MANIFEST = "META-INF/manifest.xml"
_SCRIPT = re.compile(
    r"(?:^|[/ ])Scripts/(?:headerScripts|sourceScripts|DefaultJScript)(?:\.js)?$", re.IGNORECASE
)
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)|//[^\r\n]*", re.DOTALL)
"""One without an end goes to the end: a megabyte of beginnings, each searched for its end, takes minutes."""
_NAMES = re.compile(r"\bvar\s+\w+\s*=\s*(?:XHwpDocuments|Documents\.Active_XHwpDocument)\s*;")
_EMPTY_FUNCTION = re.compile(r"\bfunction\s+\w+\s*\(\s*\)\s*\{\s*\}\s*;?")

Judge = Callable[[bytes], str | None]
"""Says what is wrong, as the faults name it, from the first bytes of a member."""


def judge_of(name: str) -> Judge | None:
    if _SCRIPT.search(name):
        return _judge_script
    return _judge_manifest if name.endswith(MANIFEST) else None


def _judge_script(code: bytes) -> str | None:
    """Code is kept in UTF-16 by the editor, and in UTF-8 by others."""
    if len(code) > LONGEST:
        return "script"
    encoding = "utf-16-le" if b"\0" in code[:64] or code.startswith(b"\xff\xfe") else "utf-8"
    text = code.decode(encoding, "replace").replace("\ufeff", "").replace("\0", "")
    for pattern in (_COMMENT, _NAMES, _EMPTY_FUNCTION):
        text = pattern.sub(" ", text)
    return "script" if text.strip() else None


def _judge_manifest(manifest: bytes) -> str | None:
    """HWPX and ODF list in their manifest how each part is encrypted."""
    return "encrypted" if b"encryption-data" in manifest else None
