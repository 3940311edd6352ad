from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from archive import people
from archive.database import Base, OpenSession, open_engine, open_session_maker
from archive.errors import Conflict, WrongCall
from archive.people import Locked, Reader, SignedIn, SignInTries, User, WrongPassword

NOW = datetime(2026, 11, 22, 3, tzinfo=UTC)
SECRET = "긴 비밀번호 열 글자"


@pytest.fixture
def open_session(tmp_path: Path) -> OpenSession:
    engine = open_engine(f"sqlite:///{tmp_path}/test.db")
    Base.metadata.create_all(engine)
    maker = open_session_maker(engine)
    with maker.begin() as session:
        people.add(session, "kim", SECRET, role="archivist", display_name="김 연구사", now=NOW)
    return maker


def try_once(open_session, password, at=NOW, name="kim"):
    with open_session.begin() as session:
        return people.sign_in(session, name, password, at)


def test_the_right_password_signs_in_and_a_wrong_one_does_not(open_session):
    assert isinstance(try_once(open_session, SECRET), SignedIn)
    assert try_once(open_session, "falsch") == WrongPassword(people.TRIES - 1)


def test_an_unknown_name_reads_like_a_wrong_password(open_session):
    assert try_once(open_session, SECRET, name="nobody") == try_once(open_session, "falsch")


def test_six_tries_are_answered_alike_for_a_known_and_an_unknown_name(open_session):
    known, unknown = (
        [try_once(open_session, "falsch", name=name) for _ in range(6)] for name in ("kim", "no")
    )
    assert known == unknown
    assert known[-2:] == [Locked(NOW + people.LOCKED_FOR)] * 2
    later = NOW + people.LOCKED_FOR
    assert try_once(open_session, "falsch", later) == try_once(open_session, "falsch", later, name="no")


def test_no_name_that_was_tried_is_kept(open_session):
    try_once(open_session, "falsch", name="somebody")
    with open_session() as session:
        (row,) = session.scalars(select(SignInTries))
        assert "somebody" not in row.name_hash and len(row.name_hash) == 64


def test_five_wrong_tries_lock_for_a_quarter_of_an_hour_even_for_the_right_password(open_session):
    tried = [try_once(open_session, "falsch") for _ in range(people.TRIES)]
    assert tried[-1] == Locked(NOW + timedelta(minutes=15))
    assert isinstance(try_once(open_session, SECRET), Locked)
    assert isinstance(try_once(open_session, SECRET, at=NOW + timedelta(minutes=15)), SignedIn)


def test_no_password_is_kept(open_session):
    with open_session() as session:
        user = session.get_one(User, 1)
        assert SECRET not in user.password_hash
        assert user.password_hash.startswith("$argon2id$")


def test_the_opaque_name_says_nothing(open_session):
    with open_session() as session:
        user = session.get_one(User, 1)
        assert people.reader(user).name == user.opaque
        assert "kim" not in user.opaque


def test_a_name_is_given_once_and_a_password_is_long(open_session):
    with open_session.begin() as session:
        with pytest.raises(Conflict):
            people.add(session, "kim", SECRET, role="auditor", display_name="이", now=NOW)
        with pytest.raises(WrongCall, match="10"):
            people.add(session, "lee", "kurz", role="auditor", display_name="이", now=NOW)
        with pytest.raises(WrongCall, match="role"):
            people.add(session, "lee", SECRET, role="king", display_name="이", now=NOW)


def test_only_an_archivist_sees_closed_items():
    may = {role: Reader("x", role).may("see closed items") for role in people.ROLES}
    assert may == {"citizen": False, "archivist": True, "auditor": False, "sender": False}
