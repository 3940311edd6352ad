"""What is put into an HWPML document, the older XML form of Hangul: files in base64, and a script.

It is read forward and not as XML, so that a document of any size costs the memory of a block and no
entity is ever looked up.
"""

import re
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from preservation.archive_files.limits import Budget
from preservation.archive_files.mail.decoding import decoded
from preservation.archive_files.members import BLOCK, Member, Unsupported

_LONGEST_TAG = 1_000
_START = re.compile(rb"<(BINDATA|SCRIPTHEADER|SCRIPTSOURCE)\b([^<>]{0,%d})>" % _LONGEST_TAG)
_COMPRESSED = re.compile(rb"""\bCompress\s*=\s*["']true["']""", re.IGNORECASE)
_NUMBER = re.compile(rb"""\bId\s*=\s*["'](\w{1,20})["']""")
_SCRIPTS = {b"SCRIPTHEADER": b"Scripts/headerScripts", b"SCRIPTSOURCE": b"Scripts/sourceScripts"}


def is_hwpml(head: bytes) -> bool:
    return head[:64].lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<") and b"<HWPML" in head


def hwpml_members(stream: BinaryIO, budget: Budget) -> Iterator[Member]:
    text = _Text(stream, budget)
    while (found := text.go_to(_START)) is not None:
        if found[1] in _SCRIPTS:
            yield Member(_SCRIPTS[found[1]], data=lambda: text.up_to(b"</"))
        else:
            number = _NUMBER.search(found[2])
            is_packed = _COMPRESSED.search(found[2]) is not None
            name = b"BinData/" + (number[1] if number else b"?")
            yield Member(name, data=lambda is_packed=is_packed: _file(text, is_packed))  # type: ignore[misc]


def _file(text: "_Text", is_packed: bool) -> Iterator[bytes]:
    problems: list[str] = []
    octets = decoded("base64", text.up_to(b"<"), problems.append)
    yield from _inflated(octets) if is_packed else octets
    if problems:
        raise Unsupported(f"a file in it cannot be decoded ({problems[0]})")


def _inflated(packed: Iterator[bytes]) -> Iterator[bytes]:
    """What stands behind the stream is no fault: Hangul writes a checksum and the size there."""
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for piece in packed:
            while piece and not unpacker.eof:
                yield unpacker.decompress(piece, BLOCK)
                piece = unpacker.unconsumed_tail
    except zlib.error as error:
        raise Unsupported(f"a file in it cannot be unpacked ({error})") from error


class _Text:
    """Goes forward only."""

    def __init__(self, stream: BinaryIO, budget: Budget) -> None:
        self._stream = stream
        self._budget = budget
        self._held = b""

    def go_to(self, start: re.Pattern[bytes]) -> re.Match[bytes] | None:
        """Behind the next tag of that kind."""
        while (found := start.search(self._held)) is None:
            # A tag may begin in the last bytes and go on in the next block.
            self._held = self._held[-2 * _LONGEST_TAG :]
            if not self._fill():
                return None
        self._held = self._held[found.end() :]
        return found

    def up_to(self, end: bytes) -> Iterator[bytes]:
        while (at := self._held.find(end)) < 0:
            cut = max(0, len(self._held) - len(end) + 1)
            piece, self._held = self._held[:cut], self._held[cut:]
            yield piece
            if not self._fill():
                return
        piece, self._held = self._held[:at], self._held[at:]
        yield piece

    def _fill(self) -> bool:
        self._budget.wait()
        block = self._stream.read(BLOCK)
        self._held += block
        return bool(block)
