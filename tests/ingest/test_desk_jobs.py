"""What the desk tells of the jobs about a transfer: what failed, what to do then, and how far one is."""

from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from archive.errors import ArchiveError, Conflict, Damaged, Refused, Unavailable
from archive.people import User
from archive.site.site import Site
from archive.work import jobs, reasons
from archive.work.jobs import Job
from ingest import transfer_jobs, transfers
from ingest.taking import checking_again, receiving
from ingest.transfers import TransferAct
from ingest.transfers.turns import alone
from tests.access.conftest import signed_in
from tests.ingest.conftest import AGENCY, Call
from tests.ingest.test_bad_input import row, transfer
from tests.ingest.test_overview import counting

RETRY = {"": "‘다시 하기’", "/en": "‘Try again’"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return transfer(tmp_path / "t", row("A-1", "가.txt"), row("A-2", "나.txt"), files=("가.txt", "나.txt"))


@pytest.fixture
def number(call: Call, folder: Path) -> str:
    told = call("transfer", "receive", folder, "--agency", AGENCY, "--until", "stored").told
    return str(told["transfer"])


@pytest.fixture
def desk(number: str, site: Site) -> FlaskClient:
    return signed_in(site)


def run(site: Site, error: ArchiveError | None = None, *, attempts: int = 1) -> int:
    """Run the job that waits as a worker would; it ends with its own error, or with the one given."""
    with site.open_session.begin() as session:
        job = jobs.claim(session, "here", site.machine_now())
        assert job and job.runner
    body = {"check-transfer": checking_again.check_transfer, "accept-transfer": receiving.accept_transfer}
    try:
        if error:
            raise error
        list(body[job.name](site, **job.arguments))
    except ArchiveError as why:
        with site.open_session.begin() as session:
            now = site.machine_now()
            jobs.fail(session, job.id, job.runner, reasons.of(why), now, attempts=attempts)
    else:
        with site.open_session.begin() as session:
            jobs.finish(session, job.id, job.runner, site.machine_now())
    return job.id


def fail(site: Site, name: str, **arguments: object) -> int:
    """A job that was given up a minute ago."""
    with site.open_session.begin() as session:
        ended_at = site.now() - timedelta(minutes=1)
        job = Job(name=name, lane="staff", state="failed", arguments=arguments, ended_at=ended_at)
        session.add(job)
        session.flush()
        return job.id


def failures(site: Site, number: str) -> list[int]:
    with site.reading_session() as session:
        return [job.id for job in transfer_jobs.failed(session, transfers.get(session, number))]


def page(desk: FlaskClient, address: str) -> str:
    answer = desk.get(address)
    assert answer.status_code == 200
    return unescape(answer.get_data(as_text=True))


def test_a_check_that_failed_is_told_on_the_page_of_its_transfer_with_what_to_do(
    desk: FlaskClient, site: Site, number: str, folder: Path
) -> None:
    address = f"/desk/transfers/{number}"
    (folder / "가.txt").write_text("다른 길이의 내용\n")
    assert desk.post(f"{address}/check").status_code == 303
    job = run(site)
    korean, english = page(desk, address), page(desk, f"/en{address}")
    assert "이관 다시 검수하기: 실패" in korean and "Check a transfer again: Failed" in english
    assert "이관 폴더가 받은 뒤에 달라졌습니다." in korean
    assert f"The folder of transfer {number} has changed since it was received." in english
    assert "다음 회차로 보내세요" in korean and "as the next round" in english
    for tongue, told in (("", korean), ("/en", english)):
        assert f'href="{tongue}/desk/jobs/{job}"' in told
        assert f'href="{tongue}/desk/uploads?round_of={number}&agency={AGENCY}"' in told
        assert RETRY[tongue] in told and "seogo " not in told and "--round-of" not in told


def test_the_page_of_a_failed_job_tells_the_next_step_and_leads_to_its_transfer(
    desk: FlaskClient, site: Site, number: str, folder: Path
) -> None:
    folder.rename(folder.with_name("moved"))
    desk.post(f"/desk/transfers/{number}/check")
    job = run(site)
    korean, english = page(desk, f"/desk/jobs/{job}"), page(desk, f"/en/desk/jobs/{job}")
    assert "이관 폴더를 받은 자리에서 읽지 못했습니다." in korean and "폴더를 그 자리에 다시 두고" in korean
    assert "is no longer at" in english and "Put the folder back" in english
    assert "seogo transfer" not in korean + english
    assert f'href="/desk/transfers/{number}"' in korean
    facts = desk.get(f"/desk/jobs/{job}.json").get_json()
    assert facts["next"].startswith("Put it back, or say where it lies now")


def test_an_error_without_words_is_told_in_its_own_with_the_number_to_ask_for(
    desk: FlaskClient, site: Site, number: str
) -> None:
    desk.post(f"/desk/transfers/{number}/check")
    job = run(site, Damaged("The disk lost a page.", next="Bring in the backup."))
    korean = page(desk, f"/desk/transfers/{number}")
    assert "작업을 끝내지 못했습니다." in korean and f"작업 번호({job})" in korean
    assert '<span class="quiet small" lang="en">The disk lost a page. Bring in the backup.</span>' in korean
    english = page(desk, f"/en/desk/jobs/{job}")
    assert "The disk lost a page." in english and "Bring in the backup. Press ‘Try again’" in english


def test_what_will_be_tried_again_is_said_to_wait_for_what_is_away(
    desk: FlaskClient, site: Site, number: str
) -> None:
    desk.post(f"/desk/transfers/{number}/accept", data={"confirmed": "yes"})
    run(site, Unavailable("Store b is full.", code="store.full", next="Make room."), attempts=3)
    korean = page(desk, f"/desk/transfers/{number}")
    assert "이관 인수하기: 기다림" in korean and "실패" not in korean
    assert "저장소에 자리가 없습니다." in korean and "저절로 다시 합니다." in korean


@pytest.mark.parametrize("again", ["retry", "command", "return"])
def test_a_failure_is_told_until_what_it_was_for_is_done(
    desk: FlaskClient, call: Call, site: Site, number: str, again: str
) -> None:
    address = f"/desk/transfers/{number}"
    desk.post(f"{address}/check")
    job = run(site, Damaged("The disk lost a page."))
    with site.open_session.begin() as session:
        session.execute(update(Job).values(ended_at=site.now() - timedelta(minutes=1)))
    assert "이관 다시 검수하기: 실패" in page(desk, address)
    if again == "retry":
        assert desk.post(f"/desk/jobs/{job}/retry").status_code == 303
        assert "이관 다시 검수하기: 기다림" in page(desk, address)
        run(site)
    elif again == "command":
        call("transfer", "check", number)
    else:
        call("transfer", "return", number, "--reason", "다시 보내 주세요.")
    assert "실패" not in page(desk, address)


def test_what_is_asked_for_while_something_else_is_under_way_is_done_too(
    desk: FlaskClient, call: Call, number: str
) -> None:
    address = f"/desk/transfers/{number}"
    for page_of, form, said in (
        ("receipts", {}, "The receipt was asked for."),
        ("accept", {"confirmed": "yes"}, "Acceptance was asked for."),
        ("check", {}, "It will be checked again."),
        ("complete", {"confirmed": "yes"}, "The completion notice was asked for."),
    ):
        answer = desk.post(f"{address}/{page_of}", data=form)
        assert answer.status_code == 303
        assert said in page(desk, f"/en{answer.location}")
    assert call("work", "--until-idle").told["failed"] == []
    told = call("transfer", "show", number).told
    acts = {each["act"] for each in told["history"]}
    assert {"receipt-issued", "checked"} < acts and {"completion-notified", "completion-refused"} & acts
    assert told["state"] in ("stored", "closed")


def test_an_accept_of_other_volumes_than_the_one_under_way_is_asked_for_too(
    desk: FlaskClient, site: Site, number: str
) -> None:
    with site.open_session.begin() as session:
        jobs.submit(session, "accept-transfer", lane="staff", number=number, by="p-1", positions=[0])
    address = f"/desk/transfers/{number}/accept"
    first, again = (desk.post(address, data={"confirmed": "yes"}).location for _ in range(2))
    assert first.endswith("done=accept#done") and again.endswith("done=under_way#done")
    with site.reading_session() as session:
        told = session.scalars(select(Job.arguments).where(Job.name == "accept-transfer").order_by(Job.id))
        assert [each.get("positions") for each in told] == [[0], None]


def test_an_accept_whose_turn_has_not_come_reads_nothing_of_the_folder(
    site: Site, number: str, folder: Path
) -> None:
    folder.rename(folder.with_name("moved"))
    with site.reading_session() as session:
        shape = transfers.get(session, number).shape
    with alone(site, AGENCY, shape), pytest.raises(Conflict) as met:
        list(receiving.accept(site, number, by="p-1"))
    assert met.value.code == "busy"
    with pytest.raises(ArchiveError) as met:
        list(receiving.accept(site, number, by="p-1"))
    assert met.value.code != "busy"


def test_a_failure_of_one_kind_is_told_also_after_a_job_of_another_kind(
    desk: FlaskClient, site: Site, number: str
) -> None:
    desk.post(f"/desk/transfers/{number}/accept", data={"confirmed": "yes"})
    run(site, Damaged("The disk lost a page."))
    with site.open_session.begin() as session:
        jobs.submit(session, "issue-receipt", number=number, by="p-1")
        job = jobs.claim(session, "here", site.machine_now())
        assert job and job.runner and jobs.finish(session, job.id, job.runner, site.machine_now())
        jobs.submit(session, "check-transfer", number="2026-9999", by="p-1")
    told = page(desk, f"/desk/transfers/{number}")
    assert "이관 인수하기: 실패" in told and "접수증 내기" not in told and "다시 검수하기" not in told


def test_of_papers_of_two_kinds_each_failure_is_told_until_that_kind_is_issued(
    call: Call, site: Site, number: str, tmp_path: Path
) -> None:
    call("transfer", "accept", number, "--volume", 1)
    asked = {"number": number, "tongue": "ko", "by": "p-1"}
    report = fail(site, "issue-paper", kind="inspection_report", **asked)
    handover = fail(site, "issue-paper", kind="handover_record", **asked)
    assert failures(site, number) == [report, handover]
    assert call("transfer", "handover", number, "--signed", tmp_path).exit_code == 0
    assert failures(site, number) == [report]


def test_a_paper_or_a_receipt_that_is_there_already_answers_a_failure_when_it_is_asked_for_again(
    call: Call, site: Site, number: str, tmp_path: Path
) -> None:
    ways = (
        ("receipt", "--output", "issue-receipt", {}),
        ("report", "--signed", "issue-paper", {"kind": "inspection_report"}),
    )
    for command, where, name, more in ways:
        ask = ("transfer", command, number, where, tmp_path / command)
        first = call(*ask)
        job = fail(site, name, number=number, by="p-1", **more)
        assert failures(site, number) == [job]
        again = call(*ask)
        assert (again.exit_code, again.told.get("number")) == (0, first.told.get("number"))
        assert failures(site, number) == []


def test_a_failed_completion_of_a_closed_transfer_is_answered_by_asking_again(
    call: Call, site: Site, number: str
) -> None:
    """It closed the transfer and failed before its receipt was out."""
    call("transfer", "accept", number)
    assert call("transfer", "complete", number).exit_code == 0
    with site.open_session.begin() as session:
        session.execute(update(TransferAct).values(at=site.now() - timedelta(minutes=2)))
    job = fail(site, "complete-transfer", number=number, by="p-1", returned_for_good=False)
    assert failures(site, number) == [job]
    assert call("transfer", "complete", number).exit_code == 0
    assert failures(site, number) == []


def test_a_failed_check_is_no_matter_any_more_when_volumes_were_taken_after_it(
    call: Call, site: Site, number: str
) -> None:
    job = fail(site, "check-transfer", number=number, by="p-1")
    call("transfer", "return", number, "--volume", 2, "--reason", "다시 보내 주세요.")
    assert failures(site, number) == [job], "the other volume waits, and nobody looked at it"
    assert call("transfer", "accept", number).exit_code == 0
    assert failures(site, number) == []


def test_one_volume_taken_does_not_answer_the_failed_accept_of_all(
    call: Call, site: Site, number: str
) -> None:
    every = fail(site, "accept-transfer", number=number, by="p-1")
    call("transfer", "accept", number, "--volume", 1)
    assert failures(site, number) == [every]
    one = fail(site, "accept-transfer", number=number, by="p-1", positions=[1])
    assert failures(site, number) == [one]
    call("transfer", "return", number, "--volume", 2, "--reason", "다시 보내 주세요.")
    assert failures(site, number) == []


def test_a_failed_accept_that_left_nothing_acceptable_is_told(call: Call, site: Site, number: str) -> None:
    """As where a virus was found in all that waits."""
    for place in (1, 2):
        call("transfer", "judge", number, "--volume", place, "--verdict", "unfit", "--reason", "quality")
    job = fail(site, "accept-transfer", number=number, by="p-1")
    assert failures(site, number) == [job]


def test_jobs_of_a_transfer_are_found_by_their_state_and_not_among_all_that_were_done(
    site: Site, number: str
) -> None:
    with site.reading_session() as session, counting(site) as sent:
        it = transfers.get(session, number)
        transfer_jobs.running(session, it)
        transfer_jobs.failed(session, it)
        asked = [question for question in sent if "FROM jobs" in question]
        ask = session.connection().exec_driver_sql
        plans = [
            ask(f"EXPLAIN QUERY PLAN {question}", ("?",) * question.count("?")).all()[0][3]
            for question in asked
        ]  # fmt: skip
    assert len(plans) == 2 and all("ix_jobs_state" in plan for plan in plans), plans


def test_the_history_names_the_person_on_the_screen_and_keeps_the_id_alone(
    desk: FlaskClient, site: Site, number: str
) -> None:
    desk.post(f"/desk/transfers/{number}/check")
    run(site)
    with site.reading_session() as session:
        opaque = session.scalars(select(User.opaque)).one()
        actors = set(session.scalars(select(TransferAct.actor)))
    history = page(desk, f"/desk/transfers/{number}/history")
    assert actors == {"command-line", opaque}
    assert "<td>갑</td>" in history and opaque not in history
    assert "<td>명령줄</td>" in history
    assert '<td><span lang="ko">갑</span></td>' in page(desk, f"/en/desk/transfers/{number}/history")


def test_somebody_whom_nobody_knows_any_more_is_told_by_the_id(
    desk: FlaskClient, site: Site, number: str
) -> None:
    with site.open_session.begin() as session:
        it = transfers.get(session, number)
        transfers.note(session, it, "checked", by="p-0123456789ab", at=site.now())
    assert '<span class="mono">p-0123456789ab</span>' in page(desk, f"/desk/transfers/{number}/history")


def test_an_agencys_system_is_told_in_words_and_by_which_of_its_sendings(
    desk: FlaskClient, site: Site, number: str
) -> None:
    with site.open_session.begin() as session:
        transfers.note(session, transfers.get(session, number), "moved", by="intake-7", at=site.now())
    told = '<td>기관 시스템 <span class="quiet small mono">intake-7</span></td>'
    assert told in page(desk, f"/desk/transfers/{number}/history")


def test_a_scan_that_stopped_a_job_is_not_said_to_have_left_nothing_accepted(
    desk: FlaskClient, call: Call, site: Site, number: str
) -> None:
    """An earlier attempt of the same job may have taken volumes."""
    call("transfer", "accept", number, "--volume", 1)
    desk.post(f"/desk/transfers/{number}/accept", data={"confirmed": "yes"})
    run(site, Refused("A virus was found.", code="virus", next="Return the volume."))
    told = page(desk, f"/desk/transfers/{number}")
    assert "바이러스 검사에서 걸려 더 인수하지 않았습니다." in told
    assert '<span class="quiet small" lang="en">A virus was found.</span>' in told


def test_a_running_job_is_shown_with_its_progress_and_what_it_took_so_far(
    desk: FlaskClient, call: Call, site: Site, number: str
) -> None:
    address = f"/desk/transfers/{number}"
    desk.post(f"{address}/accept", data={"confirmed": "yes"})
    with site.open_session.begin() as session:
        job = jobs.claim(session, "here", site.machine_now())
        assert job and job.runner
        jobs.progress(session, job.id, job.runner, 1, 2)
    call("transfer", "accept", number, "--volume", 1)
    korean = page(desk, address)
    assert '<progress max="2" value="1"' in korean and "2개 중 1개 끝남" in korean
    history = page(desk, f"{address}/history")
    assert "<td>인수: 1철</td>" in history
    assert "<td>이관 인수하기: 하는 중</td><td>갑</td>" in history and "2개 중 1개 끝남" in history
    assert "Taken into custody: 1 volume</td>" in page(desk, f"/en{address}/history")


def test_what_was_taken_on_one_day_is_told_with_its_last_moment(
    desk: FlaskClient, call: Call, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for hour, place in (("09", 1), ("10", 2)):
        monkeypatch.setenv("SEOGO_CLOCK", f"2027-03-02T{hour}:00:00+09:00")
        call("transfer", "accept", number, "--volume", place)
    korean = page(desk, f"/desk/transfers/{number}/history")
    assert "<td>인수: 2철</td>" in korean and "마지막 2027.\u00a03.\u00a02.\u00a010:00<" in korean
