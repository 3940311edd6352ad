"""The desk's page for files that the scanner holds back: ask for a release, and decide on one."""

from contextlib import AbstractContextManager

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from archive.site.reader.web import needs, reader, say, session, site
from archive.site.site import Site
from ingest import overview, transfers
from ingest.releases import releasing
from ingest.transfers.turns import alone

bp = Blueprint("releases", __name__, template_folder="../templates", url_prefix="/desk/transfers")


@bp.get("/<number>/releases")
@needs("work at the desk")
def releases(number: str) -> ResponseReturnValue:
    return _page(number, {})


@bp.post("/<number>/releases")
@needs("work at the desk")
def do_ask(number: str) -> ResponseReturnValue:
    name, reason = request.form.get("file", ""), request.form.get("reason", "").strip()
    if not reason:
        return _page(number, {"reason": say("form.need", field=say("desk.release.reason"))}, name), 422
    with _turn(number), site().open_session.begin() as db:
        it = transfers.get(db, number)
        releasing.ask(db, it, name, reason=reason, by=reader().name, at=site().now())
    return redirect(url_for("releases.releases", number=number, done="asked") + "#done", 303)


@bp.post("/<number>/releases/decide")
@needs("work at the desk")
def do_decide(number: str) -> ResponseReturnValue:
    go = request.form.get("decision") == "release"
    with _turn(number), site().open_session.begin() as db:
        it = transfers.get(db, number)
        releasing.decide(db, it, request.form.get("file", ""), release=go, by=reader().name, at=site().now())
    return redirect(url_for("releases.releases", number=number, done="decided") + "#done", 303)


def _turn(number: str) -> AbstractContextManager[None]:
    it = transfers.get(session(), number)
    return alone(site(), it.agency_code, it.shape)


def _page(number: str, errors: dict[str, str], wrong: str = "") -> str:
    it = transfers.get(session(), number)
    rows = releasing.releases_of(session(), it)
    return render_template(
        "releases.html", it=overview.summary(session(), it), tab="releases", errors=errors, wrong=wrong,
        held=releasing.held_files(session(), it), asked=[row for row in rows if row.outcome == "asked"],
        decided=[row for row in rows if row.outcome != "asked"], me=reader().name,
    )  # fmt: skip


def blueprints(_site: Site) -> tuple[Blueprint, ...]:
    return (bp,)
