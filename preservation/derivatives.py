"""Makes page images and page text from the verified copies of an item's files.

Between two runs there are only rows: a page whose row is there is made, and a run that was
killed goes on after it.  A file that cannot be read costs its own pages and nothing else.
"""

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TypeAlias

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from archive import errors, outbox
from archive.holdings import ContentFile, Item
from archive.site.site import Site
from archive.stores import Shelf
from archive.work import jobs
from preservation import identifying, page_counts, stored_archives
from preservation.contents import DocumentText, RenderedPage
from preservation.local_copies import (
    Holders,
    Pages,
    asked_of_an_intact_copy,
    be_intact,
    holders_of,
    local_copy,
    of_an_intact_copy,
    scratch,
)
from preservation.media_types import UNKNOWN_TYPE
from preservation.pages import (
    DerivedFile,
    ItemFinding,
    Page,
    PageText,
    Size,
    State,
    add_finding,
    derived_files_of,
    findings_of,
    get_page,
    open_image,
    page_text,
    pages_of,
    prefix_of,
    text_json,
)
from preservation.reading import Reader

__all__ = [
    "DerivedFile",
    "ItemFinding",
    "Page",
    "PageText",
    "Size",
    "derive_volume",
    "derived_files_of",
    "findings_of",
    "get_page",
    "open_image",
    "page_text",
    "pages_of",
]

Steps: TypeAlias = Generator[jobs.Progress, None, int]
# Pages are entered in groups, because each commit waits for the disk.
GROUP = 16
GROUP_SECONDS = 2.0
# Loaded once in the fork server, they cost an item 0.05 s instead of 0.4 s.  They are only for the
# reader process, and the format library is not among them: its threads do not survive a fork.
SLOW_TO_LOAD = ("preservation.rendering", "preservation.documents")


@dataclass(frozen=True)
class Task:
    """One item, as read when the job began; no session stays open while files are decoded."""

    item: Item
    files: tuple[ContentFile, ...]
    holders: Holders


@jobs.job("derive-volume", timeout=timedelta(hours=12), attempts=3, memory=2 << 30, preload=SLOW_TO_LOAD)
def derive_volume(site: Site, volume_id: int) -> Iterator[jobs.Progress]:
    """Make page images and text of each file of a volume, and count its pages; counts items.

    Nothing is made of what is withheld; when it is shown again, this job is asked for once more.
    """
    with site.reading_session() as session:
        of_volume = select(Item.id).where(Item.volume_id == volume_id, ~Item.withheld)
        items = list(session.scalars(of_volume.order_by(Item.position)))
    with Reader() as reader, scratch(site, f"derive-{volume_id}") as folder:
        for done, item_id in enumerate(items):
            for _ in derive_item(site, reader, folder, item_id):
                yield done, len(items)
    yield len(items), len(items)


def derive_item(site: Site, reader: Reader, folder: Path, item_id: int) -> Iterator[jobs.Progress]:
    """The same for one item; what was made before is not made again.  Yields pages made and known."""
    with site.reading_session() as session:
        task = read_task(session, item_id)
    before = 0
    for file in task.files:
        before += yield from derive_file(site, reader, folder, task, file, before)
    with site.open_session.begin() as session:
        page_counts.compare(session, task.item.id, files=len(task.files))
        outbox.changed(session, "item", item_id)
    yield before, before


def read_task(session: Session, item_id: int) -> Task:
    item = session.get(Item, item_id)
    if item is None:
        raise errors.Missing(f"There is no item with the number {item_id}.")
    return Task(item, tuple(item.files), holders_of(session, item))


def derive_file(
    site: Site, reader: Reader, folder: Path, task: Task, file: ContentFile, before: int
) -> Steps:
    """Returns how many pages the file has as shown; ``before`` are those of the files in front of it."""
    with site.reading_session() as session:
        row = session.get(DerivedFile, file.id)
        made = session.scalar(select(func.count()).select_from(Page).where(Page.file_id == file.id)) or 0
    if row is not None and row.state != "reading":
        return made
    with local_copy(site, task.holders, file, folder) as path:
        found = identifying.identify(reader, path, file) if row is None else None
        mimetype = (row or found).mimetype or UNKNOWN_TYPE  # type: ignore[union-attr]
        inside = list(stored_archives.look_through(reader, path, file, site.settings.scanner.looks_through))
        with site.open_session.begin() as session:
            if found:
                identifying.enter(session, [(file, found)], site.now())
            forget_findings(session, file)
            for each in inside:
                add_finding(session, file.item_id, each.rule, each.message, file=file, severity=each.severity)
        try:
            made_now = derive_pages(site, reader, path, task, file, mimetype, before=before, made=made)
            return (yield from made_now)
        except errors.Unreadable as cause:
            be_intact(path, file)
            state: State = "unsupported" if cause.code == "format.no_reader" else "unreadable"
            with site.open_session.begin() as session:
                rule = cause.code if cause.code == "format.broken" else None
                close(session, file, state, reason=f"{cause.message} {cause.next}".strip(), rule=rule)
            return made


