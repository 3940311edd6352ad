"""What only a folder on a real disk can show: damage, a full disk, a killed writer, the probe's words."""

import ctypes
import hashlib
import os
import random
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from archive.errors import Conflict, Damaged, Missing, Unavailable, WrongCall
from archive.stores import Altered, Intact, disk, folder_delivery, open_store
from archive.stores.disk import file_system, move_without_replacing
from archive.stores.folder import FolderStore
from archive.stores.ground import Ground

ROOT = Path(__file__).parents[3]


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    made = FolderStore("a", tmp_path / "a")
    made.prepare()
    return made


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def flip(path: Path, at: int) -> None:
    with open(path, "r+b") as file:
        file.seek(at)
        byte = file.read(1)
        file.seek(at)
        file.write(bytes([byte[0] ^ 1]))


def test_a_flipped_byte_is_read_back_as_altered(store):
    data = random.Random(2).randbytes(300_000)
    store.put("packages/1", data)
    asked = [("packages/1", sha256(data), len(data))]
    assert list(store.read_back_all(asked)) == [("packages/1", Intact(sha256(data)))]
    flip(store.root / "packages/1", 123_456)
    ((_, verdict),) = store.read_back_all(asked)
    assert isinstance(verdict, Altered) and verdict.found == sha256((store.root / "packages/1").read_bytes())


def test_a_byte_flipped_before_completion_is_found_by_the_read_back(store):
    delivery = store.begin("packages/1/v1")
    delivery.put("a", b"0123456789")
    (scratch,) = [path for path in (store.root / ".incoming").iterdir() if path.is_dir()]
    assert list(delivery.read_back_all([("a", sha256(b"0123456789"), 10)])) == [
        ("a", Intact(sha256(b"0123456789")))
    ]
    flip(scratch / "a", 3)
    ((_, verdict),) = delivery.read_back_all([("a", sha256(b"0123456789"), 10)])
    assert isinstance(verdict, Altered)
    delivery.abandon()
    assert list(store.find("")) == [] and list((store.root / ".incoming").iterdir()) == []


def test_a_writer_killed_in_a_put_leaves_nothing_but_scratch_that_is_swept(store):
    code = f"""
import sys
from pathlib import Path
from archive.stores.folder import FolderStore
class Slow:
    def __init__(self): self.told = 0
    def read(self, size):
        self.told += 1
        if self.told == 3:
            print("ready", flush=True); sys.stdin.read()
        return b"x" * 1000
FolderStore("a", Path({str(store.root)!r})).put("audits/1", Slow())
"""
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    assert child.stdout and child.stdout.readline() == b"ready\n"
    assert store.sweep() == 0
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    assert list(store.find("")) == []
    assert store.sweep() == 1 and list((store.root / ".incoming").iterdir()) == []
    store.put("audits/1", b"x")


