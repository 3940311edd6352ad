"""The pages of background work: what waits, what is being done, what failed and why."""

from typing import Any

from flask import Blueprint, jsonify, redirect, render_template, url_for
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select

from archive.site import language
from archive.site.reader.web import needs, say, session, site, tongue
from archive.site.site import Site
from archive.work import explaining, jobs
from archive.work.jobs import Job

SHOWN = 100

bp = Blueprint("jobs", __name__, url_prefix="/desk/jobs")


@bp.get("")
@needs("work at the desk")
def all() -> ResponseReturnValue:
    db = session()
    rank = {"failed": 0, "working": 1, "waiting": 2, "done": 3}
    rows = db.scalars(select(Job).order_by(Job.id.desc()).limit(SHOWN)).all()
    troubled = db.scalars(select(Job).where(Job.state == "failed").order_by(Job.id.desc()).limit(SHOWN)).all()
    chosen = sorted(
        {row.id: row for row in [*rows, *troubled]}.values(), key=lambda row: (rank[row.state], -row.id)
    )
    counted = dict(db.execute(select(Job.state, func.count()).group_by(Job.state)).all())
    counts = {state: counted.get(state, 0) for state in jobs.STATES}
    return render_template("jobs.html", rows=chosen[:SHOWN], counts=counts)


@bp.get("/<int:job_id>")
@needs("work at the desk")
def one(job_id: int) -> ResponseReturnValue:
    row = jobs.get(session(), job_id)
    return render_template("job.html", job=row, lost=is_lost(row), line=progress_line(row))


@bp.get("/<int:job_id>.json")
@needs("work at the desk")
def facts(job_id: int) -> ResponseReturnValue:
    row = jobs.get(session(), job_id)
    told: dict[str, Any] = {
        "job": row.id, "name": row.name, "state": row.state, "done": row.done, "total": row.total,
        "reason": row.reason, "next": row.next, "lost": is_lost(row), "state_words": say(f"job.{row.state}"),
        "line": progress_line(row),
    }  # fmt: skip
    return jsonify(told)


@bp.post("/<int:job_id>/retry")
@needs("work at the desk")
def retry(job_id: int) -> ResponseReturnValue:
    with site().open_session.begin() as db:
        jobs.retry(db, job_id)
    return redirect(url_for("jobs.one", job_id=job_id) + "?done=1#done", 303)


def is_lost(row: Job) -> bool:
    """Its worker has fallen silent, and another will take it over."""
    return row.state == "working" and row.lease_until is not None and row.lease_until < site().machine_now()


def progress_line(row: Job) -> str:
    if row.total is None:
        return say(f"job.{row.state}")
    return say("job.progress", n=language.number(row.total), k=language.number(row.done))


@bp.record_once
def _fill(state: BlueprintSetupState) -> None:
    """What templates say of jobs."""
    state.app.jinja_env.globals.update(
        why_of=lambda row: explaining.told(say, tongue(), row),
        progress_of=progress_line,
    )


def blueprints(_site: Site) -> tuple[Blueprint, ...]:
    return (bp,)
