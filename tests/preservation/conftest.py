"""Real files, and one reader process for all tests of a module."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from preservation.reading import Limits, Reader
from tests.preservation import corpus_files


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
