"""Papers at the desk: the inspection report and the handover record, as they stand now and as issued."""

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from archive import printing
from archive.errors import Missing
from archive.site.reader.web import download, needs, reader, session, site, streamed, tongue
from archive.site.site import Site
from ingest import overview, transfer_jobs, transfers
from ingest.acceptance import handover, report
from ingest.acceptance import table as tables
from ingest.acceptance.table import Lines
from ingest.papers import issuing, making
from ingest.receipts import issuing as receipts
from ingest.transfer_jobs import Asking
from ingest.transfers import Transfer

DESK = "work at the desk"
bp = Blueprint("papers", __name__, template_folder="templates", url_prefix="/desk/transfers/<number>")


@bp.get("/papers")
@needs(DESK)
def page(number: str) -> ResponseReturnValue:
    it, db = overview.summary(session(), _transfer(number)), session()
    rows = [(paper, issuing.names(db, number, paper)) for paper in issuing.of_transfer(db, it.transfer)]
    return render_template("papers.html", it=it, rows=rows, kinds=list(making.KINDS), tab="papers")


@bp.post("/papers")
@needs(DESK)
def issue(number: str) -> ResponseReturnValue:
    kind = request.form.get("kind", "")
    it = overview.summary(session(), _transfer(number))
    if kind not in making.KINDS:
        raise Missing(f"There is no paper {kind[:40]}.")
    if kind == making.HANDOVER:
        handover.require_custody(it)
    act, more = f"{kind.replace('_', '-')}-asked", {"kind": kind, "tongue": tongue()}
    asking = Asking(issuing.NAME, act, reader().name, more)
    done = "paper" if transfer_jobs.ask(site(), number, asking) else "under_way"
    return redirect(url_for("papers.page", number=number, done=done) + "#done", 303)


@bp.get("/papers/<kind>/<int:which>/<name>")
@needs(DESK)
def file(number: str, kind: str, which: int, name: str) -> ResponseReturnValue:
    if kind not in making.KINDS:
        raise Missing(f"There is no paper {kind[:40]}.")
    paper = receipts.get(session(), _transfer(number), which, kind)
    ending = {"pdf": "application/pdf", "csv": "text/csv"}.get(name.rpartition(".")[2], "application/jsonl")
    return download(issuing.blocks(site(), number, paper, name), ending, name)


@bp.get("/report.pdf")
@needs(DESK)
def report_pdf(number: str) -> ResponseReturnValue:
    made = printing.pdf(report.document(session(), _transfer(number), issuing.asked(site(), tongue())))
    return download(made, "application/pdf", f"seogo-{number}-inspection.pdf")


@bp.get("/handover.pdf")
@needs(DESK)
def handover_pdf(number: str) -> ResponseReturnValue:
    made = printing.pdf(handover.document(session(), _transfer(number), issuing.asked(site(), tongue())))
    return download(made, "application/pdf", f"seogo-{number}-handover.pdf")


@bp.get("/report.csv")
@needs(DESK)
def report_csv(number: str) -> ResponseReturnValue:
    return table(number, tables.volumes, "volumes")


@bp.get("/differences.csv")
@needs(DESK)
def differences_csv(number: str) -> ResponseReturnValue:
    return table(number, tables.differences, "differences")


def table(number: str, lines: Lines, name: str) -> Response:
    """One table of the inspection as it stands now."""
    _transfer(number)
    asked = issuing.asked(site(), tongue())
    made = streamed(lambda db: lines(db, transfers.get(db, number), asked))
    return download(made, "text/csv", f"seogo-{number}-{name}.csv")


def _transfer(number: str) -> Transfer:
    return transfers.get(session(), number)


def blueprints(_site: Site) -> tuple[Blueprint, ...]:
    return (bp,)
