"""Unpacks compressed streams block by block; never more in memory than one block and a dictionary.

Each takes blocks and gives blocks.  Data behind the first stream is a further one, or what is told:
``one_only`` means that the caller knows where the data ends, so anything behind the stream is wrong.
"""

import bz2
import lzma
import sys
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from preservation.archive_files.members import BLOCK, Damaged, Unsupported

if sys.version_info >= (3, 14):
    from compression import zstd as zstandard
else:
    from backports import zstd as zstandard

LARGEST_DICTIONARY = 256 << 20
WRONG = (zlib.error, lzma.LZMAError, zstandard.ZstdError, EOFError, OSError, ValueError)


def deflate(packed: Iterator[bytes], *, one_only: bool) -> Iterator[bytes]:
    return _streams(packed, lambda: _Zlib(-zlib.MAX_WBITS), b"", one_only=one_only)


def gzip(packed: Iterator[bytes], *, one_only: bool) -> Iterator[bytes]:
    return _streams(packed, lambda: _Zlib(zlib.MAX_WBITS | 16), b"\x1f\x8b", one_only=one_only)


def bzip2(packed: Iterator[bytes], *, one_only: bool) -> Iterator[bytes]:
    return _streams(packed, bz2.BZ2Decompressor, b"BZh", one_only=one_only)


def xz(packed: Iterator[bytes], *, one_only: bool) -> Iterator[bytes]:
    def new() -> lzma.LZMADecompressor:
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=LARGEST_DICTIONARY)

    return _streams(packed, new, b"\xfd7zXZ", one_only=one_only)


def zstd(packed: Iterator[bytes], *, one_only: bool) -> Iterator[bytes]:
    return _streams(packed, zstandard.ZstdDecompressor, b"\x28\xb5\x2f\xfd", one_only=one_only)


def zip_lzma(packed: Iterator[bytes], *, one_only: bool) -> Iterator[bytes]:
    """LZMA as ZIP has it: two bytes of version, the length of the properties, and the properties."""
    head = next(packed, b"")
    if len(head) < 9 or head[2:4] != b"\x05\0":
        raise Damaged("a member lacks the properties of LZMA")
    dictionary = int.from_bytes(head[5:9], "little")
    if dictionary > LARGEST_DICTIONARY:
        raise Unsupported("a member asks for more memory than it may have")
    rest, inner = divmod(head[4], 9)
    filters = [{"id": lzma.FILTER_LZMA1, "dict_size": dictionary,
                "lc": inner, "lp": rest % 5, "pb": rest // 5}]  # fmt: skip

    def chained() -> Iterator[bytes]:
        yield head[9:]
        yield from packed

    return _streams(
        chained(), lambda: lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters), b"", one_only=one_only,
        ends_by_itself=False,
    )  # fmt: skip


class _Zlib:
    """zlib in the manner of the other libraries."""

    def __init__(self, form: int) -> None:
        self._inner = zlib.decompressobj(form)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        block = self._inner.decompress(self._inner.unconsumed_tail + data, max_length)
        self.needs_input = not self._inner.unconsumed_tail and len(block) < max_length
        return block


def _streams(
    packed: Iterator[bytes],
    new: Callable[[], Any],
    magic: bytes,
    *,
    one_only: bool,
    ends_by_itself: bool = True,
) -> Iterator[bytes]:
    """Blocks of one stream, or of several behind each other that each begin with ``magic``."""
    data = next(packed, b"")
    while data:
        stream = new()
        while not stream.eof:
            if stream.needs_input and not data:
                data = next(packed, b"")
                if not data and ends_by_itself:
                    raise Damaged("its compressed data break off")
                if not data:
                    return
            block, data = _step(stream, data), b""
            if block:
                yield block
        data = stream.unused_data
        data = data if len(data) >= len(magic) > 0 else data + next(packed, b"")
        if one_only and data:
            raise Damaged("a member ends before the bytes that belong to it do")
        if not data.startswith(magic):
            return


def _step(stream: Any, data: bytes) -> bytes:
    try:
        block: bytes = stream.decompress(data, BLOCK)
    except WRONG as error:
        raise Damaged(f"its compressed data cannot be unpacked ({error})") from error
    except MemoryError as error:
        raise Unsupported("it asks for more memory than it may have") from error
    return block
