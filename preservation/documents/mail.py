"""The words of a mail message: head, readable parts, and the names of what is attached.

Old mail breaks its standard often; a part that cannot be decoded is left out and said so.
"""

import email
import email.errors
import email.policy
from collections.abc import Iterator
from email.message import EmailMessage, Message
from pathlib import Path

from preservation.contents import DocumentText
from preservation.documents.hypertext import html_lines
from preservation.documents.plain_text import decoded, size_checked
from preservation.documents.text import in_pages

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


def head_lines(message: EmailMessage) -> Iterator[str]:
    for name in SHOWN:
        try:
            value = message[name]
        except CANNOT_DECODE:
            continue
        if value is not None:
            yield f"{name}: {' '.join(str(value).split())}"


def part_lines(part: Message) -> list[str]:
    if part.is_multipart():
        return []
    if name := part.get_filename():
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
