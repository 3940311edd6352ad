"""The words of a mail message: head, readable parts, and the names of what is attached.

Old mail breaks its standard often; a part that cannot be decoded is left out and said so.
"""

import email
import email.errors
import email.policy
from collections.abc import Iterator
from email.message import Message
from pathlib import Path

from preservation.contents import DocumentText
from preservation.documents.hypertext import html_lines
from preservation.documents.plain_text import decoded, size_checked
from preservation.documents.text import in_pages
from preservation.mail_fields import read_fields, words

SHOWN = ("From", "To", "Cc", "Date", "Subject")
# What the standard library raises for heads and parts that break the standard.
CANNOT_DECODE = (
    email.errors.MessageError, ValueError, LookupError, AttributeError, TypeError, AssertionError,
    RecursionError,
)  # fmt: skip


def mail_text(path: Path) -> DocumentText:
    message = email.message_from_bytes(size_checked(path).read_bytes(), policy=email.policy.default)
    lines, skipped = list(head_lines(message)), 0
    lines.append("")
    for part in message.walk():
        try:
            lines += part_lines(part)
        except CANNOT_DECODE:
            skipped += 1
    remark = f"{skipped} parts of the message could not be decoded." if skipped else None
    return in_pages([lines], remark)


def head_lines(message: Message) -> Iterator[str]:
    told = {name.lower(): value for name, value in reversed(raw_fields(message))}
    for name in SHOWN:
        if (value := told.get(name.lower())) is not None:
            yield f"{name}: {words(value)}"


def raw_fields(message: Message) -> list[tuple[str, bytes]]:
    """The fields as they came: only that the library keeps bytes without an encoding as surrogates."""
    return [(name, str(value).encode("utf-8", "surrogateescape")) for name, value in message.raw_items()]


def part_lines(part: Message) -> list[str]:
    if part.is_multipart():
        return []
    head = b"".join(
        f"{name}: ".encode("utf-8", "replace") + value + b"\n" for name, value in raw_fields(part)
    )
    if name := read_fields(head, "text/plain").name:
        return [f"[{name}]"]
    if part.get_content_maintype() != "text":
        return [f"[{part.get_content_type()}]"]
    text = body(part)
    return html_lines(text) if part.get_content_subtype() == "html" else text.splitlines()


def body(part: Message) -> str:
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    try:
        return data.decode(part.get_content_charset("utf-8"))
    except (UnicodeDecodeError, LookupError):
        return decoded(data)[0]
