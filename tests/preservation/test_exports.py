"""Taking a bag out: from any store that has it whole, and never half of it under its name."""

import os
import shutil
import signal
import time
from pathlib import Path

import pytest

from preservation.bagging import verify_bag
from tests.preservation.held import Held
from tests.preservation.test_fixity import content, flip_content


@pytest.fixture
def reference(held: Held) -> str:
    return str(held.ask("volume", "list")[1]["volumes"][0]["reference"])


def errors(bag: str) -> list[str]:
    return [each.rule for each in verify_bag(Path(bag)) if each.severity == "error"]


def test_a_volume_leaves_as_a_whole_bag(held: Held, reference: str, tmp_path: Path) -> None:
    code, told = held.ask("volume", "export", reference, tmp_path / "out")
    assert (code, told["bags"]) == (0, [str(tmp_path / "out" / f"{reference}-v1")])
    assert errors(told["bags"][0]) == []
    assert [path.name for path in (tmp_path / "out").iterdir()] == [f"{reference}-v1"]


def test_the_other_store_gives_it_when_one_is_damaged(held: Held, reference: str, tmp_path: Path) -> None:
    flip_content(held.bag("a", reference))
    code, told = held.ask("volume", "export", reference, tmp_path / "out")
    assert code == 0
    assert errors(told["bags"][0]) == []
    assert [path.name for path in (tmp_path / "out").iterdir()] == [f"{reference}-v1"]


def test_the_other_store_gives_it_when_one_is_away(held: Held, reference: str, tmp_path: Path) -> None:
    (held.home / "stores/a").rename(held.home / "elsewhere")
    code, told = held.ask("volume", "export", reference, tmp_path / "out")
    assert (code, errors(told["bags"][0])) == (0, [])


def test_when_no_store_has_it_whole_that_is_damage(held: Held, reference: str, tmp_path: Path) -> None:
    flip_content(held.bag("a", reference))
    content(held.bag("b", reference)).unlink()
    code, told = held.ask("volume", "export", reference, tmp_path / "out")
    assert (code, told["error"]["code"]) == (5, "damaged")
    assert "store a" in told["error"]["message"]
    assert "store b" in told["error"]["message"]
    assert list((tmp_path / "out").iterdir()) == []


def test_when_no_store_answers_nothing_is_known(held: Held, reference: str, tmp_path: Path) -> None:
    for store in "ab":
        (held.home / "stores" / store).rename(held.home / f"elsewhere-{store}")
    code, told = held.ask("volume", "export", reference, tmp_path / "out")
    assert (code, told["error"]["code"]) == (4, "unavailable")


def test_a_bag_that_is_there_already_is_not_touched(held: Held, reference: str, tmp_path: Path) -> None:
    held.ask("volume", "export", reference, tmp_path / "out")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")}
    code, told = held.ask("volume", "export", reference, tmp_path / "out")
    assert (code, told["error"]["code"]) == (3, "conflict")
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")}


def test_a_place_that_cannot_be_written_is_told(held: Held, reference: str, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file and no folder")
    code, told = held.ask("volume", "export", reference, tmp_path / "out")
    assert (code, told["error"]["code"]) == (4, "unavailable")
    assert "cannot be written" in told["error"]["message"]


def test_a_killed_export_leaves_no_half_bag_and_hinders_nobody(
    held: Held, reference: str, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    process = held.place.start("volume", "export", reference, out)
    while process.poll() is None and not list(out.glob(".*.part/*")):
        time.sleep(0.0005)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    for bag in out.glob("[!.]*"):  # it may have been done before the signal came
        assert errors(str(bag)) == []
        shutil.rmtree(bag)
    left = out / f".{reference}-v1.a.part"
    (left / "data").mkdir(parents=True, exist_ok=True)
    (left / "data/half").write_text("half")
    code, told = held.ask("volume", "export", reference, out)
    assert (code, errors(told["bags"][0])) == (0, [])
    assert [path.name for path in out.iterdir()] == [f"{reference}-v1"]
