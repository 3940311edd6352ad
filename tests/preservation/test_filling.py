"""A store is filled from verified copies only, proved on the way, and can be stopped anywhere."""

import fcntl
import hashlib
import json
import os
import shutil
import signal
import time
from pathlib import Path
from unittest.mock import patch

import pytest
from sqlalchemy import update

from archive.stores.folder import FolderStore
from archive.stores.folder_delivery import FolderDelivery
from archive.work.jobs import Job
from ingest.samples.making import make
from preservation import storing
from tests.preservation.held import AGENCY, Held
from tests.preservation.test_fixity import content, flip

FILL = ("copy", "fill", "--store", "c")


@pytest.fixture
def more(held: Held) -> Held:
    """Three volumes in two stores, and a third store that is empty."""
    held = held.with_store("c")
    held.ask("init")
    return held


@pytest.fixture
def reference(held: Held) -> str:
    return str(held.ask("volume", "list")[1]["volumes"][1]["reference"])


def turn(held: Held, job: str, state: str) -> None:
    site = held.place.site()
    with site.open_session.begin() as session:
        session.execute(update(Job).where(Job.name == job).values(state=state))
    site.engine.dispose()


def tree(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".incoming" not in path.parts
    }


def packages(held: Held, store: str) -> dict[str, str]:
    return tree(held.home / "stores" / store / "packages")


def states(held: Held, store: str) -> list[str]:
    listed = held.ask("volume", "list")[1]["volumes"]
    shown = (held.ask("volume", "show", each["reference"])[1]["copies"] for each in listed)
    return [copy["state"] for copies in shown for copy in copies if copy["store"] == store]


def test_a_dry_run_tells_what_is_lacking_and_how_long_it_takes_and_writes_nothing(more: Held) -> None:
    before = tree(more.home / "stores")
    code, told = more.ask(*FILL, "--dry-run")
    kept = [path for path in (more.home / "stores/a/packages").rglob("*") if path.is_file()]
    assert (code, told["dry_run"]) == (0, True)
    assert told["lacking"] == told["left"] == {
        "copies": 3, "files": len(kept), "bytes": sum(path.stat().st_size for path in kept),
    }  # fmt: skip
    assert told["estimate"]["bytes_per_second"] > 0
    assert told["estimate"]["seconds"] is not None
    assert told["copied"] == {"copies": 0, "files": 0, "bytes": 0}
    assert tree(more.home / "stores") == before
    assert states(more, "c") == []


def test_a_new_store_gets_every_copy_and_has_given_each_back(more: Held, reference: str) -> None:
    code, told = more.ask(*FILL)
    assert (code, told["stopped"], told["exceptions"]) == (0, None, [])
    assert told["copied"] == told["lacking"]
    assert told["left"]["copies"] == 0
    assert packages(more, "c") == packages(more, "a")
    assert states(more, "c") == ["verified"] * 3
    code, checked = more.ask("copy", "check")
    assert (code, checked["intact"], checked["lagging"]) == (0, 9, [])
    [act] = [each for each in more.records(reference) if each["act"] == "copy.verified"]
    assert (act["facts"]["store"], act["facts"]["copied_from"]) == ("c", "a")
    [filled] = [each for each in more.records("copies") if each["act"] == "copies.filled"]
    assert filled["facts"]["copied"] == told["copied"]
    assert more.ask("ledger", "verify", "--store", "c")[1]["holds"]


def test_filling_again_finds_nothing_to_do(more: Held) -> None:
    more.ask(*FILL)
    before = tree(more.home / "stores/c/packages")
    code, told = more.ask(*FILL)
    assert (code, told["lacking"]["copies"], told["copied"]["copies"], told["found"]) == (0, 0, 0, 0)
    assert tree(more.home / "stores/c/packages") == before
    assert len([each for each in more.records("copies") if each["act"] == "copies.filled"]) == 1


def test_a_fill_that_is_killed_again_and_again_ends_in_the_same_bytes(more: Held) -> None:
    ends = []
    for turn in range(6):
        process = more.place.start(*FILL, "--json")
        until = time.monotonic() + 30
        scratch = more.home / "scratch/fill-c"
        while not scratch.exists() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.002)
        time.sleep(0.008 * turn)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        ends.append(process.returncode)
        assert set(packages(more, "c").items()) <= set(packages(more, "a").items())
    assert -signal.SIGKILL in ends
    code, told = more.ask(*FILL)
    assert (code, told["exceptions"], told["left"]["copies"]) == (0, [], 0)
    assert packages(more, "c") == packages(more, "a")
    assert more.ask("copy", "check")[1]["intact"] == 9


def test_what_is_whole_in_the_store_already_is_read_back_and_not_written_again(
    more: Held, reference: str
) -> None:
    shutil.copytree(more.bag("a", reference), more.bag("c", reference))
    written = (more.bag("c", reference) / "bagit.txt").stat().st_mtime_ns
    code, told = more.ask(*FILL)
    assert (code, told["found"], told["copied"]["copies"]) == (0, 1, 2)
    assert (more.bag("c", reference) / "bagit.txt").stat().st_mtime_ns == written
    assert more.state("c", reference) == "verified"


