"""What we hold: agencies, volumes (권), their items (건) and content files, as taken into custody.

A volume is the unit of custody and has one package.  Status is two fields: ``publication``
(the catalogue is ready) and the item's ``disclosure`` (the law); a record is seen when both allow.
References are given at acceptance and never used again.
"""

import re
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint, false, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from archive.database import Base
from archive.errors import Missing, WrongCall

AGENCY_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
"""What can be a code at all: it stands in addresses, folders and rows that are never changed."""
STANDARD_CODE = re.compile(r"[0-9A-Z][0-9]{6}")
"""A 기관코드 of the government's register of codes has seven places; only the first may be a letter."""


class Agency(Base):
    """An agency that transfers records.  ``succeeded_by`` is the code of the one that took over.

    ``name`` is its code until a person enters it, at ``entered_at``; the journal has every name it had.
    """

    __tablename__ = "agencies"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str]
    name_en: Mapped[str | None]
    entered_at: Mapped[datetime | None]
    source_system: Mapped[str | None] = mapped_column(String(40))
    succeeded_by: Mapped[str | None] = mapped_column(String(40))


class ReferenceCounter(Base):
    """The last number given in a series of references.  It only grows, also when a number is wasted."""

    __tablename__ = "reference_counters"

    series: Mapped[str] = mapped_column(String(40), primary_key=True)
    last: Mapped[int] = mapped_column(default=0)


class Volume(Base):
    __tablename__ = "volumes"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(40), unique=True)
    agency_code: Mapped[str] = mapped_column(String(40), index=True)
    sender_id: Mapped[str | None] = mapped_column(index=True)
    file_number: Mapped[str | None] = mapped_column(index=True)
    volume_number: Mapped[int | None]
    title: Mapped[str]
    list_open: Mapped[bool] = mapped_column(default=True)
    creator_agency: Mapped[str | None]
    creator_code: Mapped[str | None]
    creating_unit: Mapped[str | None]
    date_text: Mapped[str | None]
    date_from: Mapped[date | None]
    date_to: Mapped[date | None]
    retention: Mapped[str | None] = mapped_column(String(20))
    record_type: Mapped[str | None] = mapped_column(String(40))
    carrier_kind: Mapped[str | None] = mapped_column(String(40))
    classification: Mapped[str | None]
    description: Mapped[str | None]
    raw: Mapped[dict[str, Any]] = mapped_column(default=dict)
    extra: Mapped[dict[str, Any]] = mapped_column(default=dict)
    publication: Mapped[str] = mapped_column(String(20), default="published")
    state: Mapped[str] = mapped_column(String(20), default="accepted")
    files: Mapped[int] = mapped_column(default=0)
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    accepted_at: Mapped[datetime]
    items: Mapped[list["Item"]] = relationship(
        back_populates="volume", order_by="Item.position", passive_deletes=True
    )


