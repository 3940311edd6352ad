"""The auditor's pages: copies and checks, and the ledger."""

from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from archive import holdings
from archive.site.reader.web import asked_number, needs, session, site
from archive.site.site import Site
from preservation import evidence, lagging, policies
from preservation.policies import Demand, meeting

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
    demand = policies.in_force(db, site().settings)
    lags = lagging.lags(db, site().settings, site().now())
    return render_template(
        "copies.html", copies=evidence.copies(db, demand, in_time=lagging.in_time(lags)),
        states=evidence.states(db, demand), lags=lags, seal=evidence.last_seal(db),
        unsealed=evidence.unsealed(db), pages=evidence.pages_made(db), now=site().now(),
        cold=demand.cold, policy=_policy(db, demand),
    )  # fmt: skip


def _policy(db: Session, demand: Demand) -> dict[str, Any] | None:
    """Where one was entered: its version, and how many volumes are where it wants them."""
    if demand.policy is None:
        return None
    return {"version": demand.policy.version, **meeting.told(meeting.by_class(db, demand))}


@bp.get("/copies/<reference>")
@needs("see evidence")
def volume(reference: str) -> ResponseReturnValue:
    db, found = session(), holdings.get_volume(session(), reference)
    return render_template(
        "copies_of_volume.html", volume=found,
        copies=evidence.copies_of(db, policies.in_force(db, site().settings), found.reference),
        lags=lagging.lags(db, site().settings, site().now(), volume=found.reference),
        cold=site().settings.cold.stores,
    )  # fmt: skip


@bp.get("/ledger")
@needs("see evidence")
def ledger() -> ResponseReturnValue:
    db, before = session(), asked_number("before") or None
    return render_template(
        "ledger.html", seal=evidence.last_seal(db), unsealed=evidence.unsealed(db), step=AT_ONCE,
        entries=evidence.entries(db, before=before, limit=AT_ONCE), before=before,
    )  # fmt: skip


def blueprints(_site: Site) -> tuple[Blueprint, ...]:
    return (bp,)
