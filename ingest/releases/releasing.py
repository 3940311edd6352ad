"""The release of a file that the scanner names or could not look through, in two steps.

Somebody asks with a reason, and another person decides.  A release holds for these bytes of this
file and for what the scanner said of them, and for nothing else: other bytes under the same name
make it void, and packing proves that it reads the same bytes.  Refused files go back with their volume.
"""

import os
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import ForeignKey, Index, String, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from archive import ledger
from archive.database import Base
from archive.errors import Conflict, WrongCall
from archive.two_steps import must_be_another
from ingest import transfers
from ingest.looking.landing import read_name, shown
from ingest.transfers import FindingRow, Transfer, readings
from ingest.transfers.readings import TransferFile
from preservation.scanning import HELD_BY, Released, told_released, withholding

Outcome = Literal["asked", "released", "refused", "void"]


class Release(Base):
    """``path``: as it arrived, in hexadecimal; ``name``: the same fit to print; ``value``: what was found."""

    __tablename__ = "releases"
    __table_args__ = (Index("ix_releases_transfer", "transfer_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    transfer_id: Mapped[int] = mapped_column(ForeignKey("transfers.id"))
    path: Mapped[str]
    name: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))
    rule: Mapped[str] = mapped_column(String(60))
    value: Mapped[str]
    outcome: Mapped[str] = mapped_column(String(10), default="asked")
    reason: Mapped[str]
    asked_by: Mapped[str] = mapped_column(String(40))
    asked_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(String(40))
    decided_at: Mapped[datetime | None]


def held_files(session: Session, transfer: Transfer) -> Sequence[FindingRow]:
    """What the scanner holds back: a finding each."""
    mine = select(FindingRow).where(
        FindingRow.transfer_id == transfer.id, FindingRow.severity == "error", FindingRow.rule.in_(HELD_BY)
    )
    return session.scalars(mine.order_by(FindingRow.id)).all()


def releases_of(session: Session, transfer: Transfer) -> Sequence[Release]:
    mine = select(Release).where(Release.transfer_id == transfer.id).order_by(Release.id)
    return session.scalars(mine).all()


def ask(
    session: Session, transfer: Transfer, name: str, *, reason: str, by: str, at: datetime
) -> list[Release]:
    """The first step.  Conflict when the scanner does not hold the file back, or it was not read yet."""
    if not reason.strip():
        raise WrongCall("A release needs its reason.", next="Say why the file may be taken in.")
    known = {(row.rule, row.value) for row in _undecided(session, transfer, name)}
    held = {(row.rule, row.value or "") for row in held_files(session, transfer) if row.path == name} - known
    if not held:
        raise Conflict(
            f"The scanner holds no {name} of transfer {transfer.number} back, or its release is asked for.",
            next=f"Look at its findings with: seogo transfer show {transfer.number}",
        )
    path, sha256 = _file(session, transfer, name)
    made = [
        Release(
            transfer_id=transfer.id, path=path, name=name, sha256=sha256, rule=rule, value=value,
            reason=reason.strip(), asked_by=by, asked_at=at,
        )
        for rule, value in sorted(held)
    ]  # fmt: skip
    session.add_all(made)
    _tell(session, transfer, "release-asked", made, by=by, at=at)
    return made


def decide(
    session: Session, transfer: Transfer, name: str, *, release: bool, by: str, at: datetime
) -> list[Release]:
    """The second step.  Refused to whoever asked; the command line knows no persons and may do both."""
    rows = _undecided(session, transfer, name)
    if not rows:
        raise Conflict(f"No release of {name} is asked for.", next="Ask for it first, with a reason.")
    must_be_another(by, (row.asked_by for row in rows))
    if release:
        _file(session, transfer, name)
    for row in rows:
        row.outcome, row.decided_by, row.decided_at = "released" if release else "refused", by, at
        if release:
            withholding.believe(session, row.sha256, row.value, reason=row.reason, by=by, at=at)
    session.flush()
    _tell(session, transfer, "released" if release else "release-refused", rows, by=by, at=at)
    renew(session, transfer)
    return rows


def renew(session: Session, transfer: Transfer) -> None:
    """Bring the findings in line with the releases.  One whose file has other bytes by now is void.

    A finding tells a name only, so where two files are shown under it, none of theirs is released.
    """
    for row in releases_of(session, transfer):
        if row.outcome != "released":
            continue
        files = _files(session, transfer, row.name)
        if (row.path, row.sha256) not in files:
            row.outcome = "void"
        if files != {(row.path, row.sha256)}:
            continue
        session.execute(
            update(FindingRow)
            .where(FindingRow.transfer_id == transfer.id, FindingRow.path == row.name)
            .where(FindingRow.rule == row.rule, FindingRow.value == row.value)
            .values(rule="virus.released", severity="warning", message=told_released(row.name, row.value))
        )


def passes(session: Session, transfer: Transfer) -> Released:
    """What packing lets pass: files by their bytes and their name, in both forms that it is told in."""
    released = [row for row in releases_of(session, transfer) if row.outcome == "released"]
    names = ((row, (row.name, read_name(os.fsdecode(bytes.fromhex(row.path)))[0])) for row in released)
    return frozenset((name, row.sha256, row.value) for row, both in names for name in both)


def _undecided(session: Session, transfer: Transfer, name: str) -> list[Release]:
    return [row for row in releases_of(session, transfer) if row.name == name and row.outcome == "asked"]


def _file(session: Session, transfer: Transfer, name: str) -> tuple[str, str]:
    """The path and digest of a file by its name as it is shown.  Conflict unless it is the only one."""
    files = _files(session, transfer, name)
    if not files:
        raise Conflict(
            f"{name} was not read to its end yet.", code="release.unread",
            next=f"Check the transfer first: seogo transfer check {transfer.number}",
        )  # fmt: skip
    if len(files) > 1:
        raise Conflict(
            f"{len(files)} files are shown as {name}, and a release would not tell which one it is for.",
            code="release.name",
            next="Return their volume, so that its agency gives each a name of its own.",
        )
    return files.pop()


def _files(session: Session, transfer: Transfer, name: str) -> set[tuple[str, str]]:
    """The path and digest of every file that is shown under this name."""
    claimed = {
        (readings.in_hex(each), sha256) for each, sha256 in transfer.claimed.items() if shown(each) == name
    }
    mine = select(TransferFile.path, TransferFile.sha256).where(TransferFile.transfer_id == transfer.id)
    if "\\x" not in name:  # or else bytes that are no letters may be shown like it
        mine = mine.where(TransferFile.path == readings.in_hex(name))
    rows = session.execute(mine.execution_options(yield_per=1000))
    read = {(path, sha256) for path, sha256 in rows if shown(os.fsdecode(bytes.fromhex(path))) == name}
    return claimed | read


def _tell(
    session: Session, transfer: Transfer, act: str, rows: Sequence[Release], *, by: str, at: datetime
) -> None:
    """The history has the file and the reason; the ledger's facts tell digests and no names."""
    transfers.note(session, transfer, act, by=by, at=at, detail=f"{rows[0].name}: {rows[0].reason}")
    facts = {"files": [{"sha256": row.sha256, "rule": row.rule, "value": row.value} for row in rows]}
    ledger.record(session, act=f"file.{act}", about=transfer.number, at=at, actor=by, facts=facts)
