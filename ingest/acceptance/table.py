"""The inspection as table files for the spreadsheets that offices work with: volumes, differences, findings.

A file begins with the mark that tells them UTF-8, and no cell of it can run as a formula.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, undefer

from archive.database import ROWS_AT_ONCE
from archive.site import language
from archive.site.words import Say
from ingest import explaining
from ingest.acceptance import counts, kinds
from ingest.acceptance.asked import Asked
from ingest.acceptance.listed import ListedItem, ListedVolume
from ingest.acceptance.verdicts import Verdict
from ingest.transfers import FindingRow, Transfer, TransferVolume
from ingest.transfers.states import TAKEN

Lines = Callable[[Session, Transfer, Asked], Iterable[str]]
"""One of the tables below, as lines of CSV."""

COLUMNS = ("number", "sender", "title", "reference", "record_type", "state", "items_listed", "items",
           "files_listed", "files", "pages_listed", "pages", "pages_uncounted", "binding", "condition",
           "verdict", "reason", "note", "unfit_items", "errors", "returned_for", "looked_by",
           "looked_at")  # fmt: skip


def volumes(session: Session, transfer: Transfer, asked: Asked) -> Iterator[str]:
    """Every volume with its counts, its verdict and its reasons."""
    yield _head(asked, "column", COLUMNS)
    for row in session.execute(_rows(transfer).execution_options(yield_per=ROWS_AT_ONCE)):
        yield _line(_cells(*row, say=asked.say))


def in_custody(session: Session, transfer: Transfer, asked: Asked) -> Iterator[str]:
    """The volumes that a handover record is signed for, each with its kind and what it has."""
    names = ("number", "sender", "title", "reference", "kind", "items", "files", "bytes")
    yield _head(asked, "column", names)
    rows = (
        select(TransferVolume, ListedVolume.record_type)
        .outerjoin(ListedVolume, ListedVolume.volume_id == TransferVolume.id)
        .where(TransferVolume.transfer_id == transfer.id, TransferVolume.state.in_(TAKEN))
        .order_by(TransferVolume.position)
        .options(undefer(TransferVolume.held_as))
    )
    for row, record_type in session.execute(rows.execution_options(yield_per=ROWS_AT_ONCE)):
        kind = asked.say(f"kind.{kinds.kind_of(record_type)}")
        yield _line([row.position + 1, row.sender_id, row.title, row.held_as, kind, row.items, row.files,
                        row.bytes])  # fmt: skip


def differences(session: Session, transfer: Transfer, asked: Asked) -> Iterator[str]:
    """Every difference on the four levels."""
    names = ("level", "volume", "item", "what", "listed", "came")
    yield _head(asked, "counts", names)
    for level, each in counts.every_difference(session, transfer):
        places = (None if place is None else place + 1 for place in (each.volume, each.item))
        yield _line([asked.say(f"level.{level}"), *places, each.what, each.listed, each.came])


def findings(session: Session, transfer: Transfer, asked: Asked) -> Iterator[str]:
    """Every finding with the volume that it keeps back, in the words of a reader and in its own."""
    names = ("number", "sender", "title", "rule", "severity", "list", "row", "column", "path", "value",
             "expected", "found", "todo")  # fmt: skip
    yield _head(asked, "column", names)
    for row, volume in session.execute(_findings(transfer).execution_options(yield_per=ROWS_AT_ONCE)):
        whose = (volume.position + 1, volume.sender_id, volume.title) if volume else (None, None, None)
        yield _line([
            *whose, row.rule, asked.say(f"desk.sev.{row.severity}"), row.list, row.row, row.column, row.path,
            row.value, row.expected, explaining.sentence(asked.say, asked.tongue, row),
            explaining.todo(asked.say, row.rule),
        ])  # fmt: skip


def _findings(transfer: Transfer) -> Any:
    return (
        select(FindingRow, TransferVolume)
        .outerjoin(TransferVolume, TransferVolume.id == FindingRow.volume_id)
        .where(FindingRow.transfer_id == transfer.id)
        .order_by(FindingRow.id)
    )


def _rows(transfer: Transfer) -> Any:
    pages = counts.by_volume(transfer)
    of_volume = and_(
        Verdict.volume_id == TransferVolume.id, Verdict.item_id.is_(None), Verdict.replaced_at.is_(None)
    )
    unfit = select(func.count()).where(
        Verdict.volume_id == TransferVolume.id, Verdict.item_id.is_not(None), Verdict.replaced_at.is_(None),
        Verdict.verdict == "unfit",
    ).correlate(TransferVolume).scalar_subquery()  # fmt: skip
    errors = select(func.count()).where(
        FindingRow.volume_id == TransferVolume.id, FindingRow.severity == "error"
    ).correlate(TransferVolume).scalar_subquery()  # fmt: skip
    of_list = ListedItem.volume_id == TransferVolume.id
    files = select(func.sum(ListedItem.files + ListedItem.missing)).where(
        of_list
    ).correlate(TransferVolume).scalar_subquery()  # fmt: skip
    came = select(func.count()).where(
        of_list, ListedItem.files > 0
    ).correlate(TransferVolume).scalar_subquery()  # fmt: skip
    return (
        select(TransferVolume, ListedVolume, Verdict, pages.c.listed, pages.c.counted, pages.c.uncounted,
               unfit, errors, files, came)
        .join(pages, pages.c.id == TransferVolume.id)
        .outerjoin(ListedVolume, ListedVolume.volume_id == TransferVolume.id)
        .outerjoin(Verdict, of_volume)
        .where(TransferVolume.transfer_id == transfer.id)
        .order_by(TransferVolume.position)
        .options(undefer(TransferVolume.held_as))
    )  # fmt: skip


def _cells(
    row: TransferVolume, told: ListedVolume | None, seen: Verdict | None, *numbers: Any, say: Say
) -> list[object]:
    listed, counted, uncounted, unfit, errors, files, came = numbers
    return [
        row.position + 1, row.sender_id, row.title, row.held_as if row.volume_id else None,
        told.record_type if told else None, say(f"state.{row.state}"),
        told.items if told and told.items is not None else row.items, came,
        told.files if told and told.files is not None else files, row.files,
        listed, counted, uncounted,
        say(f"binding.{seen.binding}") if seen and seen.binding else None,
        say(f"condition.{seen.condition}") if seen and seen.condition else None,
        say(f"verdict.{seen.verdict}") if seen else say("verdict.not_looked_at"),
        say(f"unfit.{seen.reason}") if seen and seen.reason else None, seen.note if seen else None,
        unfit, errors, row.reason, seen.by if seen else None, _when(seen.at) if seen else None,
    ]  # fmt: skip


def _when(at: datetime) -> str:
    """The time in Seoul, as the pages tell it, in an order that a spreadsheet sorts."""
    return f"{at.astimezone(language.SEOUL):%Y-%m-%d %H:%M %Z}"


def _head(asked: Asked, of: str, names: Sequence[str]) -> str:
    return "\ufeff" + _line([asked.say(f"{of}.{name}") for name in names])


def _line(values: Sequence[object]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([_harmless(value) for value in values])
    return out.getvalue()


def _harmless(value: object) -> str:
    """A spreadsheet would run a cell that begins like a formula."""
    text = "" if value is None else str(value)
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
