"""What the place of a log MUST and MUST NOT do, in a folder and on a server."""

import threading
from pathlib import Path

import pytest

from archive import ledger
from archive.errors import Conflict, Damaged
from archive.ledger.log_store import LogStore
from archive.stores import Store, file_url, open_store
from tests.archive.ledger.logs import NOW, open_log
from tests.archive.places import ON_SERVERS, new_s3_url, s3_credentials


@pytest.fixture(params=["folder", *ON_SERVERS])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "folder":
        opened = open_store("a", file_url(tmp_path / "a"))
    else:
        opened = open_store("a", new_s3_url(request.param), s3_credentials(request.param))
    opened.prepare()
    return opened


def note(size: int) -> str:
    return f"seogo.example/log\n{size}\n{'A' * 43}=\n\n\u2014 seogo.example/log {size}\n"


def test_the_head_moves_forward_and_never_to_a_smaller_size(store):
    log = LogStore(store)
    assert log.head() is None
    log.move_head(note(5), before=None)
    log.move_head(note(9), before=note(5))
    with pytest.raises(Damaged):
        log.move_head(note(5), before=note(9))
    assert log.head() == note(9)


def test_of_two_who_move_the_head_from_one_place_one_wins(store):
    log = LogStore(store)
    log.move_head(note(1), before=None)
    ends: list[int | None] = []

    def move(size: int) -> None:
        try:
            log.move_head(note(size), before=note(1))
            ends.append(size)
        except Conflict:
            ends.append(None)

    threads = [threading.Thread(target=move, args=(size,)) for size in (2, 3, 4, 5)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    (won,) = [size for size in ends if size]
    assert len(ends) == 4 and log.head() == note(won)


def test_what_was_kept_is_never_replaced(store):
    log = LogStore(store)
    log.keep("ledger/checkpoints/5", b"one")
    log.keep("ledger/checkpoints/5", b"one")
    with pytest.raises(Damaged):
        log.keep("ledger/checkpoints/5", b"two")
    assert log.read("checkpoints/5") == b"one" and log.has_kept(5)


def test_a_log_is_sealed_verified_and_proved_there(store, tmp_path):
    log = open_log(tmp_path / "home", (store,))
    for count in (200, 100):
        log.act(count)
        log.seal()
    found = log.verify()
    assert found.failures == () and found.size == 300
    assert ledger.prove(store, 299).holds(log.signer.verifier)
    assert ledger.seal(log.open_session, log.stores, log.signer, NOW) is None
