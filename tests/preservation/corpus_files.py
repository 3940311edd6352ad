"""Where the corpus of real files lies, and the rows that say what each file must give."""

import csv
import os
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
CORPUS = Path(os.environ.get("SEOGO_CORPUS") or ROOT.parent / "shared" / "corpus")


def rows(name: str, *expected: str) -> list[tuple[str, str]]:
    """(path, detail) of the rows with one of these verdicts; empty where there is no corpus."""
    listed = CORPUS / name / "expected.csv"
    if not listed.is_file():
        return []
    with listed.open(encoding="utf-8", newline="") as stream:
        found = [
            (row["path"], row["detail"]) for row in csv.DictReader(stream) if row["expected"] in expected
        ]
    assert found, f"the corpus set {name} has no row {expected}"
    return found


def folder(name: str) -> Path:
    if not (CORPUS / name).is_dir():
        pytest.skip(f"the corpus set {name} is not at {CORPUS}")
    return CORPUS / name


def unpacked(name: str, target: Path) -> Path:
    with tarfile.open(next(folder(name).glob("*.tar.gz"))) as archive:
        archive.extractall(target, filter="data")
    return target
