"""``seogo settings`` and ``seogo user``: how this installation is set, and who may sign in."""

import secrets
import sys

import click

from archive import people
from archive.errors import WrongCall
from archive.site import settings as settings_of
from archive.site.settings import SETTINGS
from archive.site.site import Site
from archive.site.terminal import Command, json_option, pass_site, say


@click.command(cls=Command, exits=(0, 1, 2))
@json_option
def settings(as_json: bool) -> None:
    """Every setting with its value and where it came from; secrets are hidden."""
    found = settings_of.read()
    told = {
        each.name: {"value": found.sources[each.name][0], "source": found.sources[each.name][1]}
        for each in SETTINGS
    }
    for name in found.credentials:
        told[f"SEOGO_STORE_{name.upper()}_ACCESS"] = {"value": "…", "source": "hidden"}
    say(
        told,
        as_json,
        lambda: [f"{name}={each['value']}  ({each['source']})" for name, each in told.items()],
    )


def _asked_for(username: str, role: str) -> str:
    """The password as somebody types it; there must be a terminal to ask at."""
    if not sys.stdin.isatty():
        raise WrongCall(
            f"No password is given for {username}, and there is no terminal to ask for one.",
            next=f"Have one made: seogo user add {username} --role {role} --password -",
        )
    typed: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return typed


@click.group()
def user() -> None:
    """People who may sign in."""


@user.command(cls=Command, exits=(0, 1, 2, 3, 4))
@click.argument("username")
@click.option("--role", type=click.Choice(people.ROLES), required=True)
@click.option("--name", "display_name", help="The name shown on the pages; the user name when not given.")
@click.option("--agency", help="Whose transfers a sender brings: the code of the agency.")
@click.option("--password", help="Asked for when not given; '-' makes one and prints it.")
@json_option
@pass_site
def add(
    site: Site,
    username: str,
    role: str,
    display_name: str | None,
    agency: str | None,
    password: str | None,
    as_json: bool,
) -> None:
    """Add a person with a role."""
    made = secrets.token_urlsafe(12) if password == "-" else None
    secret = made or password or _asked_for(username, role)
    with site.open_session.begin() as session:
        people.add(
            session, username, secret, role=role, now=site.now(), agency=agency,
            display_name=username if display_name is None else display_name,
        )  # fmt: skip
    told = {"username": username, "role": role, **({"password": made} if made else {})}
    say(told, as_json, lambda: f"{username} may sign in as {role}." + (f" Password: {made}" if made else ""))
