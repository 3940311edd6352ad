"""A database that is away is told as such, to readers, to programs, and on the command line."""

from pathlib import Path

import click
import pytest
from sqlalchemy.exc import OperationalError

from archive.site.terminal import run
from tests.access.conftest import Shown, shown
from tests.conftest import Installation

__all__ = ["shown"]


def refused() -> None:
    raise OperationalError("SELECT secret", {}, ConnectionError("refused"))


@pytest.mark.parametrize(
    ("username", "path"), [(None, "/"), ("archivist", "/"), ("archivist", "/desk/transfers")]
)
def test_a_database_that_is_away_is_a_page_503(
    shown: Shown, monkeypatch: pytest.MonkeyPatch, username: str | None, path: str
) -> None:
    client = shown.signed_in(username) if username else shown.client
    with monkeypatch.context() as patched:
        patched.setitem(shown.site.__dict__, "reading_session", refused)
        answer = client.get(path)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "SELECT" not in answer.get_data(as_text=True)
    if username:  # and nobody was signed out by it
        assert client.get("/desk/transfers").status_code == 200


def test_a_command_ends_with_4_when_the_database_is_away(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(click.Command("look", callback=refused), []) == 4
    assert capfd.readouterr().err.startswith("No database server answers there. (refused) ")


def test_a_damaged_database_is_damage_and_no_defect(place: Installation, tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"no database" * 999)
    told = place.run("init", SEOGO_DATABASE=f"sqlite:///{tmp_path}/a.db")
    assert (told.exit_code, told.told["error"]["code"]) == (5, "database.damaged")
    assert "Traceback" not in told.errors
    assert (tmp_path / "a.db").read_bytes() == b"no database" * 999
