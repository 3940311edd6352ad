"""An opened installation, and the jobs that only tests run."""

import importlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from archive.site.site import Site
from archive.work import jobs
from archive.work.jobs import Job
from archive.work.runner import Runner


@pytest.fixture
def submit(site: Site) -> Iterator[Callable[..., int]]:
    """Submit one of the tests' jobs; its number."""
    ours = importlib.import_module("tests.archive.work.declared").OURS
    jobs.DECLARED.update(ours)

    def submit(name: str, **arguments: Any) -> int:
        with site.open_session.begin() as session:
            jobs.submit(session, name, **arguments)
            session.flush()
            return max(session.query(Job.id).all())[0]

    yield submit
    for name in ours:
        del jobs.DECLARED[name]


@pytest.fixture
def runner(site: Site) -> Runner:
    return Runner(site, workers=2)


@pytest.fixture
def row(site: Site) -> Callable[[int], Job]:
    def row(number: int) -> Job:
        with site.reading_session() as session:
            return jobs.get(session, number)

    return row
