"""What a folder on a real disk gives back: the same verdicts past the page cache and on the plain way."""

import hashlib
import os
import signal
import stat
from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import pytest

from archive.stores import direct, medium
from archive.stores.store import Absent, Altered, Intact, Verdict
from tests.conftest import open_below

SIZES = (
    0,
    1,
    direct.BLOCK - 1,
    direct.BLOCK,
    direct.BLOCK + 1,
    direct.SLOT - 1,
    direct.SLOT,
    direct.SLOT + 1,
)
MANY = [2_000, 20_000, *SIZES, 400_000] * 12
"""Several batches, and two that are under way at once."""


def written(folder: Path, sizes: list[int]) -> list[medium.Expected]:
    """Files of these sizes, synced, and what is expected of them."""
    expected = []
    for number, size in enumerate(sizes):
        data = os.urandom(size)
        (folder / f"{number}").write_bytes(data)
        expected.append((f"{number}", hashlib.sha256(data).hexdigest(), size))
    os.sync()
    return expected


def verdicts(folder: Path, expected: list[medium.Expected]) -> list[Verdict]:
    told = list(medium.judge_all(folder, iter(expected)))
    assert [name for name, _ in told] == [name for name, _, _ in expected]
    return [verdict for _, verdict in told]


@pytest.fixture(autouse=True)
def has_a_queue() -> None:
    """Where the system has none, most of these would try the plain way only."""
    queue = direct.queues.take()
    if queue is None:
        pytest.skip("this system has no io_submit")
    direct.queues.give_back(queue)


def no_queue() -> direct.Queue:
    raise OSError("none here")


