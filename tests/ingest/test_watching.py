"""A folder that an agency lays down is taken up once, when it is complete, and answered beside it."""

import errno
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from archive.errors import Conflict
from archive.site.site import Site
from archive.work import jobs, recurring
from ingest import transfers
from ingest.watched import watch_jobs, watching
from tests.conftest import Installation
from tests.ingest.conftest import AGENCY, Call, Said
from tests.ingest.test_bad_input import row, transfer


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: Call) -> Path:
    folder = tmp_path / "watched"
    (folder / AGENCY).mkdir(parents=True)
    monkeypatch.setenv("SEOGO_WATCH", str(folder))
    return folder


def lay(root: Path, name: str = "2026-봄", *, done: bool = True) -> Path:
    folder = transfer(root / AGENCY / name, row("A-1", "가.txt"), files=("가.txt",))
    if done:
        (root / AGENCY / f"{name}.done").touch()
    return folder


def look(call: Call) -> Said:
    return call("watch", "--once")


def answer(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder.parent / f"{folder.name}.answer.json").read_text("utf-8"))
    return told


@pytest.mark.flow
def test_a_folder_that_is_marked_done_is_received_and_answered(call: Call, root: Path) -> None:
    folder = lay(root)
    before = sorted(path.name for path in folder.rglob("*"))
    said = look(call)
    assert said.exit_code == 0
    assert answer(folder) == said.told["answers"][0]
    assert (answer(folder)["transfer"], answer(folder)["state"]) == ("2026-0001", "waiting")
    assert sorted(path.name for path in folder.rglob("*")) == before
    assert call("transfer", "show", "2026-0001").told["history"][0]["actor"] == "watched-folder"


def test_a_packed_transfer_that_is_marked_done_is_answered_with_what_to_do(call: Call, root: Path) -> None:
    packed, unmarked = root / AGENCY / "2026-09.zip", root / AGENCY / "낱파일.zip"
    for each in (packed, unmarked):
        each.write_bytes(b"PK")
    assert look(call).told["answers"] == []
    (root / AGENCY / "2026-09.zip.done").touch()
    assert look(call).exit_code == 3
    told = answer(packed)["error"]
    assert (told["code"], told["next"]) == ("transfer.folder", "Unpack it into a folder and give that.")
    assert look(call).told["answers"] == []
    assert not (root / AGENCY / "낱파일.zip.answer.json").exists()


def test_a_folder_is_never_taken_up_twice(call: Call, root: Path) -> None:
    folder = lay(root)
    look(call)
    (folder / "later.txt").write_text("x")
    assert look(call).told["answers"] == []
    assert len(call("transfer", "list").told["transfers"]) == 1


def test_a_folder_that_was_received_before_says_so_in_both_languages(call: Call, root: Path) -> None:
    first = lay(root)
    look(call)
    assert answer(first)["received_before"] is None
    same = lay(root, "같은 것")
    said = look(call)
    told = answer(same)
    assert (told["transfer"], len(call("transfer", "list").told["transfers"])) == ("2026-0001", 1)
    before = told["received_before"]
    assert before["at"] == call("transfer", "list").told["transfers"][0]["received_at"]
    assert "이미 받았습니다" in before["ko"] and "이관 2026-0001" in before["ko"]
    assert "received before" in before["en"] and "transfer 2026-0001" in before["en"]
    assert said.told["answers"] == [told]
    (same.parent / f"{same.name}.answer.json").unlink()
    assert before["en"] in call("watch", "--once", words=True).out


@pytest.mark.parametrize("spelled", ["{0}", "{0}/../{0.name}"])
def test_a_kill_before_the_answer_ends_in_the_same_transfer(
    call: Call, root: Path, monkeypatch: pytest.MonkeyPatch, spelled: str
) -> None:
    monkeypatch.setenv("SEOGO_WATCH", spelled.format(root))
    folder = lay(root)
    look(call)
    (folder.parent / f"{folder.name}.answer.json").unlink()
    [told] = look(call).told["answers"]
    assert (told["transfer"], told["received_before"]) == ("2026-0001", None)
    assert len(call("transfer", "list").told["transfers"]) == 1


