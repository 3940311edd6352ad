"""Journal and log read back from a store into an empty database."""

import shutil

import pytest
from sqlalchemy import select

from archive import ledger
from archive.errors import Conflict, Damaged, Missing
from tests.archive.ledger.logs import open_log


def rows(log, *columns):
    with log.open_session() as session:
        return session.execute(select(*columns).order_by(columns[0])).all()


def test_a_restored_log_is_the_same_and_goes_on(tmp_path):
    log = open_log(tmp_path / "home")
    for count in (250, 10, 300):
        log.act(count)
        log.seal()
    again = tmp_path / "again"
    again.mkdir()
    shutil.copytree(tmp_path / "home/keys", again / "keys")
    new = open_log(again, log.stores)
    with new.open_session.begin() as session:
        assert ledger.restore(session, log.stores[0], log.signer.verifier) == 560
    for columns in (
        (ledger.LedgerEntry.position, ledger.LedgerEntry.entry, ledger.LedgerEntry.about),
        (ledger.Seal.size, ledger.Seal.start, ledger.Seal.root, ledger.Seal.edge, ledger.Seal.checkpoint),
        (ledger.LedgerNode.number, ledger.LedgerNode.level, ledger.LedgerNode.hash),
        (ledger.JournalRecord.id, ledger.JournalRecord.salt, ledger.JournalRecord.record),
    ):
        assert rows(new, *columns) == rows(log, *columns) != []
    assert new.seal() is None
    new.act(300)
    new.seal()
    for store in (0, 1):
        found = new.verify(store)
        assert found.failures == () and found.size == 860


def test_the_journal_tells_every_act_in_order(tmp_path):
    log = open_log(tmp_path / "home")
    log.act(3)
    assert list(ledger.read_journal(log.stores[0])) == []
    log.seal()
    told = list(ledger.read_journal(log.stores[0]))
    assert [each["about"] for each in told] == ["V-1-0", "V-1-1", "V-1-2"]
    assert told[2]["facts"] == {"title": "대통령 지시사항 2", "pages": 2}


def test_a_log_that_does_not_hold_is_not_restored_nor_one_over_another(tmp_path):
    log = open_log(tmp_path / "home")
    log.act(3)
    log.seal()
    with log.open_session.begin() as session, pytest.raises(Conflict):
        ledger.restore(session, log.stores[0], log.signer.verifier)
    path = log.stores[0].root / "ledger/tile/0/000.p/3"
    path.write_bytes(bytes(96))
    new = open_log(tmp_path / "again", log.stores)
    with new.open_session.begin() as session, pytest.raises(Damaged):
        ledger.restore(session, log.stores[0], log.signer.verifier)
    with new.open_session.begin() as session:
        assert ledger.restore(session, log.stores[1], log.signer.verifier) == 3


def test_a_place_without_a_log_is_not_restored_from(tmp_path):
    log = open_log(tmp_path / "home")
    with log.open_session.begin() as session, pytest.raises(Missing):
        ledger.restore(session, log.stores[0], log.signer.verifier)
