"""What is left of a transfer: its own jobs and the index, and nobody else's."""

from pathlib import Path

from sqlalchemy import select, update

from archive.work import jobs
from archive.work.jobs import Job
from tests.conftest import Installation
from tests.ingest.conftest import AGENCY, Call
from tests.ingest.test_bad_input import row, transfer


def fail(place: Installation, name: str) -> None:
    site = place.site()
    with site.open_session.begin() as session:
        session.execute(update(Job).where(Job.name == name).values(state="failed", reason="it broke"))
    site.engine.dispose()


def test_a_job_of_this_transfer_that_failed_before_is_told(
    call: Call, place: Installation, tmp_path: Path
) -> None:
    folder = transfer(tmp_path / "t", row("A-1", "가.txt"), files=("가.txt",))
    receive = ("transfer", "receive", folder, "--agency", AGENCY, "--accept")
    first = call(*receive)
    assert (first.exit_code, first.told["failed"], first.told["waiting"]) == (0, [], [])
    fail(place, "derive-volume")
    again = call(*receive)
    assert again.exit_code == 3
    assert [each["reason"] for each in again.told["failed"]] == ["it broke"]


def test_jobs_of_others_are_not_told(call: Call, place: Installation, tmp_path: Path) -> None:
    folder = transfer(tmp_path / "t", row("A-1", "가.txt"), files=("가.txt",))
    site = place.site()
    with site.open_session.begin() as session:
        jobs.submit(session, "derive-volume", once="derive-volume:77", volume_id=77)
        session.execute(update(Job).values(state="failed", reason="it broke"))
        assert session.scalars(select(Job)).one().state == "failed"
    site.engine.dispose()
    told = call("transfer", "receive", folder, "--agency", AGENCY, "--accept")
    assert (told.exit_code, told.told["failed"], told.told["waiting"]) == (0, [], [])


def test_an_index_that_could_not_be_brought_up_is_told(
    call: Call, place: Installation, tmp_path: Path
) -> None:
    folder = transfer(tmp_path / "t", row("A-1", "가.txt"), files=("가.txt",))
    receive = ("transfer", "receive", folder, "--agency", AGENCY, "--accept")
    call(*receive)
    fail(place, "index-changes")
    again = call(*receive)
    assert (again.exit_code, len(again.told["failed"])) == (3, 1)