def test_a_folder_that_is_still_written_to_is_left_alone(
    call: Call, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = lay(root, done=False)
    assert look(call).told["answers"] == []
    monkeypatch.setenv("SEOGO_WATCH_QUIET", "1")
    (folder / "가.txt").touch()
    time.sleep(1.1)
    assert [each["folder"] for each in look(call).told["answers"]] == ["2026-봄"]


def test_a_refusal_is_answered_for_programs(call: Call, root: Path) -> None:
    folder = root / AGENCY / "없음"
    folder.mkdir()
    (folder / "x.txt").write_text("x")
    (root / AGENCY / "없음.done").touch()
    said = look(call)
    assert said.exit_code == 3
    assert answer(folder)["error"]["code"] == "transfer.no_list"
    assert look(call).told["answers"] == []


def test_a_finding_of_the_agreement_is_in_the_answer_and_accepting_is_agreed(
    call: Call, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEOGO_CLOCK", "2026-03-01T00:00:00+00:00")
    (tmp_path / "a.toml").write_text(
        f'agency = "{AGENCY}"\nversion = 1\neffective_from = 2026-03-01\naccept = true\n'
        '[[clause]]\nid = "formats"\nrule = "formats"\nextensions = ["txt"]\n',
        "utf-8",
    )
    assert call("agreement", "add", tmp_path / "a.toml").exit_code == 0
    good, bad = lay(root, "good"), transfer(root / AGENCY / "bad", row("B-1", "나.exe"), files=("나.exe",))
    (root / AGENCY / "bad.done").touch()
    assert look(call).exit_code == 3
    assert (answer(good)["state"], len(answer(good)["references"])) == ("stored", 1)
    [found] = [each for each in answer(bad)["findings"] if each["severity"] == "error"]
    assert found["expected"] == f"txt [agreement {AGENCY}, version 1, clause formats]"


def test_links_and_names_that_are_no_agency_are_not_followed(call: Call, root: Path, tmp_path: Path) -> None:
    elsewhere = transfer(tmp_path / "elsewhere", row("A-1", "가.txt"), files=("가.txt",))
    (root / AGENCY / "link").symlink_to(elsewhere)
    (root / AGENCY / "link.done").touch()
    shutil.copytree(elsewhere, root / "not an agency" / "t")
    (root / "not an agency" / "t.done").touch()
    assert look(call).told["answers"] == []


def test_a_folder_with_a_name_too_long_for_an_ending_is_received_and_answered_once(
    call: Call, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEOGO_WATCH_QUIET", "1")
    folder = lay(root, "철" * 82, done=False)
    time.sleep(1.1)
    assert look(call).told["answers"][0]["transfer"] == "2026-0001"
    [beside] = folder.parent.glob("*.answer.json")
    assert len(beside.name.encode()) <= 255
    assert look(call).told["answers"] == []


def test_a_place_that_cannot_be_looked_at_keeps_no_other_agency_waiting_and_is_told(
    call: Call, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "1000000" / "closed").mkdir(parents=True)
    (root / "2000000").mkdir()
    lay(root)
    real = watching.os.scandir

    def scandir(path: Any) -> Any:
        if Path(path).name in {"closed", "2000000"}:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(watching.os, "scandir", scandir)
    said = look(call)
    assert said.exit_code == 4
    assert len(said.told["answers"]) == 1
    assert "2 places cannot be used" in said.sentence
    assert "1000000/closed" in said.sentence and "2000000" in said.sentence
    assert call("transfer", "show", "2026-0001").told["state"] == "waiting"


def test_what_goes_away_while_it_is_looked_at_is_changing_now(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = lay(root, done=False)
    found = watching.Laid(AGENCY, folder)
    assert found.is_complete(time.time() + 60, 30)

    def gone(path: Any) -> Any:
        raise FileNotFoundError(errno.ENOENT, "No such file", str(path))

    monkeypatch.setattr(watching.os, "lstat", gone)
    assert not found.is_complete(time.time() + 60, 30)


def test_without_a_watched_folder_there_is_nothing_to_watch(call: Call) -> None:
    assert call("watch", "--once").exit_code == 2


def test_a_look_that_finds_nothing_says_what_it_waits_for(call: Call, root: Path) -> None:
    empty = call("watch", "--once", words=True)
    assert empty.exit_code == 0
    assert f"lays its transfer down as {root}/CODE/FOLDER" in empty.out
    assert "FOLDER.done" in empty.out
    lay(root, done=False)
    waits = call("watch", "--once", words=True)
    assert f"1 folder in {root} not complete yet" in waits.out


# Rounds


def refused(folder: Path) -> str:
    code: str = answer(folder)["error"]["code"]
    return code


@pytest.mark.flow
def test_a_corrected_folder_that_names_its_transfer_is_its_next_round(call: Call, root: Path) -> None:
    bad = transfer(root / AGENCY / "봄", row("A-1", "가.txt;없음.txt"), files=("가.txt",))
    (root / AGENCY / "봄.done").touch()
    look(call)
    assert (answer(bad)["transfer"], answer(bad)["round"]) == ("2026-0001", 1)
    mended = lay(root, "봄.round-of-2026-0001")
    look(call)
    told = answer(mended)
    assert (told["transfer"], told["round"], told["state"]) == ("2026-0002", 2, "waiting")
    assert [each for each in told["findings"] if each["severity"] == "error"] == []
    history = call("transfer", "show", "2026-0001").told["history"]
    assert ("corrected", "2026-0002") in [(each["act"], each["detail"]) for each in history]
    (mended.parent / f"{mended.name}.answer.json").unlink()
    assert look(call).told["answers"][0]["transfer"] == "2026-0002"


def test_a_round_of_another_agency_is_refused_as_one_of_nothing_and_nobody_learns_whose_it_is(
    call: Call, root: Path
) -> None:
    look(call)
    none = lay(root, "봄.round-of-2026-0009")
    look(call)
    assert (refused(none), len(call("transfer", "list").told["transfers"])) == ("missing", 0)
    lay(root)
    look(call)
    other = root / "1741000"
    other.mkdir()
    foreign, nobodys = (
        transfer(other / f"봄.round-of-{number}", row("A-1", "나.txt"), files=("나.txt",))
        for number in ("2026-0001", "2026-0009")
    )
    for folder in (foreign, nobodys):
        (other / f"{folder.name}.done").touch()
    look(call)
    told = [answer(folder)["error"] for folder in (foreign, nobodys)]
    assert told[0]["code"] == "missing" and AGENCY not in json.dumps(told)
    assert told[0] == json.loads(json.dumps(told[1]).replace("2026-0009", "2026-0001"))


# As part of `seogo work`


@pytest.fixture
def site(root: Path, place: Installation) -> Iterator[Site]:
    place.environment["SEOGO_WATCH"] = str(root)
    site = place.site()
    yield site
    site.engine.dispose()


def run(site: Site, job: str, **arguments: str) -> None:
    list(jobs.DECLARED[job].body(site, **arguments))


def asked(site: Site) -> list[tuple[str, str, str]]:
    with site.reading_session() as session:
        rows = session.query(jobs.Job).filter_by(name=watch_jobs.TAKE_UP).order_by(jobs.Job.id)
        return [(row.arguments["agency"], row.arguments["folder"], row.state) for row in rows]


def test_a_worker_that_keeps_running_takes_up_what_is_laid_down(
    place: Installation, site: Site, root: Path
) -> None:
    folder = lay(root)
    work, end = place.start("work"), time.monotonic() + 60
    try:
        while not (folder.parent / f"{folder.name}.answer.json").exists():
            assert time.monotonic() < end and work.poll() is None
            time.sleep(0.1)
    finally:
        work.terminate()
        work.communicate()
    assert (answer(folder)["transfer"], answer(folder)["state"]) == ("2026-0001", "waiting")


def test_each_complete_folder_is_a_job_of_its_own_and_asked_for_once(site: Site, root: Path) -> None:
    first, second = lay(root, "하나"), lay(root, "둘")
    lay(root, "쓰는 중", done=False)
    for _ in range(2):
        run(site, watch_jobs.LOOK)
    assert asked(site) == [(AGENCY, "둘", "waiting"), (AGENCY, "하나", "waiting")]
    run(site, watch_jobs.TAKE_UP, agency=AGENCY, folder="하나")
    assert answer(first)["transfer"] == "2026-0001"
    assert not (second.parent / f"{second.name}.answer.json").exists()
    run(site, watch_jobs.TAKE_UP, agency=AGENCY, folder="하나")
    with site.reading_session() as session:
        assert len(transfers.find(session)) == 1


def test_a_folder_that_was_given_up_waits_for_a_person_and_one_that_was_busy_is_asked_for_again(
    site: Site, root: Path
) -> None:
    lay(root)
    for before, after in (("failed", "failed"), ("done", "waiting")):
        run(site, watch_jobs.LOOK)
        with site.open_session.begin() as session:
            session.query(jobs.Job).update({"state": before})
        run(site, watch_jobs.LOOK)
        assert asked(site) == [(AGENCY, "2026-봄", after)]


def test_a_folder_that_somebody_else_receives_gets_no_answer_yet(
    site: Site, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = lay(root)

    def busy(*_: object) -> str:
        raise Conflict("This folder is being received at this moment.", code="busy")

    with monkeypatch.context() as patched:
        patched.setattr(watching.receiving, "received", busy)
        run(site, watch_jobs.TAKE_UP, agency=AGENCY, folder=folder.name)
    assert not (folder.parent / f"{folder.name}.answer.json").exists()
    run(site, watch_jobs.TAKE_UP, agency=AGENCY, folder=folder.name)
    assert answer(folder)["transfer"] == "2026-0001"


def test_where_nothing_is_watched_no_job_looks(place: Installation) -> None:
    settings = place.site().settings
    assert not recurring.is_any(["minutely"], settings)
    assert recurring.is_any(["minutely"], replace(settings, watch=Path("/tmp")))


@pytest.mark.parametrize("by_a_job", [False, True])
def test_a_folder_named_in_cp949_is_answered_and_keeps_no_other_waiting(
    call: Call, root: Path, place: Installation, by_a_job: bool
) -> None:
    cp949 = os.fsdecode("이관".encode("cp949"))
    transfer(root / AGENCY / cp949, row("A-1", "가.txt"), files=("가.txt",))
    (root / AGENCY / f"{cp949}.done").touch()
    other = transfer(root / AGENCY / "흙", row("A-2", "나.txt"), files=("나.txt",))
    (root / AGENCY / "흙.done").touch()
    if by_a_job:
        place.environment["SEOGO_WATCH"] = str(root)
        site = place.site()
        list(watch_jobs.look_for_folders(site))
        site.engine.dispose()
        assert call("work", "--until-idle").told["failed"] == []
    else:
        assert [each["folder"] for each in look(call).told["answers"]] == ["흙", "이관"]
    numbers = {answer(each)["transfer"] for each in (root / AGENCY / cp949, other)}
    assert numbers == {"2026-0001", "2026-0002"}
