"""Several commands at the same time end as if they had come one after the other."""

import json
import shutil
from pathlib import Path

import pytest

from ingest.samples.making import make
from tests.conftest import Installation

RECEIVE = ("--accept", "--until", "stored", "--json")


def test_two_transfers_at_once_are_both_taken_in(place: Installation, sample: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    make(other, volumes=2, pages=3, seed=8)
    place.run("init")
    started = [place.start("transfer", "receive", folder, "--agency", agency, *RECEIVE)
               for folder, agency in ((sample, "6110000"), (other, "6110000"))]  # fmt: skip
    told = [json.loads(each.communicate(timeout=280)[0]) for each in started]
    assert [each.returncode for each in started] == [0, 0], told
    assert [each["volumes"]["accepted"] for each in told] == [3, 2]
    assert len({each["transfer"] for each in told}) == 2
    references = [reference for each in told for reference in each["references"]]
    assert len(set(references)) == 5
    held = place.run("volume", "list").told["volumes"]
    assert sorted(each["reference"] for each in held) == sorted(references)
    assert place.run("ledger", "verify").told["holds"]
    checked = place.run("copy", "check")
    assert (checked.exit_code, checked.told["intact"]) == (0, 10)


def test_one_folder_received_twice_at_once_is_one_transfer(place: Installation, sample: Path) -> None:
    place.run("init")
    started = [place.start("transfer", "receive", sample, "--agency", "6110000", *RECEIVE) for _ in range(2)]
    told = [json.loads(each.communicate(timeout=280)[0]) for each in started]
    codes = sorted(each.returncode for each in started)
    assert codes in ([0, 0], [0, 3]), told
    assert all(each["error"]["code"] == "busy" for each in told if "error" in each)
    assert len(place.run("transfer", "list").told["transfers"]) == 1
    assert len(place.run("volume", "list").told["volumes"]) == 3


def test_two_workers_share_the_queue(place: Installation, sample: Path) -> None:
    place.run("transfer", "receive", sample, "--agency", "6110000", *RECEIVE[:-1])
    started = [place.start("work", "--until-idle", "--json") for _ in range(2)]
    told = [json.loads(each.communicate(timeout=280)[0]) for each in started]
    assert [each.returncode for each in started] == [0, 0], told
    assert all(each["failed"] == [] and each["waiting"] == [] for each in told)
    assert place.run("index", "compare", "--as", "staff").told["equal"] > 0
    jobs = place.run("job", "list").told["jobs"]
    assert {each["state"] for each in jobs} == {"done"}


@pytest.mark.servers
def test_two_machines_receive_one_folder_as_one_transfer(
    served: Installation, sample: Path, tmp_path: Path
) -> None:
    """Two homes with the same keys, one database: what one machine locks the other must see."""
    served.run("init")
    home = tmp_path / "other-machine"
    shutil.copytree(served.home, home)
    other = Installation({**served.environment, "SEOGO_HOME": str(home)})
    started = [
        each.start("transfer", "receive", sample, "--agency", "6110000", *RECEIVE) for each in (served, other)
    ]
    told = [json.loads(each.communicate(timeout=280)[0]) for each in started]
    assert sorted(each.returncode for each in started) in ([0, 0], [0, 3]), told
    assert all(each["error"]["code"] == "busy" for each in told if "error" in each)
    assert len(served.run("transfer", "list").told["transfers"]) == 1
    assert len(served.run("volume", "list").told["volumes"]) == 3
    assert served.run("ledger", "verify").told["holds"]
