"""What an act leaves behind: a journal record with the facts, and a public entry that opens nothing."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import func, select

from archive import ledger
from archive.errors import WrongCall
from archive.ledger.entries import salted_digest
from tests.archive.ledger.logs import NOW, open_log


@pytest.fixture
def log(tmp_path):
    return open_log(tmp_path)


def test_the_entry_proves_the_record_and_tells_no_title(log):
    log.act(1)
    with log.open_session() as session:
        entry = session.scalars(select(ledger.LedgerEntry)).one()
        journal = session.scalars(select(ledger.JournalRecord)).one()
    assert "대통령" in journal.record and "대통령" not in entry.entry
    told = json.loads(entry.entry)
    assert told == {
        "about": "V-1-0", "act": "volume.accepted", "at": "2026-07-01T09:30:00Z",
        "digest": salted_digest(journal.salt, journal.record.encode()),
    }  # fmt: skip


def test_equal_acts_have_unequal_digests(log):
    log.act(1)
    log.act(1)
    with log.open_session() as session:
        one, other = (
            json.loads(entry)["digest"] for entry in session.scalars(select(ledger.LedgerEntry.entry))
        )
    assert one != other


def test_a_time_is_written_in_utc_whatever_zone_it_came_in(log):
    seoul = datetime(2026, 7, 1, 18, 30, tzinfo=timezone(timedelta(hours=9)))
    assert seoul == NOW
    with log.open_session.begin() as session:
        made = ledger.record(session, act="x.done", about="X-1", at=seoul, actor="person:1", facts={})
        assert json.loads(made.entry)["at"] == "2026-07-01T09:30:00Z"


@pytest.mark.parametrize(
    "facts",
    [
        {"name": "x"},
        {"who": {"E-Mail": "x"}},
        {"list": [{"주민등록번호": "x"}]},
        {"username": "x"},
        {"x": object()},
        {"x": float("nan")},
        {"x": "\udcff"},
    ],
)
def test_personal_data_and_what_is_no_plain_value_is_refused_and_nothing_is_written(log, facts):
    with log.open_session.begin() as session:
        with pytest.raises(WrongCall):
            ledger.record(session, act="x.done", about="X-1", at=NOW, actor="person:1", facts=facts)
        assert session.scalar(select(func.count()).select_from(ledger.JournalRecord)) == 0
        ledger.record(
            session, act="x.done", about="X-1", at=NOW, actor="person:1", facts={"original_name": "가"}
        )
        assert session.scalar(select(func.count()).select_from(ledger.JournalRecord)) == 1


@pytest.mark.parametrize(
    ("act", "about", "actor", "at"),
    [
        ("accepted", "X-1", "person:1", NOW),
        ("x.done", "홍길동의 기록", "person:1", NOW),
        ("x.done", "X-1", "hong@example.kr", NOW),
        ("x.done", "X-1", "person:1", datetime(2026, 7, 1)),
    ],
)
def test_what_is_not_opaque_or_has_no_zone_is_refused(log, act, about, actor, at):
    with log.open_session.begin() as session, pytest.raises(WrongCall):
        ledger.record(session, act=act, about=about, at=at, actor=actor, facts={})
    assert UTC is NOW.tzinfo


def test_an_act_that_is_rolled_back_leaves_no_entry(log):
    with log.open_session() as session:
        ledger.record(session, act="x.done", about="X-1", at=NOW, actor="person:1", facts={})
        session.rollback()
    assert log.seal() is None
