"""Tells the format of each file of volumes that are new, from a verified copy, in a lane of its own.

One job goes through all of them, with one scanner a processor for as long as it lasts; rows are
written while the scanners look at the next files.  What the tool could not look at is said so, and
is never an unknown format.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeAlias

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from archive import errors, outbox
from archive.database import insert_all
from archive.holdings import ContentFile, Item
from archive.registration import enter_formats
from archive.site.site import Site
from archive.work import jobs
from preservation.contents import Identified
from preservation.local_copies import Holders, holders_of, local_copy, scratch
from preservation.media_types import media_type
from preservation.pages import DerivedFile, ItemFinding
from preservation.reading import Reader

Answer: TypeAlias = Identified | errors.Unavailable

NOT_LOOKED_AT = "not looked at"
NEW = "new-volume"
THEN = "derive-volume"
"""The job that a volume needs next."""
JUDGING = "judge-formats"
"""The job of those who took volumes in, and who agreed with their senders on formats."""

VOLUMES_AT_ONCE = 100
FILES_AT_ONCE = 200
OCTETS_AT_ONCE = 256 << 20
"""A group of files from a far store lies in scratch for as long as it is asked about."""


def ask(session: Session, volume_ids: Iterable[int]) -> None:
    """Have the files of new volumes identified and then their pages made, in the caller's transaction."""
    outbox.tell(session, NEW, volume_ids)


@jobs.job("identify-files", timeout=timedelta(hours=48), attempts=3, memory=2 << 30)
def identify_files(site: Site) -> Iterator[jobs.Progress]:
    """Identify the files of all new volumes, and ask for their pages; counts volumes.

    A volume of which no copy answers keeps no other one waiting.
    """
    away: errors.Unavailable | None = None
    done = after = 0
    with _readers(site) as readers, scratch(site, "identify") as folder:
        lane = _Lane(site, readers, folder)
        while rows := _next(site, after):
            for row in rows:
                after = row.id
                try:
                    for _ in lane.identify_volume(row):
                        yield done, done + len(rows)
                except errors.Unavailable as cause:
                    away = cause
                    continue
                done += 1
            lane.write()
    with site.open_session.begin() as session:
        jobs.wake(session, JUDGING)
    yield done, done
    if away:
        raise away


class _Lane:
    """Readers at work, and what is not written yet of what they told."""

    def __init__(self, site: Site, readers: Sequence[Reader], folder: Path) -> None:
        self._site, self._readers, self._folder = site, readers, folder
        self._unwritten: list[Callable[[Session], None]] = []

    def identify_volume(self, row: outbox.OutboxRow) -> Iterator[int]:
        """Yields how many files each step was about."""
        for holders, files in _groups(self._site, row.subject_id):
            found = self._identify(holders, files)
            self._unwritten.append(
                partial(enter, found=list(zip(files, found, strict=True)), at=self._site.now())
            )
            yield len(files)
        self._unwritten.append(partial(_ask_for_pages, row=row))

    def _identify(self, holders: Holders, files: Sequence[ContentFile]) -> list[Identified]:
        with ExitStack() as copies:
            paths = [
                copies.enter_context(local_copy(self._site, holders, file, self._folder)) for file in files
            ]
            names = [Path(file.original_name).name for file in files]
            answers = _at_once(self._readers, list(zip(paths, names, strict=True)))
            self.write()
            return [_in_words(*each) for each in zip(answers, paths, strict=True)]

    def write(self) -> None:
        """Write what is known so far, in the order in which it was told."""
        unwritten, self._unwritten = self._unwritten, []
        if unwritten:
            with self._site.open_session.begin() as session:
                for each in unwritten:
                    each(session)


@contextmanager
def _readers(site: Site) -> Iterator[Sequence[Reader]]:
    with ExitStack() as opened:
        yield [opened.enter_context(Reader()) for _ in range(site.settings.workers)]


def _next(site: Site, after: int) -> Sequence[outbox.OutboxRow]:
    with site.reading_session() as session:
        return outbox.waiting(session, VOLUMES_AT_ONCE, job="identify-files", after=after)


