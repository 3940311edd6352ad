"""Mail made for a test: messages with whatever attachments it wants, and mailboxes that never end."""

import base64
import io
from collections.abc import Callable

FROM = b"From kim@example.kr Mon Jan  5 09:15:00 2009\n"
HEAD = b"From: kim@example.kr\nTo: lee@example.kr\nDate: Mon, 5 Jan 2009 09:00:00 +0900\nMIME-Version: 1.0\n"
PLAIN = HEAD + b"Content-Type: text/plain; charset=euc-kr\n\n" + "안녕하십니까\n".encode("euc-kr")
PGP = b"Content-Type: application/pgp-encrypted\n\nVersion: 1\n"


def attachment(data: bytes, name: bytes = b'; name="a.bin"', encoding: bytes = b"base64") -> bytes:
    """``name`` is what stands behind the type in the head of the part."""
    body = base64.encodebytes(data) if encoding == b"base64" else data + b"\n"
    return (
        b"Content-Type: application/octet-stream" + name
        + b"\nContent-Transfer-Encoding: " + encoding + b"\n\n" + body
    )  # fmt: skip


def message(*parts: bytes, kind: bytes = b"multipart/mixed", boundary: bytes = b"=_next") -> bytes:
    head = HEAD + b"Content-Type: " + kind + b'; boundary="' + boundary + b'"\n\nFor old programs.\n'
    lines = b"".join(b"--" + boundary + b"\n" + part for part in parts)
    return head + lines + b"--" + boundary + b"--\n"


def mailbox(*messages: bytes) -> bytes:
    return b"".join(FROM + each + b"\n" for each in messages)


class Endless(io.RawIOBase):
    """A file of many pieces that is never there as a whole."""

    def __init__(self, count: int, piece: Callable[[int], bytes]) -> None:
        self._count, self._piece = count, piece
        self.seek(0)

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0, /) -> int:
        assert (offset, whence) == (0, 0)
        self._next, self._held = 0, b""
        return 0

    def read(self, size: int = -1, /) -> bytes:
        parts, have = [self._held], len(self._held)
        while have < size and self._next < self._count:
            parts.append(self._piece(self._next))
            have += len(parts[-1])
            self._next += 1
        whole = b"".join(parts)
        self._held = whole[size:]
        return whole[:size]
