"""The history of a transfer: its acts, what was taken into custody, and what was judged.

The desk and every command tell it from here.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
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
from archive.site.words import spoken
from ingest import results
from ingest.acceptance import telling
from ingest.acceptance.listed import ListedItem
from ingest.acceptance.verdicts import Verdict
from ingest.transfers import Transfer, TransferVolume


def told(session: Session, transfer: Transfer) -> dict[str, Any]:
    """All of it, in the keys that other programs rely on."""
    return {
        "history": results.history(session, transfer.number),
        "taken": taken(session, transfer),
        "judged": judged(session, transfer),
    }


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
    )
    in_order = rows.order_by(Verdict.at, Verdict.id).execution_options(yield_per=ROWS_AT_ONCE)
    newest = rows.order_by(Verdict.at.desc(), Verdict.id.desc())

    def ask() -> Iterator[dict[str, Any]]:
        return (_judged(*each) for each in session.execute(in_order))

    def last(most: int) -> list[dict[str, Any]]:
        return [_judged(*each) for each in session.execute(newest.limit(most))][::-1]

    return Many(ask, session.scalar(select(func.count()).select_from(Verdict).where(mine)) or 0, last)


def _judged(verdict: Verdict, volume: int, item: int | None) -> dict[str, Any]:
    return {
        "at": verdict.at.isoformat(), "actor": verdict.by, "volume": volume, "item": item,
        "verdict": verdict.verdict, "reason": verdict.reason, "holds": verdict.replaced_at is None,
    }  # fmt: skip


def in_order(told: Mapping[str, Any], *kinds: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """What was done, each with its kind, in the order of time; of all kinds where none is named."""
    rows = (_of_kind(kind, told[kind]) for kind in kinds or WORDS)
    return merge(*rows, key=lambda line: datetime.fromisoformat(line[1]["at"]))


def _of_kind(kind: str, rows: Iterable[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    return ((kind, each) for each in rows)


def in_words(told: Mapping[str, Any]) -> Iterator[str]:
    """A line for each."""
    return (WORDS[kind](each) for kind, each in in_order(told))


def newest_in_words(told: Mapping[str, Any], *, everything: bool) -> list[str]:
    """The last lines that a terminal gets, after how many came before them; of each kind no more are read."""
    before = 0 if everything else sum(len(told[kind]) for kind in WORDS) - telling.SHOWN
    if before <= 0:
        return ["History:", *in_words(told)]
    rest = f"all of them with --all; of every round: seogo transfer history {told['transfer']}"
    newest = in_words({kind: told[kind][-telling.SHOWN :] for kind in WORDS})
    return ["History:", f"  … {before:,} before these; {rest}", *deque(newest, telling.SHOWN)]


def _act_in_words(each: dict[str, Any]) -> str:
    detail = " ".join((each["detail"] or "").split())
    if detail and each["act"] in ("quarantined", "acceptance-asked"):
        detail = f"until {moment(detail)}"
    words = spoken("en")(f"act.{each['act']}")
    return f"  {moment(each['at'])}  {words}, by {each['actor']}{f': {detail}' if detail else ''}"


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


WORDS = {"history": _act_in_words, "taken": _taken_in_words, "judged": _judged_in_words}
"""Its kinds, each with how one is said on a terminal."""
