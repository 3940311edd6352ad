"""What every store MUST and MUST NOT do.  Read the names aloud: they are the promise."""

import hashlib
import io
import pickle
import random
import signal
import subprocess
import sys
import threading
import time
import unicodedata
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archive.errors import ArchiveError, Conflict, Damaged, Denied, Missing, Unavailable, WrongCall
from archive.stores import Absent, Altered, Intact, Store, Stored, admit, file_url, open_store
from tests.archive import vault
from tests.archive.places import ON_SERVERS, credentials_of, new_s3_url, s3_credentials
from tests.servers import accounts

ROOT = Path(__file__).parents[2]
BIG = random.Random(1).randbytes(20_000_001)


@pytest.fixture(params=["folder", *ON_SERVERS])
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def place(kind: str, tmp_path: Path) -> tuple[str, tuple[str, str] | None]:
    """URL and credentials of an empty place of the kind under test."""
    if kind == "folder":
        return file_url(tmp_path / "서고 a"), None
    return new_s3_url(kind), s3_credentials(kind)


@pytest.fixture
def store(place: tuple[str, tuple[str, str] | None]) -> Store:
    opened = open_store("a", *place)
    opened.prepare()
    return opened


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def read(store: Store, key: str) -> bytes:
    with store.open(key) as stream:
        return stream.read()


def keys(store: Store, prefix: str = "") -> list[str]:
    return [key for key, _ in store.find(prefix) if not key.startswith("probe/")]


def deliver(store: Store, prefix: str, objects: dict[str, bytes], last: bytes = b"tags\n") -> None:
    delivery = store.begin(prefix)
    for name, data in objects.items():
        sink = delivery.create(name, size=len(data))
        sink.write(data)
        sink.finish(sha256(data))
    facts = [(name, sha256(data), len(data)) for name, data in objects.items()]
    assert all(isinstance(verdict, Intact) for _, verdict in delivery.read_back_all(facts))
    delivery.complete("tagmanifest-sha256.txt", last)


BAG = {"bagit.txt": b"BagIt-Version: 1.0\n", "data/대통령/기록 1.hwpx": b"one", "data/empty": b""}


# One object


def test_what_was_put_comes_back(store):
    assert store.put("audits/1", b"report") == Stored(sha256(b"report"), 6)
    assert read(store, "audits/1") == b"report"
    assert store.read_back("audits/1") == Stored(sha256(b"report"), 6)
    assert store.has("audits/1") and store.size("audits/1") == 6


def test_a_key_is_never_overwritten(store):
    store.put("audits/1", b"first")
    with pytest.raises(Conflict):
        store.put("audits/1", b"second")
    with pytest.raises(Conflict):
        store.put("audits/1", b"secon")
    assert read(store, "audits/1") == b"first"


def test_the_same_bytes_again_are_harmless(store):
    assert store.put("audits/1", b"same") == store.put(
        "audits/1", io.BytesIO(b"same"), expect=sha256(b"same")
    )


def test_a_wrong_expectation_is_refused_and_leaves_nothing(store):
    with pytest.raises(Damaged):
        store.put("audits/1", b"bytes", expect=sha256(b"other"))
    with pytest.raises(Damaged):
        store.put("audits/2", io.BytesIO(BIG), expect=sha256(b"other"))
    assert keys(store) == []
    assert not store.has("audits/1")
    store.put("audits/1", b"bytes", expect=sha256(b"bytes"))


def test_what_is_not_there_is_missing(store):
    assert not store.has("audits/none")
    for ask in (store.open, store.size, store.read_back):
        with pytest.raises(Missing):
            ask("audits/none")


def test_an_empty_object_is_an_object(store):
    store.put("audits/empty", b"")
    assert store.has("audits/empty") and read(store, "audits/empty") == b""
    assert keys(store) == ["audits/empty"]


