"""``seogo volume`` and ``seogo copy``: what is held, taking it out, and whether it is still what came in."""

from datetime import date
from pathlib import Path
from typing import Any

import click
from sqlalchemy import select

from archive import disclosure, holdings
from archive.errors import Refused
from archive.holdings import Item, Volume
from archive.ledger import COMMAND_LINE as BY
from archive.registration import ENTERING
from archive.site.evidence import seal_or_say
from archive.site.language import amount
from archive.site.site import Site
from archive.site.terminal import Command, LazyGroup, Progress, a_path, json_option, moment, pass_site, say
from preservation import exports, fills, fixity, lagging, locks, packages, policies, retrievals
from preservation.fills import Fill
from preservation.fixity import Checked, Flaw


@click.group()
def volume() -> None:
    """Volumes (권): what is in custody."""


@volume.command("list", cls=Command, exits=(0, 1, 2, 4))
@json_option
@pass_site
def list_(site: Site, as_json: bool) -> None:
    """All volumes in custody, by reference."""
    wanted = select(Volume.reference, Volume.sender_id, Volume.title, Volume.state)
    wanted = wanted.where(Volume.state != ENTERING).order_by(Volume.reference)
    with site.reading_session() as session:
        rows = [dict(row._mapping) for row in session.execute(wanted)]
    say({"volumes": rows}, as_json, lambda: [
        f"{row['reference']}  {row['state']:<9} {row['title']}" for row in rows
    ] or "No volume is in custody yet.")  # fmt: skip


@volume.command(cls=Command)
@click.argument("reference")
@json_option
@pass_site
def show(site: Site, reference: str, as_json: bool) -> None:
    """One volume with its items, files and copies.  For staff: nothing is left out."""
    with site.reading_session() as session:
        found = holdings.get_volume(session, reference)
        told = {
            **described(found),
            "items": [of_item(item, site.today()) for item in found.items],
            "copies": [
                {"store": copy.store, "state": copy.state,
                 "verified_at": copy.verified_at.isoformat() if copy.verified_at else None}
                for copy in packages.copies_of(session, found.id)
            ],
        }  # fmt: skip
    say(told, as_json, lambda: _in_words(told))


def described(volume: Volume) -> dict[str, Any]:
    names = ("reference", "sender_id", "title", "state")
    return {name: getattr(volume, name) for name in names}


def of_item(item: Item, today: date) -> dict[str, Any]:
    """An item as it is today with its files, in the keys that other programs rely on."""
    opens_on = item.opens_on.isoformat() if item.opens_on and item.disclosure != "open" else None
    return {
        "reference": item.reference,
        "sender_id": item.sender_id,
        "title": item.title,
        "disclosure": disclosure.state_now(item, today),
        "opens_on": opens_on,
        "files": [
            {name: getattr(file, name) for name in ("path", "original_name", "bytes", "sha256", "format")}
            for file in item.files
        ],
    }


def _in_words(told: dict[str, Any]) -> list[str]:
    lines = [f"{told['reference']}  {told['title']} ({told['state']})"]
    for item in told["items"]:
        files = f"{amount(len(item['files']), 'file')}"
        lines.append(f"  {item['reference']}  {item['disclosure']:<8} {item['title']} ({files})")
    lines += [
        f"  copy in {each['store']}: {each['state']}, {moment(each['verified_at'])}"
        for each in told["copies"]
    ]
    return lines


@volume.command(cls=Command, exits=(0, 1, 2, 3, 4, 5))
@click.argument("reference")
@click.argument("folder", type=a_path())
@json_option
@pass_site
def export(site: Site, reference: str, folder: Path, as_json: bool) -> None:
    """Write a volume's bags into a folder; each is complete and verified while it is written."""
    with site.reading_session() as session:
        found = holdings.get_volume(session, reference)
        bags = packages.bags_of(session, found.id)
    written = [str(exports.export(site, bag, found.reference, folder)) for bag in bags]
    say({"bags": written}, as_json, lambda: written)


SHOWN = 50
"""Lines of one list that a terminal gets."""

LATER = dict.fromkeys(("retrieve", "retrievals"), "preservation.retrieving_commands")
"""Commands that are imported when they are called."""


@click.group(cls=LazyGroup, places=LATER)
def copy() -> None:
    """Copies (사본): the same bag in several stores."""


@copy.command(cls=Command, exits=(0, 1, 2, 3, 4, 5))
@click.option("--store", help="Only one store, by name or location.")
@click.option("--volume", "reference", help="Only one volume, by reference.")
@json_option
@pass_site
def check(site: Site, store: str | None, reference: str | None, as_json: bool) -> int:
    """Read copies back and say whether they are still what was taken in."""
    if reference:
        with site.reading_session() as session:
            reference = holdings.get_volume(session, reference).reference
    chosen = site.store(store).name if store else None
    if chosen in site.settings.cold.stores:
        raise Refused(
            f"Store {chosen} is cold; its copies are read when they were brought.",
            code="store.cold", next=f"Ask for them with: seogo copy retrieve REFERENCE --store {chosen}",
        )  # fmt: skip
    with site.reading_session() as session:
        demand = policies.in_force(session, site.settings)
        total = len(fixity.subjects(session, demand, store=chosen, volume=reference))
    counts = {"intact": 0, "altered": 0, "absent": 0, "not_looked_at": 0}
    exceptions: list[dict[str, Any]] = []
    progress = Progress()
    for done, checked in enumerate(fixity.check_copies(site, store=chosen, volume=reference, by=BY), start=1):
        counts[checked.verdict] += 1
        exceptions += [_exception(checked, flaw) for flaw in checked.flaws]
        progress("checking", done, total)
    progress.close()
    with site.reading_session() as session:
        lags = lagging.lags(session, site.settings, site.now(), store=chosen, volume=reference)
        cold = retrievals.unread(session, site.settings.cold, volume=reference) if not chosen else []
    told = {**counts, "exceptions": exceptions, "lagging": [each.told() for each in lags], "cold": cold}
    say(told, as_json, lambda: _verdicts(told))
    is_open = counts["not_looked_at"] or lagging.late(lags)
    is_damaged = counts["altered"] or counts["absent"] or any(each["unsound"] for each in cold)
    found = 5 if is_damaged else 4 if is_open else 0
    return max(found, seal_or_say(site))


