"""A file of the package as a path on this machine, for libraries that want to seek in it.

Only copies that were read back and found intact are used, one store after the other.
"""

import hashlib
import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive import errors
from archive.holdings import ContentFile, Item
from archive.site.language import amount
from archive.site.site import Site
from archive.stores import Store
from preservation.contents import RenderedPage
from preservation.packages import Bag, Copy
from preservation.withheld import refuse_item

Answer = TypeVar("Answer")
Pages: TypeAlias = Generator[RenderedPage, None, None]

COPY_BLOCK = 1 << 20
DAMAGED = ("file.damaged", "format.broken")
_WHY = {
    errors.Unavailable: "does not answer",
    errors.Missing: "does not have it",
    errors.Damaged: "has it in another size than recorded",
}


@dataclass(frozen=True)
class Holders:
    """Where the first bag of a volume lies, and the stores whose copy of it is verified."""

    prefix: str
    stores: tuple[str, ...]


def holders_of(session: Session, item: Item) -> Holders:
    """Who holds what may be read.  Refused while the item is withheld."""
    refuse_item(item)
    return holders_to_scan(session, item)


def holders_to_scan(session: Session, item: Item) -> Holders:
    """The same for the scanner, which looks at withheld items too and gives nothing out."""
    bag = session.scalar(select(Bag).where(Bag.volume_id == item.volume_id).order_by(Bag.number).limit(1))
    if bag is None:
        raise errors.Unavailable(f"{item.reference} has no package yet.", code="package.missing")
    verified = select(Copy.store).where(Copy.bag_id == bag.id, Copy.state == "verified").order_by(Copy.store)
    return Holders(bag.prefix, tuple(session.scalars(verified)))


@contextmanager
def scratch(site: Site, name: str) -> Iterator[Path]:
    """A folder for copies from far stores.  The same name again clears a dead run's litter."""
    folder = site.settings.home / "scratch" / name
    _clear(folder)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        _clear(folder)


def _clear(folder: Path) -> None:
    """Remove the folder; a disk that fails once is asked again, for nobody may need this name any more."""
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def local_copy(site: Site, holders: Holders, file: ContentFile, folder: Path) -> Iterator[Path]:
    """A path of a verified copy: in place where the store has files, else fetched for this block.

    What went wrong is told without the name of the file, which may itself be closed.
    """
    key = f"{holders.prefix}/{file.path}"
    away: list[str] = []
    for store in (each for each in site.near_stores if each.name in holders.stores):
        try:
            path = fetched(store, key, file, folder)
        except (errors.Unavailable, errors.Missing, errors.Damaged) as cause:
            away.append(f"{store.name} {_WHY[type(cause)]}.")
            continue
        try:
            yield path
        finally:
            if path.parent == folder:
                path.unlink(missing_ok=True)
        return
    why = " ".join(away) or "no copy of it is verified yet."
    told = f"File {file.position} of item {file.item_id} in {holders.prefix}"
    raise errors.Unavailable(f"{told} could not be fetched: {why}", code="copy.away")


def fetched(store: Store, key: str, file: ContentFile, folder: Path) -> Path:
    with store.open(key) as stream:
        name = getattr(stream, "name", None)
        if isinstance(name, str) and Path(name).is_file():
            return Path(name)
        target = folder / f"{file.id}{Path(file.path).suffix}"
        left = file.bytes
        with target.open("wb") as out:
            while left > 0 and (block := stream.read(min(COPY_BLOCK, left))):
                out.write(block)
                left -= len(block)
            if left or stream.read(1):
                size = amount(file.bytes, "byte")
                raise errors.Damaged(f"The copy in {store.name} has not the recorded {size}.")
    return target


def be_intact(path: Path, file: ContentFile) -> None:
    """Unavailable when a copy cannot be read or is not what was recorded: then the file is not to blame."""
    try:
        with path.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        told = f"A copy could not be read: {error.strerror}."
        raise errors.Unavailable(told, code="copy.away", next="Check the disk of its store.") from error
    if found != file.sha256:
        raise errors.Unavailable(
            "A copy is not what was recorded.", code="copy.away", next="Look at it with: seogo copy check"
        )


def of_an_intact_copy(
    pages_from: Callable[[int], Pages], first: int, path: Path, file: ContentFile
) -> Iterator[RenderedPage]:
    """Pages from the first on.  Before one comes without a picture, the copy itself is looked at.

    When that is intact the page is made again with those that follow: a medium that failed in passing
    says nothing about the file.
    """
    with closing(pages_from(first)) as rendered:
        for page in rendered:
            if page.reason:
                break
            yield page
        else:
            return
    # The first question is given up before its reader is asked another one.
    be_intact(path, file)
    yield from pages_from(page.number)


def asked_of_an_intact_copy(ask: Callable[[], Answer], path: Path, file: ContentFile) -> Answer:
    """The same for a question about the whole file: asked again where the file seemed to be damaged."""
    try:
        return ask()
    except errors.Unreadable as cause:
        if cause.code not in DAMAGED:
            raise
        be_intact(path, file)
        return ask()
