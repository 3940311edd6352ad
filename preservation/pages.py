"""The pages a reader sees: rows that say what there is, pictures and text on the shelf.

Everything here can be made again from the packages, so it lies on a shelf and may go away.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, Literal

from sqlalchemy import ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from archive.database import Base
from archive.errors import Missing
from archive.holdings import ContentFile, Item
from archive.stores import Shelf
from preservation.contents import Word

Size = Literal["large", "small", "thumb"]
State = Literal["reading", "made", "unreadable", "unsupported"]
"""Of a file: being read; its pages are made; it cannot be read; there is no reader for its format."""


class Page(Base):
    """A page of an item, numbered from 1 through all its files as it is shown.

    Without a picture, ``reason`` says why one could not be made; a page of a text document has
    neither.  ``width`` and ``height`` are those of the large picture.
    """

    __tablename__ = "pages"
    __table_args__ = (UniqueConstraint("item_id", "number"), UniqueConstraint("file_id", "page_in_file"))

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    number: Mapped[int]
    file_id: Mapped[int] = mapped_column(ForeignKey("content_files.id"))
    page_in_file: Mapped[int]
    width: Mapped[int | None]
    height: Mapped[int | None]
    has_image: Mapped[bool]
    has_text: Mapped[bool]
    word_count: Mapped[int]
    reason: Mapped[str | None]
    shelf_prefix: Mapped[str]


class DerivedFile(Base):
    """What was found out about one content file.  ``page_count`` is None where pages cannot be counted."""

    __tablename__ = "derived_files"

    file_id: Mapped[int] = mapped_column(ForeignKey("content_files.id"), primary_key=True)
    state: Mapped[str] = mapped_column(String(20))
    puid: Mapped[str | None] = mapped_column(String(40))
    format_name: Mapped[str | None]
    mimetype: Mapped[str | None]
    page_count: Mapped[int | None]
    reason: Mapped[str | None]
    made_at: Mapped[datetime]


class ItemFinding(Base):
    """What deriving found about an item or one of its files.  Written anew by each run."""

    __tablename__ = "item_findings"

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"), index=True)
    file_id: Mapped[int | None] = mapped_column(ForeignKey("content_files.id"))
    rule: Mapped[str] = mapped_column(String(60))
    severity: Mapped[str] = mapped_column(String(10), default="warning")
    value: Mapped[str | None]
    expected: Mapped[str | None]
    message: Mapped[str]


@dataclass(frozen=True)
class PageText:
    text: str
    words: tuple[Word, ...]


def pages_of(session: Session, item_id: int) -> list[Page]:
    return list(session.scalars(select(Page).where(Page.item_id == item_id).order_by(Page.number)))


def get_page(session: Session, item_id: int, number: int) -> Page:
    page = session.scalar(select(Page).where(Page.item_id == item_id, Page.number == number))
    if page is None:
        raise Missing(f"The item has no page {number}.", next="Look at the list of its pages.")
    return page


def derived_files_of(session: Session, item_id: int) -> list[DerivedFile]:
    """In the order of the item's files; a file that was not looked at yet has no row."""
    of_item = select(DerivedFile).join(ContentFile, ContentFile.id == DerivedFile.file_id)
    return list(session.scalars(of_item.where(ContentFile.item_id == item_id).order_by(ContentFile.position)))


def findings_of(session: Session, item_id: int) -> list[ItemFinding]:
    return list(
        session.scalars(select(ItemFinding).where(ItemFinding.item_id == item_id).order_by(ItemFinding.id))
    )


def prefix_of(item: Item, number: int) -> str:
    return f"pages/{item.reference}/{number}"


def open_image(shelf: Shelf, page: Page, size: Size) -> BinaryIO:
    """The JPEG.  Missing when the page has none."""
    if not page.has_image:
        raise Missing(page.reason or f"Page {page.number} has no picture.", next="Read its text.")
    return shelf.open(f"{page.shelf_prefix}/{size}.jpg")


def page_text(shelf: Shelf, page: Page) -> PageText:
    if not page.has_text:
        return PageText("", ())
    with shelf.open(f"{page.shelf_prefix}/text.json") as stream:
        kept: dict[str, Any] = json.load(stream)
    return PageText(kept["text"], tuple((*box[:4], box[4]) for box in kept["words"]))


def text_json(text: str, words: tuple[Word, ...]) -> bytes:
    return json.dumps({"text": text, "words": words}, ensure_ascii=False, separators=(",", ":")).encode()


def add_finding(
    session: Session, item_id: int, rule: str, message: str, *, file: ContentFile | None = None,
    value: str | None = None, expected: str | None = None, severity: str = "warning",
) -> None:  # fmt: skip
    session.add(
        ItemFinding(
            item_id=item_id, file_id=file.id if file else None, rule=rule, severity=severity,
            value=value, expected=expected, message=message,
        )
    )  # fmt: skip
