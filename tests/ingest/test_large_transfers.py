"""What is told of a transfer takes no more memory when the transfer is three times as large."""

import gc
import pickle
import tracemalloc
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

import seogo
from archive import database, registration
from archive.holdings import Agency
from archive.site.site import Site
from archive.site.terminal import run
from ingest import transfers
from ingest.looking import laid_down
from ingest.taking import entering, planning
from ingest.taking.entering import Outcome
from ingest.taking.planning import Custody
from ingest.transfers import FindingRow, Transfer, TransferVolume, returning
from ingest.transfers.readings import TransferFile
from preservation import packing
from preservation.sources import SourceFile
from tests.access.conftest import NOW
from tests.ingest.conftest import Call
from tests.ingest.receipts.conftest import Desk, desk

__all__ = ["desk"]
SMALL, LARGE = 1_500, 4_500
ROOM = 1.3
"""How much more a large one may take; a list of its rows would take ten times as much."""

Sized = Callable[[str, int, str | None], None]


@pytest.fixture
def sized(site: Site, call: Call) -> Sized:
    """Makes a transfer of so many volumes, each with two errors and a file, waiting at the desk."""
    call("transfer", "list")
    with site.open_session.begin() as session:
        session.add(Agency(code="6110000", name="한빛시"))

    def make(number: str, volumes: int, round_of: str | None = None) -> None:
        with site.open_session.begin() as session:
            _fill(session, number, volumes, round_of)

    return make


def _fill(session: Session, number: str, volumes: int, round_of: str | None) -> None:
    again = 2 if round_of else 1
    transfer = Transfer(
        number=number, agency_code="6110000", folder="/t", shape=f"{number:0>64}", state="waiting",
        round=again, round_of=round_of, files=volumes, bytes=volumes, received_at=NOW, received_by="p-1",
    )  # fmt: skip
    session.add(transfer)
    session.flush()
    places = range(volumes)
    session.execute(insert(TransferVolume), [
        {"transfer_id": transfer.id, "position": place, "title": f"철 {place}", "sender_id": f"S-{place}",
         "items": 1, "files": 0, "bytes": 1, "state": "waiting"} for place in places
    ])  # fmt: skip
    ids = session.scalars(
        select(TransferVolume.id).where(TransferVolume.transfer_id == transfer.id)
        .order_by(TransferVolume.position)
    ).all()  # fmt: skip
    session.execute(insert(TransferFile), [
        {"transfer_id": transfer.id, "position": place, "path": f"{place}.txt".encode().hex(),
         "bytes": 1, "sha256": f"{place * again:064x}"} for place in places
    ])  # fmt: skip
    session.execute(insert(FindingRow), [
        {"transfer_id": transfer.id, "volume_id": ids[place], "rule": rule, "severity": "error",
         "path": f"{place}.txt", "message": "It is not there.", "value": str(again)}
        for place in places for rule in ("file.missing", f"file.digest{again}")
    ])  # fmt: skip


def peak(act: Callable[[], object]) -> int:
    """The lesser of two, for what this process does besides comes once and counts for nobody."""
    act()  # nor does what is loaded once
    return min(_peak(act) for _ in range(2))


def _peak(act: Callable[[], object]) -> int:
    """What was loaded is kept from the collector, as in a command: the more it knows, the later it comes."""
    gc.collect()
    gc.freeze()
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        gc.unfreeze()


def _tell(command: list[str]) -> None:
    assert run(seogo.cli, command) == 0


