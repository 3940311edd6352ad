"""A volume's package and its copies: one row for the package, one for the copy in each store.

A package is a group of bags; each bag is complete by itself and lies under
``packages/<volume reference>/v<number>/`` in every store.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from archive.database import Base, insert_all, insert_for_ids
from archive.errors import Conflict

CopyState = Literal["writing", "written", "verified", "altered", "absent"]
CopyMove = Literal["begin", "write", "verify", "find altered", "lose"]

MOVES: Mapping[CopyMove, tuple[frozenset[CopyState], CopyState]] = {
    "begin": (frozenset({"writing", "written"}), "writing"),
    "write": (frozenset({"writing"}), "written"),
    "verify": (frozenset({"writing", "written", "verified", "altered", "absent"}), "verified"),
    "find altered": (frozenset({"writing", "written", "verified", "altered", "absent"}), "altered"),
    "lose": (frozenset({"writing", "written", "verified", "altered", "absent"}), "absent"),
}
"""Every move of a copy: the states it may start from, and the one it ends in.

``writing``: it is owed, and nothing says that all of it was sent.  ``written``: all was sent and
not yet read back.  Only reading back leads to ``verified``.  An altered copy is never begun anew,
and a lost one stays ``absent`` while it is made again, so that whatever stops that hides no loss.
"""

IN_THE_MAKING: tuple[CopyState, ...] = ("writing", "written")

MANIFEST = "manifest-sha256.txt"
TAGMANIFEST = "tagmanifest-sha256.txt"


class Bag(Base):
    """One bag of a volume's package.  ``tagmanifest_sha256`` is the digest that all others hang from."""

    __tablename__ = "bags"
    __table_args__ = (UniqueConstraint("volume_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    volume_id: Mapped[int] = mapped_column(ForeignKey("volumes.id"), index=True)
    number: Mapped[int]
    prefix: Mapped[str] = mapped_column(unique=True)
    tagmanifest_sha256: Mapped[str] = mapped_column(String(64))
    objects: Mapped[int]
    bytes: Mapped[int] = mapped_column(BigInteger)
    packed_at: Mapped[datetime]


class Copy(Base):
    """One bag in one store.  ``verified_at`` is when all of it was last read back and found intact."""

    __tablename__ = "copies"
    __table_args__ = (UniqueConstraint("bag_id", "store"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    bag_id: Mapped[int] = mapped_column(ForeignKey("bags.id"), index=True)
    store: Mapped[str] = mapped_column(String(40), index=True)
    state: Mapped[str] = mapped_column(String(10))
    verified_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]

    def move(self, verb: CopyMove, now: datetime | None = None) -> None:
        """``now`` is when its bytes were looked at, for the moves that rest on looking."""
        before, after = MOVES[verb]
        if self.state not in before:
            raise Conflict(
                f"The copy of bag {self.bag_id} in store {self.store} is {self.state}; it cannot {verb}.",
                next="Look at it with: seogo copy check",
            )
        self.state = after
        self.checked_at = now or self.checked_at
        self.verified_at = now if now and after == "verified" else self.verified_at


def prefix(reference: str, number: int = 1) -> str:
    """The one place where the key of a bag is made."""
    return f"packages/{reference}/v{number}"


@dataclass(frozen=True)
class NewBag:
    """A bag that was written and read back, in one store or several."""

    number: int
    prefix: str
    tagmanifest_sha256: str
    objects: int
    bytes: int
    packed_at: datetime


def enter_bags(
    session: Session, bags: Sequence[tuple[int, NewBag, Iterable[str], Iterable[str]]], *, now: datetime
) -> None:
    """Enter bags: id of the volume, bag, the stores in which it was verified now, and those that owe it."""
    ids = insert_for_ids(session, Bag, [{"volume_id": volume, **vars(bag)} for volume, bag, _, _ in bags])
    copies = [
        {"bag_id": id, "store": store, "state": state, "verified_at": at, "checked_at": at}
        for id, (_, _, verified, owed) in zip(ids, bags, strict=True)
        for state, at, stores in (("verified", now, verified), ("writing", None, owed))
        for store in stores
    ]
    insert_all(session, Copy, copies)


def facts_of(bag: Bag | NewBag, stores: Iterable[str]) -> dict[str, Any]:
    """What the log says of a bag that is in these stores."""
    names = ("prefix", "tagmanifest_sha256", "objects", "bytes")
    return {**{name: getattr(bag, name) for name in names}, "stores": sorted(stores)}


def bags_of(session: Session, volume_id: int) -> list[Bag]:
    return list(session.scalars(select(Bag).where(Bag.volume_id == volume_id).order_by(Bag.number)))


def copies_of(session: Session, volume_id: int) -> list[Copy]:
    """Every copy of every bag of a volume, by store."""
    return list(
        session.scalars(
            select(Copy).join(Bag).where(Bag.volume_id == volume_id).order_by(Bag.number, Copy.store)
        )
    )
