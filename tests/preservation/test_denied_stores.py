"""A store whose key was revoked is away: work on all others goes on, and nothing is said about its copies."""

from pathlib import Path

import pytest

from ingest.samples.making import make
from tests.archive.vault import Vault
from tests.ingest.test_owed_copies import bring_back, take_away
from tests.preservation.held import AGENCY, Held

AWAY = 4
KEYS = {"SEOGO_STORE_C_ACCESS": "key", "SEOGO_STORE_C_SECRET": "secret"}


@pytest.fixture
def four(tmp_path: Path, server: Vault) -> Held:
    """An empty installation with a server, which is asked first, and three folders."""
    folders = (f"{each}={(tmp_path / 'home/stores' / each).as_uri()}" for each in "abd")
    held = Held(tmp_path / "home", " ".join([f"c={server.url}", *folders]), more=tuple(KEYS.items()))
    assert held.ask("init")[0] == 0
    return held


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    make(tmp_path / "transfer", volumes=2, pages=1, seed=5)
    return tmp_path / "transfer"


def receive(held: Held, folder: Path) -> tuple[int, str]:
    code, told = held.ask("transfer", "receive", folder, "--agency", AGENCY, "--accept", "--until", "stored")
    return code, told["state"]


def states(held: Held) -> dict[str, str]:
    """The states of the copies in each store."""
    volumes = held.ask("volume", "list")[1]["volumes"]
    found: dict[str, set[str]] = {}
    for each in volumes:
        for copy in held.ask("volume", "show", each["reference"])[1]["copies"]:
            found.setdefault(copy["store"], set()).add(copy["state"])
    return {store: " ".join(sorted(each)) for store, each in found.items()}


@pytest.mark.parametrize("revoked_from", ["", "/packages/"], ids=["before", "meanwhile"])
def test_volumes_are_taken_in_without_it_and_it_is_owed_its_copies(
    four: Held, server: Vault, sample: Path, revoked_from: str
) -> None:
    server.revoked_from = revoked_from
    assert receive(four, sample) == (AWAY, "accepted")
    assert states(four) == {**dict.fromkeys("abd", "verified"), "c": "writing"}
    server.revoked_from = None
    assert four.ask("work", "--until-idle")[0] == 0
    assert states(four) == dict.fromkeys("abcd", "verified")
    assert {each["state"] for each in four.ask("volume", "list")[1]["volumes"]} == {"stored"}


def test_what_another_store_is_owed_is_made_meanwhile_and_the_denial_is_told(
    four: Held, server: Vault, sample: Path
) -> None:
    take_away(four, "d")
    server.revoked_from = ""
    assert receive(four, sample) == (AWAY, "accepted")
    bring_back(four, "d")
    code, told = four.ask("work", "--until-idle")
    assert (code, told["failed"]) == (AWAY, [])
    assert states(four) == {**dict.fromkeys("abd", "verified"), "c": "writing"}
    [job] = [each for each in told["waiting"] if each["job"].startswith("complete-copies")]
    assert "403 InvalidAccessKeyId" in str(job) and "credentials" in str(job)


def test_a_source_that_denies_is_made_up_for_by_another(four: Held, server: Vault, sample: Path) -> None:
    take_away(four, "d")
    assert receive(four, sample) == (AWAY, "accepted")
    bring_back(four, "d")
    server.revoked_from = ""
    told = four.ask("copy", "fill", "--store", "d")[1]
    assert (told["copied"]["copies"], told["left"]["copies"], told["stopped"]) == (2, 0, None)
    assert states(four)["d"] == "verified"


def test_a_check_does_not_look_at_its_copies_and_looks_at_all_others(
    four: Held, server: Vault, sample: Path
) -> None:
    assert receive(four, sample) == (0, "stored")
    server.revoked_from = ""
    code, told = four.ask("copy", "check")
    counts = {name: told[name] for name in ("intact", "altered", "absent", "not_looked_at")}
    assert (code, counts) == (AWAY, {"intact": 6, "altered": 0, "absent": 0, "not_looked_at": 2})
    assert all("credentials" in each["reason"] for each in told["exceptions"])
    server.revoked_from = None
    assert four.ask("copy", "check")[1]["intact"] == 8


def test_at_set_up_it_is_refused(tmp_path: Path, server: Vault) -> None:
    stores = f"a={(tmp_path / 'home/stores/a').as_uri()} c={server.url}"
    held = Held(tmp_path / "home", stores, more=tuple(KEYS.items()))
    server.revoked_from = ""
    code, told = held.ask("init")
    assert (code, told["error"]["code"]) == (3, "store.denied")
    assert told["error"]["next"] == "Check its credentials."
    server.revoked_from = None
    assert held.ask("init")[0] == 0
