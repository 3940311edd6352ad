"""How two rounds differ in volumes, files and findings, each told in the order of its name.

A volume is the same when its sender's number is, or its title where it has no number.  Files are told
apart by digest, as they were read; what was never read is not judged.  Neither round is ever in memory.
What a person found unfit is corrected when other bytes came, or when a person judged it anew.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, Literal

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, literal, select, union_all
from sqlalchemy.orm import Session

from archive.database import ROWS_AT_ONCE, in_byte_order
from archive.holdings import ContentFile, Item
from archive.site.many import Many
from ingest.acceptance.listed import ListedItem
from ingest.acceptance.verdicts import Verdict
from ingest.transfers import FindingRow, Transfer, TransferVolume
from ingest.transfers.readings import TransferFile

Change = Literal["added", "gone", "changed", "same", "not_read"]
CHANGES: tuple[Change, ...] = ("added", "gone", "changed", "same", "not_read")
AT_A_TIME = 500
"""Volumes whose files are looked at in one question."""

Pair = tuple[Row[Any] | None, Row[Any] | None]
"""A row of the first round and its like in the second; None where a round has none."""

UNFIT_BEFORE = "inspection.unfit_before"
"""What an earlier round found, told again: no finding of the later one."""

BETWEEN, NOTHING = "\x1f", "\x1e"
"""Signs that stand in no list: between the parts of a key, and for a part that is not there."""


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
    """``changes`` are all volumes that are not the same; ``corrected`` findings were there before and are
    not again, ``open`` ones are in both, ``new`` ones only now.  Lists are asked for when they are read."""

    before: Transfer
    after: Transfer
    counted: Mapping[Change, int]
    changes: Many
    corrected: Many
    open: Many
    new: Many


def compare(session: Session, before: Transfer, after: Transfer) -> Comparison:
    """How the second differs from the first; they need not be rounds of one transfer."""
    unfit = _still_unfit(session, before, after)

    def findings(fate: str) -> Many:
        def ask() -> Iterator[Told]:
            return (_told(pair) for pair in _findings(session, before, after) if _fate(pair, unfit) == fate)

        return Many(ask, fates[fate])

    def changes() -> Iterator[VolumeChange]:
        return (each for each in _volumes(session, before, after) if each.change != "same")

    counted = Counter(each.change for each in _volumes(session, before, after))
    fates = Counter(_fate(pair, unfit) for pair in _findings(session, before, after))
    return Comparison(
        before, after, {change: counted[change] for change in CHANGES},
        changes=Many(changes, counted.total() - counted["same"]),
        corrected=findings("corrected"), open=findings("open"), new=findings("new"),
    )  # fmt: skip


def _volumes(session: Session, before: Transfer, after: Transfer) -> Iterator[VolumeChange]:
    paired = _paired(_keyed(session, before), _keyed(session, after))
    while some := list(islice(paired, AT_A_TIME)):
        old = _digests(session, before, [row.position for row, _ in some if row is not None])
        new = _digests(session, after, [row.position for _, row in some if row is not None])
        for one, other in some:
            row: Any = other or one
            places = one.position if one else None, other.position if other else None
            change = _change(one, other, old.get(places[0]), new.get(places[1]))
            yield VolumeChange(change, row.sender_id, row.title, *places)


def _change(one: Row[Any] | None, other: Row[Any] | None, old: str | None, new: str | None) -> Change:
    if one is None or other is None:
        return "gone" if one else "added"
    if old is None or new is None:
        return "not_read"
    return "same" if old == new and one.title == other.title else "changed"


def _paired(some: Iterator[Row[Any]], others: Iterator[Row[Any]]) -> Iterator[Pair]:
    """Rows of two questions that are answered in the order of ``key``; the nth of a key meets the nth."""
    one, other = next(some, None), next(others, None)
    while one is not None or other is not None:
        if other is None or (one is not None and one.key < other.key):
            yield one, None
            one = next(some, None)
        elif one is None or other.key < one.key:
            yield None, other
            other = next(others, None)
        else:
            yield one, other
            one, other = next(some, None), next(others, None)


def _keyed(session: Session, transfer: Transfer) -> Iterator[Row[Any]]:
    """Volumes by what the sender calls them."""
    has_number = func.coalesce(TransferVolume.sender_id, "") != ""
    key = case((has_number, "n" + TransferVolume.sender_id), else_="t" + TransferVolume.title)
    rows = (
        select(TransferVolume.position, TransferVolume.sender_id, TransferVolume.title, key.label("key"))
        .where(TransferVolume.transfer_id == transfer.id)
        .order_by(in_byte_order(session, key), TransferVolume.position)
    )
    return iter(session.execute(rows.execution_options(yield_per=ROWS_AT_ONCE)))


def _digests(session: Session, transfer: Transfer, places: Sequence[int]) -> dict[int | None, str]:
    """One digest of the digests of all files for each volume that was read."""
    rows = session.execute(_files(transfer, places).execution_options(yield_per=ROWS_AT_ONCE))
    return {place: _digest_of(sha256 for _, sha256 in files) for place, files in groupby(rows, itemgetter(0))}


def _digest_of(digests: Iterable[str]) -> str:
    whole = hashlib.sha256()
    for each in digests:
        whole.update(each.encode())
    return whole.hexdigest()


def _files(transfer: Transfer, places: Sequence[int]) -> Select[Any]:
    """Place of the volume and digest of each file: of those in custody, and of those only read."""
    mine = and_(TransferVolume.transfer_id == transfer.id, TransferVolume.position.in_(places))
    taken = (
        select(TransferVolume.position.label("position"), ContentFile.sha256.label("sha256"))
        .join(Item, Item.volume_id == TransferVolume.volume_id)
        .join(ContentFile, ContentFile.item_id == Item.id)
        .where(mine)
    )
    read = (
        select(TransferFile.position, TransferFile.sha256)
        .join(
            TransferVolume,
            (TransferVolume.transfer_id == TransferFile.transfer_id)
            & (TransferVolume.position == TransferFile.position),
        )
        .where(mine, TransferVolume.volume_id.is_(None))
    )
    both = union_all(taken, read).subquery()
    return select(both.c.position, both.c.sha256).order_by(both.c.position, both.c.sha256)


def _findings(session: Session, before: Transfer, after: Transfer) -> Iterator[Pair]:
    return _paired(_alike(session, before), _alike(session, after))


def _alike(session: Session, transfer: Transfer) -> Iterator[Row[Any]]:
    """Findings by what they say.  Rows of a list move, so the row is not looked at."""
    volume = func.coalesce(func.nullif(TransferVolume.sender_id, ""), TransferVolume.title)
    placed = FindingRow.path.is_not(None) | FindingRow.column.is_not(None)
    told = case((placed, None), else_=FindingRow.value)
    key: Any = literal("")
    for part in (FindingRow.rule, volume, FindingRow.column, FindingRow.path, told):
        key = key + BETWEEN + func.coalesce(part, NOTHING)
    rows = (
        select(FindingRow, volume.label("volume"), key.label("key"))
        .outerjoin(TransferVolume, TransferVolume.id == FindingRow.volume_id)
        .where(FindingRow.transfer_id == transfer.id, FindingRow.severity != "note")
        .where(FindingRow.rule != UNFIT_BEFORE)
        .order_by(in_byte_order(session, key), FindingRow.id)
    )
    return iter(session.execute(rows.execution_options(yield_per=ROWS_AT_ONCE)))


def _fate(pair: Pair, unfit: Collection[int]) -> str:
    """What became of a finding."""
    old, new = pair
    if old is None:
        return "new"
    return "open" if new is not None or old.FindingRow.id in unfit else "corrected"


def _still_unfit(session: Session, before: Transfer, after: Transfer) -> set[int]:
    """Findings of people whose volume came with no other bytes and that nobody judged in the second round."""
    found = _judged(session, before, Verdict.finding_id.is_not(None))
    if not found:
        return set()
    anew = {(row.position, row.name) for row in _judged(session, after)}
    unfit = {row.position for row in found}
    places = {
        one.position: other.position
        for one, other in _paired(_keyed(session, before), _keyed(session, after))
        if one is not None and other is not None and one.position in unfit
    }
    same = _with_no_other_bytes(session, before, after, places)
    return {
        row.finding_id
        for row in found
        if row.position in same and (places[row.position], row.name) not in anew
    }


def _judged(session: Session, transfer: Transfer, *where: ColumnElement[bool]) -> Sequence[Row[Any]]:
    """What a person judged, by the place of the volume and what the sender calls the item, if it is one."""
    name = func.coalesce(func.nullif(ListedItem.sender_id, ""), ListedItem.title).label("name")
    rows = (
        select(Verdict.finding_id, TransferVolume.position, name)
        .join(TransferVolume, TransferVolume.id == Verdict.volume_id)
        .outerjoin(ListedItem, ListedItem.id == Verdict.item_id)
        .where(Verdict.transfer_id == transfer.id, Verdict.replaced_at.is_(None), *where)
    )
    return session.execute(rows).all()


def _with_no_other_bytes(
    session: Session, before: Transfer, after: Transfer, places: Mapping[int, int]
) -> set[int]:
    """Of volumes of the first round, each with its place in the second, those not seen to differ."""
    same: set[int] = set()
    left = iter(places.items())
    while some := list(islice(left, AT_A_TIME)):
        old = _digests(session, before, [one for one, _ in some])
        new = _digests(session, after, [other for _, other in some])
        pairs = ((one, old.get(one), new.get(other)) for one, other in some)
        same |= {place for place, was, now in pairs if was is None or now is None or was == now}
    return same


def _told(pair: Pair) -> Told:
    row: Any = pair[1] or pair[0]
    return Told(row.volume, row.FindingRow)
