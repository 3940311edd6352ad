"""Unpacks "shrunk" members of ZIP files from before 1990: LZW whose table is cleared in part.

The format is described in APPNOTE 5.1.  No library in use reads it, and such files are in old transfers.
"""

from collections.abc import Iterator

from preservation.archive_files.members import BLOCK, Damaged

_CONTROL, _FIRST_FREE = 256, 257
_LEAST_BITS, _MOST_BITS = 9, 13
_WIDER, _CLEAR = 1, 2


def unshrink(packed: Iterator[bytes], *, one_only: bool) -> Iterator[bytes]:
    """``one_only`` is as with the other methods: the bytes given are those of one member."""
    table = _Table()
    ready = bytearray()
    before: int | None = None
    for code in _codes(packed, table):
        text = table.text(code, before)
        if before is not None:
            table.add(before, text[0])
        before = code
        ready += text
        if len(ready) >= BLOCK:
            yield bytes(ready)
            ready.clear()
    yield bytes(ready)


class _Table:
    """Code to the code before it and its last sign; a freed code is used again, the lowest first."""

    def __init__(self) -> None:
        self._entries: dict[int, tuple[int, int]] = {}
        self._next = _FIRST_FREE

    def text(self, code: int, before: int | None) -> bytes:
        if code >= _FIRST_FREE and code not in self._entries:
            if before is None:
                raise Damaged("its compressed data cannot be unpacked (a code of nothing)")
            start = self._written(before)
            return start + start[:1]
        return self._written(code)

    def add(self, before: int, sign: int) -> None:
        while self._next in self._entries:
            self._next += 1
        if self._next < 1 << _MOST_BITS:
            self._entries[self._next] = (before, sign)

    def clear_leaves(self) -> None:
        parents = {before for before, _ in self._entries.values()}
        self._entries = {code: entry for code, entry in self._entries.items() if code in parents}
        self._next = _FIRST_FREE

    def _written(self, code: int) -> bytes:
        signs = bytearray()
        while code >= _FIRST_FREE:
            if code not in self._entries or len(signs) > 1 << _MOST_BITS:
                raise Damaged("its compressed data cannot be unpacked (a code of nothing)")
            code, sign = self._entries[code]
            signs.append(sign)
        signs.append(code)
        signs.reverse()
        return bytes(signs)


def _codes(packed: Iterator[bytes], table: _Table) -> Iterator[int]:
    """Codes without the controls among them, which are obeyed here."""
    width, number, bits = _LEAST_BITS, 0, 0
    is_control = False
    for block in packed:
        for octet in block:
            number |= octet << bits
            bits += 8
            if bits < width:
                continue
            code, number, bits = number & ((1 << width) - 1), number >> width, bits - width
            if is_control:
                is_control = False
                if code == _WIDER and width < _MOST_BITS:
                    width += 1
                elif code == _CLEAR:
                    table.clear_leaves()
                else:
                    raise Damaged("its compressed data cannot be unpacked (an unknown control)")
            elif code == _CONTROL:
                is_control = True
            else:
                yield code
