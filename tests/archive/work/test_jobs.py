"""Rows of the queue: each promise of `archive.work.jobs`, on a real database."""

from datetime import UTC, datetime, timedelta

import pytest

from archive.errors import Conflict, Missing
from archive.site.site import Site
from archive.work import jobs, recurring
from archive.work.jobs import Job
from archive.work.processes import me
from archive.work.reasons import Reason

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
DEAD = me().rpartition(".")[0] + ".1"


def states(site: Site) -> list[tuple[str, str]]:
    with site.reading_session() as session:
        return [(row.name, row.state) for row in session.query(Job).order_by(Job.id)]


def claimed(site: Site, now: datetime = NOW, runner: str = "here") -> Job | None:
    with site.open_session.begin() as session:
        return jobs.claim(session, runner, now)


def asked(site: Site, name: str, **more: object) -> None:
    with site.open_session.begin() as session:
        jobs.submit(session, name, **more)  # type: ignore[arg-type]


def test_asking_twice_for_the_same_piece_of_work_queues_it_once(site: Site) -> None:
    asked(site, "a", once="a:1")
    asked(site, "a", once="a:1")
    asked(site, "a", once="a:2")
    assert states(site) == [("a", "waiting"), ("a", "waiting")]


def test_work_that_is_not_named_is_queued_each_time(site: Site) -> None:
    asked(site, "a")
    asked(site, "a")
    assert len(states(site)) == 2


def test_a_job_exists_only_when_its_reason_does(site: Site) -> None:
    with site.open_session() as session:
        jobs.submit(session, "a")
        session.rollback()
    assert states(site) == []
    asked(site, "a")
    assert states(site) == [("a", "waiting")]


def test_readers_come_before_staff_and_staff_before_the_rest(site: Site) -> None:
    for name, lane in (("first", "batch"), ("second", "staff"), ("third", "reader"), ("fourth", "batch")):
        asked(site, name, lane=lane)
    got = [row.name for _ in range(4) if (row := claimed(site))]
    assert got == ["third", "second", "first", "fourth"]
    assert claimed(site) is None


def test_a_wake_while_it_is_worked_on_runs_it_again(site: Site) -> None:
    with site.open_session.begin() as session:
        jobs.wake(session, "feed")
    row = claimed(site)
    assert row and row.runner
    with site.open_session.begin() as session:
        jobs.wake(session, "feed")
        jobs.wake(session, "feed")
    with site.open_session.begin() as session:
        assert jobs.finish(session, row.id, row.runner, NOW)
    assert states(site) == [("feed", "waiting")]
    again = claimed(site)
    assert again and again.runner and again.attempt == 1
    with site.open_session.begin() as session:
        jobs.finish(session, again.id, again.runner, NOW)
    assert states(site) == [("feed", "done")]


@pytest.mark.parametrize("ending", ["done", "failed"])
def test_a_wake_after_the_end_queues_it_anew(site: Site, ending: str) -> None:
    with site.open_session.begin() as session:
        jobs.wake(session, "feed")
    row = claimed(site)
    assert row and row.runner
    with site.open_session.begin() as session:
        if ending == "done":
            jobs.finish(session, row.id, row.runner, NOW)
        else:
            jobs.fail(session, row.id, row.runner, Reason("no"), NOW, attempts=1)
    assert states(site) == [("feed", ending)]
    with site.open_session.begin() as session:
        jobs.wake(session, "feed")
    assert states(site) == [("feed", "waiting")]
    assert claimed(site) is not None


