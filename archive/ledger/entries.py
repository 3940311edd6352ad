"""What the ledger knows before it is sealed: a journal record and a public entry for every act.

The journal record has the facts and is for staff.  The entry is public and tells nothing but the
kind of act, its time, an opaque id and the salted digest of the record, so the log proves the
journal and opens nothing.  Both are rows in the transaction of the act itself.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from archive.database import Base, insert_all, insert_for_ids
from archive.errors import WrongCall

LONGEST_ENTRY = 65_535
"""A bundle gives an entry's length in two bytes."""

_PERSONAL = """
    name person_name user_name username full_name login phone telephone mobile email e_mail mail
    address resident_number rrn passport_number birth_date birthday password
    성명 이름 전화 전화번호 휴대전화 이메일 전자우편 주소 주민등록번호 주민번호 생년월일 아이디
"""
PERSONAL = frozenset(_PERSONAL.split())
_OPAQUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._/-]{0,199}")
_ACT = re.compile(r"[a-z][a-z_-]*(\.[a-z][a-z_-]*)+")

COMMAND_LINE = "command-line"
"""The actor of what is done there: it knows no persons."""


class JournalRecord(Base):
    """The facts of one act, as canonical JSON, and the salt its digest was made with."""

    __tablename__ = "journal_records"

    id: Mapped[int] = mapped_column(primary_key=True)
    salt: Mapped[str] = mapped_column(String(64))
    record: Mapped[str] = mapped_column(Text)


class LedgerEntry(Base):
    """One public entry.  Its position is given once, when it is sealed, and never changes."""

    __tablename__ = "ledger_entries"
    __table_args__ = (Index("ix_ledger_entries_unsealed", "position", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    journal_id: Mapped[int] = mapped_column(ForeignKey("journal_records.id"), unique=True)
    about: Mapped[str] = mapped_column(String(200), index=True)
    entry: Mapped[str] = mapped_column(Text)
    position: Mapped[int | None] = mapped_column(unique=True)
    journal: Mapped[JournalRecord] = relationship()


class Seal(Base):
    """One signed head of the log.  ``edge`` is what the next seal needs to go on hashing."""

    __tablename__ = "seals"

    size: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    start: Mapped[int]
    root: Mapped[str] = mapped_column(String(64))
    edge: Mapped[str] = mapped_column(Text)
    checkpoint: Mapped[str] = mapped_column(Text)
    sealed_at: Mapped[datetime]


class LedgerNode(Base):
    """The root of one full tile (256 children), so that a seal never hashes the whole log again."""

    __tablename__ = "ledger_nodes"

    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(String(64))


@dataclass(frozen=True, kw_only=True)
class Act:
    """Something that is done.  ``act`` is past tense with its subject; ``about`` and ``actor`` are opaque."""

    act: str
    about: str
    at: datetime
    actor: str
    facts: Mapping[str, Any]


def record(
    session: Session, *, act: str, about: str, at: datetime, actor: str, facts: Mapping[str, Any]
) -> LedgerEntry:
    """Write an act into journal and ledger, in the caller's transaction.

    ``act`` is past tense with its subject (`volume.accepted`); ``about`` and ``actor`` are opaque
    ids.  Facts MUST be JSON values and MUST NOT have personal fields: WrongCall, nothing written.
    """
    kept, entry = _written(Act(act=act, about=about, at=at, actor=actor, facts=facts))
    made = LedgerEntry(journal=JournalRecord(**kept), about=about, entry=entry, position=None)
    session.add(made)
    return made


def record_all(session: Session, acts: Sequence[Act]) -> None:
    """The same for many acts, in their order."""
    written = [_written(each) for each in acts]
    ids = insert_for_ids(session, JournalRecord, [kept for kept, _ in written])
    rows = [
        {"journal_id": id, "about": each.about, "entry": entry, "position": None}
        for id, each, (_, entry) in zip(ids, acts, written, strict=True)
    ]
    insert_all(session, LedgerEntry, rows)


def _written(told: Act) -> tuple[dict[str, str], str]:
    """The journal record of an act, with its salt, and its public entry."""
    act, about, at, actor = told.act, told.about, rfc3339(told.at), told.actor
    _refuse_what_is_not_opaque(act, about, actor)
    refuse_personal(told.facts)
    facts = {"about": about, "act": act, "actor": actor, "at": at, "facts": dict(told.facts)}
    # Once through JSON, so that the record reads back as the bytes its digest is made of.
    line, salt = canonical(json.loads(canonical(facts))), secrets.token_hex(32)
    entry = canonical({"about": about, "act": act, "at": at, "digest": salted_digest(salt, line)})
    if len(entry) > LONGEST_ENTRY:
        raise WrongCall(f"The entry for {act} is longer than {LONGEST_ENTRY} bytes.")
    return {"salt": salt, "record": line.decode()}, entry.decode()


def canonical(value: object) -> bytes:
    """JSON with sorted keys, no spaces, UTF-8: equal values are equal bytes.  WrongCall if not JSON."""
    try:
        text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return text.encode()
    except (TypeError, ValueError) as error:
        raise WrongCall(f"A fact is not a plain value: {error}.", code="ledger.facts") from error


def salted_digest(salt: str, line: bytes) -> str:
    """Hides a record that could be guessed, until somebody shows its salt."""
    return hashlib.sha256(bytes.fromhex(salt) + line).hexdigest()


def rfc3339(at: datetime) -> str:
    if at.tzinfo is None:
        raise WrongCall("An act needs a time with a zone.", code="ledger.time")
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _refuse_what_is_not_opaque(act: str, about: str, actor: str) -> None:
    if not _ACT.fullmatch(act):
        raise WrongCall(f"{act!r} is not an act such as volume.accepted.", code="ledger.act")
    for value in (about, actor):
        if not _OPAQUE.fullmatch(value):
            raise WrongCall(
                f"{value!r} is not an opaque id.", code="ledger.id", next="Give an id, never a title."
            )


def refuse_personal(facts: Mapping[str, Any]) -> None:
    """WrongCall when a fact's key, at any depth, is a field for personal data.

    It goes by the names of fields: it does not find a person's name inside a sentence.
    """
    found = sorted({key for key in _keys(facts) if key.strip().lower().replace("-", "_") in PERSONAL})
    if found:
        raise WrongCall(
            f"Personal data does not go into the journal: {', '.join(found)}.",
            code="ledger.personal",
            next="Give an opaque id; people are kept in the database, where they can be erased.",
        )


def _keys(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key)
            yield from _keys(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _keys(inner)
