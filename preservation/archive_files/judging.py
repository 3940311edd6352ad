"""Looks through an archive file and everything nested in it, inside limits, and says what is wrong.

Nothing is written anywhere.  Each member is named, judged and unpacked into nothing; an archive in an
archive is held in memory and looked through in its turn.  What is said is gathered by rule, so that a
file with a million bad names has one finding that counts them.

What is not found: an archive behind other bytes (in a program or a picture), and one in a locked member.
"""

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any, BinaryIO

from preservation.archive_files import decompressors, names
from preservation.archive_files.ar_and_cpio import ar_members, cpio_members
from preservation.archive_files.arj_members import arj_members
from preservation.archive_files.by_libarchive import libarchive_members
from preservation.archive_files.compound_members import compound_members, is_message
from preservation.archive_files.disk_images import has_udf, image_by_its_end, image_of
from preservation.archive_files.dump_members import dump_members
from preservation.archive_files.faults import Fault, Faults
from preservation.archive_files.forward import Forward
from preservation.archive_files.hwpml_members import hwpml_members
from preservation.archive_files.kinds import COMPRESSED, HEAD, SUBJECTS, claimed, kind_of
from preservation.archive_files.limits import Budget, Exceeded, Limits
from preservation.archive_files.mail import mailbox_members, message_members
from preservation.archive_files.mail.outlook import outlook_members
from preservation.archive_files.member_faults import (
    judge_attachment,
    judge_member,
    judge_message,
    judge_name,
)
from preservation.archive_files.members import BLOCK, Damaged, Encrypted, Member, Unsupported
from preservation.archive_files.seven_zip import seven_zip_members
from preservation.archive_files.tar_members import tar_members
from preservation.archive_files.telling_members import LONGEST, MANIFEST, Judge, judge_of
from preservation.archive_files.zip_members import zip_members
from preservation.media_types import is_signed

NEXT = " › "
"""Stands between a file and what is in it."""
FORWARD: dict[str, Callable[[BinaryIO], Iterator[Member]]] = {
    "tar": tar_members, "ar": ar_members, "cpio": cpio_members, "arj": arj_members, "dump": dump_members,
}  # fmt: skip
SEEKING: dict[str, Callable[[BinaryIO, Budget], Iterator[Member]]] = {
    "zip": zip_members, "7z": seven_zip_members,
}  # fmt: skip
MAIL: dict[str, Callable[[BinaryIO, Budget], Iterator[Member]]] = {
    "mbox": mailbox_members, "eml": message_members, "pst": outlook_members, "msg": compound_members,
}  # fmt: skip
MAILBOXES = frozenset({"mbox", "pst"})
DOCUMENTS: dict[str, Callable[[BinaryIO, Budget], Iterator[Member]]] = {
    "ole": compound_members, "hwpml": hwpml_members,
}  # fmt: skip
NO_LEVEL = frozenset({*MAIL, *DOCUMENTS})
"""Only what is packed into each other for no other reason counts as nested: a letter holds a document."""
LEVELS = 3
"""Levels of whatever kind for each level of archives that may be nested."""
DECOMPRESSORS = {
    "gzip": decompressors.gzip,
    "bzip2": decompressors.bzip2,
    "xz": decompressors.xz,
    "zstd": decompressors.zstd,
}


def judge(stream: BinaryIO, name: str, limits: Limits) -> list[Fault]:
    """Everything worth saying about one file; nothing for a file that is no archive and claims to be none."""
    head = stream.read(HEAD)
    kind = _message_or_document(kind_of(head) or _claimed_kind(stream, head, name), stream)
    said = claimed(name)
    faults = Faults(SUBJECTS.get(kind or said or "", "archive file"))
    if kind is None:
        if said is not None and not is_signed(head):
            _add_broken_promise(faults, said)
        return faults.all()
    try:
        _look(_Task(Budget(limits), faults, int(kind not in NO_LEVEL)), stream, kind, "")
    except Exceeded as exceeded:
        faults.exceed(exceeded)
    return faults.all()


