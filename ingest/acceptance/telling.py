"""What the inspection tells on a terminal: volumes by their place in the list, items, rounds and acts.

What is told is what the pages of the desk show, asked for by the same functions.  A place is counted
from 1, and is what ``judge``, ``accept`` and ``return`` take.
"""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from sqlalchemy.orm import Session

from archive.site.language import amount
from archive.site.many import Many
from archive.site.terminal import moment
from ingest import overview, results, transfers
from ingest.acceptance import browsing, listed, sampling, verdicts
from ingest.acceptance.browsing import Line, Wanted
from ingest.acceptance.verdicts import Verdict
from ingest.transfers import Transfer, rounds

SHOWN = 20
"""How many lines of a list a terminal gets, where not all are asked for."""

LONGEST_TITLE = 60


def of_transfer(session: Session, number: str) -> dict[str, Any]:
    """Every volume and every round of a transfer, in the keys that other programs rely on."""
    transfer = transfers.get(session, number)
    _, count = browsing.lines(session, transfer, Wanted(), after=0, limit=0)
    return {
        "listing": Many(lambda: map(_volume, browsing.every_line(session, transfer)), count),
        "rounds": [_round(session, each) for each in rounds.chain(session, transfer)],
    }


def of_volume(session: Session, number: str, place: int) -> dict[str, Any]:
    """One volume of a transfer with its items and what holds of each."""
    transfer = transfers.get(session, number)
    volume = listed.volume_at(session, transfer, place - 1)
    items = browsing.items(session, volume, after=0, limit=None)
    found = browsing.findings(session, volume, limit=None)
    return {
        "transfer": number, "volume": place, "title": volume.title, "sender_id": volume.sender_id,
        "reference": volume.reference or volume.held_as, "state": volume.state,
        "is_open": verdicts.is_open(transfer, volume),
        "findings": [results.as_dict(transfers.as_finding(row)) for row in found],
        "items": [
            {"place": item.position + 1, "title": item.title, "files": item.files, "missing": item.missing,
             "pages": item.pages, **_verdict(verdict)}
            for item, verdict in items
        ],
    }  # fmt: skip


def _volume(line: Line) -> dict[str, Any]:
    row = line.volume
    return {
        "place": row.position + 1, "reference": row.reference or row.held_as,
        "sender_id": row.sender_id, "title": row.title,
        "state": row.state, "held_back": row.state == "waiting" and line.is_faulty,
        "verdict": line.verdict, "unfit_items": line.unfit_items,
        "items": row.items, "files": row.files, "bytes": row.bytes, "reason": row.reason,
    }  # fmt: skip


def _verdict(verdict: Verdict | None) -> dict[str, Any]:
    if verdict is None:
        return {"verdict": "not_looked_at", "reason": None}
    return {"verdict": verdict.verdict, "reason": verdict.reason}


def _round(session: Session, transfer: Transfer) -> dict[str, Any]:
    it = overview.summary(session, transfer)
    return {
        "round": transfer.round, "transfer": transfer.number, "state": transfer.state,
        "received_at": transfer.received_at.isoformat(),
        "volumes": {"listed": it.listed, "accepted": it.accepted, "returned": it.returned,
                    "held_already": it.held_already},
        "errors": it.by_severity["error"],
    }  # fmt: skip


def drawn(line: sampling.Line) -> dict[str, Any]:
    """One of a sample, with what holds of it."""
    about = line.item or line.volume
    return {"volume": line.volume.position + 1, "item": line.item.position + 1 if line.item else None,
            "title": about.title, **_verdict(line.verdict)}  # fmt: skip


def drawn_in_words(
    number: str, lines: Sequence[dict[str, Any]], left: sampling.Line | None, *, everything: bool
) -> list[str]:
    """A sample in the order in which it was drawn, and how the next that is left is judged."""
    told = first(map(_drawn_in_words, lines), len(lines), everything=everything)
    if left:
        item = f" --item {left.item.position + 1}" if left.item else ""
        judge = f"seogo transfer judge {number} --volume {left.volume.position + 1}{item} --verdict fit"
        told.append(f"To judge the next one: {judge}")
    return told


