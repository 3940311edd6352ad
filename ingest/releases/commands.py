"""``seogo transfer release``: both steps of letting a file pass that the scanner holds back."""

from typing import Any

import click

from archive.errors import WrongCall
from archive.ledger import COMMAND_LINE
from archive.site.evidence import seal_or_say
from archive.site.site import Site
from archive.site.terminal import Command, json_option, pass_site, say
from ingest import transfers
from ingest.releases import releasing
from ingest.releases.releasing import Release
from ingest.transfers.turns import alone


@click.command(cls=Command)
@click.argument("number")
@click.option("--file", "name", help="The file, as its finding names it; without it what there is is listed.")
@click.option("--reason", help="First step: why it may be taken in although the scanner holds it back.")
@click.option("--confirm", "decision", flag_value="confirm", help="Second step: let it pass.")
@click.option("--refuse", "decision", flag_value="refuse", help="Second step: it stays back.")
@json_option
@pass_site
def release(
    site: Site, number: str, name: str | None, reason: str | None, decision: str | None, as_json: bool
) -> int:
    """Let a file pass that the scanner names or could not look through, in two steps."""
    if (name and not (reason or decision)) or (reason and decision):
        raise WrongCall("Give a reason, or decide.", next="--reason TEXT first, then --confirm or --refuse.")
    if name:
        _step(site, number, name, reason, decision)
    with site.reading_session() as session:
        transfer = transfers.get(session, number)
        told = {
            "transfer": number,
            "held": [_held(row) for row in releasing.held_files(session, transfer)],
            "releases": [as_dict(row) for row in releasing.releases_of(session, transfer)],
        }
    say(told, as_json, lambda: _in_words(told))
    return seal_or_say(site) if name else 0


def _step(site: Site, number: str, name: str, reason: str | None, decision: str | None) -> None:
    with site.reading_session() as session:
        transfer = transfers.get(session, number)
    with alone(site, transfer.agency_code, transfer.shape), site.open_session.begin() as session:
        transfer = transfers.get(session, number)
        if reason:
            releasing.ask(session, transfer, name, reason=reason, by=COMMAND_LINE, at=site.now())
        else:
            go = decision == "confirm"
            releasing.decide(session, transfer, name, release=go, by=COMMAND_LINE, at=site.now())


def _held(row: Any) -> dict[str, Any]:
    return {"file": row.path, "rule": row.rule, "value": row.value}


def as_dict(row: Release) -> dict[str, Any]:
    return {
        "file": row.name, "rule": row.rule, "value": row.value, "sha256": row.sha256, "outcome": row.outcome,
        "reason": row.reason, "asked_by": row.asked_by, "asked_at": row.asked_at.isoformat(),
        "decided_by": row.decided_by, "decided_at": row.decided_at and row.decided_at.isoformat(),
    }  # fmt: skip


def _in_words(told: dict[str, Any]) -> list[str]:
    lines = [f"held back: {each['file']}: {each['value']} ({each['rule']})" for each in told["held"]]
    lines += [
        f"{each['outcome']}: {each['file']}: {each['value']}; {each['reason']}" for each in told["releases"]
    ]
    return lines or ["The scanner holds nothing of this transfer back."]