def derive_pages(
    site: Site,
    reader: Reader,
    path: Path,
    task: Task,
    file: ContentFile,
    mimetype: str,
    *,
    before: int,
    made: int,
) -> Steps:
    """Where a file gives more pages than it was found to have, those that came count."""
    document: DocumentText | None = None
    rendered: Callable[[int], Pages]
    try:
        total = asked_of_an_intact_copy(lambda: reader.page_count(path, mimetype), path, file)
        rendered = partial(reader.pages, path, mimetype, total=total)
    except errors.Unreadable as cause:
        if cause.code != "format.no_reader":
            raise
        document = asked_of_an_intact_copy(lambda: reader.text(path, mimetype), path, file)
        total = len(document.pages)
        rendered = partial(text_pages, document)
    shown = made
    for shown in keep_pages(site, task, file, of_an_intact_copy(rendered, made + 1, path, file), before):
        yield before + shown, before + max(shown, total)
    with site.open_session.begin() as session:
        counted, remark = (None, document.remark) if document else (shown, None)
        close(session, file, "made", page_count=counted, reason=remark)
        tell_of_pages_without_a_picture(session, file)
    return shown


def tell_of_pages_without_a_picture(session: Session, file: ContentFile) -> None:
    """A file that opens may be damaged further on: its keeper hears of it, and not its readers alone."""
    without = (Page.file_id == file.id, Page.reason.is_not(None))
    count = session.scalar(select(func.count()).where(*without)) or 0
    if first := session.scalar(select(Page.reason).where(*without).order_by(Page.page_in_file).limit(1)):
        more = f" {count:,} of its pages have none." if count > 1 else ""
        add_finding(session, file.item_id, "file.unreadable", f"{first}{more}", file=file)


def text_pages(document: DocumentText, first: int) -> Pages:
    for number, text in enumerate(document.pages[first - 1 :], start=first):
        yield RenderedPage(number, None, text)


def keep_pages(
    site: Site, task: Task, file: ContentFile, rendered: Iterator[RenderedPage], before: int
) -> Iterator[int]:
    """Pictures and text go to the shelf first, the rows after them; yields the last page entered."""
    waiting: list[Page] = []
    since = time.monotonic()
    for each in rendered:
        waiting.append(shelve(site.shelf, task.item, file, each, before + each.number))
        if len(waiting) >= GROUP or time.monotonic() - since > GROUP_SECONDS:
            yield enter(site, waiting)
            waiting, since = [], time.monotonic()
    if waiting:
        yield enter(site, waiting)


def enter(site: Site, rows: Sequence[Page]) -> int:
    with site.open_session.begin() as session:
        session.add_all(rows)
    return rows[-1].page_in_file


def shelve(shelf: Shelf, item: Item, file: ContentFile, page: RenderedPage, number: int) -> Page:
    prefix, words = prefix_of(item, number), len(page.words) or len(page.text.split())
    if page.images:
        for size in ("large", "small", "thumb"):
            shelf.put(f"{prefix}/{size}.jpg", getattr(page.images, size))
    has_text = bool(page.text.strip())
    if has_text:
        shelf.put(f"{prefix}/text.json", text_json(page.text, page.words))
    return Page(
        item_id=item.id, number=number, file_id=file.id, page_in_file=page.number,
        width=page.images.width if page.images else None, height=page.images.height if page.images else None,
        has_image=page.images is not None, has_text=has_text, word_count=words,
        reason=page.reason, shelf_prefix=prefix,
    )  # fmt: skip


def forget_findings(session: Session, file: ContentFile) -> None:
    """What an earlier run found, which this one will find again; not what its format was found to be."""
    kept = ("format.unknown", "format.remark", "format.not_looked_at")
    mine = delete(ItemFinding).where(ItemFinding.file_id == file.id, ItemFinding.rule.not_in(kept))
    session.execute(mine)


def close(
    session: Session,
    file: ContentFile,
    state: State,
    *,
    page_count: int | None = None,
    reason: str | None = None,
    rule: str | None = None,
) -> None:
    row = session.get_one(DerivedFile, file.id)
    row.state, row.page_count, row.reason = state, page_count, reason
    if reason:
        rule = rule or {"unreadable": "file.unreadable", "unsupported": "file.unsupported"}.get(
            state, "file.text_incomplete"
        )
        add_finding(session, file.item_id, rule, reason, file=file)