def test_a_large_object_streams_through(store):
    assert store.put("audits/big", io.BytesIO(BIG), expect=sha256(BIG)) == Stored(sha256(BIG), len(BIG))
    assert store.read_back("audits/big").sha256 == sha256(BIG)
    with pytest.raises(Conflict):
        store.put("audits/big", io.BytesIO(BIG[:-1] + b"x"))
    store.put("audits/big", io.BytesIO(BIG))


def test_korean_keys_are_kept_and_must_be_nfc(store):
    key = unicodedata.normalize("NFC", "packages/대통령기록관/기록물 1호.hwp")
    store.put(key, b"hwp")
    assert keys(store, "packages/대통령") == [key]
    with pytest.raises(WrongCall):
        store.put(unicodedata.normalize("NFD", key), b"hwp")


@pytest.mark.parametrize(
    "key", ["a//b", "a/../b", "./a", "a/", "/a", "a/b.", "a/CON", "a/" + "가" * 67, ".incoming/x"]
)
def test_a_key_that_some_store_cannot_hold_is_refused_by_all(store, key):
    with pytest.raises(WrongCall):
        store.put(key, b"x")
    assert keys(store) == []


def test_a_key_that_is_also_a_folder_is_refused_or_both_are_kept_apart(store):
    """`archive.stores.keys.Names` never makes both, because most stores refuse the second."""
    store.put("audits/1", b"x")
    try:
        store.put("audits/1/below", b"y")
    except Conflict:
        assert keys(store) == ["audits/1"]
    else:
        assert (read(store, "audits/1"), read(store, "audits/1/below")) == (b"x", b"y")
        assert not store.location.startswith("file:")


def test_a_list_is_in_key_order_and_by_prefix(store):
    wanted = ["a-b", "a/b", "a/c/d", "a0", "b", "기록/1"]
    for key in reversed(wanted):
        store.put(key, key.encode())
    assert keys(store) == sorted(wanted)
    assert keys(store, "a/") == ["a/b", "a/c/d"]
    assert keys(store, "a/c") == ["a/c/d"]
    assert [size for _, size in store.find("기록/")] == [8]


