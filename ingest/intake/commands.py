"""``seogo agency``: agencies with their names, and the tokens by which their programs are known."""

from typing import Any

import click

from archive import holdings
from archive.holdings import Agency
from archive.ledger import COMMAND_LINE as BY
from archive.site.evidence import seal_or_say
from archive.site.numbers import Number
from archive.site.site import Site
from archive.site.terminal import Command, Group, json_option, pass_site, say
from ingest.intake import tokens
from ingest.taking import agencies

OTHER_FORM = (
    "  Its code is not of the form of the register (기관코드), seven digits, or a capital letter and six "
    "digits; it was entered as it is written."
)


@click.group(cls=Group)
def agency() -> None:
    """Agencies (기관): their codes and names, and whose programs may send transfers."""


@agency.command("add", cls=Command, exits=(0, 1, 2, 3, 4, 5))
@click.argument("code")
@click.option("--name", required=True, help="Its name in Korean, as it stands in letters and papers.")
@click.option("--name-en", help="Its name in English.")
@json_option
@pass_site
def add_agency(site: Site, code: str, name: str, name_en: str | None, as_json: bool) -> int:
    """Enter an agency under its code (기관코드), or give it another name."""
    with site.open_session.begin() as session:
        told = _agency(agencies.enter(session, code, name=name, name_en=name_en, by=BY, now=site.now()))
    told["standard_code"] = holdings.is_standard_code(code)
    more = "" if told["standard_code"] else OTHER_FORM
    say(told, as_json, lambda: f"Agency {code} is {told['name']}.{more}")
    return seal_or_say(site)


@agency.command("list", cls=Command, exits=(0, 1, 2, 4))
@json_option
@pass_site
def list_agencies(site: Site, as_json: bool) -> None:
    """All agencies that were entered, or that sent or agreed on something."""
    with site.reading_session() as session:
        rows = [_agency(row) for row in agencies.find(session)]
    say({"agencies": rows}, as_json, lambda: [
        f"{row['agency']:<10} {row['name'] if row['entered_at'] else '(no name was entered)'}"
        f"{'  ' + row['name_en'] if row['name_en'] else ''}" for row in rows
    ] or "No agency is known yet.  Enter one with: seogo agency add CODE --name NAME")  # fmt: skip


def _agency(row: Agency) -> dict[str, Any]:
    at = row.entered_at.isoformat() if row.entered_at else None
    return {"agency": row.code, "name": row.name, "name_en": row.name_en, "entered_at": at}


@agency.group(cls=Group)
def token() -> None:
    """Tokens of agencies' programs."""


@token.command(cls=Command, exits=(0, 1, 2, 4))
@click.argument("code")
@click.option("--only-ask", is_flag=True, help="It may ask what came of transfers, and send none.")
@json_option
@pass_site
def add(site: Site, code: str, only_ask: bool, as_json: bool) -> None:
    """Make a token of an agency and print it; it is never shown again."""
    with site.open_session.begin() as session:
        made, words = tokens.make(session, code, may_send=not only_ask, by=BY, now=site.now())
        told = {"token": made.id, "agency": code, "may_send": made.may_send, "words": words}
    say(told, as_json, lambda: f"Token {told['token']} of agency {code}: {words}")


@token.command("list", cls=Command, exits=(0, 1, 2, 4))
@json_option
@pass_site
def list_(site: Site, as_json: bool) -> None:
    """All tokens, without their words."""
    with site.reading_session() as session:
        names = holdings.agency_names(session)
        rows = [
            {"token": row.id, "agency": code, "name": names[code], "may_send": row.may_send,
             "made_at": row.made_at.isoformat(),
             "revoked_at": row.revoked_at.isoformat() if row.revoked_at else None}
            for row, code in tokens.find(session)
        ]  # fmt: skip
    say({"tokens": rows}, as_json, lambda: [
        f"{row['token']:>4}  {row['agency']:<10} {'revoked' if row['revoked_at'] else 'good':<8}"
        f"{row['name']}" for row in rows
    ] or "No token was made yet.")  # fmt: skip


@token.command(cls=Command)
@click.argument("number", type=Number())
@json_option
@pass_site
def revoke(site: Site, number: int, as_json: bool) -> None:
    """Take a token out of use, at once and for good."""
    with site.open_session.begin() as session:
        row = tokens.revoke(session, number, by=BY, now=site.now())
        told = {"token": row.id, "revoked_at": row.revoked_at.isoformat() if row.revoked_at else None}
    say(told, as_json, lambda: f"Token {number} opens nothing any more.")
