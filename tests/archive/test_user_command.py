"""Adding a person where no terminal is there to type a password at."""

import pytest

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