@pytest.fixture(params=["direct", "no queue", "no O_DIRECT", "queue full"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ways a system has; every verdict is the same on each."""
    monkeypatch.setattr(direct, "queues", direct.Queues())
    if request.param == "no queue":
        monkeypatch.setattr(direct, "Queue", no_queue)
    elif request.param == "no O_DIRECT":
        monkeypatch.setattr(medium, "_opened_direct", lambda *_: None)
    elif request.param == "queue full":
        ask = direct.Queue.ask
        monkeypatch.setattr(direct.Queue, "ask", lambda self, files: ask(self, files[: len(files) // 2]))


@pytest.mark.usefixtures("way")
def test_files_of_all_sizes_are_intact_and_come_in_their_order(tmp_path: Path) -> None:
    expected = written(tmp_path, MANY)
    assert verdicts(tmp_path, expected) == [Intact(digest) for _, digest, _ in expected]
    assert verdicts(tmp_path, []) == []


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("size", [size for size in SIZES if size])
def test_one_bit_one_byte_more_and_one_byte_less_are_seen(tmp_path: Path, size: int) -> None:
    expected = written(tmp_path, [size] * 5)
    flipped, longer, shorter = (tmp_path / f"{number}" for number in (1, 2, 3))
    data = bytearray(flipped.read_bytes())
    data[-1] ^= 1
    flipped.write_bytes(data)
    longer.write_bytes(longer.read_bytes() + b"+")
    os.truncate(shorter, size - 1)
    os.sync()
    told = verdicts(tmp_path, expected)
    assert [type(each) for each in told] == [Intact, Altered, Altered, Altered, Intact]
    assert told[1] == Altered(expected[1][1], hashlib.sha256(data).hexdigest())
    assert told[3] == Altered(expected[3][1], hashlib.sha256(shorter.read_bytes()).hexdigest())


@pytest.mark.usefixtures("way")
def test_what_is_gone_is_absent_and_so_is_what_is_no_file(tmp_path: Path) -> None:
    expected = written(tmp_path, [2_000] * 3)
    (tmp_path / "1").unlink()
    below_a_file = ("0/deeper", expected[0][1], 2_000)
    assert [type(each) for each in verdicts(tmp_path, [*expected, below_a_file])] == [
        Intact, Absent, Intact, Absent,
    ]  # fmt: skip
    for no_folder in ("0", "none"):
        assert [type(each) for each in verdicts(tmp_path / no_folder, expected)] == [Absent] * 3
    outside = (str(tmp_path / "0"), *expected[0][1:])
    assert verdicts(tmp_path, [outside]) == [Absent()]
    os.mkfifo(tmp_path / "1")  # and is not waited for
    assert [type(each) for each in verdicts(tmp_path, expected)] == [Intact, Absent, Intact]


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(
    "stands_there",
    [Path.mkdir, lambda path: path.symlink_to("0"), lambda path: os.mknod(path, stat.S_IFSOCK | 0o600)],
    ids=["folder", "link", "socket"],
)
def test_what_is_no_file_and_stands_in_the_place_of_one_is_no_file(
    tmp_path: Path, stands_there: Callable[[Path], None]
) -> None:
    expected = written(tmp_path, [2_000] * 3)
    (tmp_path / "1").unlink()
    stands_there(tmp_path / "1")
    same_bytes = ("1", *expected[0][1:])
    assert [type(each) for each in verdicts(tmp_path, [expected[0], same_bytes, expected[2]])] == [
        Intact, Absent, Intact,
    ]  # fmt: skip


@pytest.mark.usefixtures("way")
def test_nothing_behind_a_linked_folder_is_there_and_what_comes_after_it_is(tmp_path: Path) -> None:
    expected = []
    for folder in ("a", "a/b", "a/c", "d"):
        (tmp_path / folder).mkdir()
        expected += [(f"{folder}/{name}", *facts) for name, *facts in written(tmp_path / folder, [2_000] * 2)]
    assert [type(each) for each in verdicts(tmp_path, expected)] == [Intact] * 8
    (tmp_path / "a" / "b").rename(tmp_path / "moved")
    (tmp_path / "a" / "b").symlink_to(tmp_path / "moved")
    assert [type(each) for each in verdicts(tmp_path, expected)] == [
        *[Intact] * 2, *[Absent] * 2, *[Intact] * 4,
    ]  # fmt: skip
    (tmp_path / "link").symlink_to("a")
    assert [type(each) for each in verdicts(tmp_path / "link" / "c", written(tmp_path / "a" / "c", [1]))] == [
        Intact
    ], "the way to the folder itself is its operator's"


@pytest.mark.usefixtures("way")
def test_two_folders_are_judged_in_turn(tmp_path: Path) -> None:
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
    expected = [written(folder, MANY) for folder in folders]
    lanes = [medium.judge_all(*each) for each in zip(folders, expected, strict=True)]
    for one, other, *wanted in zip(*lanes, *expected, strict=True):
        assert [one[1], other[1]] == [Intact(digest) for _, digest, _ in wanted]


def test_whoever_is_stopped_while_he_waits_leaves_no_queue_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = written(tmp_path, MANY)
    monkeypatch.setattr(direct, "queues", direct.Queues())
    lane = medium.judge_all(tmp_path, expected)
    with monkeypatch.context() as stopped:
        stopped.setattr(direct.Queue, "lengths", Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            next(lane)
    assert direct.queues.free == []
    assert verdicts(tmp_path, expected) == [Intact(digest) for _, digest, _ in expected]
    assert len(direct.queues.free) == medium.BATCHES


@pytest.mark.usefixtures("way")
def test_whoever_stops_in_the_middle_leaves_nothing_open_and_nothing_under_way(tmp_path: Path) -> None:
    expected = written(tmp_path, MANY)
    assert next(medium.judge_all(tmp_path, expected))  # a queue stays open for the next one
    assert not open_below(tmp_path)
    lane = medium.judge_all(tmp_path, expected)
    for _ in range(40):
        next(lane)
    assert open_below(tmp_path)
    lane.close()  # type: ignore[attr-defined]
    assert not open_below(tmp_path)
    assert verdicts(tmp_path, expected) == [Intact(digest) for _, digest, _ in expected]


def test_small_files_are_read_past_the_page_cache(tmp_path: Path) -> None:
    if not medium.comes_from_medium(_probe(tmp_path)):
        pytest.skip("the page cache cannot be dropped on this file system; --basetemp names another")
    expected = written(tmp_path, [20_000] * 3)
    assert verdicts(tmp_path, expected) == [Intact(digest) for _, digest, _ in expected]
    for name, _, _ in expected:
        descriptor = os.open(tmp_path / name, os.O_RDONLY)
        with pytest.raises(BlockingIOError):
            os.preadv(descriptor, [bytearray(1)], 0, os.RWF_NOWAIT)
        os.close(descriptor)


def test_a_large_file_is_dropped_from_the_page_cache_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not medium.comes_from_medium(_probe(tmp_path)):
        pytest.skip("the page cache cannot be dropped on this file system; --basetemp names another")
    dropped: list[str] = []
    advise, readv = os.posix_fadvise, os.readv

    def advised(descriptor: int, at: int, size: int, what: int) -> None:
        advise(descriptor, at, size, what)
        if what == os.POSIX_FADV_DONTNEED:
            with pytest.raises(BlockingIOError):
                os.preadv(descriptor, [bytearray(1)], 0, os.RWF_NOWAIT)
            dropped.append(name_of(descriptor))

    def read(descriptor: int, into: list[bytearray]) -> int:
        assert name_of(descriptor) in dropped
        return readv(descriptor, into)

    expected = written(tmp_path, [direct.SLOT, 400_000])
    monkeypatch.setattr(os, "posix_fadvise", advised)
    monkeypatch.setattr(os, "readv", read)
    assert verdicts(tmp_path, expected) == [Intact(digest) for _, digest, _ in expected]
    assert dropped == ["0", "1"]


def name_of(descriptor: int) -> str:
    return Path(os.readlink(f"/proc/self/fd/{descriptor}")).name


def _probe(folder: Path) -> Path:
    path = folder / "probe"
    path.write_bytes(b"probe")
    os.sync()
    return path


def test_a_child_process_makes_queues_of_its_own(tmp_path: Path) -> None:
    expected = written(tmp_path, MANY)
    assert verdicts(tmp_path, expected[:40])
    if not (child := os.fork()):
        signal.alarm(60)
        intact = [verdict for verdict in verdicts(tmp_path, expected) if isinstance(verdict, Intact)]
        os._exit(0 if len(intact) == len(MANY) else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_queues_are_used_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[direct.Queue] = []

    class Counted(direct.Queue):
        def __init__(self) -> None:
            super().__init__()
            made.append(self)

    monkeypatch.setattr(direct, "queues", direct.Queues())
    monkeypatch.setattr(direct, "Queue", Counted)
    expected = written(tmp_path, MANY)
    for _ in range(3):
        verdicts(tmp_path, expected)
    assert len(made) <= medium.BATCHES


def test_a_pipe_in_the_place_of_a_file_is_no_file_and_takes_no_descriptor(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    before = len(os.listdir("/proc/self/fd"))
    for size in (10, direct.SLOT):
        assert list(medium.judge_all(tmp_path, [("pipe", "0" * 64, size)])) == [("pipe", Absent())]
    with pytest.raises(FileNotFoundError):
        medium.hash_medium(tmp_path, "pipe")
    assert len(os.listdir("/proc/self/fd")) == before
