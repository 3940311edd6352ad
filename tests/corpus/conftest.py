"""Rows of the corpus as transfers of their own, received in this process."""

import csv
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from archive.errors import ArchiveError
from archive.site.site import Site
from ingest import results
from ingest.taking import accession, receiving
from ingest.taking.receiving import Asked
from preservation.packing import Plan
from tests.conftest import CORPUS, Installation

AGENCY = "6110000"


@dataclass(frozen=True)
class Row:
    path: str
    expected: str


def rows(name: str) -> list[Row]:
    """Empty where there is no corpus; then the tests that use it are left out."""
    listed = CORPUS / name / "expected.csv"
    if not listed.is_file():
        return []
    with listed.open(encoding="utf-8", newline="") as stream:
        return [Row(row["path"], row["expected"]) for row in csv.DictReader(stream)]


def by_path(row: Row) -> str:
    return row.path


def receive(site: Site, folder: Path, *, accept: bool = True, no_list: bool = False) -> dict[str, Any]:
    """What ``seogo transfer receive`` comes to; an ArchiveError is for the test to expect."""
    asked = Asked(folder=folder, agency=AGENCY, accept=accept, no_list=no_list)
    number = receiving.receive(site, asked, lambda *_: None)
    return told(site, number)


def told(site: Site, number: str) -> dict[str, Any]:
    with site.reading_session() as session:
        return results.result(session, number)


def rules(result: dict[str, Any], *severities: str) -> list[str]:
    return [each["rule"] for each in result["findings"] if not severities or each["severity"] in severities]


@pytest.fixture
def site(place: Installation, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Volumes are packed in this process: starting others takes longer than a small volume does."""
    monkeypatch.setattr(accession, "working", _here)
    return place.site()


@contextmanager
def _here(call: Callable[[Plan], Any], **_: object) -> "Iterator[_Here]":
    yield _Here(call)


@dataclass(frozen=True)
class _Here:
    """Packs in this process."""

    call: Callable[[Plan], Any]

    def spread(self, plans: Iterable[Plan]) -> Iterator[list[tuple[Plan, Any]]]:
        for plan in plans:
            try:
                yield [(plan, self.call(plan))]
            except ArchiveError as error:
                yield [(plan, error)]


@pytest.fixture
def as_transfer(corpus_set: Callable[[str], Path], tmp_path: Path) -> Callable[[str, str], Path]:
    """The folder of a row; a row that is a file is put into a folder of its own."""

    def find(name: str, path: str) -> Path:
        found = corpus_set(name) / path
        if found.is_dir():
            return found
        folder = tmp_path / "transfer"
        folder.mkdir()
        shutil.copy2(found, folder)
        return folder

    return find
