"""``seogo search`` and ``seogo index``: asking the index, and keeping it equal to the database."""

from dataclasses import asdict
from typing import cast

import click

from access.search import feeding, opening, query
from access.search.index import SORTS
from access.search.opening import AUDIENCES, Audience
from archive.site.language import amount
from archive.site.numbers import Number
from archive.site.site import Site
from archive.site.terminal import Command, json_option, pass_site, say

DIFFERS = 3
SHOWN = 20


@click.command(cls=Command)
@click.argument("text", metavar="QUERY")
@click.option("--as", "audience", type=click.Choice(AUDIENCES), default="public", help="Who is asking.")
@click.option("--limit", type=Number(), default=20, show_default=True, help="Hits at once, at most 100.")
@click.option("--cursor", help="The `next` of the page before.")
@click.option("--sort", type=click.Choice(SORTS), default="best", show_default=True)
@click.option("--exactly", is_flag=True, help="Only what is written just so: no reading, no synonyms.")
@json_option
@pass_site
def search(
    site: Site, text: str, audience: str, limit: int, cursor: str | None, sort: str, exactly: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Find items by their words, years and numbers."""
    index = opening.open_index(site.settings, cast(Audience, audience))
    hits = query.find(index, text, limit=limit, cursor=cursor, sort=sort, today=site.today(), exactly=exactly)
    say(query.told(hits), as_json, lambda: _in_words(hits))


def _in_words(hits: query.Hits) -> list[str]:
    lines = [amount(hits.total, "item")]
    if hits.understood.repaired:
        lines.append(f"Searched for {hits.understood.repaired} instead.")
    for hit in hits.hits:
        where = f", page {hit.page}" if hit.page else ""
        lines.append(f"{hit.reference}  {hit.title or '(title closed)'}  [{hit.disclosure}{where}]")
    if hits.next:
        lines.append(f"More with: --cursor {hits.next}")
    return lines


@click.group()
def index() -> None:
    """The search index: rebuild it, compare it with the database."""


@index.command(cls=Command)
@json_option
@pass_site
def rebuild(site: Site, as_json: bool) -> None:
    """Make both indexes anew beside the old ones and swap them in."""
    count = feeding.rebuild(site, opening.open_indexes(site.settings))
    say(count, as_json, lambda: f"Indexed: public {count['public']}, staff {count['staff']}.")


@index.command(cls=Command)
@click.option("--as", "audience", type=click.Choice(AUDIENCES), default="public", help="Which index.")
@click.option("--repair", is_flag=True, help="Mend both indexes first.")
@json_option
@pass_site
def compare(site: Site, audience: str, repair: bool, as_json: bool) -> int:
    """Count the items that are equal, missing, extra and different in the index."""
    indexes = opening.open_indexes(site.settings)
    if repair:
        feeding.repair(site, indexes)
    asked = cast(Audience, audience)
    found = feeding.compare(site, indexes.staff if asked == "staff" else indexes.public, asked)
    counted = {name: value if name == "equal" else len(value) for name, value in asdict(found).items()}
    wrong = (*found.missing, *found.extra, *found.different)[:SHOWN]
    say(counted, as_json, lambda: [", ".join(f"{n} {c}" for n, c in counted.items()), *wrong])
    return 0 if found.holds else DIFFERS
