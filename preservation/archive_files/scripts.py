"""Whether the script that a Hangul document carries does anything.

The editor puts the same empty script into most documents: two names for the document, and functions
without a word in them.  Only what is more than that is worth telling.
"""

import re

MEMBER = re.compile(
    r"(?:^|[/ ])Scripts/(?:headerScripts|sourceScripts|DefaultJScript)(?:\.js)?$", re.IGNORECASE
)
LONGEST = 1 << 20
"""Bytes of a script that are looked at; one that is longer does something."""
_COMMENT = re.compile(r"/\*.*?\*/|//[^\r\n]*", re.DOTALL)
_NAMES = re.compile(r"\bvar\s+\w+\s*=\s*(?:XHwpDocuments|Documents\.Active_XHwpDocument)\s*;")
_EMPTY_FUNCTION = re.compile(r"\bfunction\s+\w+\s*\(\s*\)\s*\{\s*\}\s*;?")


def is_script(name: str) -> bool:
    return MEMBER.search(name) is not None


def does_something(code: bytes) -> bool:
    """Of the code as it is kept: UTF-16 in documents of the editor, UTF-8 in those of others."""
    if len(code) > LONGEST:
        return True
    encoding = "utf-16-le" if b"\0" in code[:64] or code.startswith(b"\xff\xfe") else "utf-8"
    text = code.decode(encoding, "replace").replace("\ufeff", "").replace("\0", "")
    for pattern in (_COMMENT, _NAMES, _EMPTY_FUNCTION):
        text = pattern.sub(" ", text)
    return bool(text.strip())
