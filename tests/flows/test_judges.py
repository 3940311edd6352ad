"""Programs that others wrote judge what a real installation keeps: its log, its bags, its packages."""

import random
import shutil
from pathlib import Path

import bagit
import pytest

from ingest.samples.making import make
from preservation import bagging
from tests.conftest import Installation
from tests.judges import bagit_java, eark, tlog_judge

AGENCY = "6110000"
# Advice of commons-ip that our layout does not follow; tests/judges/test_our_package.py says why.
ADVICE_NOT_TAKEN = {"CSIPSTR12", "CSIPSTR13"}
pytestmark = pytest.mark.servers


def receive(place: Installation, folder: Path) -> list[str]:
    received = place.run("transfer", "receive", folder, "--agency", AGENCY, "--accept", "--until", "stored")
    assert received.exit_code == 0, received.errors
    return received.told["references"]


def log_in(place: Installation, store: int, folder: Path) -> Path:
    """The log of a store, as an auditor would be handed it: a folder of files."""
    kept = place.site().stores[store]
    for key, _ in kept.find("ledger/"):
        path = folder / key.removeprefix("ledger/")
        path.parent.mkdir(parents=True, exist_ok=True)
        with kept.open(key) as stream:
            path.write_bytes(stream.read())
    return folder


def test_the_go_tools_accept_the_log_of_several_receives(
    served: Installation, sample: Path, tmp_path: Path
) -> None:
    receive(served, sample)
    first = served.run("ledger", "verify").told["size"]
    for seed in (11, 12):
        more = tmp_path / f"more-{seed}"
        make(more, volumes=1, pages=2, seed=seed)
        receive(served, more)
    verified = served.run("ledger", "verify").told
    assert verified["holds"] and verified["size"] > first > 0
    key = served.home / "keys" / "log.vkey"
    for store, name in enumerate("ab"):
        log = log_in(served, store, tmp_path / f"log-{name}")
        told = tlog_judge.judge(log, key, index=first - 1, old=first)
        assert told.accepted, told.said
        assert told.size == verified["size"]
    bundle = max((log / "tile" / "entries").rglob("*"), key=lambda path: path.is_file())
    data = bytearray(bundle.read_bytes())
    data[random.Random(1).randrange(len(data))] ^= 1
    bundle.write_bytes(data)
    assert not tlog_judge.judge(log, key).accepted


def test_every_bag_of_a_transfer_passes_every_judge(
    served: Installation, sample: Path, tmp_path: Path
) -> None:
    bags = []
    for reference in receive(served, sample):
        bags += map(Path, served.run("volume", "export", reference, tmp_path / "out").told["bags"])
    assert len(bags) == 3
    for bag in bags:
        assert bagit.Bag(str(bag)).validate()
        assert bagging.verify_bag(bag) == []
    assert [verdict.valid for verdict in bagit_java.judge(bags)] == [True] * 3


def test_every_package_of_a_transfer_keeps_the_rules_of_eark(
    served: Installation, sample: Path, tmp_path: Path
) -> None:
    reports = tmp_path / "reports"
    reports.mkdir()
    for reference in receive(served, sample):
        (bag,) = served.run("volume", "export", reference, tmp_path / "out").told["bags"]
        broken = [said for said in eark.judge(Path(bag) / "data") if said.severity in ("error", "warning")]
        assert broken == [], "\n".join(f"{said.rule}: {said.message}" for said in broken)
        # Rule CSIP1 wants the folder to bear the package's name; in a bag it is called data.
        named = shutil.copytree(Path(bag) / "data", tmp_path / reference)
        said = eark.judge_with_commons_ip(named, reports)
        assert [rule for rule in said if rule.severity == "MUST"] == []
        assert {rule.rule for rule in said} <= ADVICE_NOT_TAKEN
