"""Whether the log in one store holds, from that store and the public key alone.

Found: any change to entries, tiles, kept checkpoints or journal, and anything that lies there
besides.  Not found: a log and its key replaced together, or a whole log that was set back
together with its kept checkpoints; another store, or a checkpoint kept elsewhere, shows those.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any

from archive.errors import Missing, Refused, Unreadable, WrongCall
from archive.ledger.entries import canonical, salted_digest
from archive.ledger.heads import PACKAGES
from archive.ledger.log_store import KEPT, Batch, LogStore
from archive.ledger.merkle import EMPTY, Edge, leaf_hash, root_of
from archive.ledger.signing import Verifier
from archive.ledger.tiles import (
    HASH,
    WIDTH,
    Checkpoint,
    Tile,
    entries_in,
    parse_checkpoint,
    parse_path,
    tiles_of,
)
from archive.stores import Store

_MOST_FAILURES = 200


@dataclass(frozen=True)
class Verification:
    """What was found.  ``failures`` are sentences; ``unsealed`` counts what a killed seal left ahead.

    ``holds`` is None where there is nothing of a log, and no packages that it would have to speak of.
    """

    size: int
    root: str
    checkpoint: str | None
    holds: bool | None
    failures: tuple[str, ...]
    unsealed: int = 0


@dataclass
class _Findings:
    log: LogStore
    verifier: Verifier
    failures: list[str] = field(default_factory=list)
    unsealed: int = 0

    def fail(self, told: str) -> None:
        if len(self.failures) < _MOST_FAILURES:
            self.failures.append(told)


def verify(store: Store, verifier: Verifier) -> Verification:
    """Check everything that the log says.  Unavailable when the store does not answer: nothing is known.

    Whoever seals meanwhile writes the journal, tiles, the head, and then keeps it.  So what lies there is
    listed before the head is read, and the journal after it: nothing is missing that the head speaks of.
    """
    findings = _Findings(LogStore(store), verifier)
    paths = set(findings.log.paths())
    note = findings.log.head()
    batches = list(findings.log.batches())
    head = _signed(findings, "checkpoint", note) if note is not None else None
    is_there = bool(note is not None or paths or batches or _holds_packages(store))
    if note is None and is_there:
        findings.fail("there is no checkpoint, but there is something for it to speak of")
    size = head.size if head else 0
    kept = _kept_checkpoints(findings, paths, size)
    if head is not None:
        kept[size] = [*kept.get(size, []), ("checkpoint", head.root)]
    leaves, digests, root = _entries(findings, size, kept)
    _tiles(findings, paths, leaves, size)
    _journal(findings, batches, digests, size)
    _nothing_else(findings, paths, batches, size)
    told = base64.b64encode(root).decode()
    failures = tuple(findings.failures)
    return Verification(size, told, note, not failures if is_there else None, failures, findings.unsealed)


def _holds_packages(store: Store) -> bool:
    return next(store.find(PACKAGES), None) is not None


def _kept(findings: _Findings, path: str) -> Checkpoint | None:
    try:
        return _signed(findings, path, findings.log.read_text(path))
    except (Refused, Unreadable) as error:
        findings.fail(f"{path}: {error.message}")
        return None


def _signed(findings: _Findings, path: str, note: str) -> Checkpoint | None:
    """What a checkpoint says that was read there."""
    try:
        signed = parse_checkpoint(findings.verifier.opens(note))
    except (Refused, Unreadable) as error:
        findings.fail(f"{path}: {error.message}")
        return None
    if signed.origin != findings.verifier.name:
        findings.fail(f"{path}: it is the checkpoint of {signed.origin}")
        return None
    return signed


def _kept_checkpoints(findings: _Findings, paths: set[str], size: int) -> dict[int, list[tuple[str, bytes]]]:
    """The root that each kept checkpoint signed for its size."""
    kept: dict[int, list[tuple[str, bytes]]] = {}
    for path in sorted(path for path in paths if path.startswith(KEPT)):
        signed = _kept(findings, path)
        if signed is None:
            continue
        if path != f"{KEPT}{signed.size}":
            findings.fail(f"{path}: it is the checkpoint of {signed.size} entries")
        elif signed.size > size:
            findings.fail(f"{path}: it is larger than the log of {size} entries, which was set back")
        else:
            kept.setdefault(signed.size, []).append((path, signed.root))
    return kept


def _entries(
    findings: _Findings, size: int, kept: dict[int, list[tuple[str, bytes]]]
) -> tuple[bytearray, bytearray, bytes]:
    """Hash every entry; compare the root at every size that was ever signed."""
    edge, leaves, digests = Edge(), bytearray(), bytearray()
    _compare_roots(findings, kept, edge)
    for tile in (tile for tile in tiles_of(size) if tile.level < 0):
        entries = _bundle(findings, tile)
        for entry in entries:
            leaf = leaf_hash(entry)
            leaves += leaf
            digests += _digest_in(findings, edge.size, entry)
            edge.add(leaf)
            _compare_roots(findings, kept, edge)
        if len(entries) != tile.width:
            findings.fail(
                f"{tile.path}: it has {len(entries)} entries and not {tile.width}; the rest was not looked at"
            )
            break
    return leaves, digests, edge.root() if size else EMPTY


def _compare_roots(findings: _Findings, kept: dict[int, list[tuple[str, bytes]]], edge: Edge) -> None:
    for path, root in kept.get(edge.size, ()):
        if root != edge.root():
            findings.fail(f"{path}: the entries do not lead to its root")


def _bundle(findings: _Findings, tile: Tile) -> list[bytes]:
    try:
        return entries_in(findings.log.tile(tile))
    except Missing:
        findings.fail(f"{tile.path}: it is missing")
    except Unreadable as error:
        findings.fail(f"{tile.path}: {error.message}")
    return []


def _digest_in(findings: _Findings, index: int, entry: bytes) -> bytes:
    """The digest by which an entry knows its journal record; zeros where it is no entry of ours."""
    try:
        told = json.loads(entry)
        digest = bytes.fromhex(told["digest"])
    except (ValueError, KeyError, TypeError, RecursionError):
        digest = b""
    if len(digest) != HASH:
        findings.fail(f"entry {index} is not an entry of this archive")
        return bytes(HASH)
    return digest


def _tiles(findings: _Findings, paths: set[str], leaves: bytearray, size: int) -> None:
    """Every tile that has to be there, and every older one that still is, has the hashes it should have."""
    hashes: dict[int, bytes] = {0: bytes(leaves)}
    needed = set(tiles_of(size))
    there = {tile for tile in map(parse_path, paths) if tile and tile.needs <= size}
    for tile in sorted(needed | there, key=lambda tile: (tile.level, tile.number, tile.width)):
        while tile.level >= len(hashes):
            hashes[len(hashes)] = _level_above(hashes[len(hashes) - 1])
        if tile.level < 0:
            if tile not in needed:
                _older_bundle(findings, tile, hashes[0])
            continue
        start = tile.number * WIDTH * HASH
        try:
            found = findings.log.tile(tile)
        except Missing:
            findings.fail(f"{tile.path}: it is missing")
            continue
        if found != hashes[tile.level][start : start + tile.width * HASH]:
            findings.fail(f"{tile.path}: its hashes are not those of the entries")


def _level_above(hashes: bytes) -> bytes:
    step = WIDTH * HASH
    full = len(hashes) // step
    return b"".join(
        root_of(hashes[at : at + HASH] for at in range(start, start + step, HASH))
        for start in range(0, full * step, step)
    )


def _older_bundle(findings: _Findings, tile: Tile, leaves: bytes) -> None:
    entries = _bundle(findings, tile)
    start = tile.number * WIDTH * HASH
    found = b"".join(leaf_hash(entry) for entry in entries)
    if len(entries) != tile.width or found != leaves[start : start + tile.width * HASH]:
        findings.fail(f"{tile.path}: its entries are not those of the log")


def _journal(findings: _Findings, batches: list[Batch | str], digests: bytearray, size: int) -> None:
    """Every entry has its journal record, and every record is the one that its entry speaks of."""
    at = 0
    for batch in batches:
        if isinstance(batch, str):
            findings.fail(f"{batch}: it is not part of the journal")
        elif batch.start >= size:
            findings.unsealed += 1
        elif batch.start != at or batch.end > size or batch.end <= batch.start:
            findings.fail(f"{batch.key}: the journal does not go on here at {at}")
            at = max(at, batch.end)
        else:
            _records(findings, batch, digests)
            at = batch.end
    if at < size:
        findings.fail(f"the journal ends at {at} and the log at {size}")


def _records(findings: _Findings, batch: Batch, digests: bytearray) -> None:
    index = batch.start
    try:
        for line in findings.log.read_batch(batch):
            if _digest_of_line(index, line) != bytes(digests[index * HASH : (index + 1) * HASH]):
                findings.fail(f"{batch.key}: record {index} is not the one that its entry speaks of")
            index += 1
    except Unreadable as error:
        findings.fail(f"{batch.key}: {error.message}")
    if index != batch.end:
        findings.fail(f"{batch.key}: it has {index - batch.start} records and not {batch.end - batch.start}")


def _digest_of_line(index: int, line: bytes) -> bytes | None:
    """None when the line is not byte for byte a record of the journal at this index."""
    try:
        told: dict[str, Any] = json.loads(line)
        if told.keys() != {"index", "record", "salt"} or told["index"] != index or canonical(told) != line:
            return None
        return bytes.fromhex(salted_digest(told["salt"], canonical(told["record"])))
    except (ValueError, TypeError, AttributeError, RecursionError, WrongCall):
        return None


def _nothing_else(findings: _Findings, paths: set[str], batches: list[Batch | str], size: int) -> None:
    """A killed seal leaves tiles ahead of the head, after their journal; nothing else may lie there."""
    for path in sorted(paths):
        tile = parse_path(path)
        if path == "checkpoint" or path.startswith(KEPT) or (tile and tile.needs <= size):
            continue
        if tile and findings.unsealed:
            findings.unsealed += 1
        else:
            findings.fail(f"{path}: it is not part of the log")
