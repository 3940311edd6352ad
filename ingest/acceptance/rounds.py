"""Rounds (회차) of a transfer: what was sent again, and how two rounds differ in volumes, files and findings.

A volume is the same when its sender's number is, or its title where it has no number.  Files are told
apart by path and digest, as they were read; what was never read is not judged.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any, Literal

from sqlalchemy import select, union_all
from sqlalchemy.orm import Session

from archive.holdings import ContentFile, Item
from ingest import transfers
from ingest.readings import TransferFile
from ingest.transfers import FindingRow, Transfer, TransferVolume

Change = Literal["added", "gone", "changed", "same", "not_read"]
CHANGES: tuple[Change, ...] = ("added", "gone", "changed", "same", "not_read")
Key = tuple[str, str]


@dataclass(frozen=True)
class VolumeChange:
    """A volume in two rounds; places are from 0, None where it is not in that round."""

    change: Change
    sender_id: str | None
    title: str
    before: int | None
    after: int | None


@dataclass(frozen=True)
class Told:
    """A finding of one of the rounds, with the volume that it is about."""

    volume: str | None
    finding: FindingRow


@dataclass(frozen=True)
class Comparison:
    """``corrected`` were found before and not again, ``open`` in both, ``new`` only now."""

    before: Transfer
    after: Transfer
    volumes: Sequence[VolumeChange]
    corrected: Sequence[Told] = field(default_factory=list)
    open: Sequence[Told] = field(default_factory=list)
    new: Sequence[Told] = field(default_factory=list)

    def count(self, change: Change) -> int:
        return sum(each.change == change for each in self.volumes)


@dataclass(frozen=True)
class _Volume:
    row: TransferVolume
    files: str | None


def chain(session: Session, transfer: Transfer) -> list[Transfer]:
    """Every round of the same transfer, the first one first."""
    first = transfer
    while first.round_of is not None:
        first = transfers.get(session, first.round_of)
    found, waiting = [first], [first.number]
    while waiting:
        later = session.scalars(select(Transfer).where(Transfer.round_of.in_(waiting))).all()
        found += later
        waiting = [each.number for each in later]
    return sorted(found, key=lambda each: (each.round, each.id))


def compare(session: Session, before: Transfer, after: Transfer) -> Comparison:
    """How the second differs from the first; they need not be rounds of one transfer."""
    old, new = _volumes(session, before), _volumes(session, after)
    changes = [_change(old.get(key), each) for key, each in new.items()]
    changes += [_change(each, None) for key, each in old.items() if key not in new]
    found, again = _findings(session, before), _findings(session, after)
    return Comparison(
        before, after, changes,
        corrected=_without(found, again), open=_without(again, _without(again, found)),
        new=_without(again, found),
    )  # fmt: skip


def _change(old: _Volume | None, new: _Volume | None) -> VolumeChange:
    row = (new or old).row  # type: ignore[union-attr]
    places = (old.row.position if old else None, new.row.position if new else None)
    if old is None or new is None:
        return VolumeChange("added" if new else "gone", row.sender_id, row.title, *places)
    if old.files is None or new.files is None:
        return VolumeChange("not_read", row.sender_id, row.title, *places)
    same = old.files == new.files and old.row.title == new.row.title
    return VolumeChange("same" if same else "changed", row.sender_id, row.title, *places)


def _volumes(session: Session, transfer: Transfer) -> dict[Key, _Volume]:
    """Volumes by what the sender calls them, each with one digest of the digests of all its files."""
    digests = dict(_digests(session, transfer))
    rows = transfers.volumes_of(session, transfer)
    seen: Counter[Key] = Counter()
    found: dict[Key, _Volume] = {}
    for row in rows:
        key = (row.sender_id, "") if row.sender_id else ("", row.title)
        seen[key] += 1
        if seen[key] > 1:
            key = (key[0], f"{key[1]}#{seen[key]}")
        found[key] = _Volume(row, digests.get(row.position))
    return found


def _digests(session: Session, transfer: Transfer) -> Iterator[tuple[int, str]]:
    rows = session.execute(_files(transfer).order_by("position", "sha256").execution_options(yield_per=1000))
    for position, files in groupby(rows, key=itemgetter(0)):
        yield position, hashlib.sha256("".join(sha256 for _, sha256 in files).encode()).hexdigest()


def _files(transfer: Transfer) -> Any:
    """Place of the volume and digest of each file: of those in custody, and of those only read."""
    taken = (
        select(TransferVolume.position.label("position"), ContentFile.sha256.label("sha256"))
        .join(Item, Item.volume_id == TransferVolume.volume_id)
        .join(ContentFile, ContentFile.item_id == Item.id)
        .where(TransferVolume.transfer_id == transfer.id)
    )
    read = (
        select(TransferFile.position, TransferFile.sha256)
        .join(
            TransferVolume,
            (TransferVolume.transfer_id == TransferFile.transfer_id)
            & (TransferVolume.position == TransferFile.position),
        )
        .where(TransferFile.transfer_id == transfer.id, TransferVolume.volume_id.is_(None))
    )
    both = union_all(taken, read).subquery()
    return select(both.c.position, both.c.sha256)


def _findings(session: Session, transfer: Transfer) -> list[Told]:
    rows = (
        select(FindingRow, TransferVolume.sender_id, TransferVolume.title)
        .outerjoin(TransferVolume, TransferVolume.id == FindingRow.volume_id)
        .where(FindingRow.transfer_id == transfer.id, FindingRow.severity != "note")
        .order_by(FindingRow.id)
    )
    return [Told(sender_id or title, row) for row, sender_id, title in session.execute(rows)]


def _without(some: Sequence[Told], others: Sequence[Told]) -> list[Told]:
    """Those of which the others have no like.  Rows of a list move, so the row is not looked at."""
    left = Counter(map(_same, others))
    rest = []
    for each in some:
        if left[_same(each)] > 0:
            left[_same(each)] -= 1
        else:
            rest.append(each)
    return rest


def _same(told: Told) -> tuple[str | None, ...]:
    row = told.finding
    return (row.rule, told.volume, row.column, row.path, None if row.path or row.column else row.value)
