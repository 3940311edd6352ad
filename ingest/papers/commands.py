"""``seogo transfer report`` and ``handover``: the papers of an inspection, as drafts or issued and signed."""

from pathlib import Path
from typing import Any

import click

from archive import printing, whole_files
from archive.errors import WrongCall
from archive.ledger import COMMAND_LINE as BY
from archive.site.language import LANGUAGES, Language
from archive.site.site import Site
from archive.site.terminal import Command, a_path, json_option, pass_site, say
from ingest import transfers
from ingest.acceptance import handover as handing_over
from ingest.acceptance import kinds
from ingest.acceptance import report as reporting
from ingest.acceptance import table as tables
from ingest.acceptance.table import Lines
from ingest.papers import issuing, making
from ingest.papers.issuing import Wanted
from ingest.receipts import issuing as receipts
from ingest.transfers.states import TAKEN

EXITS = (0, 1, 2, 3, 4, 5)
A_FILE = a_path(dir_okay=False)
in_language = click.option(
    "--language", "tongue", type=click.Choice(LANGUAGES), default="ko", show_default=True
)
signed_option = click.option(
    "--signed", type=a_path(file_okay=False),
    help="Issue it: its files and their signature, into this folder.",
)  # fmt: skip


@click.command(cls=Command, exits=EXITS)
@click.argument("number")
@click.option("--pdf", type=A_FILE, help="The report, for people.")
@click.option("--csv", "table", type=A_FILE, help="A line a volume.")
@click.option("--differences", type=A_FILE, help="Each difference, CSV.")
@click.option("--findings", type=A_FILE, help="Each finding with its volume, CSV.")
@signed_option
@in_language
@json_option
@pass_site
def report(
    site: Site, number: str, pdf: Path | None, table: Path | None, differences: Path | None,
    findings: Path | None, signed: Path | None, tongue: Language, as_json: bool,
) -> None:  # fmt: skip
    """Write the inspection report (검수 보고서) as PDF, and as CSV for a spreadsheet."""
    wanted: dict[str, tuple[Path | None, Lines]] = {
        "csv": (table, tables.volumes),
        "differences": (differences, tables.differences),
        "findings": (findings, tables.findings),
    }
    written = {"pdf": pdf, **{name: path for name, (path, _) in wanted.items()}, "signed": signed}
    if not any(written.values()):
        options = [f"--{name}" for name in written]
        raise WrongCall(
            "A report needs a file.", next=f"Name one with {', '.join(options[:-1])} or {options[-1]}."
        )
    whole_files.try_all(pdf, table, differences, findings, folder=signed)
    asked = issuing.asked(site, tongue)
    with site.reading_session() as session:
        transfer = transfers.get(session, number)
        if pdf:
            whole_files.write(pdf, [printing.pdf(reporting.document(session, transfer, asked))])
        for path, lines in wanted.values():
            if path:
                whole_files.write(path, (line.encode() for line in lines(session, transfer, asked)))
    told: dict[str, Any] = {name: str(path) if path else None for name, path in written.items()}
    told["transfer"] = number
    told["paper"] = _issued(site, number, making.INSPECTION, tongue, signed) if signed else None
    say(told, as_json, lambda: "Written: " + ", ".join(str(path) for path in written.values() if path))


@click.command(cls=Command, exits=EXITS)
@click.argument("number")
@click.option("--pdf", type=A_FILE, help="The record, to be signed by hand.")
@signed_option
@in_language
@json_option
@pass_site
def handover(
    site: Site, number: str, pdf: Path | None, signed: Path | None, tongue: Language, as_json: bool
) -> None:
    """Write the handover record (인계인수서) of what is in custody."""
    if not (pdf or signed):
        raise WrongCall("A handover record needs a file.", next="Name one with --pdf or --signed.")
    whole_files.try_all(pdf, folder=signed)
    with site.reading_session() as session:
        transfer = transfers.get(session, number)
        document = handing_over.document(session, transfer, issuing.asked(site, tongue))
        states = kinds.counts(session, transfer, TAKEN)
    if pdf:
        whole_files.write(pdf, [printing.pdf(document)])
    told = {
        "transfer": number,
        "pdf": str(pdf) if pdf else None,
        "signed": str(signed) if signed else None,
        "paper": _issued(site, number, making.HANDOVER, tongue, signed) if signed else None,
        "kinds": {kind: dict(zip(("volumes", "items", "files"), numbers, strict=True))
                  for kind, numbers in states.items()},
    }  # fmt: skip
    say(told, as_json, lambda: "Written: " + ", ".join(str(path) for path in (pdf, signed) if path))


def _issued(site: Site, number: str, kind: str, tongue: Language, folder: Path) -> dict[str, Any]:
    """Issue a paper and write its files; the signature comes last."""
    which = issuing.issue(site, Wanted(number, kind, tongue, BY))
    with site.reading_session() as session:
        paper = receipts.get(session, transfers.get(session, number), which, kind)
        names = issuing.names(session, number, paper)
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        whole_files.write(folder / name, issuing.blocks(site, number, paper, name))
    return {
        "kind": kind, "number": which, "issued_at": paper.issued_at.isoformat(),
        "body_sha256": paper.body_sha256, "files": names[:-1], "signature": names[-1],
    }  # fmt: skip
