"""Whether bytes are mail: a message has no signature, only a head whose fields have known names."""

import re

FIELD = re.compile(rb"[!-9;-~]+[ \t]*:")
SEPARATOR = re.compile(rb"From [^\r\n]*\d{1,2}:\d\d[^\r\n]*\b(?:19|20)\d\d\b")
"""What stands before each message of a mailbox: a sender and a time.  A sentence may begin with From, too."""
KNOWN = frozenset(
    b"authentication-results bcc cc content-type date delivered-to dkim-signature from importance message-id "
    b"mime-version received reply-to return-path sender status subject thread-topic to x-mailer "
    b"x-mozilla-status x-originating-ip x-priority x-received x-uidl".split()
)
TELLING = frozenset(b"date delivered-to from message-id mime-version received return-path".split())
LOOKED_AT = 4096
"""Bytes of a head; two known fields stand well before."""
_NAME = re.compile(rb"^([!-9;-~]+)[ \t]*:", re.MULTILINE)
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_LINE = re.compile(rb"[^\n]*\n?")


def is_mailbox(head: bytes) -> bool:
    first, _, rest = head.partition(b"\n")
    return is_separator(first, rest)


def is_separator(line: bytes, following: bytes) -> bool:
    """A line that begins a message: what follows is its head, or nothing where a mailbox breaks off."""
    if not SEPARATOR.match(line):
        return False
    return not following or following.startswith((b">From ", b"From:")) or bool(FIELD.match(following))


def is_message(head: bytes) -> bool:
    """Every line of the head is a field or goes on with one, and two of them are known from mail."""
    head = head[:LOOKED_AT].removeprefix(b"\xef\xbb\xbf")
    if not FIELD.match(head) or b"\0" in head:
        return False
    fields = _HEAD_END.split(head, maxsplit=1)[0]
    lines = fields.split(b"\n")
    if len(head) == len(fields):
        del lines[-1]  # The end of the head is further on, and this line may be cut.
    if not all(line[:1] in (b" ", b"\t") or FIELD.match(line) for line in lines if line.strip()):
        return False
    names = {name.lower() for name in _NAME.findall(fields)}
    return len(names & KNOWN) >= 2 and bool(names & TELLING)
