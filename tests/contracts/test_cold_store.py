"""What a store MUST answer of things that lie in cold storage and are brought when they are asked for.

No S3 server that can be started here has such a class: `tests/archive/vault.py` is the double for it,
and passes the part of the suite that a folder and real servers pass too.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from archive.errors import Missing, Unavailable
from archive.stores import Intact, Store, file_url, open_store
from tests.archive import vault
from tests.archive.places import ON_SERVERS, new_s3_url, s3_credentials
from tests.archive.vault import Vault

KEY, BYTES = "packages/A-1/v1/bagit.txt", b"BagIt-Version: 1.0\n"
FACTS = (KEY, hashlib.sha256(BYTES).hexdigest(), len(BYTES))


def nothing() -> None:
    """Where there is no cold storage, nothing goes into it."""


@dataclass(frozen=True)
class Cold:
    """A store, and what makes it cold and brings what was asked for."""

    store: Store
    freeze: Callable[[], None] = nothing
    bring: Callable[[], None] = nothing


@pytest.fixture
def double() -> Iterator[Vault]:
    with vault.opened() as opened:
        yield opened


@pytest.fixture(params=["folder", "double", *ON_SERVERS])
def cold(request: pytest.FixtureRequest, tmp_path: Path) -> Cold:
    kind: str = request.param
    if kind == "folder":
        made = Cold(open_store("c", file_url(tmp_path / "c")))
    elif kind == "double":
        server: Vault = request.getfixturevalue("double")
        made = Cold(open_store("c", server.url, ("key", "secret")), server.freeze, server.bring)
    else:
        made = Cold(open_store("c", new_s3_url(kind), s3_credentials(kind)))
    made.store.prepare()
    made.store.put(KEY, BYTES)
    return made


def read(store: Store) -> bytes:
    with store.open(KEY) as stream:
        return stream.read()


def test_what_was_asked_for_and_brought_is_read_like_anything_else(cold):
    cold.freeze()
    cold.store.ask_for(KEY, days=3, tier="Bulk")
    cold.bring()
    assert cold.store.is_at_hand(KEY)
    assert read(cold.store) == BYTES
    assert [verdict for _, verdict in cold.store.read_back_all([FACTS])] == [Intact(FACTS[1])]


def test_asking_for_what_is_at_hand_is_harmless(cold):
    cold.store.ask_for(KEY, days=3, tier="Bulk")
    assert cold.store.is_at_hand(KEY)
    assert read(cold.store) == BYTES


def test_asking_twice_is_harmless(cold):
    cold.freeze()
    for _ in range(2):
        cold.store.ask_for(KEY, days=3, tier="Bulk")
    cold.bring()
    for _ in range(2):
        cold.store.ask_for(KEY, days=3, tier="Bulk")
    assert read(cold.store) == BYTES


def test_what_is_not_there_is_missing_and_cannot_be_asked_for(cold):
    cold.freeze()
    for ask in (cold.store.is_at_hand, lambda key: cold.store.ask_for(key, days=3, tier="Bulk")):
        with pytest.raises(Missing):
            ask("packages/A-1/v1/other.txt")
    assert cold.store.has(KEY)


def test_what_lies_in_cold_storage_is_there_and_unavailable_and_never_absent(double):
    store = open_store("c", double.url, ("key", "secret"))
    store.put(KEY, BYTES)
    assert read(store) == BYTES
    double.freeze()
    assert store.has(KEY) and store.size(KEY) == len(BYTES)
    assert list(store.find("packages/")) == [(KEY, len(BYTES))]
    assert not store.is_at_hand(KEY)
    for look in (
        lambda: read(store), lambda: store.read_back(KEY), lambda: list(store.read_back_all([FACTS])),
    ):  # fmt: skip
        with pytest.raises(Unavailable) as cold:
            look()
        assert cold.value.code == "store.cold"


def test_what_was_asked_for_is_not_at_hand_before_it_was_brought(double):
    store = open_store("c", double.url, ("key", "secret"))
    store.put(KEY, BYTES)
    double.freeze()
    store.ask_for(KEY, days=3, tier="Bulk")
    assert not store.is_at_hand(KEY)
    [asked] = double.asked.values()
    assert "<Days>3</Days>" in asked and "<Tier>Bulk</Tier>" in asked
    double.bring()
    assert store.is_at_hand(KEY)
    double.freeze()
    assert not store.is_at_hand(KEY)
