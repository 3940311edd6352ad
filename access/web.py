"""The citizen's pages: home, results, browse, volume, item, help.  Korean at `/…`, English at `/en/…`."""

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from access import finding, showing, viewing
from access.api.web import bp as api
from access.api.web import public_index
from access.reading.web import bp as reading
from access.search import highlights
from access.sought import Sought
from access.viewing import Asking
from archive.errors import Unavailable, WrongCall
from archive.site.reader.web import asked_number, needs, reader, say, session, site
from archive.site.site import Site

ABOUT = ("use", "access", "accessibility", "open-data", "licences")
AT_ONCE = 50

bp = Blueprint("portal", __name__, template_folder="templates")


def asking() -> Asking:
    return Asking(reader(), site().now(), site().today())


@bp.get("/")
def home() -> ResponseReturnValue:
    db, now = session(), asking()
    return render_template(
        "home.html", recent=showing.recent_items(db, now, 5), totals=showing.totals(db),
        sought=_sought().words(public_index, site().machine_now(), site().today()),
        agencies=showing.agencies(db)[:8], last_check=showing.last_check(db),
    )  # fmt: skip


def _sought() -> Sought:
    held: dict[str, Sought] = current_app.extensions
    return held.setdefault("seogo.sought", Sought())


@bp.get("/search")
def search() -> ResponseReturnValue:
    asked = finding.read(request.args.to_dict(flat=False))
    if not asked.is_asked:
        return render_template("search.html", asked=asked, found=None)
    try:
        found = finding.find(session(), public_index(), asked, asking())
    except Unavailable:
        return (
            render_template("search_down.html", asked=asked, since=site().now()),
            503,
            {"Retry-After": "60"},
        )
    except WrongCall as error:
        return render_template("search.html", asked=asked, found=None, wrong=_wrong(error, asked.text)), 422
    return render_template("search.html", asked=asked, found=found)


@bp.get("/browse")
def browse() -> ResponseReturnValue:
    agency, after = request.args.get("agency") or None, asked_number("after")
    volumes, total = showing.volumes(session(), agency=agency, after=after, limit=AT_ONCE)
    now = asking()
    lines = [(each, showing.named(viewing.volume_title(each, now))) for each in volumes]
    counts = showing.item_totals(session(), [each.id for each in volumes])
    return render_template(
        "browse.html", lines=lines, total=total, after=after, agency=agency, items=counts, step=AT_ONCE,
        agencies=showing.agencies(session()),
    )  # fmt: skip


@bp.get("/volumes/<reference>")
def volume(reference: str) -> ResponseReturnValue:
    db, now = session(), asking()
    if reference != reference.upper():
        return redirect(url_for("portal.volume", reference=reference.upper()), 308)
    row = viewing.get_volume(db, reference, now)
    after = asked_number("after")
    counts = showing.counts(db, row, now)
    return render_template(
        "volume.html", volume=row, name=showing.named(viewing.volume_title(row, now)), counts=counts,
        items=showing.items_of(db, row, now, after=after, limit=AT_ONCE), after=after, step=AT_ONCE,
        kept=showing.kept(db, row), agency=showing.agency_of(db, row), total=sum(counts.values()),
    )  # fmt: skip


@bp.get("/items/<reference>")
def item(reference: str) -> ResponseReturnValue:
    if reference != reference.upper():
        return redirect(url_for("portal.item", reference=reference.upper()), 308)
    shown = showing.item(session(), reference, asking())
    return render_template("item.html", shown=shown, item=shown.item, volume=shown.item.volume)


@bp.post("/items/<reference>/viewing")
@needs("see closed items")
def begin_viewing(reference: str) -> ResponseReturnValue:
    with site().open_session.begin() as db:
        row = viewing.get_item(db, reference, asking())
        viewing.begin_viewing(db, row, asking(), request.form.get("reason", ""))
    return redirect(url_for("portal.item", reference=reference) + "#done", 303)


@bp.get("/about")
def about() -> ResponseReturnValue:
    return render_template("about.html", name=None)


@bp.get("/about/<name>")
def about_page(name: str) -> ResponseReturnValue:
    if name not in ABOUT:
        abort(404)
    return render_template("about.html", name=name)


@bp.get("/requests")
def requests() -> ResponseReturnValue:
    return render_template("soon.html", key="requests")


@bp.get("/exhibitions")
def exhibitions() -> ResponseReturnValue:
    return render_template("soon.html", key="exhibitions")


def _wrong(error: WrongCall, text: str) -> str:
    if len(text) > finding.LONGEST:
        return say("search.long", n=len(text), most=finding.LONGEST)
    return say("search.cursor")


@bp.record_once
def _fill(state: BlueprintSetupState) -> None:
    state.app.jinja_env.globals.update(pieces=showing.pieces, mark=highlights.mark, codes=showing.rare_signs)


def blueprints(site: Site) -> tuple[Blueprint, ...]:
    """All that the portal brings: its pages, the reading of records, and the programs' door."""
    return bp, reading, api
