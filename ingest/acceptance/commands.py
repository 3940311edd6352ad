"""The inspection (검수) on the command line: verdicts, samples, counts and rounds of a transfer."""

from functools import partial
from typing import Any

import click
from sqlalchemy.orm import Session

from archive.errors import Missing
from archive.ledger import COMMAND_LINE as BY
from archive.site.evidence import seal_or_say
from archive.site.language import amount
from archive.site.many import Many
from archive.site.numbers import Number
from archive.site.site import Site
from archive.site.terminal import Command, json_option, pass_site, say
from ingest import results, transfers
from ingest.acceptance import acts, comparing, counts, listed, sampling, telling, verdicts
from ingest.acceptance.comparing import Comparison, Told, VolumeChange
from ingest.acceptance.counts import Count, Difference, Level
from ingest.acceptance.forms import percent
from ingest.acceptance.sampling import Standing
from ingest.acceptance.verdicts import BINDINGS, CONDITIONS, REASONS, Seen
from ingest.transfers import Transfer, rounds

all_option = click.option(
    "--all", "everything", is_flag=True, help="Every line, and not only the first ones."
)


@click.command(cls=Command)
@click.argument("number")
@click.option("--volume", "place", type=Number(1), required=True, help="Its place in the list.")
@click.option("--item", type=Number(1), help="Its place in the volume; without it the volume itself.")
@click.option("--verdict", required=True, type=click.Choice(["fit", "unfit", "not_looked_at"]))
@click.option("--reason", metavar="CODE", help=f"Why it is unfit, one of: {', '.join(REASONS)}.")
@click.option("--note", help="A remark, with any verdict: words for the agency; no personal data of users.")
@click.option("--pages", type=Number(), help="How many pages were counted.")
@click.option("--binding", type=click.Choice(BINDINGS), help="How the paper is bound (편철상태).")
@click.option("--condition", type=click.Choice(CONDITIONS), help="Grade of the paper (보존상태).")
@json_option
@pass_site
def judge(site: Site, /, number: str, place: int, item: int | None, as_json: bool, **seen: Any) -> int:
    """Say of a volume or an item whether it is fit.  What is unfit keeps its volume from being taken."""
    with site.open_session.begin() as session:
        transfer = transfers.get(session, number)
        volume = listed.volume_at(session, transfer, place - 1)
        about = volume if item is None else listed.item_at(session, volume, item - 1)
        verdicts.give(session, transfer, about, Seen(**seen), by=BY, at=site.now())
        told = {"transfer": number, "volume": place, "item": item, "title": about.title, **seen}
    what = f"Item {item} of volume {place}" if item else f"Volume {place}"
    say(told, as_json, lambda: f"{what} ({told['title']}) is {told['verdict'].replace('_', ' ')}.")
    return seal_or_say(site)


@click.command(cls=Command)
@click.argument("number")
@click.option("--draw", is_flag=True, help="Draw a sample, in place of an earlier one.")
@click.option("--unit", type=click.Choice(["volume", "item"]), default="item", show_default=True)
@click.option("--acceptable", default="1", show_default=True, help="Percent that may be unfit.")
@click.option("--confidence", default="95", show_default=True, help="Percent.")
@click.option("--seed", help="To repeat a choice before anybody looks; else one is drawn.")
@all_option
@json_option
@pass_site
def sample(
    site: Site, number: str, draw: bool, unit: sampling.Unit, acceptable: str, confidence: str,
    seed: str | None, everything: bool, as_json: bool,
) -> int:  # fmt: skip
    """The sample to be looked at, how far that is, and what it proves."""
    if draw:
        with site.open_session.begin() as session:
            sampling.draw(
                session, transfers.get(session, number), unit=unit, acceptable=percent(acceptable),
                confidence=percent(confidence), seed=seed or "", by=BY, at=site.now(),
            )  # fmt: skip
    with site.reading_session() as session:
        transfer = transfers.get(session, number)
        plan = sampling.current(session, transfer)
        if plan is None:
            raise Missing(f"Transfer {number} has no sample.", next=f"seogo transfer sample {number} --draw")
        standing = sampling.standing(session, plan)
        told = {**as_dict(standing), "times_drawn": sampling.times(session, transfer)}
        lines = sampling.lines(session, plan, only_to_look_at=False, after=0, limit=plan.size)
        told["drawn"] = [telling.drawn(line) for line in lines]
        left = sampling.next_to_judge(session, plan)
        say(told, as_json, lambda: [
            *in_words(standing, told["times_drawn"]),
            *telling.drawn_in_words(number, told["drawn"], left, everything=everything),
        ])  # fmt: skip
    return seal_or_say(site) if draw else 0


@click.command(cls=Command)
@click.argument("number")
@all_option
@json_option
@pass_site
def count(site: Site, number: str, everything: bool, as_json: bool) -> None:
    """Volumes, items, files and pages: what the list says, what came, and each difference."""
    with site.reading_session() as session:
        transfer = transfers.get(session, number)
        levels = counts.count(session, transfer)
        differences = Many(lambda: map(_difference, counts.every_difference(session, transfer)),
                           sum(each.differing for each in levels))  # fmt: skip
        told = {"levels": [vars(each) for each in levels], "differences": differences}
        say(told, as_json, lambda: [
            *map(_level_in_words, levels),
            *telling.first(map(_difference_in_words, differences), len(differences), everything=everything),
        ])  # fmt: skip


def _difference(told: tuple[Level, Difference]) -> dict[str, Any]:
    level, each = told
    return {"level": level, **vars(each), "volume": from_one(each.volume), "item": from_one(each.item)}


