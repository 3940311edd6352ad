"""`seogo search` and `seogo index`: asking the index, and keeping it equal to the database."""

import json
from dataclasses import asdict
from typing import Any, cast

import click

from access.search import feeding, opening, query
from access.search.index import SORTS
from access.search.opening import AUDIENCES, Audience
from archive.site.site import Site

_EXIT_CODES = "\n\n\b\nExit codes: 0 done, 2 wrong call, 3 it differs, 4 the index does not answer."


@click.command("search", help="Find items by their words, years and numbers." + _EXIT_CODES)
@click.argument("text", metavar="QUERY")
@click.option("--as", "audience", type=click.Choice(AUDIENCES), default="public", help="Who is asking.")
@click.option("--limit", type=int, default=20, show_default=True, help="Hits at once, at most 100.")
@click.option("--cursor", help="The `next` of the page before.")
@click.option("--sort", type=click.Choice(SORTS), default="best", show_default=True)
@click.option("--exactly", is_flag=True, help="Only what is written just so: no reading, no synonyms.")
@click.option("--json", "as_json", is_flag=True, help="One object on standard output.")
@click.pass_obj
def search(
    site: Site,
    text: str,
    audience: str,
    limit: int,
    cursor: str | None,
    sort: str,
    exactly: bool,
    as_json: bool,
) -> None:
    index = opening.open_index(site.settings, cast(Audience, audience))
    hits = query.find(index, text, limit=limit, cursor=cursor, sort=sort, today=site.today(), exactly=exactly)
    click.echo(json.dumps(told(hits), ensure_ascii=False) if as_json else _in_words(hits))


def told(hits: query.Hits) -> dict[str, Any]:
    """The keys that other programs rely on; the web API answers with the same."""
    return {
        "total": hits.total,
        "next": hits.next,
        "hits": [
            {
                "reference": hit.reference,
                "sender_id": hit.sender_id,
                "volume": hit.volume,
                "title": hit.title,
                "disclosure": hit.disclosure,
                "page": hit.page,
                "score": round(hit.score, 4),
            }
            for hit in hits.hits
        ],
    }


def _in_words(hits: query.Hits) -> str:
    lines = [f"{hits.total} items"]
    if hits.understood.repaired:
        lines.append(f"Searched for {hits.understood.repaired} instead.")
    for hit in hits.hits:
        where = f", page {hit.page}" if hit.page else ""
        lines.append(f"{hit.reference}  {hit.title or '(title closed)'}  [{hit.disclosure}{where}]")
    if hits.next:
        lines.append(f"More with: --cursor {hits.next}")
    return "\n".join(lines)


@click.group("index", help="Keep the search index equal to the database.")
def index() -> None:
    pass


@index.command("rebuild", help="Make both indexes anew beside the old ones and swap them in." + _EXIT_CODES)
@click.option("--json", "as_json", is_flag=True, help="One object on standard output.")
@click.pass_obj
def rebuild(site: Site, as_json: bool) -> None:
    count = feeding.rebuild(site, opening.open_indexes(site.settings))
    click.echo(
        json.dumps(count) if as_json else f"Indexed: public {count['public']}, staff {count['staff']}."
    )


@index.command("compare", help="Count what is equal, missing, extra and different." + _EXIT_CODES)
@click.option("--as", "audience", type=click.Choice(AUDIENCES), default="public", help="Which index.")
@click.option("--repair", is_flag=True, help="Mend both indexes first.")
@click.option("--json", "as_json", is_flag=True, help="One object on standard output.")
@click.pass_context
def compare(context: click.Context, audience: str, repair: bool, as_json: bool) -> None:
    site: Site = context.obj
    indexes = opening.open_indexes(site.settings)
    if repair:
        feeding.repair(site, indexes)
    asked = cast(Audience, audience)
    found = feeding.compare(site, indexes.staff if asked == "staff" else indexes.public, asked)
    counted = {name: value if name == "equal" else len(value) for name, value in asdict(found).items()}
    if as_json:
        click.echo(json.dumps(counted))
    else:
        click.echo(", ".join(f"{name} {count}" for name, count in counted.items()))
        click.echo(
            "".join(f"{name}\n" for name in (*found.missing, *found.extra, *found.different)[:20]), nl=False
        )
    if not found.holds:
        context.exit(3)
