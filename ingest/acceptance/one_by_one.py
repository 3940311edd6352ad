"""The parts of the inspection report that name single things: what was found, unfit, returned, or differs."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from archive.printing import Block, Heading, Paragraph, Table
from archive.site.words import Say
from ingest import explaining, overview
from ingest.acceptance import counts
from ingest.acceptance.asked import Asked
from ingest.acceptance.listed import ListedItem
from ingest.acceptance.verdicts import Verdict
from ingest.transfers import FindingRow, Transfer, TransferVolume

MOST = 500
"""Lines of one table in the document; the rest is told to be in the table file."""


def found(session: Session, transfer: Transfer, asked: Asked) -> Iterator[Block]:
    """What is wrong, one by one: where it is, so that somebody can mend it.  Notes are counted above."""
    say = asked.say
    rows = session.execute(
        select(FindingRow, TransferVolume.position)
        .outerjoin(TransferVolume, TransferVolume.id == FindingRow.volume_id)
        .where(FindingRow.transfer_id == transfer.id, FindingRow.severity.in_(("error", "warning")))
        .order_by(overview.BY_SEVERITY, FindingRow.id).limit(MOST + 1)
    ).all()  # fmt: skip
    if rows:
        yield Heading(say("report.findings"))
        yield Table(
            [say("report.place"), say("desk.sev"), say("desk.where"), say("column.found")],
            [(place(volume, None), say(f"desk.sev.{row.severity}"), explaining.place(say, row) or "–",
              explaining.sentence(say, asked.tongue, row)) for row, volume in rows[:MOST]],
            (0.1, 0.1, 0.36, 0.44),
        )  # fmt: skip
        yield from _more(rows, say)


def unfit(session: Session, transfer: Transfer, asked: Asked) -> Iterator[Block]:
    say = asked.say
    rows = session.execute(
        select(TransferVolume.position, ListedItem.position, TransferVolume.title, ListedItem.title, Verdict)
        .select_from(Verdict)
        .join(TransferVolume, TransferVolume.id == Verdict.volume_id)
        .outerjoin(ListedItem, ListedItem.id == Verdict.item_id)
        .where(Verdict.transfer_id == transfer.id, Verdict.replaced_at.is_(None), Verdict.verdict == "unfit")
        .order_by(TransferVolume.position, ListedItem.position).limit(MOST + 1)
    ).all()  # fmt: skip
    if not rows:
        return
    yield Heading(say("report.unfit"))
    yield Table(
        [say("report.place"), say("fact.title"), say("unfit.reason"), say("unfit.note")],
        [(place(volume, item), title or of, say(f"unfit.{row.reason}"), row.note or "–")
         for volume, item, of, title, row in rows[:MOST]],
        (0.12, 0.36, 0.2, 0.32),
    )  # fmt: skip
    yield from _more(rows, say)


def place(volume: int | None, item: int | None) -> str:
    """Volume and item as people count them, from 1: ``3-12``."""
    return "–" if volume is None else f"{volume + 1}" if item is None else f"{volume + 1}-{item + 1}"


def _more(rows: Any, say: Say) -> Iterator[Block]:
    if len(rows) > MOST:
        yield Paragraph(say("report.more", n=MOST))


def returned(session: Session, transfer: Transfer, asked: Asked) -> Iterator[Block]:
    say = asked.say
    rows = session.scalars(
        select(TransferVolume)
        .where(TransferVolume.transfer_id == transfer.id, TransferVolume.state == "returned")
        .order_by(TransferVolume.position).limit(MOST + 1)
    ).all()  # fmt: skip
    if rows:
        yield Heading(say("report.returned"))
        yield Table(
            [say("desk.number"), say("fact.title"), say("desk.return.reason")],
            [(place(row.position, None), row.title, row.reason or "–") for row in rows[:MOST]],
            (0.1, 0.38, 0.52), frozenset({0}),
        )  # fmt: skip
        yield from _more(rows, say)


def differences(session: Session, transfer: Transfer, asked: Asked) -> Iterator[Block]:
    say = asked.say
    for level in counts.LEVELS:
        rows = counts.differences(session, transfer, level, limit=MOST + 1)
        if rows:
            yield Heading(say("report.differences", level=say(f"level.{level}")))
            yield Table(
                [say("report.place"), say("counts.what"), say("counts.listed"), say("counts.came")],
                [(place(row.volume, row.item), row.what, row.listed or "–", row.came or "–")
                 for row in rows[:MOST]],
                (0.12, 0.56, 0.16, 0.16), frozenset({2, 3}),
            )  # fmt: skip
            yield from _more(rows, say)
