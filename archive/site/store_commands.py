"""``seogo store``: what the stores of this installation can and cannot keep, tried out now."""

from typing import Any

import click

from archive.errors import Unavailable
from archive.site.site import Site
from archive.site.terminal import Command, json_option, pass_site, say
from archive.stores import Store
from archive.stores.store import is_needed


@click.group()
def store() -> None:
    """Stores (보존소): where the copies lie."""


@store.command(cls=Command, exits=(0, 1, 2, 3, 4))
@click.option("--store", "name", help="One store, by name or location.")
@json_option
@pass_site
def check(site: Site, name: str | None, as_json: bool) -> int:
    """Try each store: what it refuses, whether it locks and keeps versions, whether it lets us delete.

    Nothing is believed because it was announced, and nothing of the holdings is touched.
    """
    chosen = [site.store(name)] if name else list(site.stores)
    told = {"stores": [_tried(each) for each in chosen]}
    say(told, as_json, lambda: [line for each in told["stores"] for line in _in_words(each)])
    if any(each["away"] for each in told["stores"]):
        return 4
    return 3 if any(each["lacking"] for each in told["stores"]) else 0


def _tried(tried: Store) -> dict[str, Any]:
    about = {"store": tried.name, "location": tried.location}
    try:
        found = tried.probe()
    except Unavailable as error:
        return {**about, "away": error.message, "capabilities": [], "lacking": []}
    return {
        **about,
        "away": None,
        "capabilities": [{"name": each.name, "holds": each.holds, "detail": each.detail} for each in found],
        "lacking": [each.name for each in found if is_needed(each) and not each.holds],
    }


def _in_words(told: dict[str, Any]) -> list[str]:
    lines = [f"{told['store']}  {told['location']}"]
    if told["away"]:
        return [*lines, f"  not looked at: {told['away']}"]
    for each in told["capabilities"]:
        needed = "  NEEDED" if each["name"] in told["lacking"] else ""
        lines.append(f"  {'yes' if each['holds'] else 'no ':<3}  {each['name']}: {each['detail']}{needed}")
    return lines
