"""Adding a person where no terminal is there to type a password at."""

from tests.conftest import Installation


def test_without_a_terminal_the_way_to_a_password_is_told(place: Installation) -> None:
    said = place.run("user", "add", "kim", "--role", "archivist")
    assert (said.exit_code, said.told["error"]["code"]) == (2, "wrong_call")
    assert "there is no terminal to ask for one" in said.told["error"]["message"]
    made = place.run("user", "add", "kim", "--role", "archivist", "--password", "-")
    assert "seogo user add kim --role archivist --password -" in said.told["error"]["next"]
    assert (made.exit_code, len(made.told["password"]) > 10) == (0, True)
