"""One line is one line, and a command ends its work whether anybody reads what it says."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from archive import names
from archive.site import output

PROGRAM = """
import sys
from pathlib import Path
import click
from archive.site import output
from archive.site.terminal import json_option, run, say

@click.command()
@json_option
def tell(as_json):
    say({"told": ["word"] * 9999}, as_json, lambda: ["word"] * 9999)
    Path(sys.argv[1]).write_text("worked on")
    return 3

sys.exit(run(tell, sys.argv[2:]))
"""

SHOWN = (
    ("red\x1b[31m", r"red\x1b[31m"),
    ("one\nerror: two", r"one\nerror: two"),
    ("one\rtwo", r"one\rtwo"),
    ("bell\x07", r"bell\x07"),
    ("eight bits\x9b31m", r"eight bits\x9b31m"),
    ("turned\u202egpj.exe", r"turned\u202egpj.exe"),
    ("isolated\u2066\u2069", r"isolated\u2066\u2069"),
    ("line\u2028paragraph\u2029", r"line\u2028paragraph\u2029"),
    ("no UTF-8 \udcff", r"no UTF-8 \xff"),
)


@pytest.mark.parametrize(("words", "shown"), SHOWN)
def test_what_steers_a_terminal_or_begins_a_line_is_an_escape(
    capfd: pytest.CaptureFixture[str], words: str, shown: str
) -> None:
    output.line(words)
    output.line(words, aside=True)
    assert capfd.readouterr() == (f"{shown}\n", f"{shown}\n")


@pytest.mark.parametrize("words", ["서울\u3000특별시 漢字", "👩\u200d🚒", "29\u00a0Jul – “so”", "C:\\new"])
def test_all_other_words_stand_as_they_are(words: str) -> None:
    assert names.on_one_line(words) == words


def told_to(stdout: int | Path, *arguments: str, done: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", PROGRAM, str(done), *arguments]
    to = stdout if isinstance(stdout, int) else os.open(stdout, os.O_WRONLY)
    try:
        return subprocess.run(command, stdout=to, stderr=subprocess.PIPE, text=True, check=False)
    finally:
        os.close(to)


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_a_reader_that_left_misses_nothing_and_the_command_ends_its_work(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    told = told_to(writing, *arguments, done=tmp_path / "done")
    assert (told.returncode, told.stderr) == (3, "")
    assert (tmp_path / "done").read_text() == "worked on"


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_words_that_a_full_disk_does_not_take_are_told_in_one_sentence(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    told = told_to(Path("/dev/full"), *arguments, done=tmp_path / "done")
    sentence = "What this command tells could not be written: No space left on device. What it did stands.\n"
    assert (told.returncode, told.stderr) == (4, sentence)
    assert (tmp_path / "done").read_text() == "worked on"


def test_errors_that_cannot_be_written_change_no_exit_code(tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-c", PROGRAM, str(tmp_path / "done"), "--no-such-option"]
        assert subprocess.run(command, stderr=full, check=False).returncode == 2
