"""Receipts and the completion notice at the desk: issuing, handing out, and what is in the way of closing."""

from collections.abc import Mapping
from pathlib import Path

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from archive.site.reader.web import needs, reader, say, session, site
from archive.site.site import Site
from archive.work import jobs
from ingest import overview, receipts, transfer_jobs, transfers
from ingest.overview import Summary
from ingest.receipts import completion, issuing, notices, verifier, writing
from ingest.receipts.contents import COMPLETED
from ingest.receipts.unlisted import unlisted
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
    _ask(number, issuing.NAME, "receipt-asked", {})
    return redirect(url_for("receipts.page", number=number, done="receipt") + "#done", 303)


@bp.get("/transfers/<number>/receipts/<int:which>.jsonl")
@needs("work at the desk")
def download(number: str, which: int) -> ResponseReturnValue:
    receipts.get(session(), transfers.get(session(), number), which)
    stream = writing.blocks(site(), number, which)
    return _file(stream, f"seogo-{number}-receipt-{which}.jsonl", "application/jsonl")


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
    _ask(number, completion.NAME, "completion-asked", {"returned_for_good": final})
    return redirect(url_for("receipts.page", number=number, done="complete") + "#done", 303)


@bp.get("/transfers/<number>/notice.pdf")
@needs("work at the desk")
def letter(number: str) -> ResponseReturnValue:
    data = notices.letter(site(), session(), transfers.get(session(), number))
    return _file(data, f"seogo-{number}-notice.pdf", "application/pdf")


@bp.get("/receipts/log.vkey")
@needs("work at the desk")
def key() -> ResponseReturnValue:
    return _file(site().signer.verifier.vkey + "\n", "log.vkey", "text/plain")


@bp.get("/receipts/verifier.py")
@needs("work at the desk")
def script() -> ResponseReturnValue:
    return _file(Path(verifier.__file__).read_bytes(), "verifier.py", "text/x-python")


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


def _file(data: object, name: str, mimetype: str) -> Response:
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(data, mimetype=mimetype, headers=disposition)  # type: ignore[arg-type]


def _ask(number: str, job: str, act: str, more: Mapping[str, object]) -> None:
    """Queue the work and note who asked.  While something is under way, asking changes nothing."""
    with site().open_session.begin() as db:
        it = transfers.get(db, number)
        if transfer_jobs.running(db, it):
            return
        once = f"{job}:{number}:{len(overview.history(db, it))}"
        jobs.submit(db, job, once=once, lane="staff", number=number, by=reader().name, **more)
        transfers.note(db, it, act, by=reader().name, at=site().now())


def blueprints(_site: Site) -> tuple[Blueprint, ...]:
    return (bp,)
