"""Tells the format of each file of volumes that are new, from a verified copy, in a lane of its own.

One job goes through all of them, with one scanner a processor for as long as it lasts; rows are
written while the scanners look at the next files.  What the tool could not look at is said so, and
is never an unknown format.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import NamedTuple, TypeAlias

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

Answer: TypeAlias = Identified | errors.Unavailable | errors.Unreadable

NOT_LOOKED_AT = "not looked at"
NEW = "new-volume"
THEN = "derive-volume"
"""The job that a volume needs next."""
JUDGING = "judge-formats"
"""The job of those who took volumes in, and who agreed with their senders on formats."""

AWAY = "copy.away"

VOLUMES_AT_ONCE = 100
FILES_AT_ONCE = 200
OCTETS_AT_ONCE = 256 << 20
"""Two groups of files from a far store lie in scratch: one is asked about, and the next is fetched."""


def ask(session: Session, volume_ids: Iterable[int]) -> None:
    """Have the files of new volumes identified and then their pages made, in the caller's transaction."""
    outbox.tell(session, NEW, volume_ids)


@jobs.job("identify-files", timeout=timedelta(hours=48), attempts=3, memory=2 << 30)
def identify_files(site: Site) -> Iterator[jobs.Progress]:
    """Identify the files of all new volumes, and ask for their pages; counts volumes.

    A volume of which no copy answers keeps no other one waiting.
    """
    done, cause = 0, None
    if rows := _next(site, 0):
        with _readers(site) as readers, scratch(site, "identify") as folder:
            lane = _Lane(site, readers, folder, volumes=len(rows))
            while rows:
                for _ in lane.identify(rows):
                    yield lane.done, lane.done + len(rows)
                rows = _next(site, rows[-1].id)
        done, cause = lane.done, lane.cause
    with site.open_session.begin() as session:
        jobs.wake(session, JUDGING)
    yield done, done
    if cause:
        raise cause


class _Asked(NamedTuple):
    volume: int
    file: ContentFile
    path: Path


class _Group:
    """Files that are asked about together, of one large volume or of some small ones."""

    def __init__(self) -> None:
        self.asked: list[_Asked] = []
        self.octets = 0
        self.copies = ExitStack()
        self.answers: Iterator[Answer] = iter(())
        self.ends: dict[int, list[int]] = {}
        """Volumes whose last file is in here or was in an earlier one, and their rows in the outbox."""

    def has_room(self, files: Sequence[ContentFile]) -> bool:
        octets = self.octets + sum(file.bytes for file in files)
        is_within = len(self.asked) + len(files) <= FILES_AT_ONCE and octets <= OCTETS_AT_ONCE
        return is_within or not self.asked


class _Lane:
    """Readers that are at one group of files while the next is fetched and the one before is written."""

    def __init__(self, site: Site, readers: Sequence[Reader], folder: Path, *, volumes: int) -> None:
        self._site, self._readers, self._folder = site, readers, folder
        # A reader loads the signatures of PRONOM with its first file, now: while others are fetched.
        any_file = Path(__file__)
        self._loading = _at_once(readers, [(any_file, any_file.name)] * min(len(readers), volumes))
        self.done = 0
        self._away: set[int] = set()
        """Volumes that go on waiting."""
        self.cause: errors.Unavailable | None = None
        """Why the last of them does; each one's would keep all that was at work when it rose."""

    def identify(self, rows: Sequence[outbox.OutboxRow]) -> Iterator[None]:
        """Yields when readers begin with a group of files."""
        before = _Group()
        for group in self._groups(rows):
            found = self._heard(before)
            self._ask(group)
            self._write(before, found)
            before = group
            yield
        self._write(before, self._heard(before))

    def _groups(self, rows: Sequence[outbox.OutboxRow]) -> Iterator[_Group]:
        """A volume that was told of twice is looked at once."""
        told: dict[int, list[int]] = {}
        for row in rows:
            told.setdefault(row.subject_id, []).append(row.id)
        group = _Group()
        for volume, ids in told.items():
            try:
                for holders, files in _groups(self._site, volume):
                    if not group.has_room(files):
                        yield group
                        group = _Group()
                    self._fetch(group, volume, holders, files)
                group.ends[volume] = ids
            except errors.Unavailable as cause:
                self._leave(volume, cause)
        yield group

    def _leave(self, volume: int, cause: errors.Unavailable) -> None:
        self._away.add(volume)
        self.cause = cause

    def _fetch(self, group: _Group, volume: int, holders: Holders, files: Sequence[ContentFile]) -> None:
        """All of these files join the group, or none where a copy does not answer."""
        with ExitStack() as copies:
            each_copy = (local_copy(self._site, holders, file, self._folder) for file in files)
            paths = [copies.enter_context(copy) for copy in each_copy]
            group.copies.push(copies.pop_all())
        group.asked += [_Asked(volume, *pair) for pair in zip(files, paths, strict=True)]
        group.octets += sum(file.bytes for file in files)

    def _ask(self, group: _Group) -> None:
        for _ in self._loading:
            pass
        names = [(each.path, Path(each.file.original_name).name) for each in group.asked]
        group.answers = _at_once(self._readers, names)

    def _heard(self, group: _Group) -> list[tuple[ContentFile, Identified]]:
        found = []
        with group.copies:
            for each, answer in zip(group.asked, group.answers, strict=True):
                if isinstance(answer, errors.Unavailable) and answer.code == AWAY:
                    self._leave(each.volume, answer)
                else:
                    found.append((each.file, _in_words(answer, each.path)))
        return found

    def _write(self, group: _Group, found: Sequence[tuple[ContentFile, Identified]]) -> None:
        ended = {volume: ids for volume, ids in group.ends.items() if volume not in self._away}
        if not found and not ended:
            return
        with self._site.open_session.begin() as session:
            if found:
                enter(session, found, self._site.now())
            pages = [(f"{THEN}:{volume}", {"volume_id": volume}) for volume in ended]
            jobs.submit_all(session, THEN, pages)
            outbox.forget(session, chain.from_iterable(ended.values()))
        self.done += len(ended)


@contextmanager
def _readers(site: Site) -> Iterator[Sequence[Reader]]:
    with ExitStack() as opened:
        yield [opened.enter_context(Reader()) for _ in range(site.settings.workers)]


def _next(site: Site, after: int) -> Sequence[outbox.OutboxRow]:
    with site.reading_session() as session:
        return outbox.waiting(session, VOLUMES_AT_ONCE, job="identify-files", after=after)


def identify(reader: Reader, path: Path, file: ContentFile) -> Identified:
    """The format of one file.  Where the tool cannot look, the bytes still show which reader to use."""
    [answer] = reader.identify_all([(path, Path(file.original_name).name)])
    if isinstance(answer, errors.Unavailable) and answer.code == AWAY:
        raise answer
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
        if len(files) < FILES_AT_ONCE:
            return
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
