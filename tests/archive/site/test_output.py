"""One line is one line, and a command ends its work whether anybody reads what it says."""

import json
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


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_json_whose_end_is_not_taken_is_told_as_lost(tmp_path: Path, unbuffered: str) -> None:
    limited = 'ulimit -f 144; exec "$@" >told'  # blocks of 512 bytes: of the last piece that is written, some
    told = told_in_shell(limited, "--json", at=tmp_path, PYTHONUNBUFFERED=unbuffered)
    sentence = b"What this command tells could not be written: File too large. What it did stands.\n"
    assert (told.returncode, told.stderr) == (4, sentence)
    assert (tmp_path / "done").read_text() == "worked on"
    whole = told_in_shell('exec "$@"', "--json", at=tmp_path, PYTHONUNBUFFERED=unbuffered)
    assert (whole.returncode, len(json.loads(whole.stdout)["told"])) == (3, 9999)
    assert whole.stdout[: 144 * 512] == (tmp_path / "told").read_bytes()


def told_in_shell(script: str, *arguments: str, at: Path, **more: str) -> subprocess.CompletedProcess[bytes]:
    program = [sys.executable, "-c", PROGRAM, str(at / "done"), *arguments]
    command = ["sh", "-c", script, "sh", *program]
    return subprocess.run(command, capture_output=True, env={**os.environ, **more}, cwd=at, check=False)


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_standard_output_that_is_closed_takes_nothing_and_this_is_told(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    told = told_in_shell('exec "$@" >&-', *arguments, at=tmp_path)
    sentence = b"What this command tells could not be written: it is closed. What it did stands.\n"
    assert (told.returncode, told.stderr) == (4, sentence)
    assert (tmp_path / "done").read_text() == "worked on"


def test_what_goes_aside_never_comes_on_standard_output(tmp_path: Path) -> None:
    told = told_in_shell('exec "$@" 2>&-', "--no-such-option", at=tmp_path)
    assert (told.returncode, told.stdout) == (2, b"")


OPENING = """
import os, subprocess, sys
import click
from archive.site.terminal import run

@click.command()
def tell():
    with open(sys.argv[1], "w") as file:
        for number in (1, 2):  # as a library in C does
            os.write(number, b"a warning")
        subprocess.run([sys.executable, "-c", "import os; os.write(1, b'x'); os.write(2, b'x')"], check=True)
        file.write("its own words")

sys.exit(run(tell, []))
"""


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_no_file_gets_what_was_meant_for_a_stream_that_is_closed(tmp_path: Path, closed: str) -> None:
    command = ["sh", "-c", f'exec "$@" {closed}', "sh", sys.executable, "-c", OPENING, str(tmp_path / "file")]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    assert (tmp_path / "file").read_text() == "its own words"


SPOKEN = """
import sys
import click
from archive.site import output
from archive.site.terminal import json_option, run, say

@click.command(help="서고")
@json_option
def tell(as_json):
    output.line("aside 서고", aside=True)
    say({"told": "서고 é 👩 \\udcff"}, as_json, lambda: "서고 é 👩")

sys.exit(run(tell, sys.argv[1:]))
"""


def spoken(encoding: str, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    command = [sys.executable, "-c", SPOKEN, *arguments]
    return subprocess.run(command, capture_output=True, env=environment, check=True)


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", "서고 é 👩"),
        ("euc-kr", r"서고 \xe9 \U0001f469"),
        ("latin-1", r"\uc11c\uace0 é \U0001f469"),
        ("ascii", r"\uc11c\uace0 \xe9 \U0001f469"),
    ],
)
def test_signs_that_a_terminal_does_not_have_are_escapes(encoding: str, shown: str) -> None:
    told = spoken(encoding)
    assert told.stdout.decode(encoding) == f"{shown}\n"
    assert told.stderr.decode(encoding) == f"aside {shown.split(' ')[0]}\n"
    if encoding != "ascii":  # click does not believe that one, and writes UTF-8
        assert shown.split(" ")[0] in spoken(encoding, "--help").stdout.decode(encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8:surrogateescape", "euc-kr", "ascii"])
def test_json_is_utf_8_on_every_terminal(encoding: str) -> None:
    told = spoken(encoding, "--json").stdout.decode("utf-8")
    assert json.loads(told) == {"told": "서고 é 👩 \udcff"}
    assert ("서고" in told) == encoding.startswith("utf-8")


def test_errors_that_cannot_be_written_change_no_exit_code(tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-c", PROGRAM, str(tmp_path / "done"), "--no-such-option"]
        assert subprocess.run(command, stderr=full, check=False).returncode == 2
