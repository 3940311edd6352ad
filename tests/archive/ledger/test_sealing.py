"""Sealing: killed anywhere it is finished by the next one, and a store that was away catches up."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import func, select

from archive import ledger
from archive.errors import Damaged, Unavailable
from archive.ledger.log_store import LogStore
from archive.ledger.merkle import leaf_hash, root_of
from tests.archive.ledger.logs import Log, open_log

ROOT = Path(__file__).parents[3]


@pytest.fixture
def log(tmp_path) -> Log:
    return open_log(tmp_path / "home")


def everything(store) -> dict[str, bytes]:
    return {key: store.open(key).read() for key, _ in store.find("")}


def test_a_log_grows_through_several_seals_and_holds_after_each(log):
    size = 0
    for count in (1, 16, 239, 1, 300, 500, 7):
        log.act(count)
        size += count
        sealed = log.seal()
        assert sealed is not None and sealed.size == size
        for store in (0, 1):
            found = log.verify(store)
            assert found.failures == () and found.holds and found.size == size
    with log.open_session() as session:
        entries = session.scalars(
            select(ledger.LedgerEntry.entry).order_by(ledger.LedgerEntry.position)
        ).all()
    assert root_of(leaf_hash(entry.encode()) for entry in entries).hex() == sealed.root
    assert everything(log.stores[0]) == everything(log.stores[1])


def test_of_an_empty_log_nothing_holds_and_sealing_nothing_is_nothing(log):
    assert log.seal() is None
    assert (log.verify().holds, log.verify().size) == (None, 0)
    log.act(3)
    assert log.seal() is not None
    assert log.seal() is None


def test_every_checkpoint_is_kept_for_good(log):
    for size in (3, 6, 9):
        log.act(3)
        log.seal()
        assert LogStore(log.stores[0]).has_kept(size)


CHILD = """
import os, signal, sys
from pathlib import Path
from tests.archive.ledger.logs import open_log
log = open_log(Path(sys.argv[1]))
left = [int(sys.argv[2])]
def stepped(call):
    def step(*arguments, **options):
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1
        return call(*arguments, **options)
    return step
for store in log.stores:
    store.put = stepped(store.put)
    store.swap_checkpoint = stepped(store.swap_checkpoint)
log.seal()
print("steps left", left[0])
"""


def test_a_seal_killed_between_any_two_steps_is_finished_by_the_next(tmp_path):
    log = open_log(tmp_path / "home")
    log.act(250)
    log.seal()
    for step in range(40):
        log.act(10, about=f"V-{step}")
        done = subprocess.run(
            [sys.executable, "-c", CHILD, tmp_path / "home", str(step)],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        for store in (0, 1):
            assert log.verify(store).failures == (), "a killed seal never leaves a log that does not hold"
        if step % 2:
            log.act(3, about=f"W-{step}")
        sealed = log.seal()
        with log.open_session() as session:
            count = session.scalar(select(func.count()).select_from(ledger.LedgerEntry))
            assert session.scalar(select(func.count(func.distinct(ledger.LedgerEntry.position)))) == count
        for store in (0, 1):
            found = log.verify(store)
            assert found.failures == () and found.size == count and found.unsealed == 0
        assert sealed is not None and sealed.size == count
    assert done.returncode == 0 and step >= 10
    for head in ("ledger/checkpoint", f"ledger/checkpoints/{count + 10}"):
        assert log.stores[0].open(head).read() == log.stores[1].open(head).read()


def test_a_store_that_is_away_is_named_and_catches_up(log):
    log.act(300)
    log.seal()
    away = log.stores[1].root
    away.rename(away.with_name("elsewhere"))
    for _ in range(3):
        log.act(100)
        with pytest.raises(Unavailable, match=r"b \(Store b is not at"):
            log.seal()
        assert log.verify(0).holds
    away.with_name("elsewhere").rename(away)
    assert log.verify(1).size == 300
    assert log.seal() is not None
    found = log.verify(1)
    assert found.holds and found.size == 600
    assert LogStore(log.stores[1]).has_kept(400) and LogStore(log.stores[1]).has_kept(500)


def test_a_new_store_gets_the_whole_log(log):
    log.act(300)
    Log(log.open_session, log.stores[:1], log.signer).seal()
    log.seal()
    assert log.verify(1).holds and log.verify(1).size == 300


def test_sealers_at_once_do_each_other_no_harm(tmp_path):
    log = open_log(tmp_path / "home")
    wrong: list[BaseException] = []

    def work(who: int) -> None:
        mine = open_log(tmp_path / "home")
        try:
            for turn in range(6):
                mine.act(20, about=f"T-{who}-{turn}")
                mine.seal()
        except BaseException as error:  # noqa: BLE001 - handed to the test
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(who,)) for who in range(3)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert wrong == []
    log.seal()
    for store in (0, 1):
        found = log.verify(store)
        assert found.failures == () and found.size == 360


def test_a_database_older_than_the_log_is_told_and_overwrites_nothing(log, tmp_path):
    log.act(5)
    log.seal()
    before = everything(log.stores[0])
    other = open_log(tmp_path / "other", log.stores)
    other.act(7)
    with pytest.raises(Damaged, match="not one that this database sealed"):
        other.seal()
    assert everything(log.stores[0]) == before


@pytest.mark.parametrize("byte", [b"@", b"\xff"], ids=["no root", "no text"])
def test_a_head_that_cannot_be_read_is_damage_of_a_store_with_a_name(log, tmp_path, byte):
    log.act(5)
    log.seal()
    head = tmp_path / "home/b/ledger/checkpoint"
    whole = head.read_bytes()
    start = whole.index(b"\n5\n") + 3
    head.chmod(0o644)
    head.write_bytes(whole[:start] + byte + whole[start + 1 :])
    with pytest.raises(Damaged, match="checkpoint in store b cannot be read"):
        log.seal()
    assert log.verify(0).holds and not log.verify(1).holds
    assert log.verify(1).failures[0].startswith("checkpoint: ")
    head.write_bytes(whole)
    assert log.seal() is None and log.verify(1).holds


def test_what_lies_in_the_way_of_a_seal_is_damage_and_stays(log):
    log.act(5)
    log.stores[0].put("ledger/tile/0/000.p/5", b"not ours")
    with pytest.raises(Damaged):
        log.seal()
    assert log.stores[0].open("ledger/tile/0/000.p/5").read() == b"not ours"
