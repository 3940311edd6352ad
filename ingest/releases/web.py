"""The desk's list of all that the scanner withholds in custody and holds back in transfers."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from archive.site.reader.web import asked_number, needs, reader, say, session, site
from archive.site.site import Site
from ingest.releases import held
from preservation.scanning import rescanning, withholding

AT_ONCE = 100

bp = Blueprint("held", __name__, template_folder="../templates", url_prefix="/desk/held")


@bp.get("")
@needs("work at the desk")
def all() -> ResponseReturnValue:
    return _page({})


@bp.post("/ask")
@needs("work at the desk")
def do_ask() -> ResponseReturnValue:
    item, reason = request.form.get("item", ""), request.form.get("reason", "").strip()
    if not reason:
        return _page({"reason": say("form.need", field=say("desk.held.reason"))}, item), 422
    with site().open_session.begin() as db:
        withholding.ask(db, item, reason=reason, by=reader().name, at=site().now())
    return redirect(url_for("held.all", done="asked") + "#done", 303)


@bp.post("/decide")
@needs("work at the desk")
def do_decide() -> ResponseReturnValue:
    item, go = request.form.get("item", ""), request.form.get("decision") == "clear"
    with site().open_session.begin() as db:
        withholding.decide(db, item, clear=go, by=reader().name, at=site().now())
    return redirect(url_for("held.all", done="decided") + "#done", 303)


def _page(errors: dict[str, str], wrong: str = "") -> str:
    db, after = session(), asked_number("after")
    return render_template(
        "held.html", withheld=withholding.withheld(db), total=held.count(db), after=after, step=AT_ONCE,
        held=held.everything(db, after=after, limit=AT_ONCE), me=reader().name, errors=errors, wrong=wrong,
        rescan=rescanning.newest(db), has_scanner=site().settings.scanner.is_set,
    )  # fmt: skip


def blueprints(_site: Site) -> tuple[Blueprint, ...]:
    return (bp,)
