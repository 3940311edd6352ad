"""What is known of a transfer while it is worked on lies in a file, and nothing of it stays."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest

from archive.errors import Unavailable
from archive.work.processes import fresh_processes
from ingest.checking import checks
from ingest.looking import inventory, laid_down
from ingest.looking.inspecting import inspect
from ingest.looking.inspection import Inspection
from tests.conftest import Installation
from tests.ingest.conftest import Call


@contextmanager
def looked_at(folder: Path, *, without_list: bool = False) -> Iterator[Inspection]:
    day = date(2026, 1, 1)
    scratch = folder.parent / "scratch"
    with inspect(
        folder, scratch=scratch, source_system=None, agency_default=None, no_list=without_list, today=day
    ) as inspection:
        yield inspection


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two volumes: one whose items name their files, one whose row names a folder."""
    place = tmp_path / "transfer"
    for name in ("V1/가.txt", "V1/나.txt", "V2/a/1.txt", "V2/a/2.txt", "V2/b.txt"):
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (place / "이관목록.csv").write_text(
        "철 관리번호,철 제목,관리번호,제목,보존기간,공개구분,파일\n"
        "V1,첫째 철,I1,가,영구,공개,V1/가.txt\n"
        "V1,첫째 철,I2,나,영구,공개,V1/나.txt\n"
        "V2,둘째 철,I3,다,영구,공개,V2\n"
    )
    return place


def test_every_file_of_a_folder_arrives_once_in_the_order_of_names_however_many(tmp_path: Path) -> None:
    names = [f"A{number:04}.txt" for number in range(inventory.ROWS_AT_ONCE * 2 + 1)]
    (tmp_path / "transfer").mkdir()
    for name in names:
        (tmp_path / "transfer" / name).touch()
    with looked_at(tmp_path / "transfer", without_list=True) as it:
        assert [file.path for file in it.arrival.files()] == names


def test_files_of_an_item_are_kept_in_the_order_of_its_row_and_each_once(folder: Path) -> None:
    row = "V2/b.txt;V1/나.txt;V2;V1/나.txt;V1/없다.txt;V1/가.txt"
    (folder / "이관목록.csv").write_text(
        f"철 관리번호,철 제목,관리번호,제목,보존기간,공개구분,파일\nV,철,I,가,영구,공개,{row}\n"
    )
    with looked_at(folder) as it:
        came = ["V2/b.txt", "V1/나.txt", "V2/a/1.txt", "V2/a/2.txt", "V1/가.txt"]
        assert [file.path for _, file in it.files(0)] == came
        assert [name for _, _, name, _ in it.lacking()] == ["V1/없다.txt"]
        [volume] = it.volumes()
        assert (volume.files, volume.lacking) == (5, 1)


def test_what_the_row_of_a_volume_names_and_its_items_have_comes_once(folder: Path) -> None:
    (folder / "이관목록.csv").unlink()
    (folder / "철목록.csv").write_text(
        "관리번호,제목,생산연도,보존기간,파일\nV,철,1998,영구,V1/가.txt;V1/나.txt;V1/없다.txt\n"
    )
    (folder / "건목록.csv").write_text("철 관리번호,관리번호,건제목,공개구분,파일\nV,I,건,공개,V1/가.txt\n")
    with looked_at(folder) as it:
        assert [(item, file.path) for item, file in it.files(0)] == [(0, "V1/가.txt"), (1, "V1/나.txt")]
        assert [each.sender_id for each in it.items(0)] == ["I", "V"]
        assert [(item.sender_id, name) for _, item, name, _ in it.lacking()] == [("V", "V1/없다.txt")]


def test_volumes_items_and_files_come_one_by_one_in_the_order_of_the_list(folder: Path) -> None:
    with looked_at(folder) as it:
        assert [(each.description.sender_id, each.items, each.files) for each in it.volumes()] == [
            ("V1", 2, 2),
            ("V2", 1, 3),
        ]
        assert [item.sender_id for item in it.items(0)] == ["I1", "I2"]
        assert [(item, file.path) for item, file in it.files(0)] == [(0, "V1/가.txt"), (1, "V1/나.txt")]
        assert [file.path for _, file in it.files(1)] == ["V2/a/1.txt", "V2/a/2.txt", "V2/b.txt"]
        assert [place for place, _ in it.records()] == [0, 0, 1, 1, 1]
        assert [place for place, _ in it.records([1])] == [1, 1, 1]
        assert it.volume(1).folder == "V2"
        assert list(checks.check(it)) == []


