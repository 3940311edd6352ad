"""Every fault that a sample is given is found by its rule, and a sample without faults is quiet."""

import json
from pathlib import Path

import pytest

from ingest.samples.making import make
from tests.ingest.conftest import AGENCY, Call


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    make(tmp_path / "faulty", volumes=8, pages=6, seed=3, faults=True)
    return tmp_path / "faulty"


@pytest.mark.parametrize("how", [(), ("--accept",), ("--dry-run",)])
def test_every_fault_is_found_by_its_rule(call: Call, faulty: Path, how: tuple[str, ...]) -> None:
    faults = json.loads(faulty.with_name("faulty.faults.json").read_text())
    call("init")
    waits = call("transfer", "receive", faulty, "--agency", AGENCY, "--until", "stored", *how)
    assert waits.exit_code == 3
    found = {
        (each["rule"], each["where"]["path"], each["where"]["list"], each["where"]["row"])
        for each in waits.told["findings"]
    }
    paths = {(rule, path) for rule, path, _, _ in found}
    rows = {(rule, list_, number) for rule, _, list_, number in found}
    for fault in faults:
        if fault["path"]:
            assert (fault["rule"], fault["path"]) in paths, fault
        else:
            assert (fault["rule"], fault["list"], fault["row"]) in rows, fault


def test_a_sample_without_faults_is_quiet(call: Call, tmp_path: Path) -> None:
    make(tmp_path / "sound", volumes=8, pages=6, seed=3)
    taken = call("transfer", "receive", tmp_path / "sound", "--agency", AGENCY, "--accept")
    assert (taken.exit_code, taken.told["state"]) == (0, "stored")
    quiet = {"agency.unknown", "file.unsupported", "file.page_count", "virus.not_scanned"}
    assert {each["rule"] for each in taken.told["findings"]} <= quiet
    assert all(".wav" in each["where"]["path"] for each in taken.told["findings"] if each["where"]["path"])
