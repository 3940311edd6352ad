"""``seogo copy retrieve`` and ``retrievals``: getting copies out of cold stores, and how far that is."""

from typing import Any

import click

from archive import holdings
from archive.ledger import COMMAND_LINE as BY
from archive.site import language
from archive.site.evidence import seal_or_say
from archive.site.language import amount
from archive.site.site import Site
from archive.site.terminal import Command, json_option, moment, pass_site, say
from preservation import retrievals as queue
from preservation import retrieving


@click.command(cls=Command, exits=(0, 1, 2, 3, 4, 5))
@click.argument("reference")
@click.option("--store", required=True, help="The cold store, by name or location.")
@click.option("--dry-run", is_flag=True, help="Say how much it is, how long it takes and what it costs.")
@json_option
@pass_site
def retrieve(site: Site, reference: str, store: str, dry_run: bool, as_json: bool) -> int:
    """Ask a cold store for its copy of a volume.  It is brought and read back by seogo work.

    Asking again while it is under way or at hand changes nothing.
    """
    name, queued = site.store(store).name, 0
    with site.open_session.begin() as session:
        volume = holdings.get_volume(session, reference)
        copies = queue.held(session, site, volume, name)
        told: dict[str, Any] = {"volume": volume.reference, "store": name, "dry_run": dry_run,
                                **queue.estimate(session, copies, site.settings.cold)}  # fmt: skip
        if not dry_run:
            queued = queue.enter(session, site, volume, name, by=BY)
            retrieving.ask(session)
    told["queued"] = queued
    say(told, as_json, lambda: _asked(told))
    return seal_or_say(site) if queued else 0


@click.command(cls=Command, exits=(0, 1, 2, 4))
@json_option
@pass_site
def retrievals(site: Site, as_json: bool) -> None:
    """What was asked for from cold stores, the newest first: under way, at hand, or what became of it."""
    with site.reading_session() as session:
        rows = queue.newest(session)
    say({"retrievals": rows}, as_json, lambda: [
        f"{row['volume']} v{row['number']} from {row['store']}: {row['state']}, "
        f"asked {moment(row['asked_at'])}, "
        f"at hand until {moment(row['until'] if row['state'] == 'intact' else None)}" for row in rows
    ] or "Nothing was asked for.")  # fmt: skip


def _asked(told: dict[str, Any]) -> list[str]:
    cost = "no price is set (SEOGO_COLD_TERMS)" if told["cost"] is None else f"costs about {told['cost']:,}"
    size = f"{amount(told['files'], 'file')}, {language.size(told['bytes'])}"
    lines = [
        f"{told['volume']} in {told['store']}: {size}. "
        f"Bringing it takes about {told['hours']} hours ({told['tier']}); {cost}; "
        f"it is then at hand for {told['days']} days."
    ]
    if told["dry_run"]:
        lines.append("Nothing was asked for.")
    elif told["queued"]:
        lines.append("It is asked for and read back by seogo work; look with: seogo copy retrievals")
    else:
        lines.append("It is under way or at hand already; look with: seogo copy retrievals")
    return lines
