"""Goes through mail from line to line and, in a body, in large pieces from mark to mark.

A mark is a line that ends what is being read: a boundary of a multipart, the next message of a mailbox,
the end.  Never more than a block and a line are held, however large a message or a mailbox is.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from preservation.archive_files.mail.recognising import is_separator

LONGEST_LINE = 64 * 1024
"""A longer line is given in pieces; no mark is longer."""
_MARKS = (b"--", b"From ", b"begin ")
_CANDIDATE = re.compile(rb"\n(?=--|From |begin [0-7])")
_LONGEST_START = 8
_UU = re.compile(rb"begin [0-7]{3,4} +(\S[^\r\n]*)")
_PGP = b"-----BEGIN PGP MESSAGE-----"


@dataclass(frozen=True)
class Mark:
    """``level`` says which of the open boundaries it is, and ``last`` that it closes it."""

    kind: Literal["boundary", "message", "uu", "pgp", "end"]
    level: int = -1
    last: bool = False
    name: bytes = b""


END = Mark("end")


class Lines:
    """``boundaries`` are those that are open, the innermost last; ``in_text`` adds marks in plain words."""

    def __init__(self, blocks: Iterator[bytes], *, is_mailbox: bool) -> None:
        self.boundaries: list[bytes] = []
        self.in_text = False
        self._is_mailbox = is_mailbox
        self._blocks = blocks
        self._held = b""
        self._at = 0
        self._at_line_start = True

    def line(self) -> bytes:
        """The next line with its end; nothing at the end of the file."""
        return self._take(self._line_end(self._at))

    def mark(self) -> Mark | None:
        """What mark the next line is."""
        if not self._at_line_start:
            return None if self._has(1) else END
        if not self._has(_LONGEST_START) and self._at == len(self._held):
            return END
        if not self._held.startswith(_MARKS, self._at):
            return None
        end = self._line_end(self._at)
        line = self._held[self._at : end]
        if line.startswith(b"--"):
            return self._boundary(line.rstrip()) or (Mark("pgp") if self._is_pgp(line) else None)
        if line.startswith(b"From "):
            begins = self._is_mailbox and is_separator(line, self._after(len(line)))
            return Mark("message") if begins else None
        return self._uuencoded(line) if self.in_text else None

    def body(self) -> Iterator[bytes]:
        """All up to the next mark."""
        while self.mark() is None:
            found = _CANDIDATE.search(self._held, self._at)
            if found is not None:
                yield self._take(found.start() + 1)
                continue
            # A mark may begin in the last bytes and go on in the next block.
            cut = self._held.rfind(b"\n", max(self._at, len(self._held) - _LONGEST_START)) + 1
            yield self._take(cut or len(self._held))
            self._fill()

    def _boundary(self, line: bytes) -> Mark | None:
        for level in reversed(range(len(self.boundaries))):
            rest = line.removeprefix(b"--" + self.boundaries[level])
            if rest in (b"", b"--") and len(rest) != len(line):
                return Mark("boundary", level, last=rest == b"--")
        return None

    def _is_pgp(self, line: bytes) -> bool:
        return self.in_text and line.startswith(_PGP)

    def _uuencoded(self, line: bytes) -> Mark | None:
        """The line after it says how long it is, so that a sentence is not taken for a file."""
        found = _UU.match(line)
        first = self._after(len(line)).rstrip(b"\r\n")
        if found is None or not first or not 0x20 <= first[0] <= 0x60:
            return None
        length = -(-((first[0] - 0x20) & 0x3F) // 3) * 4 + 1
        return Mark("uu", name=found[1].strip()) if 0 <= len(first) - length + 3 <= 5 else None

    def _after(self, length: int) -> bytes:
        """The line behind the one that is next, which has that length."""
        end = self._line_end(self._at + length)
        return self._held[self._at + length : end]

    def _line_end(self, start: int) -> int:
        """Where the line that starts there ends.  What is held may move: it is counted from ``_at``."""
        offset = start - self._at
        searched = 0
        while True:
            start = self._at + offset
            end = self._held.find(b"\n", start + searched)
            if end >= 0 or len(self._held) - start >= LONGEST_LINE:
                return end + 1 if 0 <= end - start < LONGEST_LINE else start + LONGEST_LINE
            searched = len(self._held) - start
            if not self._fill():
                return len(self._held)

    def _has(self, count: int) -> bool:
        while len(self._held) - self._at < count:
            if not self._fill():
                return False
        return True

    def _take(self, end: int) -> bytes:
        taken, self._at = self._held[self._at : end], end
        if taken:
            self._at_line_start = taken.endswith(b"\n")
        return taken

    def _fill(self) -> bool:
        block = next(self._blocks, b"")
        if block:
            self._held, self._at = self._held[self._at :] + block, 0
        return bool(block)
