"""Proofs about one entry or one older checkpoint, from the tiles of a store alone or from the rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from archive.errors import Damaged, Missing
from archive.ledger.log_store import LogStore, checkpoint_of
from archive.ledger.merkle import (
    consistency_path,
    includes,
    inclusion_path,
    leaf_hash,
    node_hash,
    root_of,
    split,
)
from archive.ledger.sealing import tile_bytes
from archive.ledger.signing import Verifier
from archive.ledger.tiles import HASH, WIDTH, Tile, entries_in, parse_checkpoint
from archive.stores import Store


@dataclass(frozen=True)
class Proof:
    """That an entry is in the log: whoever has the public key can check it without the archive."""

    index: int
    size: int
    entry: bytes
    path: tuple[bytes, ...]
    checkpoint: str

    def holds(self, verifier: Verifier) -> bool:
        """Whether the path leads from the entry to a signed root.  Refused when nobody signed it."""
        signed = parse_checkpoint(verifier.opens(self.checkpoint))
        return signed.size == self.size and includes(
            leaf_hash(self.entry), self.index, self.size, self.path, signed.root
        )


def prove(store: Store, index: int) -> Proof:
    """The proof of one entry under the current checkpoint.  Missing when there is no such entry."""
    log = LogStore(store)
    note = log.head()
    size = checkpoint_of(note).size if note else 0
    if note is None or not 0 <= index < size:
        raise Missing(
            f"The log in store {store.name} has {size} entries and no entry {index}.", code="ledger.entry"
        )
    tree = Tree(log.tile, size)
    width = min(WIDTH, size - index // WIDTH * WIDTH)
    entry = entries_in(log.tile(Tile(-1, index // WIDTH, width)))[index % WIDTH]
    return Proof(index, size, entry, tuple(inclusion_path(index, size, tree.hash_of)), note)


def prove_consistency(store: Store, old: int) -> tuple[bytes, ...]:
    """That the log of ``old`` entries is the beginning of the current one."""
    log = LogStore(store)
    note = log.head()
    if note is None:
        raise Missing(f"There is no log in store {store.name}.", code="ledger.none")
    size = checkpoint_of(note).size
    return tuple(consistency_path(old, size, Tree(log.tile, size).hash_of))


def tree_of_rows(session: Session, size: int) -> Tree:
    """The tree of a log of any size that this database sealed, from its rows."""
    return Tree(lambda tile: tile_bytes(session, tile), size)


class Tree:
    """The hashes of a log of one size, from its tiles.  What stands above a tile is worked out once."""

    def __init__(self, tile: Callable[[Tile], bytes], size: int) -> None:
        self._tile = tile
        self._size = size
        self._tiles: dict[Tile, bytes] = {}
        self._known: dict[tuple[int, int], bytes] = {}

    def hash_of(self, start: int, end: int) -> bytes:
        """The root of the entries ``[start, end)``."""
        if end - start < WIDTH:
            return self._work_out(start, end)
        if (start, end) not in self._known:
            self._known[start, end] = self._work_out(start, end)
        return self._known[start, end]

    def _work_out(self, start: int, end: int) -> bytes:
        count = end - start
        if count & (count - 1) or start % count:
            middle = start + split(count)
            return node_hash(self.hash_of(start, middle), self.hash_of(middle, end))
        level = (count.bit_length() - 1) // 8
        unit = 1 << (8 * level)
        first, leaves = start // unit, count // unit
        hashes = self._hashes(level, first // WIDTH)
        at = first % WIDTH
        return root_of(hashes[(at + each) * HASH : (at + each + 1) * HASH] for each in range(leaves))

    def _hashes(self, level: int, number: int) -> bytes:
        known = self._size >> (8 * level)
        tile = Tile(level, number, min(WIDTH, known - number * WIDTH))
        if tile not in self._tiles:
            self._tiles[tile] = self._tile(tile)
            if len(self._tiles[tile]) != tile.width * HASH:
                raise Damaged(f"{tile.path} has not {tile.width} hashes.", code="ledger.tile")
        return self._tiles[tile]