def test_the_late_word_of_a_silent_runner_is_refused(site: Site) -> None:
    asked(site, "a")
    silent = claimed(site)
    later = NOW + jobs.LEASE + timedelta(seconds=1)
    assert claimed(site, NOW + jobs.LEASE) is None
    other = claimed(site, later)
    assert silent and other and silent.runner and other.runner and silent.id == other.id
    with site.open_session.begin() as session:
        assert not jobs.finish(session, silent.id, silent.runner, later)
        assert not jobs.fail(session, silent.id, silent.runner, Reason("late"), later, attempts=3)
        assert not jobs.postpone(session, silent.id, silent.runner, Reason("late"), later)
        assert not jobs.hand_back(session, silent.id, silent.runner)
        assert not jobs.beat(session, silent.id, silent.runner, later)
        assert not jobs.progress(session, silent.id, silent.runner, 1, 1)
        assert jobs.finish(session, other.id, other.runner, later)


def test_a_late_word_is_refused_also_after_the_attempts_began_anew(site: Site) -> None:
    with site.open_session.begin() as session:
        jobs.wake(session, "feed")
    silent = claimed(site)
    later = NOW + 2 * jobs.LEASE
    other = claimed(site, later)
    assert silent and other and silent.runner and other.runner
    with site.open_session.begin() as session:
        jobs.wake(session, "feed")
        jobs.finish(session, other.id, other.runner, later)
    third = claimed(site, later)
    assert third and third.runner and third.attempt == silent.attempt
    with site.open_session.begin() as session:
        assert not jobs.finish(session, silent.id, silent.runner, later)
        assert jobs.finish(session, third.id, third.runner, later)


def test_a_beat_keeps_the_claim(site: Site) -> None:
    asked(site, "a")
    row = claimed(site)
    assert row and row.runner
    with site.open_session.begin() as session:
        assert jobs.beat(session, row.id, row.runner, NOW + timedelta(seconds=50))
    assert claimed(site, NOW + timedelta(seconds=100)) is None
    assert claimed(site, NOW + timedelta(seconds=111)) is not None


def test_the_jobs_of_a_dead_runner_of_this_machine_are_freed_at_once(site: Site) -> None:
    for name, holder in (("dead", DEAD), ("living", me()), ("far", "elsewhere:1:a.2")):
        asked(site, name)
        claimed(site, runner=holder)
    with site.open_session.begin() as session:
        assert jobs.release_dead(session, NOW) == 1
    assert states(site) == [("dead", "waiting"), ("living", "working"), ("far", "working")]


def test_a_failure_is_tried_again_after_growing_pauses_and_given_up_with_its_reason(site: Site) -> None:
    asked(site, "a")
    now = NOW
    for pause in (2, 8):
        row = claimed(site, now)
        assert row and row.runner
        with site.open_session.begin() as session:
            jobs.fail(session, row.id, row.runner, Reason("it broke"), now, attempts=3)
        assert claimed(site, now + timedelta(seconds=pause - 1)) is None
        now += timedelta(seconds=pause)
    last = claimed(site, now)
    assert last and last.runner and last.attempt == 3
    with site.open_session.begin() as session:
        jobs.fail(session, last.id, last.runner, Reason("it broke"), now, attempts=3)
        row = jobs.get(session, last.id)
        assert (row.state, row.reason, row.runner) == ("failed", "it broke", None)


def test_what_is_postponed_costs_no_attempt(site: Site) -> None:
    asked(site, "a")
    for round in range(5):
        row = claimed(site, NOW + timedelta(minutes=round))
        assert row and row.runner and row.attempt == 1
        with site.open_session.begin() as session:
            jobs.postpone(
                session, row.id, row.runner, Reason("the index is away"), NOW + timedelta(minutes=round)
            )
    assert claimed(site, NOW + timedelta(minutes=4, seconds=29)) is None
    with site.open_session.begin() as session:
        assert jobs.get(session, row.id).reason == "the index is away"
        jobs.make_due(session)
    assert claimed(site, NOW + timedelta(minutes=4)) is not None


def test_what_is_handed_back_waits_for_nobody(site: Site) -> None:
    asked(site, "a")
    row = claimed(site)
    assert row and row.runner
    with site.open_session.begin() as session:
        assert jobs.hand_back(session, row.id, row.runner)
    again = claimed(site)
    assert again and again.attempt == 1


