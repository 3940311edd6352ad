"""``seogo watch``: takes up what agencies lay down in the watched folder."""

import signal
import time
from typing import Any

import click

from archive.errors import Unavailable, WrongCall
from archive.site import output
from archive.site.language import amount
from archive.site.site import Site
from archive.site.terminal import Command, Progress, json_option, pass_site, say
from ingest import results
from ingest.watched import watching

EVERY = 10.0
"""Seconds between two looks."""


@click.command(cls=Command, exits=(0, 1, 2, 3, 4, 5))
@click.option("--once", is_flag=True, help="Look once and end.")
@json_option
@pass_site
def watch(site: Site, once: bool, as_json: bool) -> int:
    """Receive each folder of SEOGO_WATCH when it is complete, and lay the answer beside it."""
    if site.settings.watch is None:
        raise WrongCall("No folder is watched.", next="Set SEOGO_WATCH to the folder that agencies write to.")
    if once:
        return _look_once(site, as_json)
    stopped: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda caught, _frame: stopped.append(caught))
    while not stopped:
        _look(site)
        pause = time.monotonic() + EVERY
        while not stopped and time.monotonic() < pause:
            time.sleep(0.2)
    return 0


def _look_once(site: Site, as_json: bool) -> int:
    answers: list[dict[str, Any]] = []
    told: dict[str, Any] = {"answers": answers}
    lines = []
    try:
        for answer in watching.look(site, Progress()):
            answers.append(answer)
            lines.append(_in_words(answer))
    except Unavailable as error:
        told["error"] = error.told
        lines.append(f"{error.message} {error.next}")
    say(told, as_json, lambda: lines or _nothing_in_words(site))
    if "error" in told:
        return Unavailable.exit_code
    return 3 if any(_is_bad(each) for each in answers) else 0


def _nothing_in_words(site: Site) -> str:
    """Why nothing was received: nothing lies there, or what does is not complete."""
    root, unseen = site.settings.watch, list[OSError]()
    waiting = sum(1 for _ in watching.laid(root, unseen)) if root else 0
    if waiting:
        return (
            f"{amount(waiting, 'folder')} in {root} not complete yet: a file of the same name with "
            f"{watching.DONE} says that all came, else {site.settings.watch_quiet} seconds without a change."
        )
    return (
        f"Nothing waits in {root}.  An agency lays its transfer down as {root}/CODE/FOLDER, "
        f"and says with a file FOLDER{watching.DONE} beside it that all came."
    )


def _look(site: Site) -> None:
    """One look of many: what is away now is there at another one."""
    try:
        for answer in watching.look(site, lambda *_: None):
            output.line(_in_words(answer))
    except Unavailable as error:
        output.line(f"{error.message} {error.next}", aside=True)


def _is_bad(answer: dict[str, Any]) -> bool:
    return "error" in answer or results.has_errors(answer)


def _in_words(answer: dict[str, Any]) -> str:
    where = f"{answer['agency']}/{answer['folder']}"
    if "error" in answer:
        return f"{where}: refused: {answer['error']['message']}"
    findings = amount(len(answer["findings"]), "finding")
    before = f"  {answer['received_before']['en']}" if answer["received_before"] else ""
    return f"{where}: transfer {answer['transfer']} is {answer['state']}, {findings}.{before}"
