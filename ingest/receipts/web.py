"""Receipts and the completion notice at the desk: issuing, handing out, and what is in the way of closing."""

from collections.abc import Mapping
from pathlib import Path

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from archive.site.reader.web import download, needs, reader, say, session, site
from archive.site.site import Site
from ingest import overview, receipts, transfer_jobs, transfers
from ingest.overview import Summary
from ingest.receipts import completion, issuing, notices, verifier, writing
from ingest.receipts.contents import COMPLETED
from ingest.receipts.unlisted import unlisted
from ingest.transfer_jobs import Asking
from ingest.transfers import later_rounds

MOST = 50
bp = Blueprint("receipts", __name__, template_folder="templates", url_prefix="/desk")


@bp.get("/transfers/<number>/receipts")
@needs("work at the desk")
def page(number: str) -> ResponseReturnValue:
    it = overview.summary(session(), transfers.get(session(), number))
    given = [act.at for act in overview.history(session(), it.transfer) if act.act == COMPLETED]
    rows = receipts.of_transfer(session(), it.transfer)
    return render_template("receipts.html", it=it, rows=rows, given=next(iter(given), None), tab="receipts")


@bp.post("/transfers/<number>/receipts")
@needs("work at the desk")
def issue(number: str) -> ResponseReturnValue:
    asking = Asking(issuing.NAME, "receipt-asked", by=reader().name)
    done = "receipt" if transfer_jobs.ask(site(), number, asking) else "under_way"
    return redirect(url_for("receipts.page", number=number, done=done) + "#done", 303)


@bp.get("/transfers/<number>/receipts/<int:which>.jsonl")
@needs("work at the desk")
def receipt(number: str, which: int) -> ResponseReturnValue:
    receipts.get(session(), transfers.get(session(), number), which)
    stream = writing.blocks(site(), number, which)
    return download(stream, "application/jsonl", f"seogo-{number}-receipt-{which}.jsonl")


@bp.get("/transfers/<number>/complete")
@needs("work at the desk")
def complete(number: str) -> ResponseReturnValue:
    return _complete_page(number, {})


@bp.post("/transfers/<number>/complete")
@needs("work at the desk")
def do_complete(number: str) -> ResponseReturnValue:
    it = overview.summary(session(), transfers.get(session(), number))
    final = any(_unsettled(it))
    ticks = ("confirmed", "final") if final else ("confirmed",)
    errors = {each: say("form.tick") for each in ticks if request.form.get(each) != "yes"}
    if errors:
        return _complete_page(number, errors), 422
    asking = Asking(completion.NAME, "completion-asked", reader().name, {"returned_for_good": final})
    done = "complete" if transfer_jobs.ask(site(), number, asking) else "under_way"
    return redirect(url_for("receipts.page", number=number, done=done) + "#done", 303)


@bp.get("/transfers/<number>/notice.pdf")
@needs("work at the desk")
def letter(number: str) -> ResponseReturnValue:
    data = notices.letter(site(), session(), transfers.get(session(), number))
    return download(data, "application/pdf", f"seogo-{number}-notice.pdf")


@bp.get("/receipts/log.vkey")
@needs("work at the desk")
def key() -> ResponseReturnValue:
    return download(site().signer.verifier.vkey + "\n", "text/plain", "log.vkey")


@bp.get("/receipts/verifier.py")
@needs("work at the desk")
def script() -> ResponseReturnValue:
    return download(Path(verifier.__file__).read_bytes(), "text/x-python", "verifier.py")


def _complete_page(number: str, errors: Mapping[str, str]) -> str:
    it = overview.summary(session(), transfers.get(session(), number))
    obstacles = completion.obstacles_now(site(), session(), it.transfer)
    returned, files = _unsettled(it)
    return render_template(
        "complete.html", it=it, obstacles=obstacles, most=MOST, errors=errors,
        hours=site().settings.read_back_within, returned=returned, unlisted=files,
        later=later_rounds.volumes(session(), it.transfer),
    )  # fmt: skip


def _unsettled(it: Summary) -> tuple[int, list[str]]:
    """How many volumes were returned, and which files are on no list, without what a later round took."""
    later = later_rounds.volumes(session(), it.transfer)
    return it.returned + it.taken_later - len(later), unlisted(session(), it.transfer, besides=later)


def blueprints(_site: Site) -> tuple[Blueprint, ...]:
    return (bp,)
