"""Adding a person where no terminal is there to type a password at."""

import pytest

import seogo
from archive.site.terminal import run
from tests.conftest import Installation


def test_without_a_terminal_the_way_to_a_password_is_told(place: Installation) -> None:
    said = place.run("user", "add", "kim", "--role", "archivist")
    assert (said.exit_code, said.told["error"]["code"]) == (2, "wrong_call")
    assert "there is no terminal to ask for one" in said.told["error"]["message"]
    made = place.run("user", "add", "kim", "--role", "archivist", "--password", "-")
    assert "seogo user add kim --role archivist --password -" in said.told["error"]["next"]
    assert (made.exit_code, len(made.told["password"]) > 10) == (0, True)


@pytest.mark.parametrize("name", ["", "  ", "kim ", "kim\nlee may sign in", "kim\x1b[2J", "k" * 81])
def test_a_name_that_nobody_can_have_is_refused(place: Installation, name: str) -> None:
    secret = ("--role", "archivist", "--password", "-")
    assert place.run("user", "add", name, *secret).exit_code == 2
    assert place.run("user", "add", "kim", "--name", name, *secret).exit_code == 2
    assert place.run("user", "add", "kim", "--name", "김 아무개", *secret).exit_code == 0


def test_a_missing_word_is_told_with_its_choices_in_one_plain_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(seogo.cli, ["user", "add", "kim"]) == 2
    told = (
        "Missing option '--role'. Choose from: citizen, archivist, auditor, sender See: seogo user add --help"
    )
    assert capsys.readouterr().err == f"{told}\n"


def test_a_group_without_a_command_shows_its_help_line_by_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(seogo.cli, ["user"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("Usage: seogo user [OPTIONS] COMMAND [ARGS]...\n")
    assert "\n  add  " in said
    assert "\\n" not in said