def _drawn_in_words(each: dict[str, Any]) -> str:
    item = f" item {each['item']}" if each["item"] else ""
    return f"volume {each['volume']:>4}{item:<8}  {verdict(each):<13}  {each['title'][:LONGEST_TITLE]}"


def in_words(told: dict[str, Any], *, everything: bool) -> list[str]:
    """Volumes and rounds of a transfer."""
    return [*volumes_in_words(told, everything=everything), *rounds_in_words(told)]


def volumes_in_words(told: dict[str, Any], *, everything: bool) -> list[str]:
    """A line a volume: its place first, and how many more there are."""
    lines = first(map(_volume_in_words, told["listing"]), len(told["listing"]), everything=everything)
    if not lines:
        return []
    see = f"Items of a volume: seogo transfer show {told['transfer']} --volume PLACE"
    return ["Volumes by their place in the list:", *lines, see]


def _volume_in_words(each: dict[str, Any]) -> str:
    state = "kept back" if each["held_back"] else each["state"]
    unfit = each["unfit_items"]
    looked = verdict(each) + (f", {amount(unfit, 'item')} unfit" if unfit else "")
    return f"{each['place']:>6}  {each['reference'] or '–':<14} {state:<9} {looked:<13}  {named(each)}"


def items_in_words(told: dict[str, Any]) -> list[str]:
    """A volume with a line an item: its place first."""
    number, place = told["transfer"], told["volume"]
    reference = f" as {told['reference']}" if told["reference"] else ""
    head = f"Volume {place} of transfer {number} is {told['state']}{reference}: {named(told)}"
    if not told["items"]:
        return [head, "Its list tells no items."]
    lines = [head, *map(_item_in_words, told["items"])]
    if told["is_open"]:
        lines.append(f"To judge one: seogo transfer judge {number} --volume {place} --item PLACE --verdict …")
    return lines


def _item_in_words(each: dict[str, Any]) -> str:
    files = amount(each["files"], "file") + (f" and {each['missing']} missing" if each["missing"] else "")
    pages = "pages not listed" if each["pages"] is None else amount(each["pages"], "page")
    return f"{each['place']:>6}  {verdict(each):<13}  {files}, {pages}  {each['title']}"


def rounds_in_words(told: dict[str, Any]) -> list[str]:
    """Every round, where there is more than one."""
    if len(told["rounds"]) == 1:
        return []
    return ["Rounds:", *(
        f"{each['round']:>6}  {each['transfer']}  {moment(each['received_at'])}  {each['state']}: "
        f"{amount(each['volumes']['listed'], 'volume')}, {accepted(each['volumes'])} accepted, "
        f"{each['volumes']['returned']:,} returned, {amount(each['errors'], 'error')}"
        for each in told["rounds"]
    )]  # fmt: skip


def accepted(volumes: dict[str, int]) -> str:
    """How many this round brought into custody; apart from them those that were held already."""
    held = volumes["held_already"]
    return f"{volumes['accepted'] - held:,}" + (f" (and {held:,} held already)" if held else "")


def decided(volumes: dict[str, int], waiting: int) -> str:
    """What became of how many volumes; of what there is none, nothing is said."""
    counts = {
        "accepted": volumes["accepted"] - volumes["held_already"], "held already": volumes["held_already"],
        "returned": volumes["returned"], "waiting": waiting,
    }  # fmt: skip
    said = ", ".join(f"{what} {count:,}" for what, count in counts.items() if count)
    return said.capitalize() or "No volume was accepted or returned, and none waits"


def first(lines: Iterable[str], count: int, *, everything: bool) -> list[str]:
    """The lines that a terminal gets, and how many are left out."""
    if everything or count <= SHOWN:
        return list(lines)
    return [*islice(lines, SHOWN), f"… and {count - SHOWN:,} more; all of them with --all."]


def verdict(told: dict[str, Any]) -> str:
    """What a person who looked said."""
    words: str = told["verdict"].replace("_", " ")
    return (
        f"{words} ({told['reason'].replace('_', ' ')})" if words == "unfit" and told.get("reason") else words
    )


def named(told: dict[str, Any]) -> str:
    """A volume as its sender calls it."""
    title = told["title"] if len(told["title"]) <= LONGEST_TITLE else f"{told['title'][:LONGEST_TITLE]}…"
    return f"{told['sender_id']} {title}" if told["sender_id"] else title