def test_a_failed_job_is_queued_once_more_when_asked(site: Site) -> None:
    asked(site, "a")
    row = claimed(site)
    assert row and row.runner
    with pytest.raises(Conflict, match="not failed"), site.open_session.begin() as session:
        jobs.retry(session, row.id)
    with site.open_session.begin() as session:
        jobs.fail(session, row.id, row.runner, Reason("it broke", "broken", "Mend it."), NOW, attempts=1)
        row = jobs.retry(session, row.id)
        assert (row.reason, row.code, row.next) == (None, None, None)
    again = claimed(site)
    assert again and (again.attempt, again.reason) == (1, None)
    with pytest.raises(Missing), site.open_session.begin() as session:
        jobs.retry(session, 999)


def test_a_job_that_kills_its_runner_is_given_up_after_its_attempts(site: Site) -> None:
    asked(site, "derive-volume")
    asked(site, "another")
    attempts = jobs.DECLARED["derive-volume"].attempts
    now = NOW
    for attempt in range(1, attempts + 1):
        row = claimed(site, now)
        assert row and (row.name, row.attempt) == ("derive-volume", attempt)
        now += 2 * jobs.LEASE
    after = claimed(site, now)
    assert after and after.name == "another"
    with site.reading_session() as session:
        given_up = jobs.get(session, row.id)
        assert (given_up.state, given_up.ended_at, given_up.runner) == ("failed", now, None)
        assert given_up.reason == f"its worker was killed or fell silent in attempt {attempts}, the last"


def test_a_job_whose_runners_on_this_machine_die_is_given_up_too(site: Site) -> None:
    asked(site, "derive-volume")
    for _ in range(jobs.DECLARED["derive-volume"].attempts):
        assert claimed(site, runner=DEAD)
        with site.open_session.begin() as session:
            assert jobs.release_dead(session, NOW) == 1
    assert states(site) == [("derive-volume", "failed")]


def test_what_recurs_is_asked_for_once_a_day_or_each_time(site: Site) -> None:
    for day in (NOW, NOW, NOW + timedelta(days=1)):
        with site.open_session.begin() as session:
            every = recurring.begun(None, day)
            recurring.submit(session, every, settings=site.settings, today=day.date())
    with site.reading_session() as session:
        names = [row.once for row in session.query(Job).order_by(Job.once)]
    due = [each for each in jobs.DECLARED.values() if each.only_if(site.settings)]
    daily, hourly = ({each.name for each in due if each.again == again} for again in ("daily", "hourly"))
    assert "repair-index" in daily and "seal-ledger" in hourly
    assert sorted(names) == sorted(
        {*hourly, *(f"{name}:2026-03-{day}" for name in daily for day in ("02", "03"))}
    )


def test_what_begins_is_told_once() -> None:
    hour = NOW.replace(minute=0, second=0, microsecond=0)
    assert recurring.begun(None, hour) == ["minutely", "hourly", "daily"]
    assert recurring.begun(hour, hour + timedelta(seconds=59)) == []
    assert recurring.begun(hour, hour + timedelta(seconds=60)) == ["minutely"]
    assert recurring.begun(hour + timedelta(minutes=59), hour + timedelta(hours=1)) == [
        "minutely", "hourly", "daily",
    ]  # fmt: skip


def test_one_that_was_given_up_is_only_woken_by_who_says_so(site: Site) -> None:
    def woken(*, failed: bool) -> list[tuple[str, str]]:
        with site.open_session.begin() as session:
            jobs.wake(session, "derive-volume", once="one", failed=failed, volume_id=7)
        return states(site)

    assert woken(failed=False) == [("derive-volume", "waiting")]
    with site.open_session.begin() as session:
        session.query(Job).update({"state": "failed"})
    assert woken(failed=False) == [("derive-volume", "failed")]
    assert woken(failed=True) == [("derive-volume", "waiting")]
