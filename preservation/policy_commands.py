"""``seogo policy``: which stores must hold which records, entered in versions and applied to all holdings."""

from pathlib import Path
from typing import Any

import click

from archive.errors import Missing, Unreadable
from archive.ledger import COMMAND_LINE as BY
from archive.site import language
from archive.site.evidence import seal_or_say
from archive.site.language import amount
from archive.site.numbers import Number
from archive.site.site import Site
from archive.site.terminal import Command, Group, Progress, a_path, json_option, moment, pass_site, say
from preservation import applying, estimates, lagging, policies
from preservation.applying import Applying
from preservation.policies import Demand, PolicyRow, meeting, versions

A_FILE = a_path(exists=True, dir_okay=False)


@click.group(cls=Group)
def policy() -> None:
    """Storage policies (보존 저장 정책): which stores must hold which records."""


@policy.command(cls=Command, exits=(0, 1, 2, 3, 4, 5))
@click.argument("file", type=A_FILE)
@click.option("--dry-run", is_flag=True, help="Say what it would have copied; enter nothing.")
@json_option
@pass_site
def add(site: Site, file: Path, dry_run: bool, as_json: bool) -> int:
    """Enter the next version, a TOML document; it is in force at once and never changed afterwards.

    The copies that it asks for are made by a job, or at once by seogo policy apply.
    """
    text = _text(file)
    with site.reading_session() as session:
        demand = versions.demand_of(site.settings, versions.check(text, site.settings))
    told = {"dry_run": dry_run, "version": demand.policy.version if demand.policy else None,
            **_state(site, demand)}  # fmt: skip
    if not dry_run:
        with site.open_session.begin() as session:
            policies.enter(session, text, settings=site.settings, by=BY, now=site.now())
            applying.ask(session)
    say(told, as_json, lambda: _added(told))
    return 0 if dry_run else seal_or_say(site)


@policy.command("list", cls=Command, exits=(0, 1, 2, 4))
@json_option
@pass_site
def list_(site: Site, as_json: bool) -> None:
    """All versions; the last one is in force."""
    with site.reading_session() as session:
        rows = [_line(row) for row in policies.find(session)]
    say({"policies": rows}, as_json, lambda: [
        f"version {row['version']}, entered {moment(row['entered_at'])}: {row['title']}" for row in rows
    ] or "No policy was entered: every store must hold everything.")  # fmt: skip


@policy.command(cls=Command)
@click.option("--version", type=Number(), help="The one in force when not given.")
@json_option
@pass_site
def show(site: Site, version: int | None, as_json: bool) -> None:
    """What must be where, how many volumes are, what each store lacks, and when it was applied.

    With --version the holdings as they are now are counted against that version.
    """
    with site.reading_session() as session:
        row = policies.get(session, version)
        demand = versions.demand_of(site.settings, row.policy if row else None)
        told: dict[str, Any] = {
            **(_line(row) if row else {"version": None, "title": "", "entered_at": None}),
            "document": row.document if row else None,
            "applied": applying.last_applied(session, row) if row else None,
        }
    told |= _state(site, demand)
    say(told, as_json, lambda: _shown(told))


@policy.command(cls=Command, exits=(0, 1, 2, 3, 4, 5))
@json_option
@pass_site
def apply(site: Site, as_json: bool) -> int:
    """Make every copy that the policy in force asks for and that is lacking, and tell how many meet it.

    It may be stopped at any moment; the same command goes on.  Nothing is replaced or removed.
    """
    with site.reading_session() as session:
        if policies.get(session) is None:
            raise Missing("No storage policy was entered.", next="Enter one with: seogo policy add FILE")
    run, progress = Applying(site, by=BY), Progress()
    try:
        run.run(progress)
    finally:
        progress.close()
    told = run.told()
    say(told, as_json, lambda: _applied(told))
    return max(run.exit_code, seal_or_say(site))


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable(f"{file} cannot be read as UTF-8 text ({error}).", next="Mend the file.") from error


def _line(row: PolicyRow) -> dict[str, Any]:
    return {"version": row.version, "title": row.policy.title, "entered_at": row.entered_at.isoformat()}


def _state(site: Site, demand: Demand) -> dict[str, Any]:
    """The holdings as they are now, held against what a policy asks for."""
    with site.reading_session() as session:
        lines = meeting.by_class(session, demand)
        amounts = {name: lagging.amount_lacking(session, demand, name) for name in sorted(demand.every)}
    return {
        **meeting.told(lines),
        "lacking": [{"store": name, **amount.told()} for name, amount in amounts.items() if amount.copies],
    }


def _shown(told: dict[str, Any]) -> list[str]:
    head = f"Version {told['version']}, entered {moment(told['entered_at'])}: {told['title']}"
    lines = [head if told["version"] else "No policy was entered: every store must hold everything."]
    lines += _counts(told)
    if told["version"]:
        applied = told["applied"]
        lines.append(
            f"Applied {moment(applied['at'])}; met then by {applied['meeting']:,} of "
            f"{amount(applied['volumes'], 'volume')}."
            if applied
            else "It was not applied yet; that is done by seogo work, or by: seogo policy apply"
        )
    return lines


def _added(told: dict[str, Any]) -> list[str]:
    end = (
        "Nothing was entered."
        if told["dry_run"]
        else f"Version {told['version']} is in force; its copies are made by seogo work, "
        "or at once by: seogo policy apply"
    )
    return [*_counts(told), end]


def _applied(told: dict[str, Any]) -> list[str]:
    lines = _counts({**told, "lacking": []})
    for fill in told["fills"]:
        copied, left = fill["copied"], fill["left"]["copies"]
        lines.append(
            f"Store {fill['store']}: {amount(copied['copies'], 'copy', 'copies')} made and read back "
            f"({language.size(copied['bytes'])}, {estimates.span(fill['seconds'])}), {left:,} left."
        )
        lines += [f"Stopped: {fill['stopped']}"] if fill["stopped"] else []
    return lines


def _counts(told: dict[str, Any]) -> list[str]:
    lines = [f"Where they must be: {told['meeting']:,} of {amount(told['volumes'], 'volume')}."]
    lines += [
        f"  {each['class']}: {each['meeting']:,} of {each['volumes']:,} in {', '.join(each['stores'])}"
        for each in told["classes"]
    ]
    lines += [
        f"Store {each['store']} lacks {amount(each['copies'], 'copy', 'copies')} "
        f"({language.size(each['bytes'])})."
        for each in told["lacking"]
    ]
    return lines
