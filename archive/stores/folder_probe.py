"""What a folder store can and cannot keep, found out by trying on tiny objects below ``probe/``."""

from __future__ import annotations

import os

from archive.errors import ArchiveError, Conflict, Damaged
from archive.stores import disk, medium
from archive.stores.ground import Ground
from archive.stores.store import Capability, Store

_KEPT = "probe/kept"
_WRONG = "probe/wrong-digest"


def probe(store: Store, ground: Ground) -> tuple[Capability, ...]:
    """The same objects each time: a second probe finds them and writes nothing new."""
    store.put(_KEPT, b"This object is tried to be replaced.\n")
    return (
        _refuses_to_replace(store),
        _refuses_a_wrong_digest(store),
        Capability("cannot be deleted from", False, "whoever may write this folder may delete from it"),
        Capability("locks hold", False, "a folder has no retention locks"),
        _syncs(ground),
        _reads_the_medium(ground),
    )


def _refuses_to_replace(store: Store) -> Capability:
    try:
        store.put(_KEPT, b"replaced\n")
    except Conflict:
        return Capability("refuses to replace", True, "rename without replace")
    return Capability("refuses to replace", False, "an object was replaced")


def _refuses_a_wrong_digest(store: Store) -> Capability:
    try:
        store.put(_WRONG, b"other bytes\n", expect="0" * 64)
    except Damaged:
        if not store.has(_WRONG):
            return Capability("refuses a wrong digest", True, "checked here before it is named")
    return Capability("refuses a wrong digest", False, "bytes with a wrong digest were kept")


def _syncs(ground: Ground) -> Capability:
    kind = disk.file_system(ground.root)
    if kind in ("tmpfs", "ramfs"):
        return Capability("syncs", False, f"{kind} is memory: nothing here outlives a power cut")
    descriptor = os.open(ground.root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with ground.told("probe"):
            disk.sync_filesystem(descriptor)
    except ArchiveError as error:
        return Capability("syncs", False, error.message)
    finally:
        os.close(descriptor)
    how = "each file by itself, then" if ground.sync_each_file else "once a delivery,"
    return Capability("syncs", True, f"{how} the whole file system ({kind})")


def _reads_the_medium(ground: Ground) -> Capability:
    path = ground.root / _KEPT
    holds = medium.comes_from_medium(path)
    told = "the page cache is dropped first" if holds else "the page cache cannot be dropped here"
    return Capability("reads back from the medium", holds, told)