def _ask_for_pages(session: Session, row: outbox.OutboxRow) -> None:
    volume_id = row.subject_id
    jobs.submit(session, THEN, once=f"{THEN}:{volume_id}", volume_id=volume_id)
    outbox.forget(session, [row.id])


def identify(reader: Reader, path: Path, file: ContentFile) -> Identified:
    """The format of one file.  Where the tool cannot look, the bytes still show which reader to use."""
    [answer] = reader.identify_all([(path, Path(file.original_name).name)])
    return _in_words(answer, path)


def enter(session: Session, found: Iterable[tuple[ContentFile, Identified]], at: datetime) -> None:
    """Enter formats in place of what was found before, with the remarks that came with them."""
    pairs = list(found)
    ids = [file.id for file, _ in pairs]
    session.execute(delete(DerivedFile).where(DerivedFile.file_id.in_(ids)))
    session.execute(delete(ItemFinding).where(ItemFinding.file_id.in_(ids)))
    rows = [(file, each, f"{each.name or ''} {each.version or ''}".strip() or None) for file, each in pairs]
    insert_all(
        session,
        DerivedFile,
        (
            {"file_id": file.id, "state": "reading", "puid": each.puid, "format_name": name,
             "mimetype": each.mimetype, "page_count": None, "reason": None, "made_at": at}
            for file, each, name in rows
        ),
    )  # fmt: skip
    enter_formats(session, [(file.id, each.puid, name, each.mimetype) for file, each, name in rows])
    insert_all(session, ItemFinding, (_remark(*pair) for pair in pairs if pair[1].warning))


def _groups(site: Site, volume_id: int) -> Iterator[tuple[Holders, list[ContentFile]]]:
    """The files of a volume that nobody has looked at, some at a time; none of what is withheld."""
    after = 0
    while True:
        with site.reading_session() as session:
            known = select(DerivedFile.file_id).where(DerivedFile.file_id == ContentFile.id).exists()
            files = session.scalars(
                select(ContentFile)
                .join(Item)
                .where(Item.volume_id == volume_id, ~Item.withheld, ContentFile.id > after, ~known)
                .order_by(ContentFile.id)
                .limit(FILES_AT_ONCE)
            ).all()
            if not files:
                return
            holders = holders_of(session, session.get_one(Item, files[0].item_id))
        for group in _within_octets(files):
            yield holders, group
        after = files[-1].id


def _within_octets(files: Sequence[ContentFile]) -> Iterator[list[ContentFile]]:
    group: list[ContentFile] = []
    octets = 0
    for file in files:
        if group and octets + file.bytes > OCTETS_AT_ONCE:
            yield group
            group, octets = [], 0
        group.append(file)
        octets += file.bytes
    yield group


def _at_once(readers: Sequence[Reader], asked: Sequence[tuple[Path, str]]) -> Iterator[Answer]:
    """The answers in the order of the files, which the readers share; all are at work from this call on."""
    shares = [reader.identify_all(asked[number :: len(readers)]) for number, reader in enumerate(readers)]
    return _in_turn(shares, len(asked))


def _in_turn(shares: Sequence[Iterator[Answer]], count: int) -> Iterator[Answer]:
    for number in range(count):
        yield next(shares[number % len(shares)])
    for share in shares:
        next(share, None)  # a reader that is not heard to its end is ended, and starting one is dear


def _in_words(answer: Answer, path: Path) -> Identified:
    if isinstance(answer, Identified):
        return answer
    return Identified(None, None, None, media_type(path)[0], NOT_LOOKED_AT, answer.message)


def _remark(file: ContentFile, found: Identified) -> dict[str, object]:
    rule, severity = "format.unknown", "warning"
    if found.puid is not None:
        rule, severity = "format.remark", "note"
    elif found.basis == NOT_LOOKED_AT:
        rule = "format.not_looked_at"
    return {
        "item_id": file.item_id, "file_id": file.id, "rule": rule, "severity": severity,
        "value": found.puid, "expected": None, "message": found.warning,
    }  # fmt: skip
