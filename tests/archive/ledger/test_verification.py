"""A log that was touched does not hold, whatever was touched: by our own verifier, and by another tool."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest

from archive import ledger
from archive.errors import Missing, Refused, Unavailable
from archive.ledger.merkle import is_beginning
from archive.ledger.proofs import prove_consistency
from archive.ledger.signing import make_key_files
from archive.ledger.tiles import bundle, entries_in
from archive.stores import Store
from tests.archive.ledger.logs import Log, open_log
from tests.judges.tlog_judge import judge

SIZE = 600
SECOND_BATCH = "journal/000000000250-000000000260.jsonl"


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("log") / "home"
    made = open_log(home)
    for count in (250, 10, 300, SIZE - 560):
        made.act(count)
        made.seal()
    return home


@pytest.fixture
def log(made_once: Path, tmp_path: Path) -> Log:
    shutil.copytree(made_once, tmp_path / "home")
    return open_log(tmp_path / "home")


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def swap_entries(root: Path) -> None:
    path = root / "ledger/tile/entries/000"
    entries = entries_in(path.read_bytes())
    entries[3], entries[4] = entries[4], entries[3]
    path.write_bytes(bundle(entries))


def change_an_act(root: Path) -> None:
    path = root / "ledger/tile/entries/001"
    path.write_bytes(path.read_bytes().replace(b"volume.accepted", b"volume.returned", 1))


def forge_a_size(root: Path) -> None:
    path = root / "ledger/checkpoint"
    path.write_text(path.read_text().replace("\n600\n", "\n599\n"))


def sign_with_another_key(root: Path) -> None:
    make_key_files(root.parent / "forged", "seogo.example/log")
    path = root / "ledger/checkpoint"
    text = path.read_text().rpartition("\n\n")[0] + "\n"
    path.write_text(ledger.open_signer(root.parent / "forged").sign(text))


BOTH: dict[str, Callable[[Path], object]] = {
    "an entry was changed": change_an_act,
    "two entries changed places": swap_entries,
    "an entry is cut": lambda root: os.truncate(root / "ledger/tile/entries/002.p/88", 100),
    "a bundle is missing": lambda root: (root / "ledger/tile/entries/000").unlink(),
    "a bundle grew": lambda root: (root / "ledger/tile/entries/000").open("ab").write(b"\0\0"),
    "a hash was changed": lambda root: flip(root / "ledger/tile/0/001", 77),
    "the newest tile was changed": lambda root: flip(root / "ledger/tile/0/002.p/88", 0),
    "the upper tile was changed": lambda root: flip(root / "ledger/tile/1/000.p/2", 40),
    "a tile is missing": lambda root: (root / "ledger/tile/0/000").unlink(),
    "a tile is short": lambda root: os.truncate(root / "ledger/tile/0/000", 8160),
    "the checkpoint was changed": forge_a_size,
    "the checkpoint is signed by another key": sign_with_another_key,
    "the checkpoint is gone": lambda root: (root / "ledger/checkpoint").unlink(),
    "the signature was changed": lambda root: flip(root / "ledger/checkpoint", -8),
}


def change_a_fact(root: Path) -> None:
    path = root / "journal/000000000000-000000000250.jsonl"
    path.write_text(path.read_text().replace('"pages":7,', '"pages":8,', 1))


def drop_a_record(root: Path) -> None:
    path = root / "journal/000000000000-000000000250.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))


def set_the_log_back(root: Path) -> None:
    (root / "ledger/checkpoint").write_bytes((root / "ledger/checkpoints/560").read_bytes())


def rename_a_checkpoint(root: Path) -> None:
    (root / "ledger/checkpoints/250").rename(root / "ledger/checkpoints/251")


OURS_ALONE: dict[str, Callable[[Path], object]] = {
    "a fact of the journal was changed": change_a_fact,
    "a record of the journal was dropped": drop_a_record,
    "a batch of the journal is missing": lambda root: (
        root / "journal/000000000250-000000000260.jsonl"
    ).unlink(),
    "a salt was changed": lambda root: flip(root / "journal/000000000250-000000000260.jsonl", -5),
    "a strange file in the journal": lambda root: (root / "journal/notes.txt").write_text("x"),
    "a strange file in the log": lambda root: (root / "ledger/tile/0/notes").write_text("x"),
    "a tile too many": lambda root: (root / "ledger/tile/0/003").write_bytes(bytes(8192)),
    "an older tile was changed": lambda root: flip(root / "ledger/tile/0/000.p/250", 5),
    "an older bundle was changed": lambda root: flip(root / "ledger/tile/entries/000.p/250", 50),
    "a kept checkpoint was changed": lambda root: flip(root / "ledger/checkpoints/260", 30),
    "a kept checkpoint has another name": rename_a_checkpoint,
    "the log was set back": set_the_log_back,
}


@pytest.mark.parametrize("what", [*BOTH, *OURS_ALONE])
def test_a_log_that_was_touched_does_not_hold(log, what):
    assert log.verify().failures == () and log.verify().size == SIZE
    (BOTH | OURS_ALONE)[what](log.stores[0].root)
    found = log.verify()
    assert not found.holds and found.failures
    assert log.verify(1).holds, "the other store is as it was"


@pytest.mark.servers
def test_the_log_is_accepted_by_another_tool_at_every_size(tmp_path):
    log = open_log(tmp_path / "home")
    size = 0
    for count in (1, 1, 253, 1, 1, 255, 88):
        log.act(count)
        size += count
        log.seal()
        told = judge(log.stores[1].root / "ledger", tmp_path / "home/keys/log.vkey")
        assert told.accepted, told.said
        assert (told.size, told.root) == (size, log.verify().root)


@pytest.mark.servers
@pytest.mark.parametrize("what", BOTH)
def test_another_tool_refuses_a_log_that_was_touched(log, tmp_path, what):
    assert judge(log.stores[0].root / "ledger", tmp_path / "home/keys/log.vkey").accepted
    BOTH[what](log.stores[0].root)
    assert not judge(log.stores[0].root / "ledger", tmp_path / "home/keys/log.vkey").accepted


@pytest.mark.servers
def test_our_proofs_are_those_of_another_tool(log, tmp_path):
    for index, old in ((0, 1), (255, 256), (256, 300), (511, 512), (599, 600)):
        told = judge(log.stores[0].root / "ledger", tmp_path / "home/keys/log.vkey", index, old)
        proof = ledger.prove(log.stores[0], index)
        assert told.inclusion == list(proof.path)
        assert told.consistency == list(prove_consistency(log.stores[0], old))


def test_every_entry_is_proved_to_whoever_has_the_public_key(log):
    verifier = log.signer.verifier
    for index in (0, 255, 256, 511, 512, 599):
        proof = ledger.prove(log.stores[0], index)
        assert proof.holds(verifier) and json.loads(proof.entry)["act"] == "volume.accepted"
        assert not ledger.Proof(index, SIZE, b"{}", proof.path, proof.checkpoint).holds(verifier)
    with pytest.raises(Missing):
        ledger.prove(log.stores[0], SIZE)
    other = make_key_files(log.stores[0].root.parent / "others", "seogo.example/other")
    with pytest.raises(Refused):
        proof.holds(other)


def test_an_older_log_is_the_beginning_of_the_newer_one(log):
    with log.open_session() as session:
        roots = {size: bytes.fromhex(session.get(ledger.Seal, size).root) for size in (250, 260, 560, SIZE)}
    for old in (250, 260, 560):
        assert is_beginning(old, roots[old], SIZE, roots[SIZE], prove_consistency(log.stores[0], old))


def test_a_store_with_packages_and_no_log_does_not_hold(log):
    bare = open_log(log.stores[0].root.parent / "bare")
    bare.stores[0].put("packages/R-1/v1/bagit.txt", b"x")
    assert bare.verify().holds is False


def test_where_nothing_of_a_log_is_nothing_holds(log):
    bare = open_log(log.stores[0].root.parent / "bare")
    assert (bare.verify().holds, bare.verify().failures) == (None, ())
    bare.act(1)
    bare.seal()
    assert bare.verify().holds is True


def test_a_log_that_cannot_be_looked_at_is_unavailable(log):
    log.stores[0].root.rename(log.stores[0].root.with_name("elsewhere"))
    with pytest.raises(Unavailable):
        log.verify()


class SealedMeanwhile:
    """A store in which somebody seals once, right after one thing was looked at."""

    def __init__(self, log: Log, after: str) -> None:
        self.log, self.store, self.after = log, log.stores[0], after

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)

    def find(self, prefix: str) -> Iterator[tuple[str, int]]:
        found = list(self.store.find(prefix))
        self._seal_after(prefix)
        return iter(found)

    def open(self, key: str) -> BinaryIO:
        stream = self.store.open(key)
        self._seal_after(key)
        return stream

    def _seal_after(self, what: str) -> None:
        if what == self.after:
            self.after = ""
            self.log.act(10)
            self.log.seal()


@pytest.mark.parametrize("after", ["ledger/", "journal/", "ledger/checkpoint"])
def test_a_log_that_is_sealed_while_it_is_verified_holds(log: Log, after: str) -> None:
    meanwhile = SealedMeanwhile(log, after)
    found = ledger.verify(cast(Store, meanwhile), log.signer.verifier)
    assert (found.failures, found.holds) == ((), True) and found.size in (SIZE, SIZE + 10)
    assert meanwhile.after == "" and log.verify().size == SIZE + 10