def test_files_are_in_the_order_of_the_bytes_of_their_paths(folder: Path) -> None:
    (folder / "V1-b.txt").write_text("beside")
    with looked_at(folder) as it:
        paths = [file.path for file in it.arrival.files()]
        assert paths == sorted(paths, key=lambda path: path.encode())
        assert [file.path for file in it.unclaimed()] == ["V1-b.txt"]


def test_without_a_list_each_entry_of_the_folder_is_an_item(folder: Path) -> None:
    (folder / "이관목록.csv").unlink()
    with looked_at(folder, without_list=True) as it:
        assert [item.title for item in it.items(0)] == ["V1", "V2"]
        assert [item for item, _ in it.files(0)] == [0, 0, 1, 1, 1]


def test_a_file_that_two_volumes_claim_is_told_of_both(folder: Path) -> None:
    with (folder / "이관목록.csv").open("a") as out:
        out.write("V3,셋째 철,I4,라,영구,공개,V1/가.txt\n")
    with looked_at(folder) as it:
        twice = [(place, each.where) for place, each in checks.check(it) if each.rule == "file.claimed_twice"]
        assert [(place, where.path) for place, where in twice] == [(0, "V1/가.txt"), (2, "V1/가.txt")]
        assert [(where.list, where.row) for _, where in twice] == [("이관목록.csv", 2), ("이관목록.csv", 5)]


def test_nothing_is_left_in_scratch_when_the_work_ends(
    folder: Path, receive: Call, place: Installation
) -> None:
    assert receive(folder).exit_code == 0
    assert list((place.home / "scratch").iterdir()) == []


def test_a_volume_of_many_files_is_packed_from_a_file_and_into_the_same_bag(
    folder: Path, receive: Call, call: Call, place: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(laid_down, "MANY", 1)
    said = receive(folder)
    assert (said.exit_code, said.told["state"], said.told["files"]) == (0, "stored", 5)
    shown = call("volume", "show", said.told["references"][1]).told
    assert [file["original_name"] for file in shown["items"][0]["files"]] == [
        "V2/a/1.txt",
        "V2/a/2.txt",
        "V2/b.txt",
    ]
    assert list((place.home / "scratch").iterdir()) == []


def test_what_is_laid_down_comes_back_as_often_as_it_is_asked_for(tmp_path: Path) -> None:
    few, many = (laid_down.kept(iter(range(count)), tmp_path / str(count)) for count in (2, 5000))
    assert few == (0, 1) and not (tmp_path / "2").exists()
    assert len(many) == 5000 and list(many) == list(many) == list(range(5000))
    heavy = laid_down.kept(iter(range(2)), tmp_path / "heavy", among=5000)
    assert (tmp_path / "heavy").exists() and len(heavy) == 2 and list(heavy) == [0, 1] and 1 in heavy


def test_what_a_killed_run_left_goes_with_the_next(tmp_path: Path) -> None:
    child = fresh_processes().Process(target=_be_killed, args=(tmp_path,))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL and len(list(tmp_path.iterdir())) == 1
    with inventory.made(tmp_path):
        assert len(list(tmp_path.iterdir())) == 1
    assert list(tmp_path.iterdir()) == []


def test_the_inventory_of_a_living_run_is_left_alone(tmp_path: Path) -> None:
    with inventory.made(tmp_path) as one, inventory.made(tmp_path) as other:
        assert one.path.exists() and other.path.exists()


def test_a_scratch_without_room_is_told_in_a_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="could not be laid down") as told:
        _run_full(tmp_path)
    assert "room" in told.value.next
    assert list(tmp_path.iterdir()) == []


def test_a_scratch_that_cannot_be_written_to_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inventory, "_numbers", iter(["1/nowhere"]))
    with pytest.raises(Unavailable, match="could not be laid down"), inventory.made(tmp_path):
        pass


def _run_full(scratch: Path) -> None:
    with inventory.made(scratch) as full:
        full.connection.execute("PRAGMA max_page_count = 1")
        full.write_all("INSERT INTO sent (sha256) VALUES (?)", (("0" * 64,) for _ in range(10_000)))


def _be_killed(scratch: Path) -> None:
    with inventory.made(scratch):
        signal.raise_signal(signal.SIGKILL)
