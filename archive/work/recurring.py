"""Jobs that recur: queued by every runner that keeps running, and once however many ask."""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy.orm import Session

from archive.site.settings import Settings
from archive.work import jobs
from archive.work.declared import Again, Declared


def begun(before: datetime | None, now: datetime) -> list[Again]:
    """What has begun since somebody asked before: a minute, an hour.  A day is asked for with each hour."""
    minute, hour = now.replace(second=0, microsecond=0), now.replace(minute=0, second=0, microsecond=0)
    if before is None or before < hour:
        return ["minutely", "hourly", "daily"]
    return ["minutely"] if before < minute else []


def submit(session: Session, which: Collection[Again], *, settings: Settings, today: date) -> None:
    """Queue the jobs that recur so often; asking again within their day, hour or minute is harmless."""
    for each in _due(which, settings):
        if each.again == "daily":
            jobs.submit(session, each.name, once=f"{each.name}:{today.isoformat()}")
        else:
            jobs.wake(session, each.name)


def submit_due(session: Session, now: datetime) -> None:
    """Queue those that would find something to do now: for a runner that ends when it is idle."""
    for each in jobs.DECLARED.values():
        if each.due(session, now):
            jobs.wake(session, each.name)


def is_any(which: Collection[Again], settings: Settings) -> bool:
    return bool(_due(which, settings))


def _due(which: Collection[Again], settings: Settings) -> list[Declared]:
    return [each for each in jobs.DECLARED.values() if each.again in which and each.only_if(settings)]
