"""A Transfer (이관) and its life: rows for the transfer, its volumes, its files and its findings."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    bindparam,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, column_property, mapped_column

from archive import holdings
from archive.database import Base, FilePath, insert_all
from archive.errors import Conflict, Missing
from archive.holdings import Volume
from ingest.looking.inventory import About
from ingest.looking.landing import read_name
from ingest.looking.matching import PlannedVolume
from ingest.transfers.states import MOVES
from metadata_schemas.description import Finding, Where

CONCERN_ALL = ("list.", "bag.", "virus.", "agreement.")
"""Rules whose errors keep every volume back where they belong to none.

A list that cannot be read, a bag that is not whole, a scanner that knows too little, or a transfer
that was not agreed leaves no volume certain.  A stray file does not: the volumes beside it are complete.
"""


NOT_OF_CHECKS = ("inspection.unfit", "agreement.puid")
"""Findings of people who looked, and those about volumes that are kept: the checks do not forget them."""


class Transfer(Base):
    """``shape``: a digest of names and sizes; ``claimed``: digests of the administrative files.

    ``agreement_version`` is the agreement with the agency that judges it; None where there was none.
    """

    __tablename__ = "transfers"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    agency_code: Mapped[str] = mapped_column(String(40), index=True)
    folder: Mapped[str] = mapped_column(FilePath())
    shape: Mapped[str] = mapped_column(String(64), index=True)
    claimed: Mapped[dict[str, Any]] = mapped_column(default=dict)
    source_system: Mapped[str | None] = mapped_column(String(40))
    without_list: Mapped[bool] = mapped_column(default=False)
    agreement_version: Mapped[int | None]
    state: Mapped[str] = mapped_column(String(20), default="receiving", index=True)
    round: Mapped[int] = mapped_column(default=1)
    round_of: Mapped[str | None] = mapped_column(String(20))
    files: Mapped[int] = mapped_column(default=0)
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    received_at: Mapped[datetime]
    received_by: Mapped[str] = mapped_column(String(40))

    @property
    def folder_shown(self) -> str:
        return read_name(self.folder)[0]

    def move(self, verb: str) -> None:
        before, after = MOVES[verb]
        if self.state not in before:
            raise Conflict(
                f"Transfer {self.number} is {self.state}; it cannot {verb}.",
                next=f"Look at it with: seogo transfer show {self.number}",
            )
        self.state = after


class TransferVolume(Base):
    """One volume of the list.  ``packed_at`` decides its bytes.

    ``scanned_with``: what the scanner told of itself then, because the bag tells it; None without one.
    ``formats_judged``: its formats, which are known once it is kept, were held against the agreement.
    """

    __tablename__ = "transfer_volumes"
    __table_args__ = (Index("ix_transfer_volumes_transfer_position", "transfer_id", "position", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    transfer_id: Mapped[int] = mapped_column(ForeignKey("transfers.id"))
    position: Mapped[int]
    sender_id: Mapped[str | None] = mapped_column(index=True)
    title: Mapped[str]
    items: Mapped[int]
    files: Mapped[int]
    bytes: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(20), default="waiting", index=True)
    reference: Mapped[str | None] = mapped_column(String(40), unique=True)
    packed_at: Mapped[datetime | None]
    scanned_with: Mapped[str | None] = mapped_column(String(200))
    volume_id: Mapped[int | None] = mapped_column(ForeignKey("volumes.id"))
    reason: Mapped[str | None]
    formats_judged: Mapped[bool] = mapped_column(default=False)
    held_as: Mapped[str | None] = column_property(  # its reference in custody, whichever round gave it
        select(Volume.reference).where(Volume.id == volume_id).scalar_subquery(), deferred=True
    )


class FindingRow(Base):
    """What a check found, as a row.  ``volume_id`` is the transfer volume it keeps from being taken."""

    __tablename__ = "findings"
    __table_args__ = (Index("ix_findings_transfer_rule", "transfer_id", "rule"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    transfer_id: Mapped[int] = mapped_column(ForeignKey("transfers.id"))
    volume_id: Mapped[int | None] = mapped_column(ForeignKey("transfer_volumes.id"), index=True)
    rule: Mapped[str] = mapped_column(String(60))
    severity: Mapped[str] = mapped_column(String(10))
    list: Mapped[str | None]
    row: Mapped[int | None]
    column: Mapped[str | None]
    path: Mapped[str | None]
    value: Mapped[str | None]
    expected: Mapped[str | None]
    message: Mapped[str]


class TransferAct(Base):
    """The history of a transfer: what was done, by whom (an opaque id), when, and why."""

    __tablename__ = "transfer_acts"

    id: Mapped[int] = mapped_column(primary_key=True)
    transfer_id: Mapped[int] = mapped_column(ForeignKey("transfers.id"), index=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(40))
    act: Mapped[str] = mapped_column(String(40))
    detail: Mapped[str | None]


def get(session: Session, number: str) -> Transfer:
    transfer = session.scalar(select(Transfer).where(Transfer.number == number))
    if transfer is None:
        raise missing(number)
    return transfer


def missing(number: str) -> Missing:
    """What is said of a number that is of no transfer, or of none of theirs who ask."""
    return Missing(f"There is no transfer {number}.", next="List them with: seogo transfer list")


def find(session: Session) -> Sequence[Transfer]:
    return session.scalars(select(Transfer).order_by(Transfer.id.desc())).all()


def with_shape(session: Session, agency: str, shape: str) -> Sequence[Transfer]:
    """Transfers that may be the same as one that has arrived, the newest first."""
    same = select(Transfer).where(Transfer.agency_code == agency, Transfer.shape == shape)
    return session.scalars(same.order_by(Transfer.id.desc())).all()


def next_number(session: Session, year: int) -> str:
    [number] = holdings.next_numbers(session, f"transfer-{year}")
    return f"{year}-{number:04d}"


def note(
    session: Session, transfer: Transfer, act: str, *, by: str, at: datetime, detail: str | None = None
) -> None:
    session.add(TransferAct(transfer_id=transfer.id, at=at, actor=by, act=act, detail=detail))


def volumes_of(session: Session, transfer: Transfer) -> Sequence[TransferVolume]:
    mine = select(TransferVolume).where(TransferVolume.transfer_id == transfer.id)
    return session.scalars(mine.order_by(TransferVolume.position)).all()


def volume_with(session: Session, transfer: Transfer, reference: str) -> TransferVolume:
    """The volume of a transfer that was given this reference."""
    row = session.scalar(
        select(TransferVolume).where(
            TransferVolume.transfer_id == transfer.id, TransferVolume.reference == reference
        )
    )
    if row is None:
        raise Missing(f"Transfer {transfer.number} has no volume {reference}.")
    return row


def add_volumes(session: Session, transfer: Transfer, volumes: Iterable[PlannedVolume]) -> None:
    rows = (
        {
            "transfer_id": transfer.id, "position": volume.place, "sender_id": volume.description.sender_id,
            "title": volume.description.title, "items": volume.items, "files": volume.files,
            "bytes": volume.bytes, "state": "waiting",
        }
        for volume in volumes
    )  # fmt: skip
    insert_all(session, TransferVolume, rows)


def link_held(session: Session, transfer: Transfer, held: Iterable[tuple[int, int]]) -> None:
    """Waiting volumes that are in custody already: their places in the list, with the ids of the volumes.

    They are as far as those are, and what was planned for them is not used.
    """
    link = (
        update(TransferVolume)
        .where(TransferVolume.transfer_id == transfer.id, TransferVolume.state == "waiting")
        .execution_options(synchronize_session=False)
    )
    for place, volume_id in held:
        state = select(Volume.state).where(Volume.id == volume_id).scalar_subquery()
        session.execute(
            link.where(TransferVolume.position == place)
            .values(volume_id=volume_id, state=state, reference=None)
        )  # fmt: skip


def is_faulty(transfer: Transfer, besides: Collection[str] = ()) -> ColumnElement[bool]:
    """Whether an error keeps a volume from being taken: its own, or one that concerns all.

    ``besides``: rules whose errors are not counted.
    """
    errors = exists().where(FindingRow.transfer_id == transfer.id, FindingRow.severity == "error")
    errors = errors.where(FindingRow.rule.not_in(besides)) if besides else errors
    concern_all = or_(*(FindingRow.rule.startswith(each) for each in CONCERN_ALL))
    return or_(
        errors.where(FindingRow.volume_id == TransferVolume.id),
        errors.where(FindingRow.volume_id.is_(None), concern_all),
    )


def forget_findings(session: Session, transfer: Transfer) -> None:
    """Forget what the checks found; what a person found stays, and what was found later."""
    ours = FindingRow.rule.not_in(NOT_OF_CHECKS)
    session.execute(delete(FindingRow).where(FindingRow.transfer_id == transfer.id, ours))


def faulty(session: Session, transfer: Transfer) -> set[int]:
    """Ids of the volumes that an error keeps from being taken."""
    mine = select(TransferVolume.id).where(TransferVolume.transfer_id == transfer.id, is_faulty(transfer))
    return set(session.scalars(mine))


def add_findings(session: Session, transfer: Transfer, findings: Iterable[About]) -> None:
    """Write findings down; each comes with the place of the volume it is about, or None."""
    volume_id = (
        select(TransferVolume.id)
        .where(TransferVolume.transfer_id == transfer.id, TransferVolume.position == bindparam("place"))
        .scalar_subquery()
    )
    rows = (
        {
            "transfer_id": transfer.id, "place": place, "rule": each.rule, "severity": each.severity,
            "list": each.where.list, "row": each.where.row, "column": each.where.column,
            "path": each.where.path,
            "value": each.value, "expected": each.expected, "message": each.message,
        }
        for place, each in findings
    )  # fmt: skip
    insert_all(session, FindingRow, rows, volume_id=volume_id)


def as_finding(row: FindingRow) -> Finding:
    where = Where(row.list, row.row, row.column, row.path)
    return Finding(row.rule, row.severity, where, row.value, row.expected, row.message)  # type: ignore[arg-type]


def count_states(session: Session, transfer: Transfer) -> dict[str, int]:
    """How many volumes of a transfer are in each state."""
    counted = (
        select(TransferVolume.state, func.count())
        .where(TransferVolume.transfer_id == transfer.id)
        .group_by(TransferVolume.state)
    )
    return dict(session.execute(counted).all())


def settle(session: Session, transfer: Transfer) -> None:
    """Bring the state of a transfer in line with the states of its volumes; a closed one stays closed."""
    if transfer.state == "closed":
        return
    states = count_states(session, transfer)
    if states.get("waiting") or not states:
        verb = "wait"
    elif states.get("accepted"):
        verb = "accept"
    elif not states.get("returned"):
        verb = "store"
    else:
        verb = "return in part" if states.get("stored") else "return"
    transfer.move(verb)
