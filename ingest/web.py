"""The transfer desk: transfers, findings, volumes, history; accepting, returning, checking again."""

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from archive.site.reader.web import needs, reader, say, session, site
from archive.site.site import Site
from archive.work import jobs
from ingest import checking_again, overview, returning, transfers
from ingest.overview import Summary
from ingest.transfers import Transfer

AT_ONCE = 50
STATES = ("receiving", "checked", "waiting", "accepted", "partly_returned", "returned", "stored", "closed")

bp = Blueprint("desk", __name__, template_folder="templates", url_prefix="/desk")


@bp.get("")
@needs("work at the desk")
def desk() -> ResponseReturnValue:
    return redirect(url_for("desk.transfers"), 303)


@bp.get("/transfers", endpoint="transfers")
@needs("work at the desk")
def list_transfers() -> ResponseReturnValue:
    agency, state, after = request.args.get("agency"), request.args.get("state"), _after()
    lines, total = overview.lines(session(), agency=agency, state=state, after=after, limit=AT_ONCE)
    return render_template(
        "transfers.html", lines=lines, total=total, after=after, step=AT_ONCE, agency=agency, state=state,
        agencies=overview.agencies(session()), states=STATES,
    )  # fmt: skip


@bp.get("/transfers/<number>")
@needs("work at the desk")
def transfer(number: str) -> ResponseReturnValue:
    summary = _summary(number)
    rules = overview.rules(session(), summary.transfer)
    return render_template("transfer.html", it=summary, rules=rules, tab="findings", first=overview.FIRST)


@bp.get("/transfers/<number>/findings")
@needs("work at the desk")
def findings(number: str) -> ResponseReturnValue:
    """One rule's findings, all of them; without a rule, as a file."""
    it = transfers.get(session(), number)
    rule, after = request.args.get("rule", ""), _after()
    if not rule:
        name = f"seogo-{it.number}-findings.csv"
        text = "".join(overview.as_csv(session(), it))
        disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(text, mimetype="text/csv", headers=disposition)
    rows = overview.findings(session(), it, rule, after=after, limit=AT_ONCE * 2)
    return render_template("findings.html", it=_summary(number), rule=rule, rows=rows, after=after)


@bp.get("/transfers/<number>/volumes")
@needs("work at the desk")
def volumes(number: str) -> ResponseReturnValue:
    it, after = _summary(number), _after()
    rows = overview.volumes(session(), it.transfer, after=after, limit=AT_ONCE * 2)
    faulty = transfers.faulty(session(), it.transfer)
    return render_template(
        "transfer_volumes.html", it=it, rows=rows, faulty=faulty, tab="volumes",
        after=after, step=AT_ONCE * 2,
    )  # fmt: skip


@bp.get("/transfers/<number>/history")
@needs("work at the desk")
def history(number: str) -> ResponseReturnValue:
    it = _summary(number)
    acts = overview.history(session(), it.transfer)
    return render_template("transfer_history.html", it=it, acts=acts, tab="history")


@bp.get("/transfers/<number>/accept")
@needs("work at the desk")
def accept(number: str) -> ResponseReturnValue:
    return render_template("accept.html", it=_summary(number), errors={})


@bp.post("/transfers/<number>/accept")
@needs("work at the desk")
def do_accept(number: str) -> ResponseReturnValue:
    if request.form.get("confirmed") != "yes":
        return render_template(
            "accept.html", it=_summary(number), errors={"confirmed": say("form.tick")}
        ), 422
    _ask(number, "accept-transfer", "acceptance-asked")
    return redirect(url_for("desk.transfer", number=number, done="accept") + "#done", 303)


@bp.post("/transfers/<number>/check")
@needs("work at the desk")
def check(number: str) -> ResponseReturnValue:
    _ask(number, checking_again.NAME, "check-asked")
    return redirect(url_for("desk.transfer", number=number, done="check") + "#done", 303)


@bp.get("/transfers/<number>/return")
@needs("work at the desk")
def give_back(number: str) -> ResponseReturnValue:
    it = _summary(number)
    return _return_page(it, overview.reasons(session(), it.transfer), _faulty_positions(it.transfer), {})


@bp.post("/transfers/<number>/return")
@needs("work at the desk")
def do_give_back(number: str) -> ResponseReturnValue:
    it, reason = _summary(number), request.form.get("reason", "").strip()
    chosen = {int(place) for place in request.form.getlist("volume") if place.isdecimal()}
    errors = {}
    if not reason:
        errors["reason"] = say("form.need", field=say("desk.return.reason"))
    if not chosen:
        errors["volumes"] = say("form.need", field=say("desk.return.volumes"))
    if request.form.get("confirmed") != "yes":
        errors["confirmed"] = say("form.tick")
    if errors:
        return _return_page(it, reason, chosen, errors), 422
    returning.give_back(site(), number, by=reader().name, reason=reason, positions=chosen)
    return redirect(url_for("desk.transfer", number=number, done="return") + "#done", 303)


def _return_page(it: Summary, reason: str, chosen: set[int], errors: dict[str, str]) -> str:
    waiting = [row for row in transfers.volumes_of(session(), it.transfer) if row.state == "waiting"]
    return render_template("return.html", it=it, reason=reason, waiting=waiting, chosen=chosen, errors=errors)


def _faulty_positions(transfer: Transfer) -> set[int]:
    faulty = transfers.faulty(session(), transfer)
    return {row.position for row in transfers.volumes_of(session(), transfer) if row.id in faulty}


def _ask(number: str, job: str, act: str) -> None:
    """Queue the work and note who asked.  While it waits or runs, asking again changes nothing."""
    with site().open_session.begin() as db:
        it = transfers.get(db, number)
        if overview.running(db, it):
            return
        once = f"{job}:{number}:{len(overview.history(db, it))}"
        jobs.submit(db, job, once=once, lane="staff", number=number, by=reader().name)
        transfers.note(db, it, act, by=reader().name, at=site().now())


def _summary(number: str) -> Summary:
    return overview.summary(session(), transfers.get(session(), number))


def _after() -> int:
    text = request.args.get("after", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def blueprints(_site: Site) -> tuple[Blueprint, ...]:
    return (bp,)
