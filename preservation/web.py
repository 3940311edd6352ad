"""The auditor's pages: copies and checks, and the ledger."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from archive.site.reader.web import needs, session, site
from archive.site.site import Site
from preservation import evidence

AT_ONCE = 100

bp = Blueprint("evidence", __name__, template_folder="templates", url_prefix="/audit")


@bp.get("")
@needs("see evidence")
def audit() -> ResponseReturnValue:
    return redirect(url_for("evidence.copies"), 303)


@bp.get("/copies")
@needs("see evidence")
def copies() -> ResponseReturnValue:
    db = session()
    return render_template(
        "copies.html", copies=evidence.copies(db, list(site().settings.stores)), seal=evidence.last_seal(db),
        unsealed=evidence.unsealed(db), pages=evidence.pages_made(db), now=site().now(),
    )  # fmt: skip


@bp.get("/ledger")
@needs("see evidence")
def ledger() -> ResponseReturnValue:
    db, before = session(), request.args.get("before", type=int)
    return render_template(
        "ledger.html", seal=evidence.last_seal(db), unsealed=evidence.unsealed(db), step=AT_ONCE,
        entries=evidence.entries(db, before=before, limit=AT_ONCE), before=before,
    )  # fmt: skip


def blueprints(_site: Site) -> tuple[Blueprint, ...]:
    return (bp,)