@copy.command(cls=Command, exits=(0, 1, 2, 3, 4, 5))
@click.option("--store", required=True, help="The store to fill, by name or location.")
@click.option("--dry-run", is_flag=True, help="Say what it lacks and how long it will take; write nothing.")
@json_option
@pass_site
def fill(site: Site, store: str, dry_run: bool, as_json: bool) -> int:
    """Copy into a store all that it lacks, from verified copies, and read it back.

    It may be stopped at any moment; the same command goes on.  Nothing is replaced or repaired.
    """
    run = Fill(site, site.store(store), by=BY)
    if not dry_run:
        progress = Progress()
        try:
            run.run(progress)
        finally:
            progress.close()
    told = {**run.told(), "dry_run": dry_run}
    say(told, as_json, lambda: fills.in_words(told))
    return run.exit_code if dry_run else max(run.exit_code, seal_or_say(site))


@copy.command("lock", cls=Command, exits=(0, 1, 2, 3, 4))
@click.option("--store", required=True, help="The store whose objects are locked, by name or location.")
@click.option("--volume", "reference", help="Only one volume.")
@json_option
@pass_site
def lock_(site: Site, store: str, reference: str | None, as_json: bool) -> None:
    """Lock what a store holds for as long as its records are kept, as its URL asks for.

    For copies from before locks were asked for, and to renew the locks of what has no last day.
    No lock becomes shorter.
    """
    if reference:
        with site.reading_session() as session:
            reference = holdings.get_volume(session, reference).reference
    chosen = site.store(store)
    objects = extended = 0
    for locked in locks.lock_copies(site, chosen, volume=reference):
        objects, extended = objects + locked.objects, extended + locked.extended
    told = {"store": chosen.name, "objects": objects, "extended": extended}
    say(told, as_json, lambda: f"{amount(objects, 'object')} in {chosen.name} locked; "
                               f"{told['extended']} of them were not, or not for long enough.")  # fmt: skip


def _verdicts(told: dict[str, Any]) -> list[str]:
    lines = [f"{told['intact']} intact, {told['altered']} altered, {told['absent']} absent, "
             f"{told['not_looked_at']} not looked at."]  # fmt: skip
    filled = {each["store"] for each in told["lagging"] if not each["late"]}
    bad = [each for each in told["exceptions"]
           if "owed" not in each or each["store"] not in filled]  # fmt: skip
    lines += map(_exception_in_words, bad[:SHOWN])
    if len(bad) > SHOWN:
        lines.append(f"… and {len(bad) - SHOWN:,} more; all of them with --json.")
    lines += [_lag_in_words(each) for each in told["lagging"]]
    lines += [_cold_in_words(each) for each in told["cold"]]
    if kept := [each for each in bad if "kept_version" in each]:
        lines.append(
            f"{len(kept)} of them were written over or removed, and what was taken in is still there as an "
            "older version: see kept_version with --json.  Change that store's key."
        )
    if bad:
        others = "The other copies that were looked at are intact. " if told["intact"] else ""
        lines.append(f"{others}All copies of a volume, each with its day: seogo volume show REFERENCE")
    return lines


def _exception(checked: Checked, flaw: Flaw) -> dict[str, Any]:
    """In the keys that other programs rely on; the last three where there is something to tell."""
    more = {"kept_version": flaw.kept_version, "reason": flaw.reason, "owed": flaw.is_owed}
    return {
        "volume": checked.volume, "store": checked.store, "path": flaw.path, "verdict": flaw.verdict,
        **{name: value for name, value in more.items() if value},
    }  # fmt: skip


def _exception_in_words(each: dict[str, Any]) -> str:
    what = each.get("reason") or each["path"] or "the whole copy"
    return f"{each['verdict'].replace('_', ' ')}: {each['volume']} in {each['store']}: {what}"


def _cold_in_words(cold: dict[str, Any]) -> str:
    copies = amount(cold["copies"], "copy", "copies")
    return (
        f"Store {cold['store']} is cold and was not read: {copies}, "
        f"the oldest verified {moment(cold['oldest'])}, {cold['unsound']:,} known to be damaged or lost."
    )


def _lag_in_words(lag: dict[str, Any]) -> str:
    copies, volumes = amount(lag["copies"], "copy", "copies"), amount(lag["volumes"], "volume")
    owed = f"{copies} ({volumes}) since {moment(lag['since'])}"
    make = f"Make them with: seogo copy fill --store {lag['store']}"
    if lag["late"]:
        return (
            f"Store {lag['store']} owes {owed}, LATE: {lag['late']} of them for longer than SEOGO_COPY_LAG "
            f"allows. {make}"
        )
    return f"Store {lag['store']} is still being filled and owes {owed}; that is not late yet. {make}"
