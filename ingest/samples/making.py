"""Makes a whole transfer folder: the files volume by volume on every processor, then the lists.

The plan is made twice, once to draw the files and once to write the lists, because a plan is cheap and
a list may be too long to keep.  The same arguments give the same bytes.
"""

import hashlib
import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random

from archive.errors import Conflict, WrongCall
from ingest.samples import drawing, faults, naming, office, papers, titles, world, writing
from ingest.samples.faults import Fault
from ingest.samples.papers import Sheet
from ingest.samples.titles import PlannedItem, PlannedVolume

CHECKSUMS = "checksum.sha256"
# Below so many pages starting processes costs more than it saves.
PAGES_WORTH_PROCESSES = 300
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Made:
    """What a call of `make` wrote."""

    folder: Path
    volumes: int
    items: int
    files: int
    bytes: int
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class Written:
    path: str
    size: int
    sha256: str


def make(
    folder: Path,
    *,
    volumes: int,
    pages: int,
    seed: int,
    form: str = "plain",
    faults: bool = False,
    descriptions_only: bool = False,
    agency: str | None = None,
    progress: Progress | None = None,
) -> Made:
    """Write one transfer into an empty or new folder."""
    _check(folder, volumes, pages, form, agency)
    planned = partial(titles.plan, seed=seed, volumes=volumes, pages=pages, agency=agency)
    folder.mkdir(parents=True, exist_ok=True)
    if descriptions_only:
        rows = writing.write_lists(folder, _counted(planned(), volumes, progress), form, with_files=False)
        return _made(folder, rows, [])
    written = {each.path: each for each in _draw(folder, planned(), volumes * pages, volumes, form, progress)}
    broken, changes = _break(folder, list(planned()), form, written) if faults else ((), None)
    rows = writing.write_lists(folder, planned(), form, changes=changes)
    _write_checksums(folder, written)
    return _made(folder, rows, list(written.values()), broken)


def _check(folder: Path, volumes: int, pages: int, form: str, agency: str | None) -> None:
    if volumes < 1 or pages < 1:
        raise WrongCall("A transfer has at least one volume and one page.", next="Give larger numbers.")
    if form not in naming.FORMS:
        raise WrongCall(f"There is no form {form!r}.", next=f"Choose one of {', '.join(naming.FORMS)}.")
    if not world.matters(agency):
        raise WrongCall(
            f"The sample city has no agency {agency!r}.", next=f"Choose one of {', '.join(world.AGENCIES)}."
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Conflict(f"{folder} is already there and not empty.", next="Name a new folder.")


def _made(
    folder: Path, rows: tuple[int, int], written: list[Written], broken: tuple[Fault, ...] = ()
) -> Made:
    return Made(folder, *rows, files=len(written), bytes=sum(each.size for each in written), faults=broken)


def _counted(
    planned: Iterator[PlannedVolume], volumes: int, progress: Progress | None
) -> Iterator[PlannedVolume]:
    for done, volume in enumerate(planned, start=1):
        yield volume
        if progress and (done % 100 == 0 or done == volumes):
            progress(done, volumes)


def _draw(
    folder: Path,
    planned: Iterator[PlannedVolume],
    pages: int,
    volumes: int,
    form: str,
    progress: Progress | None,
) -> Iterator[Written]:
    draw = partial(write_volume, folder, form=form)
    with _spread(pages) as over:
        for done, written in enumerate(over(draw, planned), start=1):
            yield from written
            if progress:
                progress(done, volumes)


@contextmanager
def _spread(pages: int) -> Iterator[Callable[..., Iterator[list[Written]]]]:
    """`map`, over processes where there is enough to do; results come in order either way."""
    workers = min(os.cpu_count() or 1, 8)
    if pages < PAGES_WORTH_PROCESSES or workers == 1:
        yield map
        return
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool.map


def write_volume(folder: Path, volume: PlannedVolume, *, form: str) -> list[Written]:
    """All files of one volume."""
    written = []
    for item in volume.items:
        for name, data in zip(naming.files(volume, item, form), _contents(volume, item), strict=True):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            written.append(Written(name, len(data), hashlib.sha256(data).hexdigest()))
    return written


def _contents(volume: PlannedVolume, item: PlannedItem) -> Iterator[bytes]:
    yield from _pages(volume, item, list(papers.sheets(volume, item)))
    if item.sound:
        yield office.recording(Random(f"sound/{item.seed}"))


def _pages(volume: PlannedVolume, item: PlannedItem, sheets: list[Sheet]) -> Iterator[bytes]:
    match item.medium:
        case "pdf":
            yield drawing.pdf(sheets, title=item.title)
        case "g4book":
            yield drawing.tiff([drawing.black_scan(sheet) for sheet in sheets])
        case "g4":
            yield from (drawing.tiff([drawing.black_scan(sheet)]) for sheet in sheets)
        case "gray":
            yield from (drawing.tiff([drawing.gray_scan(sheet)]) for sheet in sheets)
        case "jpeg":
            yield from map(drawing.colour_scan, sheets)
        case "photograph":
            yield from (drawing.photograph(sheet, faded=volume.last_year < 1962) for sheet in sheets)
        case "hwpx":
            yield office.hwpx(sheets, title=item.title)
        case "docx":
            yield office.docx(sheets, title=item.title)
        case "odt":
            yield office.odt(sheets)


def _break(
    folder: Path, planned: list[PlannedVolume], form: str, written: dict[str, Written]
) -> tuple[tuple[Fault, ...], writing.Changes]:
    """Break the folder; checksums keep telling the truth except where a digest is the fault."""
    broken = faults.break_transfer(folder, planned, form)
    for path in broken.rewritten:
        data = (folder / path).read_bytes()
        written[path] = Written(path, len(data), hashlib.sha256(data).hexdigest())
    faults.write(folder, broken.faults)
    return broken.faults, broken.changes


def _write_checksums(folder: Path, written: dict[str, Written]) -> None:
    lines = (f"{each.sha256}  {each.path}\n" for each in written.values())
    (folder / CHECKSUMS).write_text("".join(lines), encoding="utf-8", newline="\n")
