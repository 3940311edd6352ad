"""``seogo transfer``: receive, list, show, check, accept and return what agencies send."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

import click
from sqlalchemy import select

from archive import holdings
from archive.errors import Unavailable
from archive.ledger import COMMAND_LINE as BY
from archive.site.evidence import seal_now, seal_or_say
from archive.site.language import amount
from archive.site.numbers import Number
from archive.site.site import Site
from archive.site.terminal import Command, LazyGroup, Progress, a_path, json_option, moment, pass_site, say
from archive.work.commands import finish_work, left_in_words, told_of
from archive.work.jobs import Job
from ingest import excerpts, next_steps, overview, results, transfers
from ingest.acceptance import acts, telling
from ingest.looking.landing import look_at
from ingest.receipts import commands as receipt_commands
from ingest.taking import checking_again, going_on, known, receiving, saying
from ingest.taking.going_on import Far, Received
from ingest.taking.receiving import Asked
from ingest.transfers import returning, volume_rows
from preservation import completing

Left: TypeAlias = dict[str, list[dict[str, Any]]]
"""What is still to be done, and what was given up: ``waiting`` and ``failed``, each as `told_of` has it."""

OF_ALL = ("identify-files", "index-changes", completing.NAME)
"""Jobs that there is one of, for all transfers."""


LATER = {
    **dict.fromkeys(("compare", "count", "history", "judge", "sample"), "ingest.acceptance.commands"),
    **dict.fromkeys(("handover", "report"), "ingest.papers.commands"),
    "release": "ingest.releases.commands",
}
"""Commands that are imported when they are called."""


@click.group(cls=LazyGroup, places=LATER)
def transfer() -> None:
    """Transfers (이관): what agencies send."""


def _looked_at(_context: click.Context, _param: click.Parameter, folder: Path) -> Path:
    look_at(folder)
    return folder


@transfer.command(cls=Command, exits=(0, 1, 2, 3, 4, 5))
@click.argument("folder", type=a_path(), callback=_looked_at)
@click.option("--agency", required=True, help="Code of the agency that sends it.")
@click.option("--accept", is_flag=True, help="Take every volume without errors; the rest waits for a person.")
@click.option("--dry-run", is_flag=True, help="Check everything and write nothing.")
@click.option("--without-list", is_flag=True, help="The folder names are the description.")
@click.option("--source-system", help="Whose codes the list uses, such as nak19-2013 or rms.")
@click.option("--round-of", help="Number of the transfer that this one corrects.")
@click.option("--another-transfer", "another", is_flag=True, help="It only looks like an earlier one.")
@click.option("--until", type=click.Choice(["stored"]), help="Leave page images and search to seogo work.")
@json_option
@pass_site
def receive(
    site: Site, folder: Path, agency: str, accept: bool, dry_run: bool, without_list: bool,
    source_system: str | None, round_of: str | None, another: bool, until: str | None, as_json: bool,
) -> int:  # fmt: skip
    """Receive a transfer folder.  The same folder again goes on where it stopped."""
    asked = Asked(folder=folder, agency=agency, accept=accept, no_list=without_list,
                  source_system=source_system, round_of=round_of, another=another, by=BY,
                  typed=True)  # fmt: skip
    progress = Progress()
    if dry_run:
        with receiving.dry_run(site, asked, progress) as (inspection, same):
            round_ = known.round_after(site, round_of)
            with site.reading_session() as session:
                told = results.of_dry_run(session, inspection, round_, same)
                told["received_before"] = results.before(session, same) if same else None
        progress.close()
        return _told(told, as_json)
    try:
        received = receiving.received(site, asked, progress)
        number = received.number
        if received.before:
            known.follow(site, number, folder, by=BY)
        left = _work(site, number, progress) if until is None else {}
    finally:
        progress.close()
    return max(_show(site, number, as_json, left, received=received), seal_or_say(site))


@transfer.command("list", cls=Command, exits=(0, 1, 2, 4))
@json_option
@pass_site
def list_(site: Site, as_json: bool) -> None:
    """All transfers, the newest first."""
    with site.reading_session() as session:
        names, every = holdings.agency_names(session), transfers.find(session)
        corrected, totals = overview.corrected(session), volume_rows.totals_of(session)
        rows = [
            {"transfer": row.number, "agency": row.agency_code,
             "agency_name": names.get(row.agency_code, row.agency_code), "state": row.state,
             "corrected_by": corrected.get(row.number),
             "files": totals[row.id].files, "bytes": totals[row.id].bytes,
             "received_at": row.received_at.isoformat()}
            for row in every
        ]  # fmt: skip
    say({"transfers": rows}, as_json, lambda: list(map(_in_a_line, rows))
        or "No transfer has been received yet.")  # fmt: skip


def _in_a_line(row: dict[str, Any]) -> str:
    files = f"{row['files']:>8,} {'file ' if row['files'] == 1 else 'files'}"
    later = f", corrected by {row['corrected_by']}" if row["corrected_by"] else ""
    return f"{row['transfer']}  {row['agency']:<10} {row['state']:<16} {files}  {row['agency_name']}{later}"


@transfer.command(cls=Command)
@click.argument("number")
@click.option("--volume", "place", type=Number(1), help="Only this volume, with its items.")
@click.option("--all", "everything", is_flag=True, help="Every volume, and not only the first ones.")
@json_option
@pass_site
def show(site: Site, number: str, place: int | None, everything: bool, as_json: bool) -> None:
    """One transfer with its volumes, findings, rounds and history."""
    with site.reading_session() as session:
        if place is not None:
            volume = telling.of_volume(session, number, place)
            lines = [*telling.items_in_words(volume), *_findings_in_words(volume)]
            return say(volume, as_json, lambda: lines)
        transfer = transfers.get(session, number)
        told = {**results.with_history(session, number), **acts.told(session, transfer),
                **telling.of_transfer(session, number)}  # fmt: skip
        say(told, as_json, lambda: in_words(told, [
            *telling.in_words(told, everything=everything),
            *acts.newest_in_words(told, everything=everything),
            *going_on.cut_off(site, transfer),
        ]))  # fmt: skip


@transfer.command(cls=Command)
@click.argument("number")
@json_option
@pass_site
def check(site: Site, number: str, as_json: bool) -> int:
    """Check what waits once more, from its folder as it is now."""
    progress = Progress()
    saying.checking(progress, checking_again.check(site, number, by=BY))
    progress.close()
    return _show(site, number, as_json)


@transfer.command(cls=Command, exits=(0, 1, 2, 3, 4, 5))
@click.argument("number")
@click.option(
    "--volume", "places", multiple=True, type=Number(), help="Place of a volume in the list, from 1."
)
@json_option
@pass_site
def accept(site: Site, number: str, places: tuple[int, ...], as_json: bool) -> int:
    """Take custody of the volumes without errors, or of those named."""
    progress = Progress()
    with site.reading_session() as session:
        nothing = not transfers.count_states(session, transfers.get(session, number)).get("waiting")
    for done, total in receiving.accept(site, number, by=BY, positions=_positions(places)):
        progress("storing", done, total)
    left = _work(site, number, progress)
    progress.close()
    return max(_show(site, number, as_json, left, nothing_waited=nothing), seal_or_say(site))


@transfer.command("return", cls=Command)
@click.argument("number")
@click.option(
    "--volume", "places", multiple=True, type=Number(), help="Place of a volume in the list, from 1."
)
@click.option("--reason", required=True, help="What the agency has to correct.")
@json_option
@pass_site
def return_(site: Site, number: str, places: tuple[int, ...], reason: str, as_json: bool) -> int:
    """Send back what waits, or the volumes named, with the reason."""
    returning.give_back(site, number, by=BY, reason=reason, positions=_positions(places))
    with site.reading_session() as session:
        told = results.with_history(session, number)
        say(told, as_json, lambda: in_words(told))
    return seal_or_say(site)


transfer.add_command(receipt_commands.give)
transfer.add_command(receipt_commands.complete)


def _positions(places: tuple[int, ...]) -> set[int] | None:
    return {place - 1 for place in places} or None


def _work(site: Site, number: str, progress: Progress) -> Left:
    """Make page images and index; what could not be done for this transfer, now or in an earlier run."""
    with suppress(Unavailable):  # what waits is sealed before what takes longer, and once more at the end
        seal_now(site)
    finish_work(site, progress)
    with site.reading_session() as session:
        transfer = transfers.get(session, number)
        unfinished = select(Job).where(Job.state.in_(("failed", "waiting"))).order_by(Job.id)
        left: Left = {"failed": [], "waiting": []}
        for row in session.scalars(unfinished):
            mine = row.arguments.get("volume_id")
            if row.name in OF_ALL or volume_rows.brought(session, transfer, mine):
                left[row.state].append(told_of(row))
    return left


def _show(
    site: Site, number: str, as_json: bool, left: Left | None = None, *, received: Received | None = None,
    nothing_waited: bool | None = None,
) -> int:  # fmt: skip
    with site.reading_session() as session:
        told = {**results.with_history(session, number), **(left or {})}
        if nothing_waited is not None:
            told["nothing_waited"] = nothing_waited
        if received:
            told["received_before"] = results.before(session, number) if received.before else None
            told["going_on"] = vars(received.far) if received.far else None
        return _told(told, as_json)


def _told(told: dict[str, Any], as_json: bool) -> int:
    say(told, as_json, lambda: in_words(told))
    if told.get("waiting") or next_steps.owing(told):
        return 4
    return 3 if results.has_errors(told) or told.get("failed") else 0


def in_words(told: dict[str, Any], more: Sequence[str] = ()) -> list[str]:
    """A transfer with its findings, what else is told of it, and the command to be given next."""
    volumes, waiting = told["volumes"], told["volumes"]["acceptable"] + told["volumes"]["held_back"]
    extra = amount(told["files_of_no_volume"], "file")
    lines = [
        f"Transfer {told['transfer'] or '(dry run, nothing written)'} is {told['state']}: "
        f"{amount(volumes['listed'], 'volume')}, {amount(told['items'], 'item')}, "
        f"{amount(told['files'], 'file')}, {amount(told['bytes'], 'byte')}"
        f"{f'; {extra} of no volume came too' if told['files_of_no_volume'] else ''}.",
        *_taken_in_words(told, waiting),
    ]
    if far := told.get("going_on"):
        lines.insert(0, f"Going on with transfer {told['transfer']}: {Far(**far).before}.")
    elif before := told.get("received_before"):
        lines.insert(0, before["en"])
    if told.get("nothing_waited"):
        lines.insert(0, f"Nothing of transfer {told['transfer']} was waiting to be accepted.")
    if owed := next_steps.owing(told):
        lines.append(f"{owed} of them are not stored yet: a store is owed its copy.")
    if told["quarantine"] and waiting:
        until = moment(told["quarantine"]["until"])
        lines.append(f"Quarantined until {until}; the second scan comes after it.")
    if told["references"]:
        several = len(told["references"]) > 1
        lines.append(f"{'References' if several else 'Reference'} {excerpts.runs(told['references'])}.")
    lines += [*_findings_in_words(told), *more, *left_in_words(told)]
    return lines + next_steps.lines(told, waiting)


def _taken_in_words(told: dict[str, Any], waiting: int) -> list[str]:
    """How many volumes are in custody and how many are not; of a dry run what would become of them."""
    volumes = told["volumes"]
    good, bad = volumes["acceptable"], volumes["held_back"]
    if told["transfer"] is None:
        held = volumes["listed"] - waiting
        already = f"  {amount(held, 'volume')} held already would not be taken again." if held else ""
        return [f"{amount(good, 'volume')} would be taken, {bad:,} would be kept back by errors.{already}",
                "What formats, texts and page images tell is found after volumes are taken."]  # fmt: skip
    parts = (
        f": {good:,} can be taken, {bad:,} {'is' if bad == 1 else 'are'} kept back by errors"
        if waiting
        else ""
    )
    later = f"  {amount(volumes['taken_later'], 'volume')} came right in a later round."
    return [f"{telling.decided(volumes, waiting)}{parts}.{later if volumes['taken_later'] else ''}"]


def _findings_in_words(told: dict[str, Any]) -> list[str]:
    shown, left = excerpts.worst(told["findings"])
    more = excerpts.more(left)
    lines = [_finding_in_words(each) for each in shown]
    return [*lines, f"… {more}; all of them with --json."] if more else lines


def _finding_in_words(finding: dict[str, Any]) -> str:
    where = ", ".join(f"{name} {value}" for name, value in finding["where"].items() if value is not None)
    place = f" ({where})" if where else ""
    return f"{finding['severity']}: {finding['rule']}{place}: {finding['message']}"
