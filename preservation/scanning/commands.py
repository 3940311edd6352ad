"""``seogo scanner``: what the virus scanner is, the rescan of what is in custody, and false alarms."""

from typing import Any

import click
from sqlalchemy.orm import Session

from archive.errors import Refused
from archive.site.evidence import seal_now
from archive.site.site import Site
from archive.site.terminal import Command, Group, Progress, json_option, pass_site, say
from preservation.scanning import rescanning
from preservation.scanning.trying import find_largest, open_scanner

BY = "command-line"


@click.group(cls=Group)
def scanner() -> None:
    """The virus scanner, and what it finds in custody."""


@scanner.command(cls=Command, exits=(0, 1, 2, 3, 4))
@json_option
@pass_site
def show(site: Site, as_json: bool) -> int:
    """Try the scanner and say what it is; the last rescan, and what is withheld."""
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
    seal_now(site)
    return _told(site, as_json)


@scanner.command(cls=Command, exits=(0, 1, 2, 3, 4))
@click.argument("item")
@click.option("--reason", required=True, help="How it was found out that it is a false alarm.")
@json_option
@pass_site
def clear(site: Site, item: str, reason: str, as_json: bool) -> int:
    """Say that what was found in an item is a false alarm: it is shown again."""
    with site.open_session.begin() as session:
        rescanning.clear(session, item, reason=reason, by=BY, at=site.now())
    seal_now(site)
    return _told(site, as_json)


def _need_scanner(site: Site) -> None:
    if not site.settings.scanner.is_set:
        raise Refused("No virus scanner is set.", code="scanner.none", next="Set SEOGO_SCANNER.")


def _told(site: Site, as_json: bool) -> int:
    with site.reading_session() as session:
        told = {"scanner": _scanner(site), **_holdings(session)}
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


def _holdings(session: Session) -> dict[str, Any]:
    row = rescanning.newest(session)
    last = row and {
        "signatures": row.signatures, "began_at": row.began_at.isoformat(),
        "ended_at": row.ended_at and row.ended_at.isoformat(), "files": row.files, "found": row.found,
        "not_whole": row.not_whole, "unread": row.unread,
    }  # fmt: skip
    withheld = [
        {"item": item.reference, "file": file.position, "signature": infection.signature,
         "found_at": infection.found_at.isoformat()}
        for infection, item, file in rescanning.open_infections(session)
    ]  # fmt: skip
    return {"rescan": last, "withheld": withheld}


def _in_words(told: dict[str, Any]) -> str:
    it, last = told["scanner"], told["rescan"]
    lines = ["No virus scanner is set (SEOGO_SCANNER)."]
    if it:
        lines = [
            f"{it['version']} at {it['address']}, signatures of {it['signatures_of'] or 'an unknown day'}.",
            f"Files go to it in pieces of {it['whole']} bytes; it looks through {it['largest']} or more.",
        ]
    if last:
        ended = f"ended {last['ended_at']}" if last["ended_at"] else "has not ended"
        lines.append(
            f"The last rescan began {last['began_at']} and {ended}: {last['files']} files, {last['found']} "
            f"with malware, {last['not_whole']} not scanned whole, {last['unread']} not read."
        )
    lines += [
        f"withheld: {each['item']}, file {each['file']}: {each['signature']}" for each in told["withheld"]
    ]
    return "\n".join(lines)
