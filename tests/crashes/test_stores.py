"""A store fails in the middle of a run: a sentence names it, nothing is half-taken, and it completes."""

import json
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT, SEOGO
from tests.crashes.conftest import AGENCY, Disturbed, Undisturbed, ended, go_on, processes, waited_for
from tests.crashes.faults import Fault, Step
from tests.crashes.test_faults import with_stores
from tests.crashes.test_receive import STEPS, ends_as_if_nothing_had_happened


def whole_bags(here: Disturbed, store: str) -> bool:
    """Whatever stands under the name of a bag has its last object."""
    bags = list((here.home / store / "packages").glob("*/v1"))
    return all((bag / "tagmanifest-sha256.txt").exists() for bag in bags)


@pytest.mark.parametrize("step", ["a bag is being written", "a bag has its name in the first store"])
def test_a_store_that_goes_away_is_named_and_the_same_command_completes(
    disturbed: Disturbed, undisturbed: Undisturbed, step: str
) -> None:
    process = disturbed.stopped_at(STEPS[step], "--until", "stored")
    (disturbed.home / "stores/b").rename(disturbed.home / "elsewhere")
    go_on(process)
    code, told, errors = ended(process)
    assert code == 4, (told, errors)
    if told.get("state") == "stored":  # it went when both bags were in it, and before the log was sealed
        assert "stores/b" in errors
    else:
        assert told["error"]["code"] == "store.away", (told, errors)
        assert "Store b" in told["error"]["message"]
    waited_for(lambda: not processes(process.pid))
    assert not (disturbed.home / "stores/b").exists()
    assert whole_bags(disturbed, "stores/a") and whole_bags(disturbed, "elsewhere")

    code, told, errors = ended(disturbed.receive("--until", "stored"))
    assert code == 4, (told, errors)

    (disturbed.home / "elsewhere").rename(disturbed.home / "stores/b")
    ends_as_if_nothing_had_happened(disturbed, undisturbed)


MOUNTED = {
    "store.full": "mount -t tmpfs -o size=64k tmpfs {store} && mkdir {store}/.incoming",
    "store.away": "mount --bind {store} {store} && mount -o remount,ro,bind {store}",
}
"""A disk of 64 kilobytes, and one that is read-only, for one process and its children."""


@pytest.mark.parametrize("code", MOUNTED)
def test_a_store_that_takes_nothing_is_named_and_the_same_command_completes(
    disturbed: Disturbed, undisturbed: Undisturbed, code: str
) -> None:
    if subprocess.run(["unshare", "-Urm", "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("this machine lets nobody mount a disk for one process")
    assert disturbed.place.run("init").exit_code == 0
    mount = MOUNTED[code].format(store=shlex.quote(str(disturbed.home / "stores/b")))
    command = [*SEOGO, "transfer", "receive", disturbed.folder, "--agency", AGENCY, "--accept", "--json"]
    found = subprocess.run(
        ["unshare", "-Urm", "sh", "-c", f"{mount} && exec {shlex.join(map(str, command))}"],
        env=disturbed.place.environment, cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    error = json.loads(found.stdout)["error"]
    assert (found.returncode, error["code"]) == (4, code), (error, found.stderr)
    assert "Store b" in error["message"]
    assert disturbed.rows("volumes") == 0
    ends_as_if_nothing_had_happened(disturbed, undisturbed)


def test_a_third_store_that_gives_back_wrong_bytes_stops_the_intake_until_it_is_left_out_of_the_settings(
    disturbed: Disturbed, made: Path, tmp_path: Path
) -> None:
    three = with_stores(disturbed, "abc")
    assert three.place.run("init").exit_code == 0
    rotten = Fault("rotten", Step("read", "stores/c", 1)).environment(three.home, tmp_path / "counter", made)
    for _ in range(2):
        code, told, errors = ended(three.place.start(*three.receive_command, **rotten))
        assert (code, told["error"]["code"]) == (5, "damaged"), (told, errors)
    assert "Store c" in told["error"]["message"]
    assert three.rows("bags") == 0
    assert whole_bags(three, "stores/c")

    two = with_stores(disturbed, "ab")
    code, told, errors = ended(two.receive())
    assert (code, told.get("state")) == (0, "stored"), (told, errors)

    filled = three.place.run("copy", "fill", "--store", "c")
    assert (filled.exit_code, filled.told["left"]["copies"]) == (0, 0), (filled.told, filled.errors)
    checked = three.ask("copy", "check")
    assert (checked["intact"], checked["lagging"]) == (6, [])
