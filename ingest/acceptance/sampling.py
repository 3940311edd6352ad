"""The sampling plan (표본 검수): how many volumes or items to look at, which ones, and what that proves.

The choice can be repeated by anybody in any language: of all places, counted from 1, those are drawn
whose SHA-256 of ``seed:place`` is smallest.  The numbers are those of `likelihood`.
"""

import hashlib
import heapq
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Select,
    String,
    UniqueConstraint,
    and_,
    case,
    func,
    null,
    or_,
    select,
)  # fmt: skip
from sqlalchemy.orm import Mapped, Session, mapped_column

from archive import ledger
from archive.database import Base
from archive.errors import Refused, WrongCall
from ingest import transfers
from ingest.acceptance import likelihood
from ingest.acceptance.listed import ListedItem
from ingest.acceptance.verdicts import ARE_OPEN, Verdict
from ingest.transfers import Transfer, TransferVolume

Unit = Literal["volume", "item"]
HALF = Fraction(1, 2)


class SamplingPlan(Base):
    """What was to be shown, and how it was drawn.  Shares are per million: 10,000 is one in a hundred."""

    __tablename__ = "sampling_plans"

    id: Mapped[int] = mapped_column(primary_key=True)
    transfer_id: Mapped[int] = mapped_column(ForeignKey("transfers.id"), index=True)
    unit: Mapped[str] = mapped_column(String(10))
    lot: Mapped[int]
    acceptable: Mapped[int]
    confidence: Mapped[int]
    size: Mapped[int]
    seed: Mapped[str] = mapped_column(String(64))
    drawn_at: Mapped[datetime]
    drawn_by: Mapped[str] = mapped_column(String(40))
    replaced_at: Mapped[datetime | None]


