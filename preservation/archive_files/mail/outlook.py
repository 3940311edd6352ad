"""The one door to libpff: Outlook data files (PST, OST), message by message.

It is loaded in the reader process only.  What it cannot read is told as not looked at, because a reader
that gives up has shown nothing; a single message that it cannot read is a damaged one.
"""

from collections.abc import Iterator
from typing import Any, BinaryIO

import pypff

from preservation.archive_files.limits import Budget
from preservation.archive_files.members import BLOCK, Encrypted, Member, Unsupported

# An item that the library takes for another kind lacks what is asked of it, and a spoilt size asks for
# more memory than there is.
CANNOT_READ = (
    OSError, ValueError, TypeError, RuntimeError, OverflowError, SystemError, AttributeError, MemoryError,
)  # fmt: skip
DEEPEST = 50
CLASS, SHORT_NAME, SHOWN_NAME = 0x001A, 0x3704, 0x3001
ENCRYPTION_AT, LOCKED_BY_WINDOWS = 513, b"\x10"
LOCKED_CLASS = "ipm.note.smime"
SIGNED_CLASS = "ipm.note.smime.multipartsigned"


def outlook_members(stream: BinaryIO, budget: Budget) -> Iterator[Member]:
    """Folders in their order.  An attached message is gone into, like one that was forwarded."""
    stream.seek(ENCRYPTION_AT)
    if stream.read(1) == LOCKED_BY_WINDOWS:
        raise Encrypted
    file = pypff.file()
    try:
        file.open_file_object(stream)
        waiting = [file.get_root_folder()]
    except CANNOT_READ as error:
        raise Unsupported(f"libpff does not open it ({_said(error)})") from error
    seen: set[int] = set()
    while waiting:
        budget.wait()
        folder = waiting.pop()
        if folder is None:
            yield Member(b"", "folder", unsupported="a folder in it cannot be read")
        elif folder.get_identifier() not in seen:
            seen.add(folder.get_identifier())
            yield from _messages(folder)
            waiting += reversed(list(_each(folder, "sub_folder")))


def _messages(folder: Any) -> Iterator[Member]:
    for message in _each(folder, "sub_message"):
        problems: list[str] = []
        unsupported = None
        if message is None:
            problems.append("it cannot be read")
        elif not hasattr(message, "get_attachment"):
            unsupported = "it is of a kind that libpff does not look into"
        elif _is_locked(message):
            yield Member(b"", encrypted=True)
        else:
            yield from _attachments(message, problems, 1)
        yield Member(b"", "message", unsupported=unsupported, unusual=problems[0] if problems else None)


def _attachments(message: Any, problems: list[str], depth: int) -> Iterator[Member]:
    for attachment in _each(message, "attachment"):
        if attachment is None:
            problems.append("an attachment cannot be read")
            continue
        inner = next(_each(attachment, "sub_item"), None)
        if inner is not None and hasattr(inner, "get_attachment"):
            if depth < DEEPEST:
                yield from _attachments(inner, problems, depth + 1)
            else:
                problems.append(f"messages are attached to each other more than {DEEPEST} deep")
        else:
            yield _attached(attachment, problems)


def _attached(attachment: Any, problems: list[str]) -> Member:
    def data() -> Iterator[bytes]:
        try:
            left = attachment.get_size()
            attachment.seek_offset(0, 0)
            while left > 0 and (block := attachment.read_buffer(min(left, BLOCK))):
                left -= len(block)
                yield block
        except CANNOT_READ:
            problems.append("an attachment cannot be read to its end")

    name = _name(attachment).encode("utf-8", "surrogateescape")
    return Member(name, encoding="utf-8", data=data)


def _each(owner: Any, what: str) -> Iterator[Any]:
    """The folders, messages or attachments of something; None for one that cannot be read."""
    plural = f"get_number_of_{what}{'es' if what.endswith('s') else 's'}"
    try:
        count = getattr(owner, plural)()
    except CANNOT_READ:
        yield None
        return
    for number in range(count):
        try:
            found = getattr(owner, f"get_{what}")(number)
        except CANNOT_READ:
            found = None
        yield found


def _name(attachment: Any) -> str:
    try:
        name = attachment.get_long_filename()
    except CANNOT_READ:
        name = None
    return name or _text(attachment, SHORT_NAME) or _text(attachment, SHOWN_NAME)


def _is_locked(message: Any) -> bool:
    kind = _text(message, CLASS).lower()
    return kind.startswith(LOCKED_CLASS) and not kind.startswith(SIGNED_CLASS)


def _text(item: Any, wanted: int) -> str:
    try:
        for record_set in item.record_sets:
            for entry in record_set.entries:
                if entry.entry_type == wanted:
                    return str(entry.get_data_as_string() or "")
    except CANNOT_READ:
        pass
    return ""


def _said(error: BaseException) -> str:
    """What the library says first, without the name of its function."""
    said = str(error).partition(": ")[2] or str(error)
    return said.partition(". ")[0].rstrip(".")[:120] or "no reason given"
