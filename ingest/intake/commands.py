"""``seogo agency token``: the tokens by which agencies' programs are known."""

import click

from archive.ledger import COMMAND_LINE as BY
from archive.site.site import Site
from archive.site.terminal import Command, Group, json_option, pass_site, say
from ingest.intake import tokens


@click.group(cls=Group)
def agency() -> None:
    """Agencies (기관): whose programs may send transfers."""


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
        rows = [
            {"token": row.id, "agency": code, "may_send": row.may_send, "made_at": row.made_at.isoformat(),
             "revoked_at": row.revoked_at.isoformat() if row.revoked_at else None}
            for row, code in tokens.find(session)
        ]  # fmt: skip
    say({"tokens": rows}, as_json, lambda: "\n".join(
        f"{row['token']:>4}  {row['agency']:<10} {'revoked' if row['revoked_at'] else 'good'}" for row in rows
    ) or "No token was made yet.")  # fmt: skip


@token.command(cls=Command)
@click.argument("number", type=int)
@json_option
@pass_site
def revoke(site: Site, number: int, as_json: bool) -> None:
    """Take a token out of use, at once and for good."""
    with site.open_session.begin() as session:
        row = tokens.revoke(session, number, by=BY, now=site.now())
        told = {"token": row.id, "revoked_at": row.revoked_at.isoformat() if row.revoked_at else None}
    say(told, as_json, lambda: f"Token {number} opens nothing any more.")
