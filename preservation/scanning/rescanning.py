"""Scanning what is in custody once more, with new signatures: streamed from verified copies.

Nothing in custody is removed; what is found is withheld.  The work goes on where it stopped, and ends
with the signatures that it began with; newer ones begin it anew.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from archive.database import Base
from archive.errors import Missing, Unavailable
from archive.holdings import ContentFile, Item
from archive.site.site import Site
from archive.work import jobs
from metadata_schemas.description import Finding
from preservation.examining import Examinations
from preservation.local_copies import holders_to_scan
from preservation.scanning import withholding
from preservation.scanning.malware import MalwareExaminer
from preservation.scanning.trying import Scanner, open_scanner
from preservation.scanning.withholding import Found

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


@dataclass(frozen=True)
class Looked:
    """What came of one file; ``findings`` is None where no verified copy of it could be read."""

    file: ContentFile
    findings: Sequence[Finding] | None


@jobs.job(
    "rescan-holdings", timeout=timedelta(hours=48), attempts=5, again="daily",
    only_if=lambda settings: settings.scanner.is_set,
)  # fmt: skip
def rescan_holdings(site: Site) -> Iterator[jobs.Progress]:
    """Look whether the signatures are new, and then at every file.

    Nothing where it was asked for and the scanner was taken away since: it would wait for ever.
    """
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
    holders = holders_to_scan(session, session.get_one(Item, file.item_id))
    for store in (each for each in site.near_stores if each.name in holders.stores):
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
        except (Missing, OSError):  # also a bad sector: another store may give the file back whole
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
            elif not withholding.is_false_alarm(session, each.file, finding.value or ""):
                row.found += 1
                found = Found(row.id, each.file, finding.value or "", scanner.version.told)
                withholding.withhold(session, found, now)
