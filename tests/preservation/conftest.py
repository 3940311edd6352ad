"""Real files, and one reader process for all tests of a module."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.samples.making import make
from preservation.reading import Limits, Reader
from tests.archive import vault
from tests.archive.vault import Vault
from tests.preservation import corpus_files
from tests.preservation.held import AGENCY, Held


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader(Limits(seconds=60, memory=2 << 30)) as reader:
        yield reader


@pytest.fixture(scope="session")
def hwp() -> Path:
    return corpus_files.folder("hwp")


@pytest.fixture(scope="session")
def records() -> Path:
    return corpus_files.folder("korean-records")


@pytest.fixture(scope="session")
def images(tmp_path_factory) -> Path:
    return corpus_files.unpacked("image-robustness", tmp_path_factory.mktemp("images"))


@pytest.fixture(scope="session")
def pdfs(tmp_path_factory) -> Path:
    return corpus_files.unpacked("pdf-robustness", tmp_path_factory.mktemp("pdfs"))


@pytest.fixture(scope="session")
def held_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that took in three volumes.  Nothing but copies of it is used."""
    folder = tmp_path_factory.mktemp("held")
    make(folder / "transfer", volumes=3, pages=2, seed=5)
    code, told = Held(folder / "home").ask(
        "transfer", "receive", folder / "transfer", "--agency", AGENCY, "--accept", "--until", "stored"
    )
    assert (code, told["state"]) == (0, "stored")
    return folder / "home"


@pytest.fixture
def held(held_once: Path, tmp_path: Path) -> Held:
    """A whole installation of this test's own, to damage."""
    shutil.copytree(held_once, tmp_path / "home")
    held = Held(tmp_path / "home")
    held.ask("init")  # its stores are in another place now, and are tried there
    return held


@pytest.fixture
def server() -> Iterator[Vault]:
    """A server for a store, with credentials that can be revoked and storage that gets cold."""
    with vault.opened() as opened:
        yield opened
