"""Keys are made for a new log only, and a kill leaves no half key behind."""

import os
import shutil
from pathlib import Path

import pytest

from archive import ledger
from archive.errors import Refused
from archive.site import installation
from archive.site.evidence import seal_now
from archive.site.site import Site
from archive.site.web import _secret
from tests.conftest import Installation


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
