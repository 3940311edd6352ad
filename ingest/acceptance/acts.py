"""What was done in a transfer beside its own acts: what was taken into custody, and what was judged."""

from collections.abc import Iterator
from datetime import datetime
from heapq import merge
from itertools import groupby
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from archive.database import ROWS_AT_ONCE
from archive.holdings import Volume
from archive.site.language import SEOUL, amount
from archive.site.many import Many
from archive.site.terminal import moment
from ingest.acceptance import telling
from ingest.acceptance.listed import ListedItem
from ingest.acceptance.verdicts import Verdict
from ingest.transfers import Transfer, TransferVolume


def taken(session: Session, transfer: Transfer) -> list[dict[str, Any]]:
    """How many volumes it brought into custody on each day in Seoul, with the first and the last moment."""
    times = (
        select(Volume.accepted_at, func.count())
        .join(TransferVolume, TransferVolume.volume_id == Volume.id)
        .where(TransferVolume.transfer_id == transfer.id, TransferVolume.reference == Volume.reference)
        .group_by(Volume.accepted_at)
        .order_by(Volume.accepted_at)
    )
    days = groupby(session.execute(times), key=lambda row: row[0].astimezone(SEOUL).date())
    return [_taken([(at, count) for at, count in some]) for _, some in days]


def _taken(times: list[tuple[datetime, int]]) -> dict[str, Any]:
    first, last = times[0][0], times[-1][0]
    return {
        "at": first.isoformat(), "until": last.isoformat(), "volumes": sum(count for _, count in times),
    }  # fmt: skip


def judged(session: Session, transfer: Transfer) -> Many:
    """Every verdict that was given, the first one first; ``holds``: no later one replaced it."""
    mine = Verdict.transfer_id == transfer.id
    rows = (
        select(Verdict, TransferVolume.position + 1, ListedItem.position + 1)
        .join(TransferVolume, TransferVolume.id == Verdict.volume_id)
        .outerjoin(ListedItem, ListedItem.id == Verdict.item_id)
        .where(mine)
        .order_by(Verdict.at, Verdict.id)
        .execution_options(yield_per=ROWS_AT_ONCE)
    )

    def ask() -> Iterator[dict[str, Any]]:
        for verdict, volume, item in session.execute(rows):
            yield {
                "at": verdict.at.isoformat(), "actor": verdict.by, "volume": volume, "item": item,
                "verdict": verdict.verdict, "reason": verdict.reason, "holds": verdict.replaced_at is None,
            }  # fmt: skip

    return Many(ask, session.scalar(select(func.count()).select_from(Verdict).where(mine)) or 0)


def in_words(told: dict[str, Any]) -> list[str]:
    """The acts of a round, what it brought into custody and what was judged, in the order of time."""
    lines = merge(
        ((each["at"], telling.act_in_words(each)) for each in told["history"]),
        ((each["at"], _taken_in_words(each)) for each in told["taken"]),
        ((each["at"], _judged_in_words(each)) for each in told["judged"]),
        key=lambda line: datetime.fromisoformat(line[0]),
    )
    return [line for _, line in lines]


def _taken_in_words(each: dict[str, Any]) -> str:
    first, last = moment(each["at"]), moment(each["until"])
    until = f", the last at {last}" if last != first else ""
    return f"  {first}  Taken into custody: {amount(each['volumes'], 'volume')}{until}"


def _judged_in_words(each: dict[str, Any]) -> str:
    item = f"item {each['item']} of " if each["item"] else ""
    later = "" if each["holds"] else "; judged again since"
    return (
        f"  {moment(each['at'])}  Judged {telling.verdict(each)}, by {each['actor']}: "
        f"{item}volume {each['volume']}{later}"
    )
