"""A file takes its name when it is whole; where it cannot stand, the person is told."""

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
