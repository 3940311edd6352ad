"""Every storage policy that was ever entered.  None is changed or removed: a new version follows it."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from archive import ledger
from archive.database import Base
from archive.errors import Missing, Refused
from archive.site.settings import Settings
from archive.versions import must_follow
from preservation.policies import documents
from preservation.policies.demands import Demand
from preservation.policies.documents import REST, Policy


class PolicyRow(Base):
    """One version, with its document as it was entered.  The newest is in force."""

    __tablename__ = "storage_policies"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    document: Mapped[str] = mapped_column(Text)
    entered_at: Mapped[datetime]
    entered_by: Mapped[str] = mapped_column(String(40))

    @property
    def policy(self) -> Policy:
        return documents.read(self.document)

    @property
    def about(self) -> str:
        """Its name in the log."""
        return f"policy/{self.version}"


def enter(session: Session, text: str, *, settings: Settings, by: str, now: datetime) -> PolicyRow:
    """Enter a version, which is in force at once.  The last document again is harmless.

    Conflict when it is neither the last nor the next one, also where it is an older one: that is not
    in force any more, and whoever enters it would think that it is.  Refused when it
    names a store that this installation has not, or leaves a class without two that can be read.
    """
    told = check(text, settings)
    last = get(session)
    if last is not None and last.document == text:
        return last
    must_follow(
        told.version, last.version if last else 0, what="storage policy", code="policy.version",
        since=last.entered_at.isoformat() if last else "",
    )  # fmt: skip
    row = PolicyRow(version=told.version, document=text, entered_at=now, entered_by=by)
    session.add(row)
    facts = {
        "version": told.version,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "document": text,
    }
    ledger.record(session, act="policy.entered", about=row.about, at=now, actor=by, facts=facts)
    return row


def check(text: str, settings: Settings) -> Policy:
    """The policy of a document that could be entered in this installation."""
    told = documents.read(text)
    if unknown := sorted(told.named - set(settings.stores)):
        there = ", ".join(sorted(settings.stores))
        raise Refused(
            f"The policy names {', '.join(unknown)}; the stores here are {there}.",
            code="policy.store", next="Add the store to SEOGO_STORES first, or name another.",
        )  # fmt: skip
    everywhere = {
        REST: told.stores or tuple(settings.stores),
        **{each.id: each.stores for each in told.classes},
    }
    for name, stores in everywhere.items():
        if len(set(stores) - settings.cold.stores) < documents.LEAST:
            raise Refused(
                f"Class {name} has fewer than two stores that can be read at any time.",
                code="policy.cold", next="Name two that are not in SEOGO_COLD_STORES.",
            )  # fmt: skip
    return told


def find(session: Session) -> Sequence[PolicyRow]:
    """All versions, in their order."""
    return session.scalars(select(PolicyRow).order_by(PolicyRow.version)).all()


def get(session: Session, version: int | None = None) -> PolicyRow | None:
    """One version, else Missing; or the one in force, None when none was entered."""
    wanted = select(PolicyRow).order_by(PolicyRow.version.desc()).limit(1)
    row = session.scalar(wanted.where(PolicyRow.version == version) if version else wanted)
    if row is None and version is not None:
        raise Missing(
            f"There is no storage policy of version {version}.", next="List them with: seogo policy list"
        )
    return row


def in_force(session: Session, settings: Settings) -> Demand:
    """What must be where, at this moment."""
    row = get(session)
    if row is None:
        return demand_of(settings, None)
    return replace(demand_of(settings, row.policy), since=row.entered_at)


def demand_of(settings: Settings, policy: Policy | None) -> Demand:
    """What a policy would ask for in this installation."""
    return Demand(tuple(settings.stores), policy, settings.cold.stores)
