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
CLASS, NAMES = 0x001A, (0x3707, 0x3704, 0x3001)
"""Properties: what kind of message it is, and the names of an attachment, the long one first."""
UNICODE = 0x001F
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

    name, encoding = _name(attachment)
    return Member(name, encoding=encoding, data=data)


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


def _name(attachment: Any) -> tuple[bytes, str | None]:
    """The long name before the short one.  An old file keeps bytes, and no word about their encoding."""
    kept = {number: _bytes(attachment, number) for number in NAMES}
    return next((name for name in kept.values() if name[0]), (b"", None))


def _is_locked(message: Any) -> bool:
    raw, encoding = _bytes(message, CLASS)
    kind = raw.decode(encoding or "latin-1").lower()
    return kind.startswith(LOCKED_CLASS) and not kind.startswith(SIGNED_CLASS)


def _bytes(item: Any, wanted: int) -> tuple[bytes, str | None]:
    """A text as it is kept, and in what encoding where that is said."""
    try:
        for record_set in item.record_sets:
            for entry in record_set.entries:
                if entry.entry_type == wanted and entry.data:
                    if entry.value_type == UNICODE:
                        return entry.data.decode("utf-16-le", "replace").rstrip("\0").encode(), "utf-8"
                    return entry.data.rstrip(b"\0"), None
    except CANNOT_READ:
        pass
    return b"", None


def _said(error: BaseException) -> str:
    """What the library says first, without the name of its function."""
    said = str(error).partition(": ")[2] or str(error)
    return said.partition(". ")[0].rstrip(".")[:120] or "no reason given"
