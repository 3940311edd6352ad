"""Takes a bag out of the stores into a folder, verified byte by byte while it is written."""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from archive.errors import ArchiveError, Conflict, Damaged, Missing, Unavailable
from archive.site.site import Site
from archive.stores import Store
from preservation import bagging, retrievals
from preservation.packages import MANIFEST, TAGMANIFEST, Bag
from preservation.withheld import refuse_volume

BLOCK = 1 << 20


def export(site: Site, bag: Bag, reference: str, folder: Path) -> Path:
    """Write one bag as ``<reference>-v<number>`` below ``folder``, from the first store that has it whole.

    Conflict when that folder is there already.  Half a bag never stands under its final name, and
    what a killed export left behind is in nobody's way.  Refused while malware is known in the volume.
    """
    _refuse_withheld(site, bag)
    target = folder / f"{reference}-v{bag.number}"
    if target.exists():
        raise Conflict(f"{target} is already there.", next="Give another folder, or move that one away.")
    try:
        return _from_the_first_whole(site, bag, reference, target)
    except OSError as error:
        raise Unavailable(f"{target} cannot be written ({error.strerror}).",
                          next="Make room there, or give another folder.") from error  # fmt: skip


def _from_the_first_whole(site: Site, bag: Bag, reference: str, target: Path) -> Path:
    reasons: list[ArchiveError] = []
    for store in retrievals.readable(site, bag.id):
        aside = target.with_name(f".{target.name}.{store.name}.part")
        shutil.rmtree(aside, ignore_errors=True)
        try:
            _copy(store, bag, aside)
            _refuse_withheld(site, bag)  # it may have been found while the bag was written
            aside.rename(target)
        except (Damaged, Missing, Unavailable) as error:
            reasons.append(error)
        else:
            return target
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    raise _nothing_whole(reference, reasons)


def _refuse_withheld(site: Site, bag: Bag) -> None:
    with site.reading_session() as session:
        refuse_volume(session, bag.volume_id)


def _nothing_whole(reference: str, reasons: list[ArchiveError]) -> ArchiveError:
    """Damaged when a store gave back something else; Unavailable when none answered."""
    nobody_answered = all(isinstance(each, Unavailable) for each in reasons)
    kind = Unavailable if nobody_answered else Damaged
    told = " ".join(each.message for each in reasons)
    return kind(f"No store gave {reference} back whole. {told}",
                next=f"Look closer with: seogo copy check --volume {reference}")  # fmt: skip


def _copy(store: Store, bag: Bag, target: Path) -> None:
    """Tag files first: each vouches for the next, and the recorded digest for the first."""
    expected = {TAGMANIFEST: bag.tagmanifest_sha256}
    done: set[str] = set()
    while waiting := expected.keys() - done:
        name = min(waiting, key=lambda each: (each not in (TAGMANIFEST, MANIFEST), each))
        path = _safe(target, name)
        with store.open(f"{bag.prefix}/{name}") as stream:
            found = _write(_blocks(stream, store), path)
        if found != expected[name]:
            raise Damaged(f"In store {store.name} {bag.prefix}/{name} is not as it was stored.")
        done.add(name)
        if name in (TAGMANIFEST, MANIFEST):
            with open(path, "rb") as stream:
                expected |= bagging.read_manifest(stream)


def _safe(target: Path, name: str) -> Path:
    path = (target / name).resolve()
    if not path.is_relative_to(target.resolve()):
        raise Damaged(f"The manifest names {name}, outside of the bag.")
    return path


def _blocks(stream: BinaryIO, store: Store) -> Iterator[bytes]:
    try:
        while block := stream.read(BLOCK):
            yield block
    except OSError as error:
        raise Unavailable(f"Store {store.name} stopped answering ({error.strerror}).") from error


def _write(blocks: Iterator[bytes], path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with open(path, "wb") as out:
        for block in blocks:
            digest.update(block)
            out.write(block)
    return digest.hexdigest()