def test_two_writers_who_race_for_one_key_have_exactly_one_winner(store):
    for turn in range(5):
        ends: list[str] = []
        start = threading.Barrier(4)

        def write(who: int, key: str = f"race/{turn}", ends: list[str] = ends) -> None:
            start.wait()  # noqa: B023 - the barrier of this turn
            try:
                store.put(key, b"writer %d" % who)
                ends.append("won")
            except Conflict:
                ends.append("lost")

        threads = [threading.Thread(target=write, args=(who,)) for who in range(4)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        assert sorted(ends) == ["lost", "lost", "lost", "won"]
        assert read(store, f"race/{turn}").startswith(b"writer ")


def test_every_object_is_judged_in_order(store):
    store.put("a", b"1")
    store.put("b", b"2")
    asked = [("b", sha256(b"2"), 1), ("c", sha256(b"3"), 1), ("a", sha256(b"x"), 1)]
    judged = list(store.read_back_all(asked))
    assert judged == [
        ("b", Intact(sha256(b"2"))),
        ("c", Absent()),
        ("a", Altered(sha256(b"x"), sha256(b"1"))),
    ]


def test_there_is_no_way_to_delete(store):
    assert not [name for name in dir(store) if "delete" in name or "remove" in name]


# The checkpoint


def test_the_checkpoint_moves_only_from_where_it_is(store):
    store.swap_checkpoint(b"1", before=None)
    store.swap_checkpoint(b"2", before=b"1")
    for before in (None, b"1"):
        with pytest.raises(Conflict):
            store.swap_checkpoint(b"3", before=before)
    assert read(store, "ledger/checkpoint") == b"2"
    with pytest.raises(Conflict):
        store.put("ledger/checkpoint", b"4")


# A delivery


def test_a_delivery_is_there_when_it_is_complete(store):
    deliver(store, "packages/R-1/v1", BAG)
    assert {key: read(store, key) for key in keys(store)} == {
        **{f"packages/R-1/v1/{name}": data for name, data in BAG.items()},
        "packages/R-1/v1/tagmanifest-sha256.txt": b"tags\n",
    }


def test_a_delivery_that_is_not_complete_is_no_bag(store):
    delivery = store.begin("packages/R-1/v1")
    delivery.put("bagit.txt", BAG["bagit.txt"])
    assert delivery.read_back("bagit.txt").sha256 == sha256(BAG["bagit.txt"])
    assert "packages/R-1/v1/tagmanifest-sha256.txt" not in keys(store)
    delivery.abandon()
    delivery.abandon()
    deliver(store, "packages/R-1/v1", BAG)


def test_the_same_delivery_again_is_harmless(store):
    deliver(store, "packages/R-1/v1", BAG)
    deliver(store, "packages/R-1/v1", BAG)
    assert len(keys(store)) == 4


@pytest.mark.parametrize(
    ("objects", "last"),
    [
        ({**BAG, "bagit.txt": b"other"}, b"tags\n"),
        ({**BAG, "more": b""}, b"tags\n"),
        ({"bagit.txt": BAG["bagit.txt"]}, b"tags\n"),
        (BAG, b"other tags\n"),
    ],
)
def test_a_prefix_is_never_delivered_over(store, objects, last):
    deliver(store, "packages/R-1/v1", BAG)
    with pytest.raises(Conflict):
        deliver(store, "packages/R-1/v1", objects, last)
    assert read(store, "packages/R-1/v1/bagit.txt") == BAG["bagit.txt"]
    assert read(store, "packages/R-1/v1/tagmanifest-sha256.txt") == b"tags\n"


def test_several_sinks_are_open_at_once_and_a_buffer_may_be_used_again(store):
    delivery = store.begin("packages/R-1/v1")
    one, other = delivery.create("a/1"), delivery.create("a/2", size=len(BIG))
    buffer = bytearray(1_000_000)
    for start in range(0, len(BIG), len(buffer)):
        part = BIG[start : start + len(buffer)]
        buffer[: len(part)] = part
        one.write(memoryview(buffer)[: len(part)])
        other.write(memoryview(buffer)[: len(part)])
    one.finish(sha256(BIG))
    other.finish(sha256(BIG))
    facts = [("a/1", sha256(BIG), len(BIG)), ("a/2", sha256(BIG), len(BIG))]
    assert [type(verdict) for _, verdict in delivery.read_back_all(facts)] == [Intact, Intact]
    delivery.complete("tagmanifest-sha256.txt", b"t")


def test_what_is_not_as_announced_is_found_before_it_is_complete(store):
    delivery = store.begin("packages/R-1/v1")
    sink = delivery.create("a")
    sink.write(b"bytes")
    try:
        sink.finish(sha256(b"other"))
        judged = dict(delivery.read_back_all([("a", sha256(b"other"), 5), ("b", sha256(b""), 0)]))
        assert judged == {"a": Altered(sha256(b"other"), sha256(b"bytes")), "b": Absent()}
    except Damaged:
        assert store.location.startswith("s3:"), "only a server judges on arrival"
    delivery.abandon()
    assert "packages/R-1/v1/tagmanifest-sha256.txt" not in keys(store)


def test_a_name_comes_once(store):
    delivery = store.begin("packages/R-1/v1")
    delivery.put("a", b"1")

    def again() -> None:
        delivery.put("a", b"1")
        delivery.complete("tagmanifest-sha256.txt", b"t")

    with pytest.raises(Conflict):
        again()
    delivery.abandon()


def test_an_abandoned_delivery_takes_its_open_objects_along(store):
    delivery = store.begin("packages/R-1/v1")
    sink = delivery.create("a")
    sink.write(BIG)
    delivery.abandon()
    sink.abort()
    assert keys(store) == []
    assert store.sweep(datetime.now(UTC) + timedelta(hours=1)) == 0


def test_an_aborted_object_leaves_nothing(store):
    delivery = store.begin("packages/R-1/v1")
    sink = delivery.create("a")
    sink.write(BIG)
    sink.abort()
    sink.abort()
    delivery.abandon()
    assert keys(store) == []


@pytest.mark.parametrize("at", [1, 2, 3, "last"])
def test_a_delivery_killed_at_any_point_leaves_no_bag_and_works_again(store, place, at):
    code = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from archive.stores import open_store
delivery = open_store("a", {place[0]!r}, {place[1]!r}).begin("packages/R-1/v1")
for number, (name, data) in enumerate({BAG!r}.items(), 1):
    delivery.put(name, data)
    if number == {at!r}:
        delivery.read_back(name)
        sink = delivery.create("data/open") if number == 3 else None
        sink and sink.write(b"not finished")
        print("ready", flush=True); sys.stdin.read()
list(delivery.read_back_all([]))
print("ready", flush=True); sys.stdin.read()
"""
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    assert child.stdout and child.stdout.readline() == b"ready\n"
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    child.stdout.close()
    assert "packages/R-1/v1/tagmanifest-sha256.txt" not in keys(store)
    if store.location.startswith("file:"):
        assert keys(store) == []
        assert store.sweep() == 1
    deliver(store, "packages/R-1/v1", BAG)
    assert len(keys(store)) == 4


def test_sweeping_never_takes_what_a_living_writer_holds(store):
    delivery = store.begin("packages/R-1/v1")
    for name, data in BAG.items():
        delivery.put(name, data)
    assert open_again(store).sweep() == 0
    delivery.complete("tagmanifest-sha256.txt", b"tags\n")
    assert len(keys(store)) == 4
    assert store.sweep() == 0


def open_again(store: Store) -> Store:
    return open_store(store.name, store.location, credentials_of(store.location))


# What a store is


def test_a_store_is_probed_before_use_and_litters_once(store):
    told = {each.name: each for each in admit(store)}
    assert told["refuses to replace"].holds and told["refuses a wrong digest"].holds
    assert not told["locks hold"].holds
    before = list(store.find("probe/"))
    admit(open_again(store))
    assert list(store.find("probe/")) == before
    assert all(size < 100 for _, size in before)


def test_a_store_that_is_away_is_unavailable_and_never_empty(store, kind, tmp_path):
    if kind == "folder":
        store.root.rename(tmp_path / "elsewhere")
        away = store
    else:
        url = f"s3://nobody-made-this/x?endpoint={accounts.server(kind)}"
        away = open_store("a", url, ("k", "s"))
    for ask in (
        lambda: away.has("a"),
        lambda: away.put("a", b""),
        lambda: away.open("a"),
        lambda: list(away.find("")),
        lambda: list(away.read_back_all([("a", sha256(b""), 0)])),
    ):
        with pytest.raises(ArchiveError) as told:
            ask()
        assert not isinstance(told.value, Missing)


def test_a_server_that_does_not_let_us_in_is_unavailable_and_never_empty():
    with vault.opened() as server:
        denying = open_store("a", server.url, ("key", "secret"))
        denying.put("a", b"1")
        assert denying.has("a") and read(denying, "a") == b"1"
        server.revoked_from = ""
        for ask in (
            lambda: denying.has("a"),
            lambda: denying.size("a"),
            lambda: denying.put("b", b""),
            lambda: denying.put("a", b"1"),
            lambda: denying.open("a"),
            lambda: list(denying.find("")),
            lambda: denying.begin("packages/R-1/v1"),
            lambda: list(denying.read_back_all([("a", sha256(b"1"), 1)])),
            lambda: denying.swap_checkpoint(b"1", before=None),
        ):
            with pytest.raises(Unavailable, match="credentials") as told:
                ask()
            again = pickle.loads(pickle.dumps(told.value))  # it comes out of working processes too
            assert (type(again), again.code, again.store) == (Denied, "store.denied", "a")


def test_a_server_that_does_not_answer_is_unavailable():
    away = open_store("a", "s3://bucket/x?endpoint=http://127.0.0.1:9", ("key", "secret"))
    started = time.monotonic()
    with pytest.raises(Unavailable):
        away.has("a")
    assert time.monotonic() - started < 20
