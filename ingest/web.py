"""The transfer desk: transfers, findings, volumes, history; accepting, returning, checking again."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from archive import holdings
from archive.site.reader.web import agency_name, asked_number, needs, reader, say, session, site, tongue
from archive.site.site import Site
from ingest import explaining, overview, transfer_jobs, transfers
from ingest.acceptance import acts, browsing
from ingest.acceptance import table as tables
from ingest.acceptance.browsing import Wanted
from ingest.acceptance.verdicts import REASONS
from ingest.acceptance.web import bp as inspection
from ingest.overview import Summary
from ingest.papers import web as papers
from ingest.taking import checking_again
from ingest.transfer_jobs import Asking
from ingest.transfers import FindingRow, Transfer, TransferVolume, later_rounds, returning
from preservation import lagging

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
    agency, state, after = request.args.get("agency"), request.args.get("state"), asked_number("after")
    lines, total = overview.lines(session(), agency=agency, state=state, after=after, limit=AT_ONCE)
    return render_template(
        "transfers.html", lines=lines, total=total, after=after, step=AT_ONCE, agency=agency, state=state,
        agencies=sorted(holdings.agencies(session()), key=agency_name), states=STATES,
        lags=lagging.lags(session(), site().settings, site().now()),
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
    rule, after = request.args.get("rule", ""), asked_number("after")
    if not rule:
        return papers.table(number, tables.findings, "findings")
    it = transfers.get(session(), number)
    rows = overview.findings(session(), it, rule, after=after, limit=AT_ONCE * 2)
    return render_template("findings.html", it=_summary(number), rule=rule, rows=rows, after=after)


@bp.get("/transfers/<number>/volumes")
@needs("work at the desk")
def volumes(number: str) -> ResponseReturnValue:
    it, after, told = _summary(number), asked_number("after"), request.args.get
    wanted = Wanted(told("state", ""), told("fault", ""), told("verdict", ""), told("q", "").strip())
    rows, total = browsing.lines(session(), it.transfer, wanted, after=after, limit=AT_ONCE * 2)
    kept = {"state": wanted.state, "fault": wanted.fault, "verdict": wanted.verdict, "q": wanted.words}
    return render_template(
        "transfer_volumes.html", it=it, rows=rows, total=total, wanted=wanted, tab="volumes", after=after,
        step=AT_ONCE * 2, states=browsing.STATES, faults=browsing.FAULTS, verdicts=browsing.VERDICTS,
        kept={name: value for name, value in kept.items() if value},
    )  # fmt: skip


@bp.get("/transfers/<number>/history")
@needs("work at the desk")
def history(number: str) -> ResponseReturnValue:
    it = _summary(number)
    lines = acts.in_order(acts.told(session(), it.transfer), "history", "taken")
    return render_template("transfer_history.html", it=it, lines=list(lines), tab="history")


@bp.get("/transfers/<number>/accept")
@needs("work at the desk")
def accept(number: str) -> ResponseReturnValue:
    return _accept_page(number, {})


@bp.post("/transfers/<number>/accept")
@needs("work at the desk")
def do_accept(number: str) -> ResponseReturnValue:
    if request.form.get("confirmed") != "yes":
        return _accept_page(number, {"confirmed": say("form.tick")}), 422
    asking = Asking("accept-transfer", "acceptance-asked", by=reader().name)
    done = "accept" if transfer_jobs.ask(site(), number, asking) else "under_way"
    return redirect(url_for("desk.transfer", number=number, done=done) + "#done", 303)


def _accept_page(number: str, errors: dict[str, str]) -> str:
    it = _summary(number)
    return render_template(
        "accept.html", it=it, taking=overview.taking(session(), it.transfer), errors=errors,
        later=later_rounds.took_waiting(session(), it.transfer) if it.taken_later else (),
    )  # fmt: skip


@bp.post("/transfers/<number>/check")
@needs("work at the desk")
def check(number: str) -> ResponseReturnValue:
    asking = Asking(checking_again.NAME, "check-asked", by=reader().name)
    done = "check" if transfer_jobs.ask(site(), number, asking) else "under_way"
    return redirect(url_for("desk.transfer", number=number, done=done) + "#done", 303)


@bp.get("/transfers/<number>/return")
@needs("work at the desk")
def give_back(number: str) -> ResponseReturnValue:
    """Volumes that were chosen on their page, else those with something to correct.

    What is wrong with one volume never begins the reason, which others are told too.
    """
    it, chosen = _summary(number), _numbers(request.args.getlist("volume"))
    which = "faulty" if it.faulty > AT_ONCE * 2 and not chosen else "chosen"
    faulty = transfers.faulty(session(), it.transfer)
    places = chosen or {row.position for row in _offered(it, chosen) if row.id in faulty}
    is_all = not it.brought and (len(chosen) or it.faulty) == it.acceptable + it.faulty
    words = overview.reasons(session(), it.transfer, _explain) if is_all else ""
    return _return_page(it, Sending(which, places, words, (), own=True), {})


@bp.post("/transfers/<number>/return")
@needs("work at the desk")
def do_give_back(number: str) -> ResponseReturnValue:
    it, form = _summary(number), request.form
    codes = tuple(code for code in form.getlist("code") if code in REASONS)
    asked = Sending(
        form.get("which", "chosen"), _numbers(form.getlist("volume")), form.get("reason", "").strip(),
        codes, own=form.get("own") == "yes",
    )  # fmt: skip
    errors = {}
    if not (asked.words or asked.codes or asked.own):
        errors["reason"] = say("desk.return.need")
    if asked.which == "chosen" and not asked.places:
        errors["volumes"] = say("form.need", field=say("desk.return.volumes"))
    if form.get("confirmed") != "yes":
        errors["confirmed"] = say("form.tick")
    if errors:
        return _return_page(it, asked, errors), 422
    reason = "\n".join([*(say(f"unfit.{code}") for code in codes), *filter(None, [asked.words])])
    returning.give_back(
        site(), number, by=reader().name, reason=reason, positions=_positions(it.transfer, asked),
        own=_explain if asked.own else None,
    )  # fmt: skip
    return redirect(url_for("desk.transfer", number=number, done="return") + "#done", 303)


def _explain(row: FindingRow) -> str:
    """A finding for the agency, in the language in which it is returned."""
    return explaining.line(say, tongue(), row)


@dataclass(frozen=True)
class Sending:
    """What the form of a return asks: which volumes, why, and whether each is told its own findings."""

    which: str
    places: set[int]
    words: str
    codes: tuple[str, ...]
    own: bool


def _return_page(it: Summary, asked: Sending, errors: dict[str, str]) -> str:
    waiting = _offered(it, asked.places)
    only = [row for row in waiting if asked.places == {row.position}]
    told = [line for row in only[:1] for line in returning.own_errors(session(), row, _explain)]
    return render_template(
        "return.html", it=it, asked=asked, waiting=waiting, told=told, codes=REASONS, errors=errors
    )


def _offered(it: Summary, chosen: set[int]) -> Sequence[TransferVolume]:
    """Volumes to choose from on the page: those that were chosen before it, and the first that wait."""
    first = browsing.waiting(session(), it.transfer, limit=AT_ONCE * 2)
    if further := chosen - {row.position for row in first}:
        return [*browsing.waiting(session(), it.transfer, among=further), *first]
    return first


def _positions(transfer: Transfer, asked: Sending) -> set[int] | None:
    if asked.which == "all":
        return None
    if asked.which == "faulty":
        return {row.position for row in browsing.waiting(session(), transfer, only_faulty=True)}
    return asked.places


def _numbers(texts: Sequence[str]) -> set[int]:
    return {int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 9}


def _summary(number: str) -> Summary:
    return overview.summary(session(), transfers.get(session(), number))


@bp.record_once
def _fill(state: BlueprintSetupState) -> None:
    """What templates say of findings, and of jobs: only pages of one transfer ask for these."""
    state.app.jinja_env.globals.update(
        jobs_of=lambda it: transfer_jobs.running(session(), it),
        failures_of=lambda it: transfer_jobs.failed(session(), it),
        rule_name=lambda rule: explaining.name(say, rule),
        todo=lambda rule: explaining.todo(say, rule),
        found_in_words=lambda row: explaining.sentence(say, tongue(), row),
        own_words=lambda row: explaining.own_words(tongue(), row),
        expected=lambda text: explaining.expected(say, text),
        value_of=lambda row: explaining.value(say, row),
        place_of=lambda row: explaining.place(say, row),
    )


def blueprints(_site: Site) -> tuple[Blueprint, ...]:
    return (bp, inspection)
