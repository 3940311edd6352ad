"""What an agreement is held against: a transfer that is looked at, or one of the past by its rows."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, TypeAlias

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from archive.database import ROWS_AT_ONCE
from archive.holdings import ContentFile, Item, Volume
from ingest.looking.inspection import Inspection
from ingest.looking.landing import shown
from ingest.malware import scans
from ingest.releases.releasing import Release
from ingest.transfers import FindingRow, Transfer, TransferVolume
from ingest.transfers.readings import TransferFile
from preservation.pages import DerivedFile, ItemFinding
from preservation.scanning import AGREED


@dataclass(frozen=True)
class SentFile:
    """``identified``: whether PRONOM was asked, so that no ``puid`` means an unknown format.

    ``promised``: whether a checksum came with it; None where nobody knows any more.
    """

    place: int | None
    path: str
    bytes: int | None
    puid: str | None = None
    identified: bool = False
    promised: bool | None = None


@dataclass(frozen=True)
class Described:
    """A row of the list.  ``values``: columns as they came, and our own names for what they mean."""

    place: int
    kind: str
    list: str | None
    row: int | None
    name: str
    values: Mapping[str, Any]


NotWhole: TypeAlias = tuple[int | None, str, str, str | None]
"""The place of the volume, the path, the rule by which it was agreed, and what the scanner said."""


class Sent(Protocol):
    """One transfer, as a stream.  ``scanned``: whether a virus scanner saw it; None: not known."""

    @property
    def scanned(self) -> bool | None: ...

    def files(self) -> Iterator[SentFile]: ...

    def described(self) -> Iterator[Described]: ...

    def amounts(self) -> Mapping[str, int]: ...

    def not_scanned_whole(self) -> Iterator[NotWhole]: ...


@dataclass(frozen=True)
class Arriving:
    """A transfer that is looked at."""

    inspection: Inspection
    scanned: bool | None

    def files(self) -> Iterator[SentFile]:
        for place, file in self.inspection.records():
            promised = bool(self.inspection.promised(file))
            yield SentFile(place, shown(file.path), file.size, promised=promised)

    def described(self) -> Iterator[Described]:
        for volume in self.inspection.volumes():
            yield _row(volume.place, "volume", volume.description)
            for item in self.inspection.items(volume.place):
                yield _row(volume.place, "item", item)

    def amounts(self) -> Mapping[str, int]:
        arrival = self.inspection.arrival
        return {
            "bytes": arrival.bytes,
            "files": arrival.count,
            "volumes": self.inspection.count("volumes"),
        }

    def not_scanned_whole(self) -> Iterator[NotWhole]:
        """Told by the scanner while the bytes are read."""
        return iter(())


def _row(place: int, kind: str, told: Any) -> Described:
    own = {key: value for key, value in vars(told).items() if key not in ("raw", "extra", "items", "files")}
    values = {**own, **told.raw, **told.extra}
    return Described(place, kind, told.list or None, told.row or None, told.sender_id or told.title, values)


@dataclass(frozen=True)
class Past:
    """A transfer of the past.  Volumes that were not taken are known by their files alone.

    ``volume`` is the id of the only one of its volumes that is asked about.
    """

    session: Session
    transfer: Transfer
    volume: int | None = None

    @cached_property
    def scanned(self) -> bool | None:
        if scans.scans_of(self.session, self.transfer):
            return True
        unscanned = select(FindingRow.id).where(
            FindingRow.transfer_id == self.transfer.id, FindingRow.rule == scans.NOT_SCANNED
        )
        return None if self.session.scalar(unscanned.limit(1)) is None else False

    def files(self) -> Iterator[SentFile]:
        held = (
            select(
                TransferVolume.position,
                ContentFile.original_name,
                ContentFile.bytes,
                ContentFile.format,
                _was_identified(),
            )
            .join(Item, Item.volume_id == TransferVolume.volume_id)
            .join(ContentFile, ContentFile.item_id == Item.id)
            .where(TransferVolume.transfer_id == self.transfer.id)
            .order_by(TransferVolume.position, ContentFile.id)
        )
        if self.volume is not None:
            held = held.where(TransferVolume.volume_id == self.volume)
        for place, name, octets, puid, identified in self._rows(held):
            yield SentFile(place, name, octets, puid, identified)
        if self.volume is not None:
            return
        for place, path, octets in self._rows(self._not_taken()):
            yield SentFile(place, shown(os.fsdecode(bytes.fromhex(path))), octets)

    def _not_taken(self) -> Any:
        mine = TransferVolume.transfer_id == self.transfer.id
        same = TransferFile.position == TransferVolume.position
        return (
            select(TransferFile.position, TransferFile.path, TransferFile.bytes)
            .join(TransferVolume, (TransferVolume.transfer_id == TransferFile.transfer_id) & same)
            .where(mine, TransferVolume.volume_id.is_(None))
            .order_by(TransferFile.position, TransferFile.id)
        )

    def described(self) -> Iterator[Described]:
        mine = select(TransferVolume.position, Volume).join(Volume, Volume.id == TransferVolume.volume_id)
        volumes = mine.where(TransferVolume.transfer_id == self.transfer.id)
        for place, volume in self._rows(volumes.order_by(TransferVolume.position)):
            yield _held(place, "volume", volume)
        items = (
            select(TransferVolume.position, Item)
            .join(Item, Item.volume_id == TransferVolume.volume_id)
            .where(TransferVolume.transfer_id == self.transfer.id)
            .order_by(TransferVolume.position, Item.position)
        )
        for place, item in self._rows(items):
            yield _held(place, "item", item)

    def amounts(self) -> Mapping[str, int]:
        volumes = len(self.session.scalars(
            select(TransferVolume.id).where(TransferVolume.transfer_id == self.transfer.id)
        ).all())  # fmt: skip
        return {"bytes": self.transfer.bytes, "files": self.transfer.files, "volumes": volumes}

    def not_scanned_whole(self) -> Iterator[NotWhole]:
        """As it was found with the limits that the scanner had then, also what was released since."""
        released = and_(
            FindingRow.rule == "virus.released", Release.transfer_id == FindingRow.transfer_id,
            Release.name == FindingRow.path, Release.value == FindingRow.value,
            Release.outcome == "released",
        )  # fmt: skip
        rule = func.coalesce(Release.rule, FindingRow.rule)
        found = (
            select(TransferVolume.position, FindingRow.path, rule, FindingRow.value)
            .outerjoin(TransferVolume, TransferVolume.id == FindingRow.volume_id)
            .outerjoin(Release, released)
            .where(FindingRow.transfer_id == self.transfer.id, rule.in_(scans.NOT_WHOLE))
        )
        for place, path, told, value in self._rows(found.distinct().order_by(TransferVolume.position)):
            yield place, path or "", AGREED.get(told, told), value

    def _rows(self, wanted: Any) -> Any:
        return self.session.execute(wanted.execution_options(yield_per=ROWS_AT_ONCE))


def _was_identified() -> ColumnElement[bool]:
    """What the tool could not look at was not; it has a finding that says so."""
    asked = select(DerivedFile.file_id).where(DerivedFile.file_id == ContentFile.id).exists()
    in_vain = select(ItemFinding.id).where(
        ItemFinding.file_id == ContentFile.id, ItemFinding.rule == "format.not_looked_at"
    )
    return and_(asked, ~in_vain.exists())


def _held(place: int, kind: str, row: Volume | Item) -> Described:
    own = {column.key: getattr(row, column.key) for column in type(row).__table__.columns}
    values = {**own, **row.raw, **row.extra}
    return Described(place, kind, None, None, row.sender_id or row.title, values)
