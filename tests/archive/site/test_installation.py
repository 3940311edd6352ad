"""Keys are made for a new log only, and a kill leaves no half key behind."""

import os
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from archive import ledger
from archive.errors import Refused
from archive.site import installation
from archive.site.evidence import seal_now
from archive.site.site import Site
from archive.site.web import _secret
from tests.conftest import ROOT, Installation


def sealed(place: Installation) -> Site:
    site = place.site()
    with site.open_session.begin() as session:
        ledger.record(session, act="volume.accepted", about="SG-000001", at=site.now(), actor="p-1", facts={})
    seal_now(site)
    site.engine.dispose()
    return site


def test_repeating_keeps_the_key(place: Installation) -> None:
    key = sealed(place).settings.keys / "log.key"
    before = key.read_bytes()
    place.site().engine.dispose()
    assert key.read_bytes() == before


@pytest.mark.parametrize("home", ["nowhere", "a bare mount point", "a folder of other things"])
def test_who_only_asks_in_a_home_that_is_no_home_is_told_that_and_not_that_all_is_well(
    place: Installation, home: str
) -> None:
    if home != "nowhere":
        place.home.mkdir()
        if home == "a folder of other things":
            (place.home / "a.txt").write_text("mine")
            (place.home / "lost+found").mkdir()
    else:
        said = place.run("transfer", "list", SEOGO_HOME=str(nothing_there(place.home.parent)))
        assert said.told["error"]["message"].endswith("nowhere, and nothing is there.")
    asks = [("copy", "check"), ("transfer", "list"), ("volume", "list"), ("agency", "list"), ("job", "list")]
    for asked in (*asks, ("search", "도로"), ("index", "rebuild"), ("agreement", "list"), ("store", "check")):
        told = place.run(*asked)
        assert (told.exit_code, told.told["error"]["code"]) == (3, "missing"), asked
        assert str(place.home) in told.told["error"]["message"]
    lies_there = {"a.txt", "lost+found"} if home == "a folder of other things" else set()
    assert place.home.exists() == (home != "nowhere")
    assert {each.name for each in place.home.glob("*")} == lies_there
    made = place.run("agency", "add", "6110000", "--name", "서울특별시")
    assert made.exit_code == 0
    assert made.errors == f"This is a new installation, in {place.home} (SEOGO_HOME).\n"
    assert all(place.run(*asked).exit_code == 0 for asked in asks)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (("no-such-folder", "--agency", "6110000"), "transfer.folder"),
        ((".",), "wrong_call"),
    ],
)
def test_a_wrong_call_makes_no_installation(place: Installation, asked: tuple[str, ...], code: str) -> None:
    for more in ((), ("--dry-run",)):
        told = place.run("transfer", "receive", *asked, *more)
        assert (told.exit_code, told.told["error"]["code"]) == (2, code)
        assert not place.home.exists()
    assert place.run("agency", "add", "6110000", "--name", "서울특별시").exit_code == 0
    assert place.home.exists()


@pytest.mark.parametrize("lost", ["keys", "keys and database"])
def test_a_lost_key_is_asked_for_and_never_replaced(place: Installation, lost: str) -> None:
    site = sealed(place)
    shutil.rmtree(site.settings.keys)
    if lost == "keys and database":
        for path in place.home.glob("seogo.db*"):
            path.unlink()
    again = Site(site.settings)
    with pytest.raises(Refused, match="The key of this log is missing") as refused:
        installation.prepare(again)
    again.engine.dispose()
    assert "SEOGO_KEYS" in refused.value.next
    assert not (site.settings.keys / "log.key").exists()


def test_a_lost_key_is_made_anew_while_nothing_was_sealed(place: Installation) -> None:
    site = place.site()
    shutil.rmtree(site.settings.keys)
    installation.prepare(site)
    assert (site.settings.keys / "log.key").exists()
    site.engine.dispose()


def test_a_kill_leaves_no_empty_cookie_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(_descriptor: int) -> None:
        raise KeyboardInterrupt

    path = tmp_path / "keys" / "web.secret"
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", killed)
        with pytest.raises(KeyboardInterrupt):
            _secret(path)
    assert not path.exists()
    made = _secret(path)
    assert len(made) == 32
    assert _secret(path) == made
    assert path.stat().st_mode & 0o077 == 0
    assert list(path.parent.iterdir()) == [path]


