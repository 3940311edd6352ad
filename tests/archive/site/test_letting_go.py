"""A command in a process that goes on leaves nothing open, and nothing that can never be cleared away."""

import gc
import weakref
from pathlib import Path

import pytest

import seogo
from archive.site.terminal import run
from tests.conftest import Installation, open_below


@pytest.fixture
def home(place: Installation, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in place.environment.items():
        if name.startswith("SEOGO_"):
            monkeypatch.setenv(name, value)
    place.site().engine.dispose()
    return place.home


@pytest.mark.parametrize("asked", [["init"], ["volume", "list"], ["volume", "show", "SG-2026-000009"]])
def test_a_command_lets_its_database_go(home: Path, asked: list[str]) -> None:
    assert run(seogo.cli, asked) in (0, 3)
    assert (home / "seogo.db").exists()
    assert open_below(home) == []


class Litter:
    itself: object


def test_litter_is_cleared_away_also_after_a_command(home: Path) -> None:
    gc.disable()
    try:
        litter = Litter()
        litter.itself, seen = litter, weakref.ref(litter)
        del litter
        assert run(seogo.cli, ["volume", "list"]) == 0
        assert seen() is not None
        gc.collect()
        assert seen() is None
    finally:
        gc.enable()