@pytest.mark.parametrize(
    "words", [("show", "{0}"), ("history", "{0}"), ("count", "{0}"), ("compare", "{0}", "{1}")], ids=" ".join
)
@pytest.mark.parametrize("form", [(), ("--json",)], ids=["words", "json"])
def test_a_command_tells_a_large_transfer_in_the_memory_of_a_small_one(
    sized: Sized, call: Call, capfd: pytest.CaptureFixture[str], words: tuple[str, ...], form: tuple[str, ...]
) -> None:
    took, said = [], []
    for size in (SMALL, LARGE):
        numbers = f"2026-{size}", f"2027-{size}"
        sized(numbers[0], size, None)
        sized(numbers[1], size, numbers[0])
        command = ["transfer", *(word.format(*numbers) for word in words), *form]
        took.append(peak(partial(_tell, command)))
        said.append(len(capfd.readouterr().out))
    assert took[1] < took[0] * ROOM, took
    if form:
        assert said[1] > said[0] * 2


@pytest.mark.parametrize("end", ["", "/report.csv", "/differences.csv"])
def test_a_table_of_the_desk_is_streamed(sized: Sized, desk: Desk, end: str) -> None:
    client, took, lines = desk("archivist"), [], []
    for size in (LARGE, LARGE * 3):
        sized(f"2026-{size}", size, None)
        address = f"/desk/transfers/2026-{size}{end or '/findings'}"
        took.append(peak(lambda address=address: lines.append(_count_lines(client, address))))
    assert took[1] < took[0] * ROOM, took
    assert lines[0] >= LARGE and lines[-1] > lines[0] * 2


def _count_lines(client: FlaskClient, address: str) -> int:
    """Reads an answer block by block, as a server sends it."""
    answer = client.get(address, buffered=False)
    assert answer.mimetype == "text/csv"
    return sum(block.count(b"\n") for block in answer.response)


def test_a_large_transfer_is_returned_in_the_memory_of_its_places(sized: Sized, site: Site) -> None:
    took = []
    for size in (SMALL, LARGE):
        sized(f"2026-{size}", size, None)
        tracemalloc.start()
        try:
            returning.give_back(site, f"2026-{size}", by="p-1", reason="다름")
            took.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
        with site.reading_session() as session:
            assert transfers.count_states(session, transfers.get(session, f"2026-{size}")) == {
                "returned": size
            }
    assert took[1] - took[0] < (LARGE - SMALL) * 250, took  # a place and its line in the log, no row


@pytest.fixture
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A volume of some hundred items goes the way of one of a million."""
    for module, name in (
        (database, "ROWS_AT_ONCE"), (registration, "ROWS_AT_ONCE"), (laid_down, "MANY"), (packing, "HELD"),
        (entering, "LARGE"),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, 50)


def test_a_volume_of_many_items_is_sent_and_entered_in_the_memory_of_a_small_one(
    receive: Call, tmp_path: Path, small_steps: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    took: list[int] = []
    conclude = entering.conclude

    def watched(site: Site, custody: Custody, outcomes: Sequence[Outcome]) -> None:
        sent.append(len(pickle.dumps(outcomes[0][0])))
        took.append(_peak(lambda: conclude(site, custody, outcomes)))

    monkeypatch.setattr(entering, "conclude", watched)
    for name, count in (("first", 100), ("a", 100), ("b", 100), ("c", 600), ("d", 600)):
        assert receive(_items(tmp_path / name, count), "--without-list").told["state"] == "stored"
    assert max(sent) < min(sent) + 50, sent  # an item that is sent takes its reference at least
    few, many = min(took[1:3]), min(took[3:])
    assert many < few * ROOM, took


def _items(folder: Path, count: int) -> Path:
    """A volume whose files are an item each; no other one has such names."""
    folder.mkdir()
    for number in range(count):
        (folder / f"{folder.name} {number}.txt").write_text(folder.name)
    return folder


def test_the_files_of_a_volume_go_to_another_process_as_plain_values_and_come_back_as_files() -> None:
    files = planning.light((SourceFile("/a/b", "b", None, 1, 2, 0, "b", {"md5": "0"}),))
    sent = pickle.dumps(files)
    assert b"SourceFile" not in sent
    [back] = pickle.loads(sent)
    assert (back, type(back)) == (files[0], SourceFile)