def init(place: Installation) -> tuple[int, list[str]]:
    said = place.start("init")
    out, _ = said.communicate(timeout=280)
    return said.returncode, out.splitlines()


def nothing_there(tmp_path: Path) -> Path:
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    return tmp_path / "link"


def a_file(tmp_path: Path) -> Path:
    (tmp_path / "file").write_text("mine")
    return tmp_path / "file"


NO_FOLDER = (
    (a_file, 2, "is no folder."),
    (lambda tmp_path: a_file(tmp_path) / "home", 4, "cannot be made: Not a directory."),
    (nothing_there, 4, "nowhere, and nothing is there."),
    (lambda _: Path("/proc/seogo"), 4, "cannot be made: No such file or directory."),
    (lambda tmp_path: tmp_path / ("x" * 300), 4, "cannot be made: File name too long."),
)


@pytest.mark.parametrize("setting", ["SEOGO_HOME", "SEOGO_KEYS"])
@pytest.mark.parametrize(("make", "exit_code", "told"), NO_FOLDER)
def test_what_cannot_be_a_folder_of_the_installation_is_told(
    place: Installation, tmp_path: Path, setting: str, make: Callable[[Path], Path], exit_code: int, told: str
) -> None:
    folder = make(tmp_path)
    said = place.run("init", **{setting: str(folder)})
    assert said.exit_code == exit_code
    sentence = said.told["error"]["message"]
    assert f"{folder} ({setting}) " in sentence and sentence.endswith(told)
    assert "Traceback" not in said.errors


def test_a_database_of_a_newer_seogo_is_refused(place: Installation) -> None:
    site = place.site()
    with site.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    site.engine.dispose()
    said = place.run("transfer", "list")
    assert (said.exit_code, said.told["error"]["code"]) == (3, "database.version")
    assert "9999" in said.told["error"]["message"]


def test_init_names_each_store_as_new_or_found(place: Installation) -> None:
    folders = [place.home / "stores" / name for name in "ab"]
    for state in ("new", "found"):
        code, lines = init(place)
        assert (code, lines[0]) == (0, f"The installation in {place.home} is ready.")
        assert lines[1:] == [f"  {each.name}  {each.as_uri()}  {state}" for each in folders]


@pytest.mark.parametrize("is_mount_point", [False, True])
def test_a_store_that_was_used_and_is_away_is_never_made_anew(
    place: Installation, is_mount_point: bool
) -> None:
    init(place)
    folder = place.home / "stores" / "b"
    unplugged = folder.rename(folder.with_name("unplugged"))
    if is_mount_point:
        folder.mkdir()
    code, lines = init(place)
    assert code == 4
    assert lines[1].endswith("found")
    assert lines[2].endswith(
        f"Store b is not at {folder}. "
        "Mount its disk there, then run the same again: nothing has to be undone."
    )
    told = place.run("init")
    assert (told.exit_code, list(told.told["away"]), told.told["new"]) == (4, ["b"], [])
    assert not folder.exists() or not list(folder.iterdir())
    if is_mount_point:
        folder.rmdir()
    unplugged.rename(folder)
    assert init(place)[0] == 0


def test_a_store_that_moved_must_be_there_before_it_is_used(place: Installation, tmp_path: Path) -> None:
    init(place)
    stores = " ".join(f"{name}={(tmp_path / name).as_uri()}" for name in "ab")
    moved = Installation({**place.environment, "SEOGO_STORES": stores})
    away = moved.run("init")
    assert (away.exit_code, away.told["error"]["code"]) == (4, "store.away")
    for name in "ab":
        assert not (tmp_path / name).exists()
        (place.home / "stores" / name).rename(tmp_path / name)
    assert moved.run("init").exit_code == 0


def test_the_version_is_told_without_an_installation(place: Installation) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    said = place.start("--version")
    out, errors = said.communicate(timeout=280)
    assert (said.returncode, out, errors) == (0, f"seogo {version}\n", "")
    assert not place.home.exists()
