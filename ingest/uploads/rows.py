"""An upload and its life: a row for each folder that somebody sends through a browser.

Its files lie in the holding area of the home and in no store; what is known of them is read there.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from archive.database import Base
from archive.errors import Conflict, Missing
from archive.people import Reader

MOVES: dict[str, tuple[frozenset[str], str]] = {
    "finish": (frozenset({"open", "refused"}), "finished"),
    "receive": (frozenset({"finished", "received"}), "received"),
    "refuse": (frozenset({"finished"}), "refused"),
    "go on": (frozenset({"refused"}), "open"),
    "cancel": (frozenset({"open", "refused"}), "cancelled"),
    "abandon": (frozenset({"open", "refused"}), "abandoned"),
    "clear": (frozenset({"received"}), "cleared"),
}
"""``open`` takes parts; ``finished`` waits for its job; ``received`` is a transfer, its folder still held."""
ENDED = ("cancelled", "abandoned", "cleared")
"""States of an upload whose folder is let go."""
TOUCHED_EVERY = timedelta(minutes=1)


class Upload(Base):
    """``looks_like``: the transfer for which it was refused, until its sender says what it is."""

    __tablename__ = "uploads"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(24), unique=True)
    agency_code: Mapped[str] = mapped_column(String(40), index=True)
    folder: Mapped[str] = mapped_column(default="")
    without_list: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(10), default="open", index=True)
    files: Mapped[int] = mapped_column(default=0)
    bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    begun_by: Mapped[str] = mapped_column(String(40), index=True)
    begun_at: Mapped[datetime]
    touched_at: Mapped[datetime] = mapped_column(index=True)
    round_of: Mapped[str | None] = mapped_column(String(20))
    transfer: Mapped[str | None] = mapped_column(String(20))
    reason: Mapped[str | None]
    looks_like: Mapped[str | None] = mapped_column(String(20))

    def count(self, files: int, size: int) -> None:
        """Keep up with what is listed."""
        self.files += files
        self.bytes += size

    def is_fresh(self, now: datetime) -> bool:
        """Whether it is open, and its row tells that somebody goes on with it."""
        return self.state == "open" and now - self.touched_at < TOUCHED_EVERY

    def move(self, verb: str, now: datetime) -> None:
        before, after = MOVES[verb]
        if self.state not in before:
            raise Conflict(
                f"The upload {self.name} is {self.state}; it cannot {verb}.",
                next="Look at its page for what came of it.",
            )
        self.state, self.touched_at = after, now


def begin(
    session: Session, *, agency: str, by: str, without_list: bool, round_of: str | None = None, now: datetime
) -> Upload:
    """Begin an upload.  ``round_of``: the number of the transfer that it corrects."""
    upload = Upload(
        name=secrets.token_hex(12),
        agency_code=agency,
        without_list=without_list,
        round_of=round_of,
        begun_by=by,
        begun_at=now,
        touched_at=now,
    )
    session.add(upload)
    session.flush()
    return upload


def get(session: Session, name: str, reader: Reader, *, to_write: bool = False) -> Upload:
    """An upload of this reader's, or any for who works at the desk.  Missing is all that others learn.

    ``to_write``: who else wants to write to it waits until this transaction ends.
    """
    wanted = select(Upload).where(Upload.name == name)
    upload = session.scalar(wanted.with_for_update() if to_write else wanted)
    if upload is None or not (reader.may("work at the desk") or upload.begun_by == reader.name):
        raise Missing(f"There is no upload {name[:24]}.", next="Choose one from the list of uploads.")
    return upload


def shown_to(session: Session, reader: Reader, limit: int) -> Sequence[Upload]:
    """The newest uploads that a reader may see."""
    wanted = select(Upload).order_by(Upload.id.desc()).limit(limit)
    if not reader.may("work at the desk"):
        wanted = wanted.where(Upload.begun_by == reader.name)
    return session.scalars(wanted).all()
