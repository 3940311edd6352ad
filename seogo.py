"""Puts one installation together; the only module that sees every package.  The ``seogo`` command.

A command's module is imported when it is called, so that each starts quickly; `load` imports all of
them and with them declares every table and job.  `create` joins the pages of all packages.
"""

import gc
import importlib
import sys
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import click

from archive import stopping
from archive.errors import Missing, Unavailable
from archive.site import evidence, installation, output
from archive.site import settings as settings_of
from archive.site.site import Site
from archive.site.terminal import READY, Command, LazyGroup, Progress, json_option, pass_site, run, say, words
from archive.work import beside
from archive.work.processes import fork_server

if TYPE_CHECKING:
    from flask import Blueprint, Flask

    from ingest.demo import SignIn

COMMANDS = {
    "agency": "ingest.intake.commands",
    "agreement": "ingest.agreements.commands",
    "copy": "preservation.commands",
    "index": "access.commands",
    "job": "archive.work.commands",
    "ledger": "archive.site.evidence",
    "policy": "preservation.policy_commands",
    "receipt": "ingest.receipts.commands",
    "sample": "ingest.samples.commands",
    "scanner": "ingest.releases.scanner_commands",
    "search": "access.commands",
    "settings": "archive.site.commands",
    "store": "archive.site.store_commands",
    "transfer": "ingest.commands",
    "user": "archive.site.commands",
    "volume": "preservation.commands",
    "watch": "ingest.watched.watch_commands",
    "work": "archive.work.commands",
}
"""The module of each command; there it has the command's own name."""

JOBS = (
    "access.search.feeding",
    "archive.work.sealing",
    "ingest.agreements.formats",
    "ingest.taking.checking_again",
    "ingest.malware.ending",
    "ingest.intake.asking",
    "ingest.papers.issuing",
    "ingest.receipts.completion",
    "ingest.receipts.issuing",
    "ingest.taking.receiving",
    "ingest.transfers.settling",
    "ingest.uploads.arriving",
    "ingest.watched.watch_jobs",
    "preservation.applying",
    "preservation.completing",
    "preservation.derivatives",
    "preservation.identifying",
    "preservation.retrieving",
    "preservation.scanning.rescanning",
)
"""The modules that declare jobs."""

SLOW_TO_LOAD = ("preservation.documents", "preservation.rendering")
"""Modules that the jobs of `preservation.derivatives` name as slow."""

PAGES = (
    "access.web",
    "ingest.releases.desk",
    "ingest.releases.web",
    "ingest.web",
    "ingest.agencies.desk",
    "ingest.uploads.web",
    "ingest.intake.web",
    "ingest.papers.web",
    "ingest.receipts.web",
    "preservation.web",
    "archive.work.web",
)
"""The modules that bring pages; each has `blueprints`."""

RUN_JOBS = {"demo", "job", "transfer", "watch", "work"}

WORKING = {"accept", "demo", "receive", "work"}
"""Commands that start children: those that pack volumes and those that run jobs."""

CHILDREN = ("archive.work.child", "ingest.taking.accession", *JOBS, *SLOW_TO_LOAD)
"""What their children need, loaded once in the fork server."""

WITHOUT_HOME = {"init", "settings", "sample", "ledger", "receipt"}
"""Commands that need no installation, or make it ready themselves when they do."""

MAKERS = {"add", "demo", "receive", "serve", "watch", "work"}
"""Commands that begin a new installation where there is none.  What only asks would find all of it well."""

WITHOUT_STORES = {"agency", "agreement", "index", "job", "sample", "search", "serve", "user"}
"""Commands that ask no store: a disk that does not answer is in their way no more than it has to be."""

WRITERS = {"demo", "transfer", "watch", "work"}
"""Commands that write into stores; before they do, they remove what killed ones left half-written."""


@click.group(cls=LazyGroup, places=COMMANDS)
@click.version_option(package_name="seogo", prog_name="seogo", message="%(prog)s %(version)s")
@click.pass_context
def cli(context: click.Context) -> None:
    """Seogo (서고): a digital archive for transferred public records."""
    called, told = context.invoked_subcommand, words(context)
    if called in RUN_JOBS:
        if WORKING & told:
            fork_server(CHILDREN)  # it loads what children need while this process loads what it needs
        declare_jobs()
    if called != "settings" and "--help" not in told:
        context.obj = Site(settings_of.read())
        context.call_on_close(context.obj.close)
        if called not in WITHOUT_STORES:
            installation.be_apart(context.obj)
        context.meta[READY] = partial(_make_ready, context.obj, called, told)


def _make_ready(site: Site, called: str | None, told: frozenset[str]) -> None:
    """What a command finds made when it begins; a wrong call makes nothing."""
    if called not in WITHOUT_HOME:
        _be_there(site, is_dry="--dry-run" in told, makes_one=bool(MAKERS & told))
        _prepare(site)
    if called in WRITERS:
        installation.sweep(site)


