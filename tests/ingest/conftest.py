"""The command line in this process, so that a test of one sentence does not wait for an interpreter."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest

import seogo
from archive.errors import ArchiveError
from archive.site.terminal import run
from ingest.taking import accession
from preservation.packing import Plan
from tests.conftest import Installation
from tests.preservation.scanner_double import Double, scanner_double

AGENCY = "6110000"


@dataclass(frozen=True)
class Said:
    exit_code: int
    told: dict[str, Any]
    out: str
    errors: str

    @property
    def sentence(self) -> str:
        error = self.told["error"]
        return f"{error['message']} {error['next']}"

    @property
    def rules(self) -> set[str]:
        return {each["rule"] for each in self.told["findings"]}


Call = Callable[..., Said]


@pytest.fixture
def call(place: Installation, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Call:
    for name, value in place.environment.items():
        if name.startswith("SEOGO_"):
            monkeypatch.setenv(name, value)
    monkeypatch.setattr(accession, "working", _here)

    def say(*arguments: object, words: bool = False) -> Said:
        capfd.readouterr()
        given = [str(each) for each in arguments] + ([] if words else ["--json"])
        exit_code = run(seogo.cli, given)
        out, errors = capfd.readouterr()
        return Said(exit_code, {} if words or not out.strip() else json.loads(out), out, errors)

    return say


@pytest.fixture
def scanner(monkeypatch: pytest.MonkeyPatch, call: Call) -> Iterator[Double]:
    """The double, set as the scanner of the installation.  Its signatures are of yesterday on this clock."""
    with scanner_double() as double:
        monkeypatch.setenv("SEOGO_SCANNER", double.address)
        monkeypatch.setenv("SEOGO_SCANNER_WHOLE", "4")
        monkeypatch.setenv("SEOGO_CLOCK", "2026-11-28T09:00:00+09:00")
        yield double


class Killed(BaseException):
    """Stands for the end of the process."""


@contextmanager
def killed_at(module: ModuleType, step: str) -> Iterator[None]:
    """What runs in it must come to this step of the module, and dies there."""

    def dies(*_: object, **__: object) -> None:
        raise Killed

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, step, dies)
        with pytest.raises(Killed):
            yield


@pytest.fixture
def receive(call: Call) -> Call:
    def say(folder: object, *more: object, words: bool = False) -> Said:
        return call(
            "transfer",
            "receive",
            folder,
            "--agency",
            AGENCY,
            "--accept",
            "--until",
            "stored",
            *more,
            words=words,
        )

    return say


@contextmanager
def _here(call: Callable[[Plan], Any], **_: object) -> "Iterator[Here]":
    yield Here(call)


@dataclass(frozen=True)
class Here:
    """Packs in this process."""

    call: Callable[[Plan], Any]

    def spread(self, plans: Iterable[Plan]) -> Iterator[list[tuple[Plan, Any]]]:
        for plan in plans:
            try:
                yield [(plan, self.call(plan))]
            except ArchiveError as error:
                yield [(plan, error)]