class Item(Base):
    """The smallest record.  ``version`` grows with each change that the search index must learn of.

    ``opens_on`` is the first day on which all of it is open: the day of the ruling or earlier for
    an open item, a future day for one that is closed until then, None where no day is known.
    ``restricted_pages`` are inclusive ranges ``[[1, 5], [8, 8]]`` in the sender's own counting;
    ``pages_agree`` once it is known that pages as shown are counted in the same way;
    ``withheld`` while malware in it keeps its pages and files from everybody.
    """

    __tablename__ = "items"
    __table_args__ = (UniqueConstraint("volume_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    volume_id: Mapped[int] = mapped_column(ForeignKey("volumes.id"), index=True)
    reference: Mapped[str] = mapped_column(String(40), unique=True)
    position: Mapped[int]
    sender_id: Mapped[str | None] = mapped_column(index=True)
    title: Mapped[str]
    list_open: Mapped[bool] = mapped_column(default=True)
    document_number: Mapped[str | None]
    record_type: Mapped[str | None] = mapped_column(String(40))
    description: Mapped[str | None]
    date_text: Mapped[str | None]
    date_from: Mapped[date | None]
    date_to: Mapped[date | None]
    listed_pages: Mapped[int | None]
    disclosure: Mapped[str] = mapped_column(String(10), default="closed")
    reasons: Mapped[list[Any]] = mapped_column(default=list)
    restricted_pages: Mapped[list[Any]] = mapped_column(default=list)
    pages_agree: Mapped[bool] = mapped_column(default=False)
    opens_on: Mapped[date | None]
    review_year: Mapped[int | None]
    withheld: Mapped[bool] = mapped_column(default=False, server_default=false())
    version: Mapped[int] = mapped_column(default=1)
    raw: Mapped[dict[str, Any]] = mapped_column(default=dict)
    extra: Mapped[dict[str, Any]] = mapped_column(default=dict)
    volume: Mapped[Volume] = relationship(back_populates="items")
    files: Mapped[list["ContentFile"]] = relationship(
        back_populates="item", order_by="ContentFile.position", passive_deletes=True
    )


class ContentFile(Base):
    """One computer file of an item.

    ``path`` is its place in the bag, NFC and safe on every store;
    ``original_name`` is its path in the transfer as the agency wrote it, and ``original_bytes``
    the same in hexadecimal where it was not valid UTF-8.
    """

    __tablename__ = "content_files"
    __table_args__ = (Index("ix_content_files_item_position", "item_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"))
    position: Mapped[int]
    path: Mapped[str]
    original_name: Mapped[str]
    original_bytes: Mapped[str | None]
    bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    modified_at: Mapped[datetime | None]
    format: Mapped[str | None] = mapped_column(String(40))
    format_name: Mapped[str | None]
    mimetype: Mapped[str | None]
    item: Mapped[Item] = relationship(back_populates="files")


def get_volume(session: Session, reference: str) -> Volume:
    volume = session.scalar(select(Volume).where(Volume.reference == reference.upper()))
    if volume is None:
        raise Missing(f"There is no volume {reference}.", next="List what is held with: seogo volume list")
    return volume


def get_item(session: Session, reference: str) -> Item:
    item = session.scalar(select(Item).where(Item.reference == reference.upper()))
    if item is None:
        raise Missing(f"There is no item {reference}.", next="Look at its volume, or search.")
    return item


def next_references(session: Session, series: str, count: int = 1) -> list[str]:
    """Give ``count`` new references of a series such as ``SMA-2026``: ``SMA-2026-000001`` …"""
    return [f"{series}-{number:06d}" for number in next_numbers(session, series, count)]


def next_numbers(session: Session, series: str, count: int = 1) -> range:
    """Give ``count`` numbers of a series that nobody was given before.

    One statement, which locks the counter until the caller commits; two that use a series for the
    first time wait for each other like any other two.
    """
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    first_use = dialect.insert(ReferenceCounter).values(series=series, last=count)
    last = session.execute(
        first_use.on_conflict_do_update(
            index_elements=["series"], set_={"last": ReferenceCounter.last + count}
        ).returning(ReferenceCounter.last)
    ).scalar_one()
    return range(last - count + 1, last + 1)


def item_reference(volume_reference: str, position: int) -> str:
    return f"{volume_reference}-{position:04d}"


def get_agency(session: Session, code: str) -> Agency:
    agency = find_agency(session, code)
    if agency is None:
        raise Missing(
            f"There is no agency {code}.",
            next=f"Enter it with: seogo agency add {code} --name NAME, or let it transfer records first.",
        )
    return agency


def find_agency(session: Session, code: str) -> Agency | None:
    return session.scalar(select(Agency).where(Agency.code == code))


def agencies(session: Session) -> dict[str, Agency]:
    """Every agency by its code."""
    return {each.code: each for each in session.scalars(select(Agency))}


def agency_names(session: Session) -> dict[str, str]:
    """The name of every agency by its code, in the order of names."""
    return dict(session.execute(select(Agency.code, Agency.name).order_by(Agency.name)).all())


def is_standard_code(code: str) -> bool:
    """Whether it is such as the register of codes has."""
    return STANDARD_CODE.fullmatch(code) is not None


def is_agency_code(session: Session, code: str) -> bool:
    """Whether it is an agency's that we have, or is such as the register of codes has."""
    return is_standard_code(code) or find_agency(session, code) is not None


def check_agency_code(session: Session, code: str) -> None:
    """WrongCall for every other."""
    if not is_agency_code(session, code):
        raise WrongCall(
            f"{code!r} is no code of an agency (기관코드): a code has seven places, all digits, or a capital "
            "letter and six digits, and no agency was entered under this one.",
            code="agency.code",
            next="Correct it, such as 6110000.  The archive enters an agency that has a code of another form "
            "with: seogo agency add CODE --name NAME.",
        )


def ensure_agency(session: Session, code: str) -> Agency:
    """The agency of that code, entered under its code as name when it is new.

    WrongCall when it is no code.
    """
    check_agency_code(session, code)
    return keep_agency(session, code)


def keep_agency(session: Session, code: str) -> Agency:
    """The same for a code that a person enters on purpose; WrongCall when it can be none at all."""
    if AGENCY_CODE.fullmatch(code) is None:
        raise WrongCall(
            f"{code!r} is no code of an agency.", code="agency.code",
            next="A code has up to 40 letters, digits, dots, hyphens and underscores, such as 6110000.",
        )  # fmt: skip
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    entered = dialect.insert(Agency).values(code=code, name=code)
    session.execute(entered.on_conflict_do_nothing(index_elements=["code"]))
    return get_agency(session, code)