def _level_in_words(each: Count) -> str:
    uncounted = f"  items not counted {each.uncounted:,}" if each.level == "page" else ""
    level = f"{each.level}s"
    return (
        f"{level:<8} listed {each.listed:>9,}  came {each.came:>9,}  differing {each.differing:,}{uncounted}"
    )


def _difference_in_words(each: dict[str, Any]) -> str:
    listed, came = ("nothing" if each[side] is None else each[side] for side in ("listed", "came"))
    place = "no volume" if each["volume"] is None else f"volume {each['volume']}"
    item = f" item {each['item']}" if each["item"] else ""
    return f"{each['level']}: {place}{item}: listed {listed}, came {came}: {each['what']}"


def from_one(place: int | None) -> int | None:
    return None if place is None else place + 1


@click.command(cls=Command)
@click.argument("before")
@click.argument("after")
@all_option
@json_option
@pass_site
def compare(site: Site, before: str, after: str, everything: bool, as_json: bool) -> None:
    """Two rounds: volumes added, gone and changed, findings corrected, still open and new."""
    with site.reading_session() as session:
        found = comparing.compare(session, transfers.get(session, before), transfers.get(session, after))
        told = comparison(found)
        say(told, as_json, lambda: comparison_in_words(told, everything=everything))


def comparison(found: Comparison) -> dict[str, Any]:
    """A comparison in the keys that other programs rely on."""
    lists = {"corrected": found.corrected, "open": found.open, "new": found.new}
    return {
        "before": found.before.number,
        "after": found.after.number,
        "volumes": found.counted,
        "changes": found.changes.each(_change),
        "findings": {name: rows.each(_told) for name, rows in lists.items()},
    }


def _change(each: VolumeChange) -> dict[str, Any]:
    return {"change": each.change, "sender_id": each.sender_id, "title": each.title,
            "before": from_one(each.before), "after": from_one(each.after)}  # fmt: skip


def _told(each: Told) -> dict[str, Any]:
    return {"volume": each.volume, **results.as_dict(transfers.as_finding(each.finding))}


def comparison_in_words(told: dict[str, Any], *, everything: bool) -> list[str]:
    """Totals, each volume that is not the same with its place in both rounds, and each finding."""
    volumes = ", ".join(f"{count} {change.replace('_', ' ')}" for change, count in told["volumes"].items())
    findings = ", ".join(f"{len(rows)} {fate}" for fate, rows in told["findings"].items())
    lines = [f"{told['before']} to {told['after']}: volumes {volumes}; findings {findings}."]
    lists = {"changes": told["changes"]} | told["findings"]
    for fate, rows in lists.items():
        words = _change_in_words if fate == "changes" else partial(_told_in_words, fate)
        lines += telling.first(map(words, rows), len(rows), everything=everything)
    return lines


def _change_in_words(each: dict[str, Any]) -> str:
    before, after = ("–" if each[side] is None else each[side] for side in ("before", "after"))
    return f"{each['change'].replace('_', ' ')}: volume {before} to {after}: {telling.named(each)}"


def _told_in_words(fate: str, each: dict[str, Any]) -> str:
    volume = f" ({each['volume']})" if each["volume"] else ""
    return f"{fate} {each['severity']}: {each['rule']}{volume}: {each['message']}"


@click.command(cls=Command)
@click.argument("number")
@json_option
@pass_site
def history(site: Site, number: str, as_json: bool) -> None:
    """Every round of a transfer, the first one first, with what was done in it."""
    with site.reading_session() as session:
        every = rounds.chain(session, transfers.get(session, number))
        told = {"rounds": [_round(session, each) for each in every]}
        say(told, as_json, lambda: [line for each in told["rounds"] for line in _round_in_words(each)])


def _round(session: Session, transfer: Transfer) -> dict[str, Any]:
    return {**results.with_history(session, transfer.number), **acts.told(session, transfer)}


def _round_in_words(each: dict[str, Any]) -> list[str]:
    volumes = each["volumes"]
    head = (
        f"round {each['round']}: {each['transfer']} {each['state']}, "
        f"{amount(volumes['listed'], 'volume')}, {telling.accepted(volumes)} accepted, "
        f"{volumes['returned']:,} returned, {amount(len(each['findings']), 'finding')}"
    )
    return [head, *acts.in_words(each)]


def as_dict(standing: Standing) -> dict[str, Any]:
    plan = standing.plan
    return {
        "unit": plan.unit, "lot": plan.lot, "size": plan.size, "seed": plan.seed,
        "acceptable": plan.acceptable / 1_000_000, "confidence": plan.confidence / 1_000_000,
        "looked_at": standing.looked_at, "to_look_at": standing.to_look_at,
        "never_seen": standing.never_seen, "unfit": standing.unfit,
        "at_most_unfit": float(standing.at_most), "confidence_reached": float(standing.confidence),
        "is_shown": standing.is_shown,
    }  # fmt: skip


def in_words(standing: Standing, times: int) -> list[str]:
    plan = standing.plan
    sure, past = f"{plan.confidence / 10_000:g} %", standing.never_seen
    over = f", {past} {'was' if past == 1 else 'were'} returned or closed unseen" if past else ""
    return [
        f"{plan.size} of {amount(plan.lot, plan.unit)} were drawn with the seed {plan.seed}"
        + (f", the last time of {times}." if times > 1 else "."),
        f"{standing.looked_at} are looked at, {standing.to_look_at} are to be looked at{over}.",
        f"With {standing.looked_at} of {plan.lot} looked at and {standing.unfit} unfit, at {sure} confidence "
        f"at most {sampling.upward(standing.at_most)} % are unfit; "
        f"{plan.acceptable / 10_000:g} % were acceptable.",
    ]  # fmt: skip