def test_an_altered_copy_is_neither_replaced_nor_called_verified(more: Held, reference: str) -> None:
    shutil.copytree(more.bag("a", reference), more.bag("c", reference))
    flip(content(more.bag("c", reference)))
    damaged = tree(more.bag("c", reference))
    for _ in range(2):
        more.ask(*FILL)
        assert tree(more.bag("c", reference)) == damaged
        assert more.state("c", reference) == "altered"
    told, said = more.ask(*FILL)[1], more.say(*FILL)[1]
    assert (told["left"]["copies"], told["altered"]) == (0, 1)
    assert "1 copy in it known to be damaged and left as found" in said
    assert "seogo copy check --store c" in said
    assert more.ask("copy", "check", "--store", "c")[0] == 5


def test_what_is_in_the_way_is_told_and_left_as_it_is(more: Held, reference: str) -> None:
    stray = more.bag("c", reference) / "data/METS.xml"
    stray.parent.mkdir(parents=True)
    stray.write_text("something else")
    code, told = more.ask(*FILL)
    assert (code, told["copied"]["copies"], told["left"]["copies"]) == (5, 2, 1)
    [problem] = told["exceptions"]
    assert (problem["volume"], problem["store"], problem["verdict"]) == (reference, "c", "altered")
    assert "already" in problem["reason"]
    assert tree(more.bag("c", reference)) == {"data/METS.xml": hashlib.sha256(b"something else").hexdigest()}


def test_a_damaged_source_is_passed_over_and_told(more: Held, reference: str) -> None:
    flip(content(more.bag("a", reference)))
    code, told = more.ask(*FILL)
    assert (code, told["copied"]["copies"]) == (5, 3)
    assert [(each["store"], each["verdict"]) for each in told["exceptions"]] == [("a", "altered")]
    assert packages(more, "c") == packages(more, "b")
    assert (more.state("a", reference), more.state("c", reference)) == ("altered", "verified")


@pytest.mark.parametrize(
    "name", ["tagmanifest-sha256.txt", "manifest-sha256.txt", "bagit.txt", "data/METS.xml"]
)
def test_nothing_of_a_bag_is_believed_that_the_database_does_not_vouch_for(
    more: Held, reference: str, name: str
) -> None:
    for store in "ab":
        flip(more.bag(store, reference) / name)
    code, told = more.ask(*FILL)
    assert (code, told["copied"]["copies"], told["left"]["copies"]) == (5, 2, 1)
    assert ("c", "absent") in {(each["store"], each["verdict"]) for each in told["exceptions"]}
    assert not more.bag("c", reference).exists()
    assert more.state("c", reference) in ("writing", "written")


def test_a_source_that_is_away_is_made_up_for_by_another(more: Held) -> None:
    (more.home / "stores/a").rename(more.home / "elsewhere")
    code, told = more.ask(*FILL)
    assert (told["copied"]["copies"], told["exceptions"]) == (3, [])
    assert code == 4, "the log could not be sealed in the store that is away"
    assert packages(more, "c") == packages(more, "b")


def test_without_any_source_that_answers_nothing_is_known(more: Held) -> None:
    for store in "ab":
        (more.home / "stores" / store).rename(more.home / f"elsewhere-{store}")
    code, told = more.ask(*FILL)
    assert (code, told["copied"]["copies"]) == (4, 0)
    assert {each["verdict"] for each in told["exceptions"]} == {"not_looked_at"}


def test_a_lost_copy_is_made_again(more: Held, reference: str) -> None:
    shutil.rmtree(more.bag("b", reference))
    assert more.ask("copy", "check", "--store", "b")[1]["absent"] == 1
    code, told = more.ask("copy", "fill", "--store", "b")
    assert (code, told["copied"]["copies"]) == (0, 1)
    assert packages(more, "b") == packages(more, "a")
    assert more.state("b", reference) == "verified"


def lost(held: Held, reference: str) -> int:
    code, told = held.ask("copy", "check")
    assert told["absent"] == (1 if code == 5 else 0)
    assert held.state("b", reference) == ("absent" if code == 5 else "verified")
    return code


def test_a_lost_copy_stays_lost_when_no_source_answers_until_it_was_made_again(
    held: Held, reference: str
) -> None:
    shutil.rmtree(held.bag("b", reference))
    assert lost(held, reference) == 5
    (held.home / "stores/a").rename(held.home / "away-a")
    code, told = held.ask("copy", "fill", "--store", "b")
    assert (code, told["copied"]["copies"], told["left"]["copies"]) == (4, 0, 1)
    (held.home / "away-a").rename(held.home / "stores/a")
    assert lost(held, reference) == 5
    assert held.ask("copy", "fill", "--store", "b")[0] == 0
    assert lost(held, reference) == 0


