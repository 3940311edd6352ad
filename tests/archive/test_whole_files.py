"""A file takes its name when it is whole; where it cannot stand, the person is told."""

import os
from pathlib import Path

import pytest

from archive import whole_files
from archive.errors import WrongCall


def test_a_file_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "report.csv"
    path.write_bytes(b"old")

    def broken():
        yield b"new"
        raise RuntimeError

    with pytest.raises(RuntimeError):
        whole_files.write(path, broken())
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("report.csv", b"old")]
    whole_files.write(path, [b"new", b"er"])
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("report.csv", b"newer")]


@pytest.mark.parametrize(("name", "told"), [("no/report.pdf", "There is no folder"), (".", "is a folder")])
def test_where_no_file_can_stand_the_person_is_told(tmp_path: Path, name: str, told: str) -> None:
    with pytest.raises(WrongCall, match=told):
        whole_files.write(tmp_path / name, [b"x"])
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_file_stays_what_it_is(tmp_path: Path) -> None:
    """As root a device would be replaced too."""
    os.mkfifo(tmp_path / "pipe")
    for place in (whole_files.try_place, lambda path: whole_files.write(path, [b"x"])):
        with pytest.raises(WrongCall, match="is no file"):
            place(tmp_path / "pipe")
    assert [each.name for each in tmp_path.iterdir()] == ["pipe"]
    assert (tmp_path / "pipe").is_fifo()


def test_two_things_are_not_written_to_one_place(tmp_path: Path) -> None:
    one = tmp_path / "x"
    for files, folder in (((one, one), None), ((one, tmp_path / "a" / ".." / "x"), None), ((one, None), one)):
        with pytest.raises(WrongCall, match="two things"):
            whole_files.try_all(*files, folder=folder)
    whole_files.try_all(one, None, tmp_path / "y", folder=tmp_path / "new" / "folder")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["/proc/no/folder", "file/folder"])
def test_where_no_folder_can_stand_the_person_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WrongCall, match="can be no folder"):
        whole_files.try_all(folder=tmp_path / name)


def test_a_link_stays_and_what_it_leads_to_is_written(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    link, file = tmp_path / "link", tmp_path / "there" / "report.csv"
    link.symlink_to(file)
    whole_files.write(link, [b"new"])
    assert (link.is_symlink(), file.read_bytes()) == (True, b"new")
