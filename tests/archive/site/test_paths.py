"""What a command takes for a file or a folder, asked of every command that there is."""

import click
import pytest

import seogo
from archive.site.terminal import run
from tests.conftest import every_command

EVERY = tuple(
    (" ".join(words), each)
    for words, command in every_command(seogo.cli)
    for each in command.params
    if isinstance(each.type, click.Path)
)
"""Every argument and option that is a path, with the command that takes it."""


def test_files_and_folders_of_commands_are_found() -> None:
    found = {(called, each.name) for called, each in EVERY}
    assert {("transfer receive", "folder"), ("receipt verify", "key")} <= found


@pytest.mark.parametrize(("called", "parameter"), EVERY)
def test_an_empty_name_is_a_wrong_call_and_never_this_folder(
    called: str, parameter: click.Parameter, capfd: pytest.CaptureFixture[str]
) -> None:
    alone = click.Command(called, params=[parameter], callback=lambda **_: None)
    assert run(alone, [f"{parameter.opts[0]}=" if isinstance(parameter, click.Option) else ""]) == 2
    assert "an empty name is no file and no folder" in capfd.readouterr().err
