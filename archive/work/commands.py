"""``seogo work`` and ``seogo job``: running the queue and looking at it."""

from collections.abc import Mapping
from typing import Any

import click
from sqlalchemy import select

from archive import stopping
from archive.site.language import amount
from archive.site.numbers import Number
from archive.site.site import Site
from archive.site.terminal import Command, Progress, json_option, pass_site, say
from archive.work import jobs, recurring
from archive.work.jobs import Job
from archive.work.runner import Ended, Runner


def finish_work(site: Site, progress: Progress) -> Ended:
    """Run all that waits, until nothing is left that could be done."""
    runner = Runner(site, workers=site.settings.workers, preload=sorted(_modules()))
    done_before = [0]

    def tell(running: Runner) -> None:
        with site.reading_session() as session:
            left = jobs.count(session, Job.state.in_(("waiting", "working")))
        done = running.ended.done + len(running.ended.failed)
        if done != done_before[0]:
            done_before[0] = done
            progress("working", done, done + left)

    return runner.run_until_idle(tell)


def _modules() -> set[str]:
    """What a job's child needs, loaded once in the fork server."""
    return {module for each in jobs.DECLARED.values() for module in (each.body.__module__, *each.preload)}


@click.command(cls=Command, exits=(0, 1, 2, 3, 4))
@click.option("--until-idle", is_flag=True, help="Stop when nothing is left that could be done.")
@json_option
@pass_site
def work(site: Site, until_idle: bool, as_json: bool) -> int:
    """Run the jobs that wait: page images, text, the index."""
    if not until_idle:
        runner = Runner(site, workers=site.settings.workers, preload=sorted(_modules()))
        with stopping.noted() as stops:
            runner.run_for_ever(lambda: not stops.empty())
        return 0
    with site.open_session.begin() as session:
        recurring.submit_due(session, site.now())
    progress = Progress()
    ended = finish_work(site, progress)
    progress.close()
    told = _told(site, ended)
    say(told, as_json, lambda: _in_words(told))
    return 4 if told["waiting"] else 3 if told["failed"] else 0


def _told(site: Site, ended: Ended) -> dict[str, Any]:
    with site.reading_session() as session:
        waiting = session.scalars(select(Job).where(Job.state == "waiting").order_by(Job.id)).all()
        failed = session.scalars(select(Job).where(Job.state == "failed").order_by(Job.id)).all()
        return {
            "done": ended.done,
            "failed": list(map(told_of, failed)),
            "waiting": list(map(told_of, waiting)),
        }


def told_of(row: Job) -> dict[str, Any]:
    """One that waits or failed, in the keys that other programs rely on."""
    return {"job": f"{row.name} {row.id}", "reason": row.reason, "next": row.next}


def left_in_words(told: Mapping[str, Any]) -> list[str]:
    """What failed and what waits, each with its reason and next step."""
    return [
        ": ".join(filter(None, (state, each["job"], _why(each))))
        for state in ("failed", "waiting")
        for each in told.get(state, ())
    ]


def _why(each: Mapping[str, Any]) -> str:
    return " ".join(filter(None, (each["reason"], each["next"])))


def _in_words(told: dict[str, Any]) -> list[str]:
    counted = f"{len(told['failed'])} failed, {len(told['waiting'])} waiting."
    return [f"{amount(told['done'], 'job')} done, {counted}", *left_in_words(told)]


@click.group()
def job() -> None:
    """Jobs: background work as rows."""


@job.command("list", cls=Command, exits=(0, 1, 2, 4))
@click.option("--state", type=click.Choice(jobs.STATES), help="Only those in one state.")
@json_option
@pass_site
def list_(site: Site, state: str | None, as_json: bool) -> None:
    """The newest 100 jobs."""
    wanted = select(Job).order_by(Job.id.desc()).limit(100)
    with site.reading_session() as session:
        rows = [
            {"job": row.id, "name": row.name, "state": row.state, "done": row.done, "total": row.total,
             "attempt": row.attempt, "reason": row.reason, "next": row.next}
            for row in session.scalars(wanted.where(Job.state == state) if state else wanted)
        ]  # fmt: skip
    say({"jobs": rows}, as_json, lambda: [
        f"{row['job']:>7}  {row['name']:<16} {row['state']:<8} {_why(row)}" for row in rows
    ] or "There are no such jobs.")  # fmt: skip


@job.command(cls=Command)
@click.argument("number", type=Number())
@json_option
@pass_site
def retry(site: Site, number: int, as_json: bool) -> None:
    """Queue a failed job once more."""
    with site.open_session.begin() as session:
        row = jobs.retry(session, number)
        told = {"job": row.id, "name": row.name, "state": row.state}
    say(told, as_json, lambda: f"Job {number} waits again. Run it with: seogo work --until-idle")
