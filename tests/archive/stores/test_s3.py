"""What only a server can show: digests checked on arrival, half deliveries, a user who may only write."""

import hashlib
import io
import random

import pytest

from archive.errors import Conflict, Damaged, Denied, Unavailable
from archive.stores import Stored, admit, open_store
from archive.stores.s3_store import S3Store
from archive.stores.s3_uploads import put_or_adopt
from tests.archive.places import new_s3_url, s3_credentials
from tests.crashes.s3_faults import Fault, between
from tests.servers import accounts

pytestmark = pytest.mark.servers
BIG = random.Random(3).randbytes(9_000_001)
"""In parts: it is more than one request may hold."""


@pytest.fixture(params=list(accounts.KINDS))
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def store(kind: str) -> S3Store:
    opened = open_store("a", new_s3_url(kind), s3_credentials(kind))
    assert isinstance(opened, S3Store)
    return opened


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_bytes_that_are_not_as_announced_are_refused_on_arrival(store):
    with pytest.raises(Damaged):
        store.server.put("a", b"bytes", sha256(b"other"), if_absent=True)
    assert not store.has("a")
    store.server.put("a", b"bytes", sha256(b"bytes"), if_absent=True)


def test_what_a_half_delivery_left_is_adopted_when_it_is_the_same_and_never_replaced(store):
    half = store.begin("packages/R-1/v1")
    half.put("a", b"1")
    half.read_back("a")
    other = store.begin("packages/R-1/v1")
    other.put("a", b"2")
    with pytest.raises(Conflict):
        other.complete("tagmanifest-sha256.txt", b"t")
    other.abandon()
    again = store.begin("packages/R-1/v1")
    again.put("a", b"1")
    again.put("b", b"2")
    again.complete("tagmanifest-sha256.txt", b"t")
    assert [key for key, _ in store.find("packages/")] == [
        f"packages/R-1/v1/{name}" for name in ("a", "b", "tagmanifest-sha256.txt")
    ]


def test_a_server_that_falls_silent_over_what_is_there_already_is_away_and_nothing_is_in_the_way(kind):
    with between(accounts.server(kind)) as door:
        opened = open_store("a", door.of(new_s3_url(kind)), s3_credentials(kind))
        assert isinstance(opened, S3Store)
        for _ in range(2):
            put_or_adopt(opened.server, "k", b"1", sha256(b"1"))
        door.fault = Fault("gone", "GET", 1 + door.counted["GET"])
        with pytest.raises(Unavailable):
            put_or_adopt(opened.server, "k", b"1", sha256(b"1"))
        door.fault = None
        with pytest.raises(Conflict):
            put_or_adopt(opened.server, "k", b"2", sha256(b"2"))


def test_what_somebody_else_left_below_the_prefix_stops_the_bag(store):
    half = store.begin("packages/R-1/v1")
    half.put("left-over", b"1")
    half.read_back("left-over")
    delivery = store.begin("packages/R-1/v1")
    delivery.put("a", b"1")
    with pytest.raises(Conflict, match="did not write"):
        delivery.complete("tagmanifest-sha256.txt", b"t")


def test_a_user_who_may_only_write_and_read_is_enough_and_is_seen_to_be(store, kind):
    """The production recommendation: credentials that can neither delete nor change policy."""
    bucket = store.location.split("/")[2]
    account = accounts.write_once(kind, bucket)
    limited = open_store("a", store.location, account)
    capabilities = {each.name: each for each in admit(limited)}
    assert capabilities["cannot be deleted from"].holds
    assert not {each.name: each for each in admit(store)}["cannot be deleted from"].holds
    delivery = limited.begin("packages/R-1/v1")
    delivery.put("a", b"1")
    delivery.complete("tagmanifest-sha256.txt", b"t")
    assert limited.read_back("packages/R-1/v1/a").size == 1
    wrong = open_store("a", store.location, (account[0], "not-the-secret"))
    with pytest.raises(Denied):
        wrong.put("audits/1", b"x")


@pytest.mark.parametrize("fails", ["late", "breaks off"])
@pytest.mark.parametrize(("method", "nth"), [("POST", 1), ("PUT", 2), ("POST", 2)])
def test_a_large_object_is_stored_whichever_of_its_requests_fails_once(kind, fails, method, nth):
    """It is begun, sent in parts and joined; that it was done and not answered is told by what is there."""
    with between(accounts.server(kind)) as door:
        opened = open_store("a", door.of(new_s3_url(kind)), s3_credentials(kind))
        nth += door.counted[method]
        door.fault = Fault(fails, method, nth)
        assert opened.put("audits/big", io.BytesIO(BIG)) == Stored(sha256(BIG), len(BIG))
        assert door.counted[method] > nth
        assert opened.put("audits/big", io.BytesIO(BIG)) == Stored(sha256(BIG), len(BIG))
        with pytest.raises(Conflict):
            opened.put("audits/big", io.BytesIO(BIG[:-1] + b"x"))
