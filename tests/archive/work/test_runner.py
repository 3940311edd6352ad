"""Real children of a real fork server: how each ends, in words, and what stays behind."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from archive import ledger
from archive.site.site import Site
from archive.work import child, jobs
from archive.work.jobs import Job
from archive.work.processes import me
from archive.work.reasons import Reason
from archive.work.runner import Runner

Submit = Callable[..., int]
Row = Callable[[int], Job]


def lines(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines() if path.exists() else []


def waited_for(condition: Callable[[], object], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("test-segfault", "crashed with SIGSEGV"),
        ("test-hang", "took longer than 1 seconds"),
        ("test-hungry", "needed more than 400 MB of memory"),
        ("test-long-reason", "xxx"),
    ],
)
def test_a_child_that_dies_takes_nobody_with_it(
    submit: Submit, runner: Runner, row: Row, tmp_path: Path, name: str, reason: str
) -> None:
    bad = submit(name)
    good = [submit("test-note", path=str(tmp_path / "noted"), line=str(each)) for each in range(4)]
    ended = runner.run_until_idle()
    assert (row(bad).state, (row(bad).reason or "")[: len(reason)]) == ("failed", reason)
    assert [row(each).state for each in good] == ["done"] * 4
    assert sorted(lines(tmp_path / "noted")) == ["0", "1", "2", "3"]
    assert (ended.done, [each[1] for each in ended.failed]) == (4, [name])


@pytest.mark.parametrize(
    ("name", "reason"),
    [("test-lost-file", "FileNotFoundError: No such file or directory"), ("test-quotes", "ValueError")],
)
def test_the_reason_of_an_unexpected_error_quotes_no_file_name(
    submit: Submit, runner: Runner, row: Row, capfd: pytest.CaptureFixture[str], name: str, reason: str
) -> None:
    number = submit(name)
    runner.run_until_idle()
    assert (row(number).state, row(number).reason) == ("failed", reason)
    assert "hong_gildong" not in capfd.readouterr().err


def test_progress_is_written_down(submit: Submit, runner: Runner, row: Row) -> None:
    number = submit("test-steps")
    runner.run_until_idle()
    assert (row(number).done, row(number).total) == (5, 5)


def test_what_fails_is_tried_again_and_then_given_up(
    submit: Submit, runner: Runner, row: Row, tmp_path: Path
) -> None:
    number = submit("test-refused", path=str(tmp_path / "tried"))
    runner.run_until_idle()
    assert len(lines(tmp_path / "tried")) == 2
    job = row(number)
    assert (job.state, job.reason) == ("failed", "It cannot be done like this.")
    assert (job.code, job.next) == ("test.refused", "Do it otherwise.")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("test-away", "The thing it needs is away."),
        ("test-busy", "Another command has it at this moment."),
    ],
)
def test_what_needs_something_that_is_away_or_in_use_waits_and_is_done_later(
    submit: Submit, site: Site, row: Row, tmp_path: Path, name: str, reason: str
) -> None:
    number = submit(name, needs=str(tmp_path / "thing"))
    Runner(site, workers=2).run_until_idle()
    assert (row(number).state, row(number).reason, row(number).attempt) == ("waiting", reason, 0)
    (tmp_path / "thing").touch()
    assert Runner(site, workers=2).run_until_idle().done == 1
    assert (row(number).state, row(number).reason) == ("done", None)


def test_a_database_that_is_away_costs_no_attempt(submit: Submit, runner: Runner, row: Row) -> None:
    number = submit("test-no-database")
    runner.run_until_idle()
    job = row(number)
    assert (job.state, job.postponed, job.attempt) == ("waiting", True, 0)
    assert job.reason == "No database server answers there."


def test_a_job_that_nobody_declares_is_failed_with_that_reason(
    submit: Submit, runner: Runner, row: Row
) -> None:
    number = submit("test-of-another-version")
    runner.run_until_idle()
    assert (row(number).state, row(number).reason) == (
        "failed",
        "no job test-of-another-version is declared here",
    )


def test_time_may_stand_still(submit: Submit, site: Site, row: Row, tmp_path: Path) -> None:
    standing = Site(replace(site.settings, clock=datetime(2020, 1, 1, tzinfo=UTC)))
    number = submit("test-refused", path=str(tmp_path / "tried"))
    Runner(standing, workers=2).run_until_idle()
    assert row(number).state == "failed"


def test_several_runners_on_one_table_run_each_job_once(submit: Submit, site: Site, tmp_path: Path) -> None:
    for each in range(20):
        submit("test-note", path=str(tmp_path / f"noted-{each}"))
    runners = [Runner(site, workers=1) for _ in range(4)]
    threads = [threading.Thread(target=each.run_until_idle) for each in runners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [lines(tmp_path / f"noted-{each}") for each in range(20)] == [["ran"]] * 20
    with site.reading_session() as session:
        assert jobs.count(session, Job.state == "done") == 20


def test_a_runner_takes_over_what_a_dead_one_left(
    submit: Submit, site: Site, runner: Runner, row: Row, tmp_path: Path
) -> None:
    number = submit("test-note", path=str(tmp_path / "noted"))
    with site.open_session.begin() as session:
        jobs.claim(session, me().rpartition(".")[0] + ".1", site.machine_now())
    assert runner.run_until_idle().done == 1
    assert row(number).state == "done"


def test_a_runner_that_is_stopped_ends_its_children_and_hands_their_jobs_back(
    submit: Submit, runner: Runner, row: Row, tmp_path: Path
) -> None:
    number = submit("test-sleep", path=str(tmp_path / "began"))
    runner.run_for_ever(lambda: bool(lines(tmp_path / "began")))
    [child] = map(int, lines(tmp_path / "began"))
    assert not os.path.exists(f"/proc/{child}")
    assert (row(number).state, row(number).attempt, row(number).runner) == ("waiting", 0, None)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_runner_that_is_told_to_stop_while_it_starts_a_job_leaves_no_claim_behind(
    submit: Submit, runner: Runner, row: Row, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    job, spawn = submit("test-steps"), runner._spawn

    def told(*claimed: Any) -> Any:
        signal.raise_signal(number)
        return spawn(*claimed)

    monkeypatch.setattr(runner, "_spawn", told)
    before = signal.signal(number, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            runner.run_until_idle()
    finally:
        signal.signal(number, before)
    assert (row(job).state, row(job).attempt, row(job).runner) == ("waiting", 0, None)


def test_a_child_whose_claim_was_lost_is_ended(
    submit: Submit, site: Site, runner: Runner, row: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archive.work.runner.BEAT", 0.1)
    number = submit("test-sleep", path=str(tmp_path / "began"))
    work = threading.Thread(target=runner.run_until_idle)
    work.start()
    waited_for(lambda: lines(tmp_path / "began"))
    with site.open_session.begin() as session:
        taken = jobs.get(session, number)
        taken.runner, taken.state = None, "failed"
    work.join(60)
    assert not work.is_alive()
    assert not os.path.exists(f"/proc/{lines(tmp_path / 'began')[0]}")
    assert row(number).state == "failed"


def test_an_empty_queue_is_idle_at_once(runner: Runner) -> None:
    assert runner.run_until_idle().done == 0


def test_a_worker_that_keeps_running_seals_what_was_recorded_by_others(site: Site) -> None:
    with site.open_session.begin() as session:
        ledger.record(session, act="item.viewed", about="SG-000001", at=site.now(), actor="p-1", facts={})
    end = time.monotonic() + 60

    def sealed() -> bool:
        with site.reading_session() as session:
            unsealed = session.query(ledger.LedgerEntry).filter_by(position=None).count()
        return not unsealed or time.monotonic() > end

    Runner(site, workers=2).run_for_ever(sealed)
    assert sealed() and time.monotonic() < end
    with site.reading_session() as session:
        recurring = {name for name, each in jobs.DECLARED.items()
                     if each.again and each.only_if(site.settings)}  # fmt: skip
        assert {row.name for row in session.query(Job)} == recurring


@pytest.mark.parametrize("stream", ["open", "closed"])
def test_a_trace_of_a_defect_stands_aside_and_quotes_no_name(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], stream: str
) -> None:
    if stream == "closed":
        monkeypatch.setattr(sys, "stderr", None)
    error = ValueError("closed record.hwp")
    assert child._outcome(error, 1 << 20) == ("failed", Reason("ValueError"))
    told = "" if stream == "closed" else "ValueError\n"
    assert capfd.readouterr() == ("", told)
