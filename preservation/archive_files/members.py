"""What every reader of an archive format gives: its members, one after the other, and how it can fail."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Literal

Kind = Literal["file", "folder", "link", "special", "message", "code"]
BLOCK = 1 << 20


@dataclass(frozen=True)
class Member:
    """One member.  ``data`` unpacks it in blocks, only as long as the next member is not asked for.

    ``data`` is None where there is nothing to unpack, or no way to: ``unsupported`` says why.  It does
    not depend on ``kind``: other programs unpack as a file what calls itself a link or a device.
    """

    name: bytes
    kind: Kind = "file"
    encoding: str | None = None
    size: int | None = None
    target: bytes | None = None
    hard: bool = False
    encrypted: bool = False
    unsupported: str | None = None
    unusual: str | None = None
    data: Callable[[], Iterator[bytes]] | None = None


class Damaged(Exception):
    """Bytes that contradict themselves or break off; completes "it is damaged: …"."""


class Unsupported(Exception):
    """Nothing here reads it, or not all of it; completes "it was not looked at: …"."""


class Encrypted(Exception):
    """Even the names of the members are locked."""


def exactly(stream: BinaryIO, count: int, what: str) -> bytes:
    data = stream.read(count)
    if len(data) != count:
        raise Damaged(f"{what} breaks off")
    return data


def blocks(stream: BinaryIO, size: int, what: str) -> Iterator[bytes]:
    """``size`` bytes that are next in the stream."""
    while size > 0:
        block = stream.read(min(size, BLOCK))
        if not block:
            raise Damaged(f"{what} breaks off")
        size -= len(block)
        yield block
