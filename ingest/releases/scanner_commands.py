"""``seogo scanner``: what it is, the rescan of what is in custody, what is withheld and what is held back."""

from typing import Any

import click
from sqlalchemy.orm import Session

from archive.errors import Refused, WrongCall
from archive.ledger import COMMAND_LINE
from archive.site.evidence import seal_or_say
from archive.site.language import amount
from archive.site.site import Site
from archive.site.terminal import Command, Group, Progress, json_option, moment, pass_site, say
from ingest.releases import held
from preservation.scanning import rescanning, withholding
from preservation.scanning.trying import find_largest, open_scanner
from preservation.scanning.withholding import Withheld


@click.group(cls=Group)
def scanner() -> None:
    """The virus scanner, and what it finds in custody and in transfers."""


@scanner.command(cls=Command, exits=(0, 1, 2, 3, 4))
@json_option
@pass_site
def show(site: Site, as_json: bool) -> int:
    """Try the scanner and say what it is; the last rescan, what is withheld, and what is held back."""
    return _told(site, as_json)


@scanner.command(cls=Command, exits=(0, 1, 2, 3, 4))
@click.option("--anew", is_flag=True, help="Although the signatures did not change since the last one.")
@json_option
@pass_site
def rescan(site: Site, anew: bool, as_json: bool) -> int:
    """Scan what is in custody with the signatures of today, going on where it stopped."""
    _need_scanner(site)
    progress = Progress()
    for done, total in rescanning.rescan(site, anew=anew):
        progress("scanning", done, total)
    progress.close()
    return max(_told(site, as_json), seal_or_say(site))


@scanner.command(cls=Command, exits=(0, 1, 2, 3, 4))
@click.argument("item")
@click.option("--reason", help="First step: how it was found out that it is a false alarm.")
@click.option("--confirm", "decision", flag_value="confirm", help="Second step: it is shown again.")
@click.option("--refuse", "decision", flag_value="refuse", help="Second step: it stays withheld.")
@json_option
@pass_site
def clear(site: Site, item: str, reason: str | None, decision: str | None, as_json: bool) -> int:
    """Say, in two steps, that what was found in an item is a false alarm."""
    if bool(reason) == bool(decision):
        raise WrongCall("Give a reason, or decide.", next="--reason TEXT first, then --confirm or --refuse.")
    with site.open_session.begin() as session:
        if reason:
            withholding.ask(session, item, reason=reason, by=COMMAND_LINE, at=site.now())
        else:
            go = decision == "confirm"
            withholding.decide(session, item, clear=go, by=COMMAND_LINE, at=site.now())
    return max(_told(site, as_json), seal_or_say(site))


def _need_scanner(site: Site) -> None:
    if not site.settings.scanner.is_set:
        raise Refused("No virus scanner is set.", code="scanner.none", next="Set SEOGO_SCANNER.")


def _told(site: Site, as_json: bool) -> int:
    with site.reading_session() as session:
        told = {
            "scanner": _scanner(site),
            "rescan": _last_rescan(session),
            "withheld": [_withheld(each) for each in withholding.withheld(session)],
            "held": [_held(each) for each in held.everything(session)],
        }
    say(told, as_json, lambda: _in_words(told))
    return 3 if told["withheld"] else 0


def _scanner(site: Site) -> dict[str, Any] | None:
    asked = site.settings.scanner
    if not asked.is_set:
        return None
    tried = open_scanner(asked.address, whole=asked.whole)
    made = tried.version.made_at
    return {
        "address": asked.address,
        "version": tried.version.told,
        "signatures_of": made and made.date().isoformat(),
        "whole": tried.whole,
        "largest": max(find_largest(tried.clamd), tried.whole),
    }


def _last_rescan(session: Session) -> dict[str, Any] | None:
    row = rescanning.newest(session)
    if row is None:
        return None
    return {
        "signatures": row.signatures, "began_at": row.began_at.isoformat(),
        "ended_at": row.ended_at and row.ended_at.isoformat(), "files": row.files, "found": row.found,
        "not_whole": row.not_whole, "unread": row.unread,
    }  # fmt: skip


def _withheld(each: Withheld) -> dict[str, Any]:
    row = each.infection
    return {
        "item": each.item.reference, "file": each.file.position, "signature": row.signature,
        "found_at": row.found_at.isoformat(), "asked_by": row.asked_by,
        "reason": row.reason if row.asked_by else None,
    }  # fmt: skip


def _held(each: held.Held) -> dict[str, Any]:
    return {
        "transfer": each.transfer.number, "volume": each.volume and each.volume.position + 1,
        "file": each.finding.path, "rule": each.finding.rule, "value": each.finding.value,
        "asked_by": each.asked_by,
    }  # fmt: skip


def _in_words(told: dict[str, Any]) -> list[str]:
    it, last = told["scanner"], told["rescan"]
    lines = ["No virus scanner is set (SEOGO_SCANNER)."]
    if it:
        lines = [
            f"{it['version']} at {it['address']}, signatures of {it['signatures_of'] or 'an unknown day'}.",
            f"Files go to it in pieces of {it['whole']} bytes; it looks through {it['largest']} or more.",
        ]
    if last:
        ended = f"ended {moment(last['ended_at'])}" if last["ended_at"] else "has not ended"
        lines.append(
            f"The last rescan began {moment(last['began_at'])} and {ended}: "
            f"{amount(last['files'], 'file')}, {last['found']} with malware, "
            f"{last['not_whole']} not scanned whole, {last['unread']} not read."
        )
    lines += [
        f"withheld: {each['item']}, file {each['file']}: {each['signature']}{_who(each['asked_by'])}"
        for each in told["withheld"]
    ]
    lines += [
        f"held back: transfer {each['transfer']}, {_place(each)}: {each['value']} ({each['rule']})"
        f"{_who(each['asked_by'])}"
        for each in told["held"]
    ]
    if told["withheld"] or told["held"]:
        lines.append("Two persons let something pass: one asks with a reason, another one decides.")
    return lines


def _place(each: dict[str, Any]) -> str:
    volume = f"volume {each['volume']}" if each["volume"] else "all of it"
    return f"{volume}, {each['file']}" if each["file"] else volume


def _who(asked_by: str | None) -> str:
    return f"; {asked_by} asked, another person decides" if asked_by else ""
