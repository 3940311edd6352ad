"""Scanning what is in custody once more, with new signatures: streamed from verified copies.

Nothing in custody is removed.  An item with malware in it is withheld from being shown until a person
says that it was a false alarm.  The work goes on where it stopped, and ends with the signatures that
it began with; newer ones begin it anew.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from archive import ledger
from archive.database import Base
from archive.errors import Conflict, Missing, Unavailable, WrongCall
from archive.holdings import ContentFile, Item
from archive.site.site import Site
from archive.work import jobs
from metadata_schemas.description import Finding
from preservation.examining import Examinations
from preservation.local_copies import holders_of
from preservation.scanning.malware import MalwareExaminer
from preservation.scanning.trying import Scanner, open_scanner

AT_ONCE = 200
BLOCK = 256 * 1024
FOUND = "virus.found"


class Rescan(Base):
    """One pass over all files in custody.  ``unread``: files of which no verified copy could be read."""

    __tablename__ = "rescans"

    id: Mapped[int] = mapped_column(primary_key=True)
    signatures: Mapped[str] = mapped_column(String(200))
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    last_file: Mapped[int] = mapped_column(default=0)
    files: Mapped[int] = mapped_column(default=0)
    found: Mapped[int] = mapped_column(default=0)
    not_whole: Mapped[int] = mapped_column(default=0)
    unread: Mapped[int] = mapped_column(default=0)


class Infection(Base):
    """Malware that a rescan names in a file in custody, until ``cleared_at``."""

    __tablename__ = "infections"

    id: Mapped[int] = mapped_column(primary_key=True)
    rescan_id: Mapped[int] = mapped_column(ForeignKey("rescans.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"), index=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("content_files.id"))
    signature: Mapped[str]
    found_at: Mapped[datetime]
    cleared_at: Mapped[datetime | None]


class FalseAlarm(Base):
    """What a scanner may say of these bytes and is not believed: a person looked, and said why."""

    __tablename__ = "false_alarms"

    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    signature: Mapped[str]
    reason: Mapped[str]
    by: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]


@dataclass(frozen=True)
class Looked:
    """What came of one file; ``findings`` is None where no verified copy of it could be read."""

    file: ContentFile
    findings: Sequence[Finding] | None


@jobs.job("rescan-holdings", timeout=timedelta(hours=48), attempts=5, again="daily")
def rescan_holdings(site: Site) -> Iterator[jobs.Progress]:
    """Look whether the signatures are new, and then at every file.  Without a scanner: nothing."""
    if site.settings.scanner.is_set:
        yield from rescan(site)


def rescan(site: Site, *, anew: bool = False) -> Iterator[jobs.Progress]:
    """Go on with the rescan under way; begin one when the signatures changed, or ``anew``."""
    scanner = open_scanner(site.settings.scanner.address, whole=site.settings.scanner.whole)
    with site.open_session.begin() as session:
        row = _under_way(session, scanner, site.now(), anew)
        if row is None:
            return
        rescan_id, total = row.id, row.files + _left(session, row.last_file)
    done = True
    while done:
        with site.reading_session() as session:
            after = session.get_one(Rescan, rescan_id).last_file
            files = session.scalars(
                select(ContentFile).where(ContentFile.id > after).order_by(ContentFile.id).limit(AT_ONCE)
            ).all()
            looked = [_look(session, site, scanner, file) for file in files]
        with site.open_session.begin() as session:
            row = session.get_one(Rescan, rescan_id)
            _write_down(session, row, scanner, looked, site.now())
            done, files_done = bool(looked), row.files
            if not done:
                row.ended_at = site.now()
        yield files_done, max(total, files_done)


def _left(session: Session, after: int) -> int:
    return session.scalar(select(func.count()).select_from(ContentFile).where(ContentFile.id > after)) or 0


def _under_way(session: Session, scanner: Scanner, now: datetime, anew: bool) -> Rescan | None:
    last = newest(session)
    if last is not None and last.ended_at is None:
        return last
    if last is not None and last.signatures == scanner.version.told and not anew:
        return None
    row = Rescan(signatures=scanner.version.told, began_at=now)
    session.add(row)
    session.flush()
    return row


def newest(session: Session) -> Rescan | None:
    return session.scalar(select(Rescan).order_by(Rescan.id.desc()).limit(1))


def _look(session: Session, site: Site, scanner: Scanner, file: ContentFile) -> Looked:
    """Stream the first verified copy that can be read and is what was recorded."""
    holders = holders_of(session, session.get_one(Item, file.item_id))
    for store in (each for each in site.stores if each.name in holders.stores):
        digest = hashlib.sha256()
        try:
            with (
                store.open(f"{holders.prefix}/{file.path}") as stream,
                Examinations([MalwareExaminer(scanner, "hold")], str(file.id), file.bytes) as examinations,
            ):
                while block := stream.read(BLOCK):
                    digest.update(block)
                    examinations.take(memoryview(block))
                findings = list(examinations.findings())
        except Missing:
            continue
        except Unavailable as error:
            if error.code.startswith("scanner."):
                raise
            continue
        if digest.hexdigest() == file.sha256:
            return Looked(file, findings)
    return Looked(file, None)


def _write_down(
    session: Session, row: Rescan, scanner: Scanner, looked: Sequence[Looked], now: datetime
) -> None:
    for each in looked:
        row.files, row.last_file = row.files + 1, each.file.id
        row.unread += each.findings is None
        for finding in each.findings or ():
            if finding.rule != FOUND:
                row.not_whole += 1
            elif not _is_false_alarm(session, each.file, finding.value or ""):
                row.found += 1
                _withhold(session, row, scanner, each.file, finding.value or "", now)


def _is_false_alarm(session: Session, file: ContentFile, signature: str) -> bool:
    known = select(FalseAlarm.id).where(FalseAlarm.sha256 == file.sha256, FalseAlarm.signature == signature)
    return session.scalar(known.limit(1)) is not None


def _withhold(
    session: Session, row: Rescan, scanner: Scanner, file: ContentFile, signature: str, now: datetime
) -> None:
    known = select(Infection.id).where(
        Infection.file_id == file.id, Infection.signature == signature, Infection.cleared_at.is_(None)
    )
    if session.scalar(known.limit(1)) is not None:
        return
    item = session.get_one(Item, file.item_id)
    item.withheld = True
    session.add(Infection(
        rescan_id=row.id, item_id=item.id, file_id=file.id, signature=signature, found_at=now
    ))  # fmt: skip
    facts = {"file": file.position, "signature": signature, "signatures": scanner.version.told}
    ledger.record(session, act="item.withheld", about=item.reference, at=now, actor="seogo", facts=facts)


def open_infections(session: Session) -> Sequence[tuple[Infection, Item, ContentFile]]:
    rows = (
        select(Infection, Item, ContentFile)
        .join(Item, Item.id == Infection.item_id)
        .join(ContentFile, ContentFile.id == Infection.file_id)
        .where(Infection.cleared_at.is_(None))
        .order_by(Infection.id)
    )
    return [(row[0], row[1], row[2]) for row in session.execute(rows)]


def clear(session: Session, reference: str, *, reason: str, by: str, at: datetime) -> int:
    """What was found in an item was a false alarm: it is shown again.  How many findings that were."""
    if not reason.strip():
        raise WrongCall("It needs a reason.", next="Say how it was found out that this is a false alarm.")
    rows = [row for row in open_infections(session) if row[1].reference == reference]
    if not rows:
        raise Conflict(f"Nothing of {reference} is withheld.", next="Look with: seogo scanner show")
    for infection, item, file in rows:
        infection.cleared_at, item.withheld = at, False
        believe(session, file.sha256, infection.signature, reason=reason, by=by, at=at)
    facts = {"signatures": sorted({row[0].signature for row in rows})}
    ledger.record(session, act="item.shown-again", about=reference, at=at, actor=by, facts=facts)
    return len(rows)


def believe(session: Session, sha256: str, signature: str, *, reason: str, by: str, at: datetime) -> None:
    """A person vouches for these bytes against this signature."""
    session.add(FalseAlarm(sha256=sha256, signature=signature, reason=reason, by=by, at=at))
