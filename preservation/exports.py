"""Takes a bag out of the stores into a folder, verified byte by byte while it is written."""

import hashlib
import shutil
from pathlib import Path
from typing import BinaryIO

from archive.errors import ArchiveError, Conflict, Damaged, Missing, Unavailable
from archive.site.site import Site
from archive.stores import Store
from preservation import bagging
from preservation.packages import MANIFEST, TAGMANIFEST, Bag

BLOCK = 1 << 20


def export(site: Site, bag: Bag, reference: str, folder: Path) -> Path:
    """Write one bag below ``folder`` as ``<reference>-v<number>``, from the first store that gives it back whole.

    Conflict when that folder is there already.  Half a bag never stands under its final name.
    """
    target = folder / f"{reference}-v{bag.number}"
    if target.exists():
        raise Conflict(f"{target} is already there.", next="Give another folder, or move that one away.")
    reasons: list[str] = []
    for store in site.stores:
        aside = folder / f".{target.name}.{store.name}.part"
        shutil.rmtree(aside, ignore_errors=True)  # what an export that was killed left behind
        try:
            _copy(store, bag, aside)
        except (Damaged, Missing, Unavailable) as error:
            reasons.append(f"{store.name}: {error.message}")
            continue
        aside.rename(target)
        return target
    raise _nothing_whole(reference, reasons)


def _nothing_whole(reference: str, reasons: list[str]) -> ArchiveError:
    return Damaged(f"No store gave {reference} back whole ({'; '.join(reasons)}).",
                   next=f"Look closer with: seogo copy check --volume {reference}")  # fmt: skip


def _copy(store: Store, bag: Bag, target: Path) -> None:
    """Tag files first: each vouches for the next, and the recorded digest for the first."""
    expected = {TAGMANIFEST: bag.tagmanifest_sha256}
    done: set[str] = set()
    while waiting := expected.keys() - done:
        name = min(waiting, key=lambda each: (each not in (TAGMANIFEST, MANIFEST), each))
        path = _safe(target, name)
        with store.open(f"{bag.prefix}/{name}") as stream:
            found = _write(stream, path)
        if found != expected[name]:
            raise Damaged(f"{name} is not as it was stored")
        done.add(name)
        if name in (TAGMANIFEST, MANIFEST):
            with open(path, "rb") as stream:
                expected |= bagging.read_manifest(stream)


def _safe(target: Path, name: str) -> Path:
    path = (target / name).resolve()
    if not path.is_relative_to(target.resolve()):
        raise Damaged(f"the manifest names {name}, outside of the bag")
    return path


def _write(stream: BinaryIO, path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with open(path, "wb") as out:
        while block := stream.read(BLOCK):
            digest.update(block)
            out.write(block)
    return digest.hexdigest()