def test_a_full_disk_is_told_with_the_store_and_the_bytes_and_leaves_nothing(tmp_path):
    """A file size limit of a child stands for the full disk: the system call fails in the same way."""
    code = f"""
import resource, signal
from pathlib import Path
from archive.errors import Unavailable
from archive.stores.folder import FolderStore
store = FolderStore("a", Path({str(tmp_path / "a")!r})); store.prepare()
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
try:
    store.put("audits/1", b"x" * 3_000_000)
except Unavailable as error:
    print(error.code, error.message)
delivery = store.begin("packages/1")
sink = delivery.create("a", size=3_000_000)
try:
    for _ in range(3):
        sink.write(b"x" * 900_000)
except Unavailable as error:
    print(error.code, error.message)
sink.abort()
try:
    delivery.put("b", b"x" * 1_100_000)
except Unavailable as error:
    print(error.code, error.message, list(delivery.scratch.iterdir()))
delivery.abandon()
print(list(store.find("")), list((store.root / ".incoming").iterdir()))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    put, delivered, put_whole, left = done.stdout.splitlines()
    assert put.startswith("store.full Store a is full: audits/1 needs at least ")
    assert delivered == "store.full Store a is full: a needs at least 2,100,000 bytes more than there are."
    assert put_whole == "store.full Store a is full: b needs at least 1,100,000 bytes more than there are. []"
    assert left == "[] []"


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system needs root")
def test_a_really_full_file_system_refuses_before_and_during(tmp_path):
    place = tmp_path / "small"
    place.mkdir()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"none", os.fsencode(place), b"tmpfs", 0, b"size=2m") != 0:
        pytest.skip("this system does not let root mount")
    try:
        small = FolderStore("small", place)
        small.prepare()
        with pytest.raises(Unavailable, match="small is full"):
            small.begin("packages/1", size=5_000_000)
        with pytest.raises(Unavailable, match="small is full"):
            small.put("audits/1", b"x" * 5_000_000)
        delivery = small.begin("packages/1")
        with pytest.raises(Unavailable, match="small is full"):
            delivery.put("a", b"x" * 5_000_000)
        delivery.abandon()
        assert list(small.find("")) == []
        small.put("audits/1", b"x" * 1_000_000)
        assert {each.name: each.holds for each in small.probe()}["syncs"] is False
    finally:
        libc.umount2(os.fsencode(place), 2)


def test_the_probe_says_what_a_folder_lacks(store):
    told = {each.name: each for each in store.probe()}
    assert not told["cannot be deleted from"].holds
    assert not told["locks hold"].holds
    assert file_system(store.root) in told["syncs"].detail


def test_where_one_sync_is_weak_each_file_is_synced(tmp_path, monkeypatch):
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(descriptor))
    for weak, expected in ((False, 0), (True, 2)):
        store = FolderStore("a", tmp_path / str(weak), sync_each_file=weak)
        store.prepare()
        delivery = store.begin("packages/1")
        synced.clear()
        delivery.put("a", b"1")
        delivery.put("b", b"2")
        assert len(synced) == expected
        delivery.complete("tagmanifest-sha256.txt", b"t")
        assert len(synced) > expected


def test_of_the_folders_of_a_bag_only_some_are_remembered_and_each_is_synced_after_its_last_name(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(folder_delivery, "MOST_FOLDERS", 5)
    steps, remembered, sync_folder = [], [], disk.sync_folder
    store = FolderStore("a", tmp_path, sync_each_file=True)
    store.prepare()
    delivery = store.begin("packages/1")

    def watched(path):
        steps.append(os.path.relpath(path, delivery.scratch))
        sync_folder(path)

    monkeypatch.setattr(disk, "sync_folder", watched)
    names = [f"data/{item}/{file}" for file in "xy" for item in range(9)]
    for name in names:
        delivery.put(name, b"1")
        steps.append(f"{name} was put")
        remembered.append(len(delivery._folders))
    expected = [(name, sha256(b"1"), 1) for name in names]
    assert all(isinstance(verdict, Intact) for _, verdict in delivery.read_back_all(expected))
    assert max(remembered) <= 6
    for name in names:
        assert os.path.dirname(name) in steps[steps.index(f"{name} was put") :]
    assert {"data", "."} <= set(steps[steps.index("data/8/y was put") :])
    for again in ("data/0/x", "data/0/x/below", "data/0"):
        with pytest.raises(Conflict):
            delivery.put(again, b"2")
    delivery.complete("tagmanifest-sha256.txt", b"t")
    assert (tmp_path / "packages" / "1" / "data" / "8" / "y").read_bytes() == b"1"


def test_two_stores_on_one_disk_wait_once_for_what_both_have_written_and_again_for_what_comes_later(
    tmp_path, monkeypatch
):
    synced: list[int] = []
    monkeypatch.setattr(disk, "sync_filesystem", synced.append)
    stores = [FolderStore(name, tmp_path / name, sync_each_file=False) for name in "ab"]
    for each in stores:
        each.prepare()
    one, other = [each.begin("packages/1") for each in stores]
    one.put("x", b"1")
    other.put("x", b"1")
    expected = [("x", sha256(b"1"), 1)]
    for each in (one, other, one):
        assert [name for name, _ in each.read_back_all(expected)] == ["x"]
    assert len(synced) == 1
    other.put("y", b"2")
    list(other.read_back_all(expected))
    assert len(synced) == 2
    late = stores[0].begin("packages/2")
    late.put("x", b"1")
    list(late.read_back_all(expected))
    assert len(synced) == 3


def test_bytes_are_synced_before_they_are_read_back_and_names_before_the_bag_is_complete(store, monkeypatch):
    """The seam promises it, and only a power cut would show that it is not so."""
    steps: list[str] = []

    def tell(of, verb, words):
        really = getattr(of, verb)

        def call(*arguments, **more):
            steps.append(words(*arguments))
            return really(*arguments, **more)

        monkeypatch.setattr(of, verb, call)

    delivery = store.begin("packages/R-1/v1")
    tell(disk, "write_all", lambda *_: "write")
    tell(disk, "sync_filesystem", lambda _: "sync all")
    tell(Ground, "judged", lambda *_: "read back")
    tell(disk, "move_without_replacing", lambda *_: "name")
    tell(disk, "sync_folder", lambda path: f"sync {os.path.relpath(path, store.root)}")
    delivery.put("bagit.txt", b"1")
    delivery.announce_last("tagmanifest-sha256.txt", b"t")
    list(delivery.read_back_all([("bagit.txt", sha256(b"1"), 1)]))
    delivery.complete("tagmanifest-sha256.txt", b"t")
    assert steps[:5] == ["write", "write", "sync all", "read back", "name"]
    assert sorted(steps[5:]) == ["sync .", "sync .incoming", "sync packages", "sync packages/R-1"]


@pytest.mark.parametrize("when", ["while it is read back", "afterwards"])
def test_a_disk_that_is_taken_away_leaves_its_mount_point_bare(store, when):
    delivery = store.begin("packages/R-1/v1")
    delivery.put("bagit.txt", b"1")
    delivery.announce_last("tagmanifest-sha256.txt", b"t")
    judged = delivery.read_back_all([("bagit.txt", sha256(b"1"), 1)])
    if when == "while it is read back":
        next(judged)
    else:
        list(judged)
    store.root.rename(store.root.with_name("elsewhere"))
    store.root.mkdir()
    list(judged)
    with pytest.raises(Unavailable, match="is not at"):
        delivery.complete("tagmanifest-sha256.txt", b"t")
    assert list(store.root.iterdir()) == []
    delivery.abandon()


def test_a_disk_that_is_taken_away_while_it_is_checked_was_not_looked_at(store):
    names = [f"packages/R-1/{number}" for number in range(300)]
    for name in names:
        store.put(name, b"1")
    judged = store.read_back_all((name, sha256(b"1"), 1) for name in names)
    next(judged)
    store.root.rename(store.root.with_name("elsewhere"))
    store.root.mkdir()
    with pytest.raises(Unavailable, match="is not at"):
        list(judged)


@pytest.mark.parametrize("times", [1, 2])
def test_a_last_object_that_was_read_back_damaged_once_has_no_second_chance(store, times):
    delivery = store.begin("packages/R-1/v1")
    delivery.put("bagit.txt", b"1")
    delivery.announce_last("tagmanifest-sha256.txt", b"t")
    (delivery.scratch / "tagmanifest-sha256.txt").write_bytes(b"x")
    list(delivery.read_back_all([("bagit.txt", sha256(b"1"), 1)]))
    (delivery.scratch / "tagmanifest-sha256.txt").write_bytes(b"t")
    for _ in range(times - 1):
        list(delivery.read_back_all([("bagit.txt", sha256(b"1"), 1)]))
    with pytest.raises(Damaged, match="did not keep tagmanifest"):
        delivery.complete("tagmanifest-sha256.txt", b"t")
    delivery.abandon()


def test_a_bag_is_completed_by_what_was_announced_and_nothing_else(store):
    delivery = store.begin("packages/R-1/v1")
    delivery.announce_last("tagmanifest-sha256.txt", b"t")
    list(delivery.read_back_all([]))
    for last, data in (("tagmanifest-sha256.txt", b"u"), ("tagmanifest-sha512.txt", b"t")):
        with pytest.raises(WrongCall, match="not what was announced"):
            delivery.complete(last, data)
    assert not store.has("packages/R-1/v1/tagmanifest-sha256.txt")
    delivery.complete("tagmanifest-sha256.txt", b"t")
    assert store.has("packages/R-1/v1/tagmanifest-sha256.txt")


@pytest.mark.parametrize("is_announced", [False, True])
def test_the_last_object_is_read_back_too_before_the_bag_is_there(store, monkeypatch, is_announced):
    judged = Ground.judged

    def damaged(self, root, expected):
        for path in root.glob("tagmanifest-sha256.txt"):
            path.write_bytes(b"x")
        return judged(self, root, expected)

    def deliver():
        delivery = store.begin("packages/R-1/v1")
        delivery.put("bagit.txt", b"1")
        if is_announced:
            delivery.announce_last("tagmanifest-sha256.txt", b"t")
        assert [name for name, _ in delivery.read_back_all([("bagit.txt", sha256(b"1"), 1)])] == ["bagit.txt"]
        try:
            delivery.complete("tagmanifest-sha256.txt", b"t")
        finally:
            delivery.abandon()

    with monkeypatch.context() as broken:
        broken.setattr(Ground, "judged", damaged)
        with pytest.raises(Damaged, match="did not keep tagmanifest"):
            deliver()
    assert list(store.find("")) == []
    deliver()
    assert store.has("packages/R-1/v1/tagmanifest-sha256.txt")


@pytest.mark.parametrize("lacks", [False, True])
def test_a_move_never_replaces_also_where_the_file_system_cannot_promise_it(tmp_path, monkeypatch, lacks):
    if lacks:
        monkeypatch.setattr("archive.stores.disk._rename_not_replacing", lambda source, target: False)
    for kind in ("file", "folder"):
        source, target = tmp_path / f"{kind}-1", tmp_path / f"{kind}-2"
        for path, text in ((source, "new"), (target, "old")):
            if kind == "folder":
                path.mkdir()
            (path / "x" if kind == "folder" else path).write_text(text)
        with pytest.raises(FileExistsError):
            move_without_replacing(source, target)
        assert (target / "x" if kind == "folder" else target).read_text() == "old"
        move_without_replacing(source, tmp_path / f"{kind}-3")
        assert not source.exists()


def test_a_delivery_below_a_file_is_refused(store):
    store.put("packages/1", b"x")
    delivery = store.begin("packages/1/v1")
    with pytest.raises(Conflict):
        delivery.complete("tagmanifest-sha256.txt", b"t")
    delivery.abandon()


def test_a_delivery_holds_few_descriptors(store):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    begun = max(map(int, os.listdir("/proc/self/fd")))  # by other tests of this process
    resource.setrlimit(resource.RLIMIT_NOFILE, (begun + 100, hard))
    try:
        delivery = store.begin("packages/1")
        facts = [(f"{n // 50}/{n}", sha256(b"%d" % n), len(b"%d" % n)) for n in range(400)]
        for n, (name, _, _) in enumerate(facts):
            delivery.put(name, b"%d" % n)
        assert sum(isinstance(verdict, Intact) for _, verdict in delivery.read_back_all(facts)) == 400
        delivery.complete("tagmanifest-sha256.txt", b"t")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_store_opens_by_its_url_with_signs_that_urls_mind(tmp_path):
    store = FolderStore("a", tmp_path / "서고 #1?%")
    store.prepare()
    store.put("x", b"1")
    assert open_store("b", store.location).has("x")


def test_a_store_that_went_away_in_the_middle_is_away_and_is_not_made_anew(store, tmp_path):
    delivery = store.begin("packages/1")
    delivery.put("a", b"1")
    list(delivery.read_back_all([("a", sha256(b"1"), 1)]))
    store.root.rename(tmp_path / "elsewhere")
    with pytest.raises(Unavailable):
        delivery.complete("tagmanifest-sha256.txt", b"t")
    delivery.abandon()
    assert not store.root.exists()


def test_a_store_that_goes_away_before_it_is_asked_how_it_syncs_is_away(tmp_path):
    store = FolderStore("a", tmp_path / "store")
    store.prepare()
    store.root.rename(tmp_path / "elsewhere")
    with pytest.raises(Unavailable, match="Store a is not at"):
        _ = store.ground.sync_each_file


def test_nothing_is_kept_in_or_read_from_a_store_through_a_link(store: FolderStore, tmp_path: Path) -> None:
    store.put("packages/1/a", b"1")
    assert store.has("packages/1/a")
    (store.root / "packages" / "1").rename(tmp_path / "elsewhere")
    (store.root / "packages" / "1").symlink_to(tmp_path / "elsewhere")
    assert (store.has("packages/1/a"), list(store.find("packages/1/"))) == (False, [])
    for ask in (store.open, store.size, store.read_back):
        with pytest.raises(Missing):
            ask("packages/1/a")
    for name in ("a", "b", "new/a"):
        with pytest.raises(Unavailable, match="packages/1 is a link"):
            store.put(f"packages/1/{name}", b"1")
    assert sorted(os.listdir(tmp_path / "elsewhere")) == ["a"]
    delivery = store.begin("packages/1")
    delivery.put("a", b"1")
    list(delivery.read_back_all([]))
    with pytest.raises(Conflict):
        delivery.complete("z", b"1")
    (store.root / "packages" / "1").unlink()
    assert store.put("packages/1/a", b"1").size == 1


def test_a_bag_with_a_link_in_it_is_not_the_same_bag(store: FolderStore, tmp_path: Path) -> None:
    def deliver() -> None:
        delivery = store.begin("packages/1")
        delivery.put("a", b"1")
        list(delivery.read_back_all([]))
        delivery.complete("z", b"2")

    deliver()
    deliver()  # the same again is harmless
    (store.root / "packages/1/a").rename(tmp_path / "elsewhere")
    (store.root / "packages/1/a").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Conflict):
        deliver()


def test_a_checkpoint_that_is_a_link_is_none(store: FolderStore, tmp_path: Path) -> None:
    store.swap_checkpoint(b"1", before=None)
    (store.root / "ledger/checkpoint").rename(tmp_path / "elsewhere")
    (store.root / "ledger/checkpoint").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Conflict):
        store.swap_checkpoint(b"2", before=b"1")
    assert (tmp_path / "elsewhere").read_bytes() == b"1"


def test_what_is_opened_tells_the_path_where_it_lies(store: FolderStore) -> None:
    """Whoever needs a path reads it in place, and makes no copy."""
    store.put("packages/1/a", b"1")
    with store.open("packages/1/a") as stream:
        assert stream.name == str(store.root / "packages/1/a")


def test_a_pipe_in_the_place_of_an_object_is_not_waited_for(store):
    store.put("packages/1", b"1")
    (store.root / "packages/1").unlink()
    os.mkfifo(store.root / "packages/1")
    with pytest.raises(Missing):
        store.open("packages/1")
    (store.root / "ledger").mkdir()
    os.mkfifo(store.root / "ledger/checkpoint")
    store.swap_checkpoint(b"head", before=None)
    with store.open("ledger/checkpoint") as stream:
        assert stream.read() == b"head"
