"""Locks on real servers: nobody deletes a locked version, whoever runs the server included."""

import hashlib
import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from archive.errors import Refused, WrongCall
from archive.stores import Store, admit, open_store, s3_reading
from archive.stores.s3 import CONNECTIONS
from archive.stores.s3_locks import MOST_DAYS, Lock, Terms
from archive.stores.s3_store import S3Store
from tests.archive.places import new_s3_url, s3_credentials
from tests.servers import accounts

DAYS = 40
BIG = random.Random(2).randbytes(9_000_001)
TAGS = "tagmanifest-sha256.txt"


@pytest.fixture(autouse=True)
def one_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock lasts for days from the midnight before, and no test may fall into two of them."""
    now = time.time()
    monkeypatch.setattr("archive.stores.s3_locks.time", SimpleNamespace(time=lambda: now))


@pytest.fixture(params=list(accounts.KINDS))
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def asking(url: str, mode: str = "compliance", days: int = DAYS) -> str:
    return f"{url}&lock={mode}&retention={days}"


def write_once(kind: str, url: str) -> Store:
    return open_store("a", url, accounts.write_once(kind, bucket_of(url)))


def bucket_of(url: str) -> str:
    return url.split("/")[2]


def deliver(store: Store, *, kept_until: date | None = None) -> None:
    delivery = store.begin("packages/R-1/v1", kept_until=kept_until)
    objects = {"data/one": b"one", "data/big": BIG}
    for name, data in objects.items():
        sink = delivery.create(name, size=len(data))
        sink.write(data)
        sink.finish(sha256(data))
    list(delivery.read_back_all((name, sha256(data), len(data)) for name, data in objects.items()))
    delivery.complete(TAGS, b"tags\n")


def locks(kind: str, url: str) -> dict[str, Lock | None]:
    """As whoever runs the server sees them."""
    seen = open_store("a", url, s3_credentials(kind))
    assert isinstance(seen, S3Store)
    return {key: seen.server.lock_of(key) for key, _ in seen.find("") if not key.startswith("probe/")}


def is_refused(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except ClientError as error:
        return 400 <= error.response["ResponseMetadata"]["HTTPStatusCode"] < 500
    return False


def as_admin(kind: str, url: str, key: str, mode: str) -> dict[str, bool]:
    """What the key that may do everything is refused on the newest version of an object."""
    client, bucket = accounts.client(kind), bucket_of(url)
    version = client.head_object(Bucket=bucket, Key=key)["VersionId"]
    at = {"Bucket": bucket, "Key": key, "VersionId": version}
    sooner = {"Mode": mode, "RetainUntilDate": datetime.now(UTC) + timedelta(days=1)}
    tried = {
        "shorten": is_refused(lambda: client.put_object_retention(**at, Retention=sooner)),
        "delete": is_refused(lambda: client.delete_object(**at)),
        "bypass": is_refused(lambda: client.delete_object(**at, BypassGovernanceRetention=True)),
    }
    versions = client.list_object_versions(Bucket=bucket, Prefix=key).get("Versions", [])
    assert (version in [each["VersionId"] for each in versions]) == tried["bypass"]
    return tried


@pytest.mark.servers
def test_not_even_the_key_that_may_do_everything_deletes_a_locked_version(kind: str) -> None:
    url = asking(new_s3_url(kind, locks=True))
    store = write_once(kind, url)
    assert {each.name: each.holds for each in admit(store)}["locks hold"]
    deliver(store)
    store.put("journal/1", b"acts")
    for key in (
        "packages/R-1/v1/data/one",
        "packages/R-1/v1/data/big",
        f"packages/R-1/v1/{TAGS}",
        "journal/1",
    ):
        tried = as_admin(kind, url, f"archive/{key}", "COMPLIANCE")
        assert tried == {"shorten": True, "delete": True, "bypass": True}, key
    assert store.read_back("packages/R-1/v1/data/big").sha256 == sha256(BIG)


@pytest.mark.servers
def test_in_governance_only_a_right_of_its_own_lifts_a_lock(kind: str) -> None:
    url = asking(new_s3_url(kind, locks=True), "governance")
    deliver(write_once(kind, url))
    tried = as_admin(kind, url, "archive/packages/R-1/v1/data/one", "GOVERNANCE")
    assert (tried["delete"], tried["bypass"]) == (True, False)


@pytest.mark.servers
def test_a_lock_lasts_as_long_as_the_settings_say_and_longer_where_a_record_is_kept_longer(kind: str) -> None:
    url = asking(new_s3_url(kind, locks=True))
    store = write_once(kind, url)
    least = Terms("COMPLIANCE", DAYS).lock().until
    store.put("journal/1", b"acts")
    deliver(store, kept_until=date(2055, 12, 31))
    found = locks(kind, url)
    assert found.pop("journal/1") == Lock("COMPLIANCE", least)
    assert set(found.values()) == {Lock("COMPLIANCE", datetime(2055, 12, 31, 15, tzinfo=UTC))}


@pytest.mark.servers
def test_what_was_written_before_is_locked_later_and_a_lock_never_becomes_shorter(kind: str) -> None:
    plain = new_s3_url(kind, locks=True)
    deliver(open_store("a", plain, s3_credentials(kind)))
    assert set(locks(kind, plain).values()) == {None}
    store = write_once(kind, asking(plain))
    assert store.lock_all("packages/R-1/", date(2055, 12, 31)) == (3, 3)
    assert store.lock_all("packages/R-1/", date(2055, 12, 31)) == (3, 0)
    assert store.lock_all("packages/R-1/") == (3, 0)
    assert {lock and lock.until.year for lock in locks(kind, plain).values()} == {2055}


@pytest.mark.servers
def test_of_many_objects_some_at_a_time_are_locked_while_the_others_are_listed(kind: str) -> None:
    plain = new_s3_url(kind, locks=True)
    before = open_store("a", plain, s3_credentials(kind))
    keys = [f"packages/R-1/v1/data/{number:02}" for number in range(50)]
    for key in keys:
        before.put(key, b"x")
    store = write_once(kind, asking(plain))
    assert isinstance(store, S3Store)
    server, open_still = store.server.locking(), []

    def listed() -> Iterator[str]:
        for number, key in enumerate(keys):
            if number in (20, 49):
                open_still.append(sum(server.lock_of(each) is None for each in keys[:number]))
            yield key

    assert s3_reading.lock_all(server, listed()) == (50, 50)
    assert all(count < 2 * CONNECTIONS for count in open_still), open_still
    assert None not in locks(kind, plain).values()


@pytest.mark.servers
def test_the_same_delivery_later_makes_the_locks_of_what_is_there_longer(kind: str) -> None:
    plain = new_s3_url(kind, locks=True)
    deliver(write_once(kind, asking(plain, days=3)))
    deliver(write_once(kind, asking(plain, days=5)))
    assert set(locks(kind, plain).values()) == {Terms("COMPLIANCE", 5).lock()}


@pytest.mark.servers
def test_a_store_that_ought_to_lock_and_cannot_is_refused_before_its_first_use(kind: str) -> None:
    url = new_s3_url(kind)
    assert admit(open_store("a", url, s3_credentials(kind)))
    with pytest.raises(Refused, match="locks hold"):
        admit(open_store("a", asking(url), s3_credentials(kind)))


@pytest.mark.servers
def test_nothing_is_kept_as_locked_that_the_server_does_not_say_is_locked(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = write_once(kind, asking(new_s3_url(kind, locks=True)))
    assert isinstance(store, S3Store)
    monkeypatch.setattr("archive.stores.s3.Server._lock", lambda self: {})
    monkeypatch.setattr("archive.stores.s3.Server.set_lock", lambda self, key, lock: None)
    with pytest.raises(Refused, match="does not say"):
        deliver(store)
    assert not store.has(f"packages/R-1/v1/{TAGS}")


@pytest.mark.servers
def test_a_store_without_terms_locks_nothing_and_says_so(kind: str) -> None:
    store = open_store("a", new_s3_url(kind), s3_credentials(kind))
    with pytest.raises(Refused, match="locks nothing"):
        store.lock_all("")


def test_a_lock_covers_what_is_shorter_and_compliance_covers_governance() -> None:
    day = datetime(2030, 1, 1, tzinfo=UTC)
    longer = day + timedelta(days=1)
    assert Lock("COMPLIANCE", longer).covers(Lock("COMPLIANCE", day))
    assert Lock("COMPLIANCE", day).covers(Lock("GOVERNANCE", day))
    assert not Lock("GOVERNANCE", longer).covers(Lock("COMPLIANCE", day))
    assert not Lock("COMPLIANCE", day).covers(Lock("COMPLIANCE", longer))


def test_no_lock_is_longer_than_a_hundred_years() -> None:
    terms = Terms("COMPLIANCE", 1)
    assert terms.lock(date(9998, 12, 31)) == Terms("COMPLIANCE", MOST_DAYS).lock()
    assert terms.lock(date(1990, 12, 31)) == terms.lock()


@pytest.mark.parametrize("options", [
    "lock=forever&retention=9", "lock=compliance", "lock=compliance&retention=0",
    "lock=compliance&retention=ten", "retention=9",
])  # fmt: skip
def test_terms_that_say_less_than_all_are_refused(options: str) -> None:
    with pytest.raises(WrongCall, match=r"Store a: (lock|retention)="):
        open_store("a", f"s3://bucket/x?endpoint=http://h:1&{options}", ("key", "secret"))
