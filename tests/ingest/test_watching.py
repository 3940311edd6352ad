"""A folder that an agency lays down is taken up once, when it is complete, and answered beside it."""

import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

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


def test_a_folder_that_is_marked_done_is_received_and_answered(call: Call, root: Path) -> None:
    folder = lay(root)
    before = sorted(path.name for path in folder.rglob("*"))
    said = look(call)
    assert said.exit_code == 0
    assert answer(folder) == said.told["answers"][0]
    assert (answer(folder)["transfer"], answer(folder)["state"]) == ("2026-0001", "waiting")
    assert sorted(path.name for path in folder.rglob("*")) == before
    assert call("transfer", "show", "2026-0001").told["history"][0]["actor"] == "watched-folder"


def test_a_folder_is_never_taken_up_twice(call: Call, root: Path) -> None:
    folder = lay(root)
    look(call)
    (folder / "later.txt").write_text("x")
    assert look(call).told["answers"] == []
    assert len(call("transfer", "list").told["transfers"]) == 1


def test_a_kill_before_the_answer_ends_in_the_same_transfer(call: Call, root: Path) -> None:
    folder = lay(root)
    look(call)
    (folder.parent / f"{folder.name}.answer.json").unlink()
    assert look(call).told["answers"][0]["transfer"] == "2026-0001"
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


def test_without_a_watched_folder_there_is_nothing_to_watch(call: Call) -> None:
    assert call("watch", "--once").exit_code == 2
