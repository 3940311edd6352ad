"""Counts on four levels (철, 건, 파일, 쪽): what the list says, what came, and each difference."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    Integer,
    String,
    Subquery,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from archive.holdings import Item
from ingest.acceptance.listed import ListedItem, ListedVolume
from ingest.acceptance.verdicts import Verdict
from ingest.transfers import FindingRow, Transfer, TransferVolume, volume_rows
from preservation.pages import Page

Level = Literal["volume", "item", "file", "page"]
LEVELS: tuple[Level, ...] = ("volume", "item", "file", "page")


@dataclass(frozen=True)
class Count:
    """``uncounted`` are items whose pages nobody counted; of them nothing is known."""

    level: Level
    listed: int
    came: int
    differing: int
    uncounted: int = 0


@dataclass(frozen=True)
class Difference:
    """One place where list and records differ.  ``volume`` and ``item`` are places from 0."""

    volume: int | None
    item: int | None
    what: str
    listed: str | None
    came: str | None


def count(session: Session, transfer: Transfer) -> list[Count]:
    """The four levels.  Pages are those that a person counted, else those that were made of the files."""
    numbers = session.execute(_volumes(transfer)).one()
    items = session.execute(_items(transfer)).one()
    pages = session.execute(_pages(transfer)).one()
    extra = volume_rows.files_of_no_volume(session, transfer)
    differing = [_differing(session, transfer, level) for level in LEVELS]
    return [
        Count("volume", numbers.listed, numbers.came, differing[0]),
        Count("item", items.listed, items.came, differing[1]),
        Count("file", items.files + items.missing, numbers.files + extra, differing[2]),
        Count("page", pages.listed, pages.counted, differing[3], pages.uncounted),
    ]


def differences(
    session: Session, transfer: Transfer, level: Level, *, after: int = 0, limit: int | None = None
) -> list[Difference]:
    """Each difference of a level, in the order of the list; those about no volume come first."""
    rows = session.execute(_ordered(transfer, level).offset(after).limit(limit))
    return [Difference(*row) for row in rows]


def every_difference(session: Session, transfer: Transfer) -> Iterator[tuple[Level, Difference]]:
    for level in LEVELS:
        for row in session.execute(_ordered(transfer, level).execution_options(yield_per=1000)):
            yield level, Difference(*row)


def _differing(session: Session, transfer: Transfer, level: Level) -> int:
    return session.scalar(select(func.count()).select_from(_of_level(transfer, level))) or 0


def _ordered(transfer: Transfer, level: Level) -> Any:
    rows = _of_level(transfer, level)
    return select(rows).order_by(
        func.coalesce(rows.c.volume, -1), func.coalesce(rows.c.item, -1), rows.c.what
    )


def _of_level(transfer: Transfer, level: Level) -> Subquery:
    match level:
        case "volume":
            empty = _difference(
                TransferVolume.position, cast(null(), Integer), TransferVolume.title, "1", "0"
            )
            rows = _mine(empty, transfer).where(TransferVolume.files == 0)
        case "item":
            empty = _difference(TransferVolume.position, ListedItem.position, ListedItem.title, "1", "0")
            no_file = empty.join(ListedItem, ListedItem.volume_id == TransferVolume.id)
            rows = union_all(
                _mine(no_file, transfer).where(ListedItem.files == 0),
                _findings(transfer, "list.item_count"),
            )
        case "file":
            rows = union_all(
                _findings(transfer, "file.missing"), _findings(transfer, "file.extra"),
                _findings(transfer, "file.count"),
            )  # fmt: skip
        case "page":
            rows = union_all(*_other_pages(transfer), _findings(transfer, "list.page_count"))
    found: Subquery = rows.subquery()
    return found


def _mine(wanted: Any, transfer: Transfer) -> Any:
    return wanted.where(TransferVolume.transfer_id == transfer.id)


def _difference(volume: Any, item: Any, what: Any, listed: Any, came: Any) -> Any:
    columns = (volume, item, what, listed, came)
    names = ("volume", "item", "what", "listed", "came")
    made = [column if hasattr(column, "label") else literal(column) for column in columns]
    return select(*(column.label(name) for column, name in zip(made, names, strict=True)))


def _findings(transfer: Transfer, rule: str) -> Any:
    """A finding of the checks as a difference: what the list says is its value or what was expected."""
    what = func.coalesce(FindingRow.path, FindingRow.value, FindingRow.message)
    match rule:
        case "file.missing":
            listed, came = "1", "0"
        case "file.extra":
            listed, came = "0", "1"
        case _:
            what, listed, came = TransferVolume.title, FindingRow.value, FindingRow.expected  # type: ignore[assignment]
    found = _difference(TransferVolume.position, cast(null(), Integer), what, listed, came).select_from(
        FindingRow
    )
    found = found.outerjoin(TransferVolume, TransferVolume.id == FindingRow.volume_id)
    found = found.where(FindingRow.transfer_id == transfer.id, FindingRow.rule == rule)
    return found.where(FindingRow.value.is_not(None)) if rule == "file.missing" else found


def _volumes(transfer: Transfer) -> Any:
    came = func.sum(case((TransferVolume.files > 0, 1), else_=0))
    return _mine(
        select(
            func.count().label("listed"),
            func.coalesce(came, 0).label("came"),
            func.coalesce(func.sum(TransferVolume.files), 0).label("files"),
        ),
        transfer,
    )


def _items(transfer: Transfer) -> Any:
    """What rows of volumes count stands before the number of their item rows."""
    own = (
        select(func.coalesce(func.sum(func.coalesce(ListedVolume.items, TransferVolume.items)), 0))
        .select_from(TransferVolume)
        .outerjoin(ListedVolume, ListedVolume.volume_id == TransferVolume.id)
        .where(TransferVolume.transfer_id == transfer.id)
        .scalar_subquery()
    )
    return select(
        own.label("listed"),
        func.coalesce(func.sum(case((ListedItem.files > 0, 1), else_=0)), 0).label("came"),
        func.coalesce(func.sum(ListedItem.files), 0).label("files"),
        func.coalesce(func.sum(ListedItem.missing), 0).label("missing"),
    ).where(ListedItem.transfer_id == transfer.id)


def counted_pages(transfer: Transfer) -> Subquery:
    """Of each item what the list says and what was counted, by a person or from the files in custody."""
    made = (
        select(Item.volume_id, Item.position, func.count(Page.id).label("pages"))
        .join(Page, Page.item_id == Item.id)
        .join(TransferVolume, TransferVolume.volume_id == Item.volume_id)
        .where(TransferVolume.transfer_id == transfer.id)
        .group_by(Item.volume_id, Item.position)
        .subquery()
    )
    of_item = and_(Verdict.item_id == ListedItem.id, Verdict.replaced_at.is_(None))
    at_place = and_(made.c.volume_id == TransferVolume.volume_id, made.c.position == ListedItem.position + 1)
    return (
        select(
            ListedItem.id, ListedItem.volume_id, TransferVolume.position.label("place"),
            ListedItem.position, ListedItem.title, ListedItem.pages.label("listed"),
            func.coalesce(Verdict.pages, made.c.pages).label("counted"),
        )
        .join(TransferVolume, TransferVolume.id == ListedItem.volume_id)
        .outerjoin(Verdict, of_item)
        .outerjoin(made, at_place)
        .where(ListedItem.transfer_id == transfer.id)
        .subquery()
    )  # fmt: skip


def by_volume(transfer: Transfer) -> Subquery:
    """Of each volume the pages that its list tells and those counted; a person's count is for all of it."""
    items = counted_pages(transfer)
    of_volume = and_(
        Verdict.volume_id == TransferVolume.id, Verdict.item_id.is_(None), Verdict.replaced_at.is_(None)
    )
    uncounted = func.sum(case((and_(items.c.id.is_not(None), items.c.counted.is_(None)), 1), else_=0))
    return (
        select(
            TransferVolume.id, TransferVolume.position.label("place"), TransferVolume.title,
            func.coalesce(func.max(ListedVolume.pages), func.sum(items.c.listed)).label("listed"),
            func.coalesce(func.max(Verdict.pages), func.sum(items.c.counted)).label("counted"),
            func.max(Verdict.pages).label("by_person"),
            case((func.max(Verdict.pages).is_not(None), 0), else_=uncounted).label("uncounted"),
        )
        .select_from(TransferVolume)
        .outerjoin(ListedVolume, ListedVolume.volume_id == TransferVolume.id)
        .outerjoin(Verdict, of_volume)
        .outerjoin(items, items.c.volume_id == TransferVolume.id)
        .where(TransferVolume.transfer_id == transfer.id)
        .group_by(TransferVolume.id, TransferVolume.position, TransferVolume.title)
        .subquery()
    )  # fmt: skip


def _pages(transfer: Transfer) -> Any:
    """PostgreSQL adds sums up to a decimal number; pages are whole ones."""
    rows = by_volume(transfer)
    names = ("listed", "counted", "uncounted")
    return select(*(cast(func.coalesce(func.sum(rows.c[name]), 0), BigInteger).label(name) for name in names))


def _other_pages(transfer: Transfer) -> Iterator[Any]:
    """Items whose pages differ, and volumes that a person counted otherwise than the list."""
    items, volumes = counted_pages(transfer), by_volume(transfer)
    yield _difference(items.c.place, items.c.position, items.c.title, _text(items.c.listed),
                      _text(items.c.counted)).where(items.c.listed != items.c.counted)  # fmt: skip
    yield _difference(volumes.c.place, cast(null(), Integer), volumes.c.title, _text(volumes.c.listed),
                      _text(volumes.c.by_person)).where(volumes.c.listed != volumes.c.by_person)  # fmt: skip


def _text(column: Any) -> Any:
    return cast(column, String)