def _add_broken_promise(faults: Faults, said: str) -> None:
    what = SUBJECTS.get(said, f"{said} file")
    article = "an" if what[0] in "AEIOUaeiou" else "a"
    fact = f"its name ends as that of {article} {what}, and its bytes are of none"
    faults.add("not_looked_through" if said in SUBJECTS else "damaged", fact)


def _claimed_kind(stream: BinaryIO, head: bytes, name: str) -> str | None:
    """A name decides where bytes do not: a ZIP may have other bytes before it, a message a spoilt head."""
    said = claimed(name)
    if said == "image":
        return "image" if image_by_its_end(stream) is not None else None
    may_be = said in ("zip", "eml") and not is_signed(head)
    return said if may_be and stream.seek(0, 2) else None


def _message_or_document(kind: str | None, stream: BinaryIO) -> str | None:
    """The first bytes of both are alike."""
    return "msg" if kind == "ole" and is_message(stream) else kind


class _Task:
    """What is shared while one file is looked at, and how deep in it we are."""

    def __init__(self, budget: Budget, faults: Faults, depth: int, level: int = 1) -> None:
        self.budget = budget
        self.faults = faults
        self.depth = depth
        self.level = level

    def deeper(self, kind: str) -> "_Task":
        """Letters and documents are no level of their own, but even they are not gone into without end."""
        depth, level = self.depth + (kind not in NO_LEVEL), self.level + 1
        self.budget.deeper(max(depth, level // LEVELS))
        return _Task(self.budget, self.faults, depth, level)


def _look(task: _Task, stream: BinaryIO, kind: str, within: str) -> None:
    """One archive; what ends its reading is a fault, and the archive around it goes on."""
    where = within.removesuffix(NEXT)
    try:
        if kind in COMPRESSED:
            stream.seek(0)
            _look_compressed(
                task, DECOMPRESSORS[kind](iter(lambda: stream.read(BLOCK), b""), one_only=False), within
            )
        elif kind == "image":
            _name_image(task, stream, where)
        elif kind in DOCUMENTS:
            stream.seek(0)
            _look_at_document(task, DOCUMENTS[kind](stream, task.budget), within)
        elif kind in MAIL:
            stream.seek(0)
            _look_at_mail(task, MAIL[kind](stream, task.budget), kind, within)
        else:
            _look_at_members(task, _members(task, stream, kind), within, _scanned_of(task, stream, kind))
            if kind == "iso" and has_udf(stream):
                task.faults.add("unsupported", "its second directory (UDF) was not read", where)
    except Damaged as damage:
        task.faults.add("damaged", str(damage), where)
    except Unsupported as reason:
        task.faults.add("unsupported", str(reason), where)
    except Encrypted:
        task.faults.add("encrypted", "", where)


def _name_image(task: _Task, stream: BinaryIO, where: str) -> None:
    """A disk image that nothing here looks through, alone or inside something that is."""
    image = image_of(_head(stream)) or image_by_its_end(stream)
    fact = f"it is {image.name}" if image else "it is a disk image"
    how = "not_looked_through" if not where else "unsupported"
    task.faults.add("encrypted" if image and image.is_locked else how, fact, where)


def _head(stream: BinaryIO) -> bytes:
    stream.seek(0)
    return stream.read(HEAD)


def _members(task: _Task, stream: BinaryIO, kind: str) -> Iterator[Member]:
    stream.seek(0)
    if kind in FORWARD:
        return FORWARD[kind](stream)
    if kind in SEEKING:
        return SEEKING[kind](stream, task.budget)
    return libarchive_members(kind, stream)


def _look_compressed(task: _Task, unpacked: Iterator[bytes], within: str) -> None:
    """A compressed file has one member without a name, most often a tar, which is no level of its own."""
    forward: Any = Forward(_counted(task, unpacked))
    kind = kind_of(forward.peek(HEAD))
    if kind in FORWARD:
        _look_at_members(task, FORWARD[kind](forward), within)
        forward.drain()
    else:
        _look_into(task, kind, forward.rest(), within.removesuffix(NEXT))


def _counted(task: _Task, blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Never an empty block, which would look like the end; it takes its time all the same."""
    for block in blocks:
        task.budget.unpack(len(block))
        if block:
            yield block


def _scanned_of(task: _Task, stream: BinaryIO, kind: str) -> int | None:
    """Of a ZIP file in or behind other bytes: ClamAV is silent of large members, and others miss them."""
    if kind != "zip" or (task.level == 1 and _head(stream).startswith(b"PK")):
        return None
    return task.budget.limits.scanned


def _look_at_members(task: _Task, members: Iterator[Member], within: str, scanned: int | None = None) -> None:
    seen = names.Seen()
    for member in members:
        task.budget.member()
        name, encoding = names.read_name(member)
        full = f"{within}{name}"
        judge_name(task.faults, name, encoding, full, seen)
        judge_member(task.faults, member, name, full)
        if member.size is not None:
            task.budget.declare(member.size)
            if scanned is not None and member.size > scanned:
                task.faults.add("not_scanned", "", full)
        if member.data is not None:
            _look_at_data(task, member.data(), full)


def _look_at_mail(task: _Task, members: Iterator[Member], kind: str, within: str) -> None:
    """Names that repeat are usual in mail, and its messages are as many as they are: both are no traps."""
    number = 1
    for member in members:
        task.budget.wait()
        where = f"{within}message {number}{NEXT}" if kind in MAILBOXES else within
        if member.kind != "file":
            judge_message(task.faults, member, where.removesuffix(NEXT))
            number += member.kind == "message"
        elif member.encrypted:
            task.faults.add("mail_encrypted", "", where.removesuffix(NEXT))
        else:
            _look_at_attachment(task, member, where)


def _look_at_attachment(task: _Task, member: Member, within: str) -> None:
    name, encoding = names.read_name(member)
    full = f"{within}{name or 'an attachment without a name'}"
    task.faults.mail["attachments"] += 1
    judge_attachment(task.faults, member, name, encoding, full)
    if member.data is not None and _look_at_data(task, member.data(), full):
        task.faults.mail["archives"] += 1


def _look_at_document(task: _Task, members: Iterator[Member], within: str) -> None:
    """What was put into a document.  It has names of programs, which nobody unpacks it under."""
    for member in members:
        task.budget.member()
        full = f"{within}{names.read_name(member)[0]}"
        if member.kind == "code":
            task.faults.add("script", "", full)
        elif member.data is not None:
            _look_at_data(task, member.data(), full)


def _look_at_data(task: _Task, data: Iterator[bytes], full: str) -> bool:
    """Unpack a member into nothing, or into memory when it is an archive itself, which is the answer."""
    kind = None
    try:
        blocks = _counted(task, data)
        if (watcher := judge_of(full)) is not None:
            blocks = _watched(task, blocks, watcher, full)
        first = next(blocks, b"")
        while first and len(first) < HEAD and (more := next(blocks, b"")):
            first += more
        kind = kind_of(first[:HEAD])
        if kind is None:
            for _ in blocks:
                pass
        else:
            _look_into(task, kind, _chained(first, blocks), full)
    except Unsupported as reason:
        task.faults.add("unsupported", str(reason), full)
    return kind is not None and kind not in NO_LEVEL and kind != "image"


def _watched(task: _Task, blocks: Iterator[bytes], judge: Judge, full: str) -> Iterator[bytes]:
    """A member on its way past somebody who reads what it says."""
    read = b""
    for block in blocks:
        read += block[: LONGEST + 1 - len(read)]
        yield block
    if (wrong := judge(read)) is not None:
        task.faults.add(wrong, "", full.removesuffix(MANIFEST).removesuffix(NEXT))


def _chained(first: bytes, more: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from more


def _look_into(task: _Task, kind: str | None, blocks: Iterator[bytes], full: str) -> None:
    """An archive inside an archive.  One that is too large to hold is unpacked and not looked into."""
    held = BytesIO()
    for block in blocks:
        if kind is not None and held is not None:
            held.write(block)
            if held.tell() > task.budget.limits.nested:
                task.faults.add("unsupported", "an archive in it is too large to be looked into", full)
                kind = None
                held = BytesIO()
    if (kind := _message_or_document(kind, held)) is not None:
        held.seek(0)
        _look(task.deeper(kind), held, kind, f"{full}{NEXT}" if full else "")