@pytest.mark.parametrize("at", ["begin", "complete"])
def test_a_fill_that_is_killed_hides_no_lost_copy(held: Held, reference: str, at: str) -> None:
    shutil.rmtree(held.bag("b", reference))
    assert lost(held, reference) == 5
    if os.fork() == 0:
        place = FolderStore if at == "begin" else FolderDelivery
        with patch.object(place, at, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)):
            held.ask("copy", "fill", "--store", "b")
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.wait()[1]) == -signal.SIGKILL
    assert lost(held, reference) == 5
    assert held.ask("copy", "fill", "--store", "b")[0] == 0
    assert lost(held, reference) == 0


def test_a_store_that_runs_full_stops_the_fill_in_words_and_it_goes_on_later(
    more: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(FolderStore, "free_bytes", lambda store: 0 if store.name == "c" else 1 << 40)
        code, told = more.ask(*FILL)
    assert (code, told["copied"]["copies"], told["left"]["copies"]) == (4, 0, 3)
    assert "Store c is full" in told["stopped"]
    assert more.ask(*FILL)[0] == 0


def test_the_lists_of_transfers_are_brought_as_the_journal_knows_them(more: Held) -> None:
    lists = tree(more.home / "stores/a/transfers")
    assert lists
    first = more.home / "stores/a/transfers" / next(iter(lists))
    flip(first)
    more.ask(*FILL)
    assert tree(more.home / "stores/c/transfers") == lists


def test_only_one_process_fills_a_store_at_a_time(more: Held) -> None:
    locks = more.home / "locks"
    locks.mkdir(exist_ok=True)
    with open(locks / "fill-c.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        code, told = more.ask(*FILL)
    assert (code, told["error"]["code"]) == (3, "busy")
    assert more.ask(*FILL)[0] == 0


def test_copies_that_a_new_store_lacks_are_owed_since_it_joined_and_late_after_the_time_allowed(
    more: Held,
) -> None:
    code, told = more.ask("copy", "check", "--store", "c")
    [lag] = told["lagging"]
    assert (lag["store"], lag["volumes"], lag["copies"], lag["late"]) == ("c", 3, 3, 0)
    late = more.at(hours=2)
    code, told = late.ask("copy", "check", "--store", "c")
    assert (code, told["lagging"][0]["late"], told["lagging"][0]["since"]) == (5, 3, lag["since"])
    late.ask(*FILL)
    assert late.ask("copy", "check")[1]["lagging"] == []


def test_volumes_are_taken_in_while_a_store_is_filled(more: Held, tmp_path: Path) -> None:
    make(tmp_path / "next", volumes=2, pages=2, seed=9)
    process = more.place.start(*FILL, "--json")
    code, told = more.ask("transfer", "receive", tmp_path / "next", "--agency", AGENCY, "--accept",
                          "--until", "stored")  # fmt: skip
    out, err = process.communicate(timeout=120)
    assert (code, told["state"]) == (0, "stored")
    assert process.returncode == 0, err
    assert json.loads(out)["copied"]["copies"] == 3
    assert more.ask("copy", "check")[1]["intact"] == 15


def test_a_fill_tells_who_brings_transfers_up_to_date_whose_last_copies_it_made(
    more: Held, tmp_path: Path
) -> None:
    brings_up_to_date = "are brought up to date by: seogo work"
    for fill in more.say(*FILL)[1], more.say(*FILL, "--dry-run")[1]:
        assert brings_up_to_date not in fill
    assert more.ask(*FILL)[1]["settled"] is True
    make(tmp_path / "next", volumes=1, pages=1, seed=9)
    away = (more.home / "stores/c").rename(tmp_path / "away")
    asked = ("transfer", "receive", tmp_path / "next", "--agency", AGENCY, "--accept", "--until", "stored")
    number = more.ask(*asked)[1]["transfer"]
    away.rename(more.home / "stores/c")
    code, said = more.say(*FILL)
    assert (code, brings_up_to_date in said, more.ask(*FILL)[1]["settled"]) == (0, True, False)
    assert more.ask("transfer", "show", number)[1]["state"] == "accepted"
    turn(more, storing.SETTLING, "failed")
    assert more.ask(*FILL)[1]["settled"] is False
    turn(more, storing.SETTLING, "waiting")
    assert more.place.run("work", "--until-idle").exit_code == 0
    assert more.ask("transfer", "show", number)[1]["state"] == "stored"
    assert more.ask(*FILL)[1]["settled"] is True


def test_what_is_left_of_a_copy_is_not_replaced_and_the_fill_says_what_to_do(
    more: Held, reference: str, tmp_path: Path
) -> None:
    assert more.ask(*FILL)[0] == 0
    bag = next((more.home / "stores/c/packages").rglob(f"{reference}/v1"))
    content(bag).unlink()
    assert more.ask("copy", "check", "--store", "c")[1]["absent"] == 1
    for _ in range(2):
        code, said = more.say(*FILL)
        assert (code, "Set aside what it has left" in said, "Go on with" in said) == (5, True, False), said
    bag.rename(tmp_path / "aside")
    assert more.ask(*FILL)[0] == 0
    assert more.ask("copy", "check", "--store", "c")[1]["absent"] == 0