class Drawn(Base):
    """One volume or item of the sample; ``number`` is the order in which it was drawn."""

    __tablename__ = "drawn_samples"
    __table_args__ = (UniqueConstraint("plan_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[int] = mapped_column(ForeignKey("sampling_plans.id"))
    number: Mapped[int]
    volume_id: Mapped[int] = mapped_column(ForeignKey("transfer_volumes.id"), index=True)
    item_id: Mapped[int | None] = mapped_column(ForeignKey("listed_items.id"), index=True)


@dataclass(frozen=True)
class Standing:
    """How far the sample is looked at, and what that proves: shares of the lot, exact.

    ``to_look_at``: nobody looked yet, and verdicts on it are still taken.
    """

    plan: SamplingPlan
    looked_at: int
    to_look_at: int
    unfit: int
    at_most: Fraction
    confidence: Fraction
    is_shown: bool

    @property
    def never_seen(self) -> int:
        """Returned or closed before anybody looked."""
        return self.plan.size - self.looked_at - self.to_look_at


def size_of(lot: int, acceptable: Fraction, confidence: Fraction) -> int:
    """How many must be looked at, so that none unfit among them shows what is to be shown."""
    if not 0 <= acceptable < 1:
        raise WrongCall("The acceptable share is at least 0 and under 100 %.", next="Give 1 % as 1.")
    if not 0 < confidence < 1:
        raise WrongCall("A confidence lies between 0 and 100 %.", next="Give 95 % as 95.")
    unfit = likelihood.too_many(lot, acceptable)
    return likelihood.sample_size(lot, unfit=unfit, confidence=confidence)


def places(lot: int, size: int, seed: str) -> list[int]:
    """The places that are drawn, from 1, in the order in which they are to be looked at."""
    return heapq.nsmallest(size, range(1, lot + 1), key=lambda place: _rank(seed, place))


def _rank(seed: str, place: int) -> bytes:
    return hashlib.sha256(f"{seed}:{place}".encode()).digest()


def draw(
    session: Session, transfer: Transfer, *, unit: Unit, acceptable: Fraction, confidence: Fraction,
    seed: str, by: str, at: datetime,
) -> SamplingPlan:  # fmt: skip
    """Draw a sample in place of an earlier one, which stays in the history; without a seed one is drawn.

    Who has looked may not choose: from the first verdict on a seed cannot be given, and the sample of a
    unit keeps the seed that it has and can only grow.  Refused as ``sampling.begun``.
    """
    lot = session.scalar(select(func.count()).select_from(_lot(transfer, unit).subquery())) or 0
    if lot == 0:
        raise Refused(
            f"Transfer {transfer.number} has nothing to draw from.", code="sampling.empty",
            next="Check it again; its list is read then.",
        )  # fmt: skip
    size = size_of(lot, acceptable, confidence)
    seed = _seed(session, transfer, unit, size, seed)
    if before := current(session, transfer):
        before.replaced_at = at
    plan = SamplingPlan(
        transfer_id=transfer.id, unit=unit, lot=lot, acceptable=_per_million(acceptable),
        confidence=_per_million(confidence), size=size, seed=seed, drawn_at=at, drawn_by=by,
    )  # fmt: skip
    session.add(plan)
    session.flush()
    _enter(session, plan, _lot(transfer, unit))
    facts = {"unit": unit, "lot": lot, "size": size, "seed": seed, "acceptable_per_million": plan.acceptable,
             "confidence_per_million": plan.confidence}  # fmt: skip
    ledger.record(session, act="sample.drawn", about=transfer.number, at=at, actor=by, facts=facts)
    transfers.note(session, transfer, "sample-drawn", by=by, at=at, detail=f"{size}/{lot} {unit}, {seed}")
    return plan


def _seed(session: Session, transfer: Transfer, unit: Unit, size: int, asked: str) -> str:
    given = asked or secrets.token_hex(8)
    if not session.scalar(select(Verdict.id).where(Verdict.transfer_id == transfer.id).limit(1)):
        return given
    mine = select(SamplingPlan).where(SamplingPlan.transfer_id == transfer.id, SamplingPlan.unit == unit)
    last = session.scalar(mine.order_by(SamplingPlan.id.desc()).limit(1))
    if asked and (last is None or asked != last.seed):
        raise _begun(transfer, "its seed cannot be chosen any more")
    if last is not None and size < last.size:
        raise _begun(transfer, f"it can only grow from the {last.size:,} that were drawn")
    return last.seed if last else given


def _begun(transfer: Transfer, why: str) -> Refused:
    return Refused(
        f"Something of transfer {transfer.number} was looked at already, so of its sample {why}.",
        code="sampling.begun", next="Draw it without a seed, and as large as it was or larger.",
    )  # fmt: skip


def times(session: Session, transfer: Transfer) -> int:
    """How often a sample was drawn."""
    mine = select(func.count()).where(SamplingPlan.transfer_id == transfer.id)
    return session.scalar(mine) or 0


def _enter(session: Session, plan: SamplingPlan, lot: Any) -> None:
    order = {place: number for number, place in enumerate(places(plan.lot, plan.size, plan.seed), start=1)}
    rows = session.execute(lot.execution_options(yield_per=1000))
    drawn = [
        {"plan_id": plan.id, "number": order[place], "volume_id": volume_id, "item_id": item_id}
        for place, (volume_id, item_id) in enumerate(rows, start=1)
        if place in order
    ]
    session.execute(Drawn.__table__.insert(), drawn)


def _lot(transfer: Transfer, unit: Unit) -> Any:
    """Ids of all there is, in the order of the list: the volume's, and the item's where items are drawn."""
    if unit == "volume":
        mine = select(TransferVolume.id, null())
        return mine.where(TransferVolume.transfer_id == transfer.id).order_by(TransferVolume.position)
    return (
        select(ListedItem.volume_id, ListedItem.id)
        .join(TransferVolume, TransferVolume.id == ListedItem.volume_id)
        .where(TransferVolume.transfer_id == transfer.id)
        .order_by(TransferVolume.position, ListedItem.position)
    )


def _per_million(share: Fraction) -> int:
    return round(share * 1_000_000)


def current(session: Session, transfer: Transfer) -> SamplingPlan | None:
    return session.scalar(
        select(SamplingPlan).where(
            SamplingPlan.transfer_id == transfer.id, SamplingPlan.replaced_at.is_(None)
        )
    )


def standing(session: Session, plan: SamplingPlan) -> Standing:
    """What the sample shows so far, as if it had been drawn of the size that is looked at."""
    unfit = func.coalesce(func.sum(case((Verdict.verdict == "unfit", 1), else_=0)), 0)
    looked_at, found = session.execute(
        select(func.count(Verdict.id), unfit).select_from(Drawn).join(Verdict, is_about_drawn())
        .where(Drawn.plan_id == plan.id)
    ).one()  # fmt: skip
    confidence, acceptable = Fraction(plan.confidence, 1_000_000), Fraction(plan.acceptable, 1_000_000)
    most = likelihood.most_unfit(plan.lot, sample=looked_at, found=found, confidence=confidence)
    reached = likelihood.confidence_reached(plan.lot, sample=looked_at, found=found, acceptable=acceptable)
    to_look_at = session.scalar(select(func.count()).select_from(_to_look_at(plan).subquery())) or 0
    return Standing(
        plan, looked_at, to_look_at, found, Fraction(most, plan.lot), reached, reached >= confidence
    )


def is_about_drawn() -> ColumnElement[bool]:
    """Joins the verdict that holds to a volume or item of a sample."""
    same_item = or_(
        Verdict.item_id == Drawn.item_id, and_(Verdict.item_id.is_(None), Drawn.item_id.is_(None))
    )
    return and_(Verdict.volume_id == Drawn.volume_id, same_item, Verdict.replaced_at.is_(None))


@dataclass(frozen=True)
class Line:
    """One volume or item of the sample, with the verdict that holds."""

    number: int
    volume: TransferVolume
    item: ListedItem | None
    verdict: Verdict | None


def lines(
    session: Session, plan: SamplingPlan, *, only_to_look_at: bool, after: int, limit: int
) -> Sequence[Line]:
    """The sample in the order in which it was drawn."""
    wanted = _to_look_at(plan) if only_to_look_at else _lines(plan)
    return [Line(*row) for row in session.execute(wanted.offset(after).limit(limit))]


def next_to_judge(session: Session, plan: SamplingPlan) -> Line | None:
    """The first that is to be looked at."""
    row = session.execute(_to_look_at(plan).limit(1)).first()
    return Line(*row) if row else None


def _to_look_at(plan: SamplingPlan) -> Select[int, TransferVolume, ListedItem, Verdict]:
    mine = _lines(plan).join(Transfer, Transfer.id == TransferVolume.transfer_id)
    return mine.where(Verdict.id.is_(None), ARE_OPEN)


def _lines(plan: SamplingPlan) -> Select[int, TransferVolume, ListedItem, Verdict]:
    return (
        select(Drawn.number, TransferVolume, ListedItem, Verdict)
        .join(TransferVolume, TransferVolume.id == Drawn.volume_id)
        .outerjoin(ListedItem, ListedItem.id == Drawn.item_id)
        .outerjoin(Verdict, is_about_drawn())
        .where(Drawn.plan_id == plan.id)
        .order_by(Drawn.number)
    )


def upward(share: Fraction) -> str:
    """A share in percent with two places, never less than it is."""
    hundredths = -((-share * 10_000) // 1)
    return f"{float(hundredths) / 100:g}"


def downward(share: Fraction) -> str:
    """A share in percent with two places, never more than it is."""
    return f"{float(share * 10_000 // 1) / 100:g}"