def _be_there(site: Site, *, is_dry: bool, makes_one: bool) -> None:
    """Missing where the home is another one than was meant, or its disk is not there."""
    if installation.is_made(site) if is_dry else makes_one or installation.is_begun(site):
        return
    but = ", and a dry run makes none" if is_dry else ""
    raise Missing(
        f"There is no installation in {site.settings.home} (SEOGO_HOME){but}.",
        next="Name the folder of yours in SEOGO_HOME, or make a new one with: seogo init",
    )


def _prepare(site: Site) -> list[str]:
    """Make the installation ready, and say so when it is a new one: it may be the wrong folder.

    The names of stores that are used for the first time.
    """
    is_new = not installation.is_begun(site)
    new_stores = installation.prepare(site)
    if is_new:
        output.line(f"This is a new installation, in {site.settings.home} (SEOGO_HOME).", aside=True)
    return new_stores


def declare_jobs() -> None:
    for module in JOBS:
        importlib.import_module(module)


def load() -> None:
    """Import every package whole, so that every table, job and command is declared."""
    elsewhere = (
        "ingest.acceptance.commands",
        "ingest.demo",
        "ingest.papers.commands",
        "ingest.releases.commands",
        "preservation.retrieving_commands",
    )
    for module in (*COMMANDS.values(), *JOBS, *PAGES, *elsewhere):
        importlib.import_module(module)


@cli.command(cls=Command, exits=(0, 1, 2, 3, 4, 5))
@json_option
@pass_site
def init(site: Site, as_json: bool) -> int:
    """Make home, keys and database, and try the stores.  Repeating it is harmless.

    A store's folder is made when the store is first used; one that went away since is not made anew.
    The database has to be the one that sealed the log of the stores.
    """
    new, away = _prepare(site), installation.stores_away(site)
    evidence.be_of_one_log(site)
    told = {
        "home": str(site.settings.home),
        "stores": [store.location for store in site.stores],
        "new": new,
        "away": away,
    }
    say(told, as_json, lambda: _ready(site, new, away))
    return 4 if away else 0


def _ready(site: Site, new: list[str], away: dict[str, str]) -> Iterator[str]:
    but = ", but for what is away" if away else ""
    yield f"The installation in {site.settings.home} is ready{but}."
    for store in site.stores:
        state = "new" if store.name in new else "found"
        yield f"  {store.name}  {store.location}  {away.get(store.name, state)}"


def create(site: Site) -> "Flask":
    """The web application."""
    load()
    gc.freeze()  # what is loaded stays, and needs no looking at whenever litter is collected
    app: Flask = importlib.import_module("archive.site.web").create_app(site, pages(site))
    return app


def pages(site: Site) -> "list[Blueprint]":
    """The pages of all packages."""
    return [each for module in PAGES for each in importlib.import_module(module).blueprints(site)]


@cli.command(cls=Command, exits=(0, 1, 2, 3, 4))
@pass_site
def serve(site: Site) -> int:
    """Serve the portal, and nothing else; jobs are run by seogo work."""
    host, port = site.settings.host, site.settings.port
    serving = importlib.import_module("archive.site.serving")
    listening = serving.listen(host, port)
    portal = create(site)
    with stopping.noted() as told:
        stopping.if_told()
        words = f"Serving {serving.url(host, port)}"
        code: int = serving.serve(
            portal, listening, told, lambda: output.line(words, aside=True), lambda _signal: 0
        )
    return code


@cli.command(cls=Command, exits=(0, 1, 2, 3, 4))
@click.option("--volumes", type=click.IntRange(1), default=12, show_default=True)
@click.option("--pages", type=click.IntRange(1), default=10, show_default=True, help="Pages in each volume.")
@click.option(
    "--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Or the next free one."
)
@pass_site
def demo(site: Site, volumes: int, pages: int, port: int) -> int:
    """A sample transfer, taken in, stored twice, indexed and shown on this machine."""
    demonstration = importlib.import_module("ingest.demo")
    sign_ins = demonstration.prepare(site, volumes=volumes, pages=pages, progress=Progress())
    serving = importlib.import_module("archive.site.serving")
    listening = serving.listen_at_or_after("127.0.0.1", port)
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    portal = create(site)
    with stopping.noted() as told, beside.command("work", told):
        stopping.if_told()
        code: int = serving.serve(portal, listening, told, lambda: _welcome(address, sign_ins), _farewell)
    return code


def _welcome(address: str, sign_ins: "list[SignIn]") -> None:
    output.lines(["", f"The portal is at {address}/  (English: {address}/en/)"])
    for each in sign_ins:
        output.line(f"  sign in as {each.username:<10} password {each.password:<16} ({each.role})")
    output.line("Stop it with Ctrl-C; from a script, with the signal TERM.")


def _farewell(number: int) -> int:
    if number != stopping.ENDED:
        output.line("Stopped.")
        return 0
    ended = "seogo work, which did the jobs of the demo, ended by itself."
    output.line(f"{ended} Run the same command again; it goes on.", aside=True)
    return Unavailable.exit_code


def main() -> None:
    sys.exit(run(cli, sys.argv[1:]))


if __name__ == "__main__":
    main()
