"""The attachments of mail, one after the other, and of each message what is wrong with it.

Messages are read forward and never held: a mailbox of a million messages costs the memory of a line.
After the attachments of a message comes a member of kind "message", which tells that it was read.
"""

from collections.abc import Callable, Iterator
from typing import BinaryIO

from preservation.archive_files.limits import Budget
from preservation.archive_files.mail.decoding import decoded, uudecoded
from preservation.archive_files.mail.lines import Lines
from preservation.archive_files.mail.recognising import FIELD
from preservation.archive_files.members import Member
from preservation.mail_fields import Fields, read_fields

BLOCK = 256 * 1024
DEEPEST = 50
"""How deep parts may lie in each other; forwarding a message forwards what was forwarded before."""
LONGEST_HEAD = 256 * 1024
SEALED = "it is signed and packed in one piece (S/MIME), which nothing here opens"
TNEF = "it is packed in Microsoft's own form (winmail.dat), which nothing here opens"
WORDS = ("text/", "message/delivery-status", "message/disposition-notification")
ELSEWHERE = {
    "message/external-body": "it is only named in the message and lies elsewhere",
    "message/partial": "it is a part of a message that was sent in several",
    "application/ms-tnef": TNEF,
    "application/vnd.ms-tnef": TNEF,
}


def mailbox_members(stream: BinaryIO, budget: Budget) -> Iterator[Member]:
    lines = Lines(_blocks(stream, budget), is_mailbox=True)
    while (mark := lines.mark()) is not None and mark.kind == "message":
        lines.line()
        yield from _message(lines)


def message_members(stream: BinaryIO, budget: Budget) -> Iterator[Member]:
    return _message(Lines(_blocks(stream, budget), is_mailbox=False))


def _blocks(stream: BinaryIO, budget: Budget) -> Iterator[bytes]:
    while block := stream.read(BLOCK):
        budget.wait()
        yield block


def _message(lines: Lines) -> Iterator[Member]:
    problems: list[str] = []

    def problem(fact: str) -> None:
        if not problems:
            problems.append(fact)

    yield from _Parts(lines, problem).entity("text/plain", is_message=True)
    yield Member(b"", "message", unusual=problems[0] if problems else None)


class _Parts:
    """The parts of one message, read forward.  Whatever is not taken of a part is passed over."""

    def __init__(self, lines: Lines, problem: Callable[[str], None]) -> None:
        self._lines = lines
        self._problem = problem
        self._depth = 0

    def entity(self, default: str, *, is_message: bool = False) -> Iterator[Member]:
        """A head and its body, up to the mark that ends it."""
        fields = read_fields(self._head(is_message=is_message), default)
        self._depth += 1
        if fields.is_encrypted:
            yield _named(fields, encrypted=True)
            self._pass_over(fields)
        elif self._depth > DEEPEST:
            self._problem(f"its parts lie in each other more than {DEEPEST} deep")
            self._skip()
        elif fields.type.startswith("multipart/"):
            yield from self._multipart(fields)
        elif fields.type == "message/rfc822" and fields.encoding in ("", "7bit", "8bit", "binary"):
            yield from self.entity("text/plain", is_message=True)
        else:
            yield from self._leaf(fields)
        self._depth -= 1

    def _head(self, *, is_message: bool) -> bytes:
        lines, head, size = self._lines, list[bytes](), 0
        lines.in_text = False
        while (mark := lines.mark()) is None:
            line = lines.line()
            if not line.strip():
                break
            if (size := size + len(line)) <= LONGEST_HEAD:
                head.append(line)
        if is_message and (not head or not FIELD.match(head[0].removeprefix(b"\xef\xbb\xbf"))):
            self._problem("it has no head")
        elif size > LONGEST_HEAD:
            self._problem(f"its head is longer than {LONGEST_HEAD:,} bytes")
        elif is_message and mark is not None and not lines.boundaries:
            self._problem("it breaks off in its head")
        return b"".join(head)

    def _multipart(self, fields: Fields) -> Iterator[Member]:
        lines = self._lines
        if not fields.boundary:
            self._problem("it says that it has parts, and not where they begin")
            self._skip()
            return
        level, default = len(lines.boundaries), _default_of(fields)
        lines.boundaries.append(fields.boundary)
        self._skip()
        mark = lines.mark()
        while mark is not None and mark.level == level and not mark.last:
            lines.line()
            yield from self.entity(default)
            mark = lines.mark()
        lines.boundaries.pop()
        if mark is None or mark.level != level:
            self._problem("its last part breaks off")
            return
        lines.line()
        self._skip()

    def _leaf(self, fields: Fields) -> Iterator[Member]:
        if (reason := self._unsupported(fields)) is not None:
            yield _named(fields, unsupported=reason)
        elif fields.is_attached or not fields.type.startswith(WORDS):
            yield _named(fields, data=lambda: decoded(fields.encoding, self._lines.body(), self._problem))
        elif fields.encoding in ("", "7bit", "8bit", "binary"):
            yield from self._text()
        self._skip()

    def _unsupported(self, fields: Fields) -> str | None:
        name = fields.name.raw.lower() if fields.name else b""
        is_tnef = name == b"winmail.dat"
        return SEALED if fields.is_sealed else ELSEWHERE.get(fields.type, TNEF if is_tnef else None)

    def _text(self) -> Iterator[Member]:
        """Words, and what old programs put between them: uuencoded files and PGP messages."""
        lines = self._lines
        lines.in_text = True
        while True:
            for _ in lines.body():
                pass
            mark = lines.mark()
            if mark is None or mark.kind not in ("uu", "pgp"):
                break
            lines.line()
            if mark.kind == "pgp":
                yield Member(b"", encrypted=True)
            else:
                yield Member(mark.name, data=lambda: self._uuencoded())
                for _ in self._uuencoded():
                    pass
                lines.in_text = True
        lines.in_text = False

    def _uuencoded(self) -> Iterator[bytes]:
        """Lines up to one that says "end"; asked again after that, nothing."""
        lines = self._lines
        if not lines.in_text:
            return
        while lines.mark() is None:
            line = lines.line()
            if line.strip() == b"end":
                lines.in_text = False
                return
            yield uudecoded(line, self._problem)
        lines.in_text = False
        self._problem("an attachment breaks off")

    def _pass_over(self, fields: Fields) -> None:
        """What is locked is not looked at, but where it ends is."""
        if fields.type.startswith("multipart/") and self._depth <= DEEPEST:
            for _ in self._multipart(fields):
                pass
        else:
            self._skip()

    def _skip(self) -> None:
        for _ in self._lines.body():
            pass


def _default_of(fields: Fields) -> str:
    return "message/rfc822" if fields.type == "multipart/digest" else "text/plain"


def _named(
    fields: Fields,
    *,
    encrypted: bool = False,
    unsupported: str | None = None,
    data: Callable[[], Iterator[bytes]] | None = None,
) -> Member:
    name = fields.name
    raw, encoding = (name.raw, name.encoding) if name else (b"", None)
    return Member(raw, encoding=encoding, encrypted=encrypted, unsupported=unsupported, data=data)
