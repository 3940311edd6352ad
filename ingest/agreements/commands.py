"""``seogo agreement``: what agencies may send, entered in versions, and tried on what they sent before."""

from pathlib import Path
from typing import Any

import click

from archive import holdings
from archive.errors import Unreadable
from archive.ledger import COMMAND_LINE as BY
from archive.site.evidence import seal_or_say
from archive.site.language import amount
from archive.site.numbers import Number
from archive.site.site import Site
from archive.site.terminal import Command, Group, a_path, json_option, pass_site, say
from ingest import agreements
from ingest.agreements import documents, trying
from ingest.agreements.trying import Tried
from ingest.results import as_dict

SHOWN = 20
A_FILE = a_path(exists=True, dir_okay=False)


@click.group(cls=Group)
def agreement() -> None:
    """Submission agreements (이관 협약): what an agency may send."""


@agreement.command(cls=Command, exits=(0, 1, 2, 3, 4, 5))
@click.argument("file", type=A_FILE)
@json_option
@pass_site
def add(site: Site, file: Path, as_json: bool) -> int:
    """Enter the next version of an agreement, a TOML document; it is never changed afterwards."""
    with site.open_session.begin() as session:
        row = agreements.enter(session, _text(file), by=BY, now=site.now(), today=site.today())
        told = _line(row)
    say(told, as_json, lambda: f"Agreement with {told['agency']}, version {told['version']}, "
                               f"holds from {told['effective_from']} on.")  # fmt: skip
    return seal_or_say(site)


@agreement.command("list", cls=Command, exits=(0, 1, 2, 4))
@click.option("--agency", help="Only those with one agency.")
@json_option
@pass_site
def list_(site: Site, agency: str | None, as_json: bool) -> None:
    """All versions of all agreements."""
    with site.reading_session() as session:
        names = holdings.agency_names(session)
        rows = [_line(row) | {"name": names[row.agency_code]} for row in agreements.find(session, agency)]
    say({"agreements": rows}, as_json, lambda: [
        f"{row['agency']:<10} version {row['version']} from {row['effective_from']}: "
        f"{', '.join(row['clauses'])}  {row['name']}" for row in rows
    ] or "No agreement was entered yet.")  # fmt: skip


@agreement.command(cls=Command)
@click.argument("agency")
@click.option("--version", type=Number(), help="The one in force today when not given.")
@json_option
@pass_site
def show(site: Site, agency: str, version: int | None, as_json: bool) -> None:
    """One agreement, in the words in which it was entered."""
    with site.reading_session() as session:
        row = agreements.get(session, agency, version, today=site.today())
    say({**_line(row), "document": row.document}, as_json, row.document.expandtabs().splitlines)


@agreement.command("try", cls=Command)
@click.argument("file", type=A_FILE)
@click.option("--transfer", "number", help="Only on this one; else on all that the agency ever sent.")
@json_option
@pass_site
def try_(site: Site, file: Path, number: str | None, as_json: bool) -> int:
    """Tell what an agreement would have refused of past transfers; nothing is written.

    It ends with 4 where that cannot be told of one because no scan of it is recorded.
    """
    agreed = documents.read(_text(file))
    with site.reading_session() as session:
        tried = list(trying.try_on(session, agreed, number))
    told = {
        "agency": agreed.agency,
        "version": agreed.version,
        "not_judged": trying.not_judged(agreed),
        "transfers": [_told(each) for each in tried],
    }
    say(told, as_json, lambda: _in_words(told))
    return 3 if any(each.errors for each in tried) else 4 if any(each.not_known for each in tried) else 0


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable(f"{file} cannot be read as UTF-8 text ({error}).", next="Mend the file.") from error


def _line(row: agreements.AgreementRow) -> dict[str, Any]:
    return {
        "agency": row.agency_code,
        "version": row.version,
        "effective_from": row.effective_from.isoformat(),
        "title": row.agreement.title,
        "clauses": [clause.id for clause in row.agreement.clauses],
    }


def _told(tried: Tried) -> dict[str, Any]:
    return {
        "transfer": tried.transfer,
        "refused": "all" if tried.whole else sorted(tried.volumes),
        "clauses": dict(sorted(tried.clauses.items())),
        "not_known": tried.not_known,
        "findings": [as_dict(each) for each in tried.findings],
    }


def _in_words(told: dict[str, Any]) -> list[str]:
    lines = [f"Agreement with {told['agency']}, version {told['version']}, tried; nothing was written."]
    for each in told["transfers"]:
        lines.append(f"Transfer {each['transfer']}: {_refused_in_words(each)}.")
        lines += [
            f"  clause {clause}: {amount(count, 'finding')}" for clause, count in each["clauses"].items()
        ]
        lines += [f"  clause {clause}: cannot be known, no scan is recorded" for clause in each["not_known"]]
        lines += [f"  {found['severity']}: {found['message']}" for found in each["findings"][:SHOWN]]
    if not told["transfers"]:
        lines.append("That agency has sent nothing yet.")
    if told["not_judged"]:
        lines.append(f"Not judged, because it is not kept: {', '.join(told['not_judged'])}.")
    return lines


def _refused_in_words(each: dict[str, Any]) -> str:
    refused = each["refused"]
    if not refused and each["not_known"]:
        return "it cannot be told whether anything would have been refused"
    what = "everything" if refused == "all" else amount(len(refused), "volume")
    return f"{what} would have been refused" + (", as far as is known" if each["not_known"] else "")
