"""Copies in a cold store are asked for, brought, and read back before they count; nothing else reads them."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from archive import holdings
from archive.errors import Unavailable
from preservation import packages
from preservation.packages import Copy
from preservation.retrieving import retrieve_copies
from tests.archive.vault import Vault
from tests.preservation.held import Held
from tests.preservation.test_copies_pages import client_of
from tests.preservation.test_fixity import content, flip

AWAY, DAMAGE = 4, 5
TERMS = "hours=12 days=3 gigabyte=1000 thousand=50"


@pytest.fixture
def cold(held: Held, server: Vault) -> Held:
    """Three volumes in two folders and in a vault, whose server has moved them into cold storage."""
    folders = (f"{each}={(held.home / 'stores' / each).as_uri()}" for each in ("a", "b"))
    settings = {
        "SEOGO_STORE_C_ACCESS": "key", "SEOGO_STORE_C_SECRET": "secret",
        "SEOGO_COLD_STORES": "c", "SEOGO_COLD_TERMS": TERMS,
    }  # fmt: skip
    held = Held(held.home, " ".join([*folders, f"c={server.url}"]), more=tuple(settings.items()))
    held.ask("init")
    code, told = held.ask("copy", "fill", "--store", "c")
    assert (code, told["copied"]["copies"]) == (0, 3)
    server.freeze()
    server.reads.clear()
    return held


@pytest.fixture
def reference(cold: Held) -> str:
    return str(cold.ask("volume", "list")[1]["volumes"][1]["reference"])


def work(held: Held) -> int:
    """Go on with what is under way, as a worker does each hour."""
    code, told = held.ask("work", "--until-idle")
    assert told["failed"] == []
    return code


def verified_at(held: Held, reference: str) -> str:
    copies = held.ask("volume", "show", reference)[1]["copies"]
    return str(next(each["verified_at"] for each in copies if each["store"] == "c"))


def newest(held: Held) -> dict:
    return retrievals(held)[0]


def retrievals(held: Held) -> list[dict]:
    """The newest first."""
    return list(held.ask("copy", "retrievals")[1]["retrievals"])


def bags_read(server: Vault) -> list[str]:
    return [key for key in server.reads if "/packages/" in f"/{key}"]


def test_nothing_reads_a_cold_store_that_was_not_asked(
    cold: Held, server: Vault, reference: str, tmp_path: Path
) -> None:
    code, told = cold.ask("copy", "check")
    assert (code, told["intact"], told["not_looked_at"], told["exceptions"]) == (0, 6, 0, [])
    [unread] = told["cold"]
    assert (unread["store"], unread["copies"], unread["unsound"]) == ("c", 3, 0)
    assert unread["oldest"] <= verified_at(cold, reference)
    assert cold.ask("volume", "export", reference, tmp_path / "out")[0] == 0
    assert work(cold) == 0
    assert (bags_read(server), server.asked) == ([], {})


def test_the_portal_would_rather_say_that_no_store_answers_than_read_a_cold_one(
    cold: Held, server: Vault
) -> None:
    client = client_of(cold, "archivist")
    volumes = cold.ask("volume", "list")[1]["volumes"]
    items = [each for one in volumes for each in cold.ask("volume", "show", one["reference"])[1]["items"]]
    pages = (f"/items/{each['reference']}/files/1" for each in items if each["disclosure"] == "open")
    page = next(each for each in pages if client.get(each).status_code == 200)
    for store in "ab":
        (cold.home / "stores" / store).rename(cold.home / f"away-{store}")
    assert client.get(page).status_code == 503
    assert (bags_read(server), server.asked) == ([], {})


def test_a_cold_store_is_not_checked_by_name_and_says_what_to_do(cold: Held, reference: str) -> None:
    code, told = cold.ask("copy", "check", "--store", "c")
    assert (code, told["error"]["code"]) == (3, "store.cold")
    assert "seogo copy retrieve" in told["error"]["next"]
    assert cold.ask("copy", "retrieve", reference, "--store", "a")[1]["error"]["code"] == "store.not_cold"


def test_a_dry_run_tells_size_time_and_price_and_asks_for_nothing(
    cold: Held, server: Vault, reference: str
) -> None:
    code, told = cold.ask("copy", "retrieve", reference, "--store", "c", "--dry-run")
    sizes = [path.stat().st_size for path in cold.bag("a", reference).rglob("*") if path.is_file()]
    assert (code, told["queued"], told["hours"], told["days"]) == (0, 0, 12, 3)
    assert (told["copies"], told["files"], told["bytes"]) == (1, len(sizes), sum(sizes))
    assert told["cost"] == round(sum(sizes) / 1e9 * 1000 + len(sizes) / 1000 * 50, 2)
    assert cold.ask("copy", "retrievals")[1]["retrievals"] == []
    assert work(cold) == 0 and server.asked == {}


def test_what_was_asked_for_while_another_store_is_away_is_told(cold: Held, reference: str) -> None:
    away = cold.home / "stores/b"
    away.rename(cold.home / "away")
    code, told = cold.ask("copy", "retrieve", reference, "--store", "c")
    (cold.home / "away").rename(away)
    assert (code, told.get("queued")) == (4, 1), told


def test_a_copy_counts_as_verified_when_all_of_it_was_brought_and_read_back(
    cold: Held, server: Vault, reference: str
) -> None:
    before = verified_at(cold, reference)
    assert cold.ask("copy", "retrieve", reference, "--store", "c")[1]["queued"] == 1
    assert cold.ask("copy", "retrieve", reference, "--store", "c")[1]["queued"] == 0
    work(cold)
    assert newest(cold)["state"] == "asked"
    assert server.asked.keys() == {key for key in server.cold if f"/{reference}/" in key}
    server.brought = set(sorted(server.asked)[:-1])
    look_again(cold)
    assert (newest(cold)["state"], verified_at(cold, reference)) == ("asked", before)
    server.bring()
    look_again(cold)
    told = newest(cold)
    assert (told["state"], told["volume"], told["store"]) == ("intact", reference, "c")
    assert verified_at(cold, reference) > before
    assert told["until"] > told["ended_at"]
    assert cold.acts(reference)[-1] == "copy.wanted"


def test_a_retrieved_copy_that_is_altered_is_told_and_never_used(
    cold: Held, server: Vault, reference: str
) -> None:
    key = next(key for key in sorted(server.cold) if f"/{reference}/" in key and "/original/" in key)
    server.objects[key] = bytes([server.objects[key][0] ^ 1]) + server.objects[key][1:]
    retrieve(cold, server, reference)
    assert (newest(cold)["state"], cold.state("c", reference)) == ("altered", "altered")
    assert cold.acts(reference)[-1] == "copy.altered"
    code, told = cold.ask("copy", "check")
    assert (code, told["altered"], told["cold"][0]["unsound"]) == (DAMAGE, 0, 1)
    assert cold.ask("copy", "check", "--store", "a")[0] == 0


def test_a_copy_that_is_in_the_making_in_a_cold_store_is_owed_and_not_left_out(
    cold: Held, reference: str
) -> None:
    site = cold.place.site()
    with site.open_session.begin() as session:
        [bag] = packages.bags_of(session, holdings.get_volume(session, reference).id)
        mine = select(Copy).where(Copy.bag_id == bag.id, Copy.store == "c")
        session.scalars(mine).one().state = "writing"
    site.engine.dispose()
    code, told = cold.ask("copy", "check")
    assert (code, told["cold"][0]["copies"]) == (0, 2)
    assert [(each["store"], each["copies"]) for each in told["lagging"]] == [("c", 1)]


def test_the_last_good_copy_comes_out_of_the_cold_store_when_it_was_asked_for(
    cold: Held, server: Vault, reference: str, tmp_path: Path
) -> None:
    shutil.rmtree(cold.bag("a", reference))
    flip(content(cold.bag("b", reference)))
    assert cold.ask("copy", "check")[0] == DAMAGE
    code, told = cold.ask("copy", "fill", "--store", "a")
    assert (code, told["left"]["copies"]) == (AWAY, 1)
    assert f"seogo copy retrieve {reference} --store c" in told["exceptions"][0]["reason"]
    assert cold.ask("volume", "export", reference, tmp_path / "out")[0] == DAMAGE
    retrieve(cold, server, reference)
    assert cold.ask("copy", "fill", "--store", "a")[1]["copied"]["copies"] == 1
    assert cold.state("a", reference) == "verified"
    flip(content(cold.bag("a", reference)))
    assert cold.ask("volume", "export", reference, tmp_path / "out")[0] == 0


def test_what_went_back_unread_is_asked_for_again(cold: Held, server: Vault, reference: str) -> None:
    cold.ask("copy", "retrieve", reference, "--store", "c")
    work(cold)
    server.bring()
    server.freeze()
    later = cold.at(hours=100)
    look_again(later)
    assert newest(later)["state"] == "asked"
    assert len(server.asked) > 0
    server.bring()
    look_again(later)
    assert newest(later)["state"] == "intact"


def test_what_one_retrieval_meets_keeps_no_other_waiting_and_is_told_at_the_end(
    cold: Held, server: Vault
) -> None:
    first, *others = (each["volume"] for each in asked_for_all(cold))
    server.refused = {key for key in server.cold if f"/{first}/" in key and key.endswith("METS.xml")}
    with pytest.raises(Unavailable, match=r"refused packages/.*METS\.xml"):
        look_again(cold)
    states = {each["volume"]: each["state"] for each in retrievals(cold)}
    assert states == {first: "waiting", **dict.fromkeys(others, "asked")}
    server.bring()
    with pytest.raises(Unavailable):
        look_again(cold)
    states = {each["volume"]: each["state"] for each in retrievals(cold)}
    assert states == {first: "waiting", **dict.fromkeys(others, "intact")}
    server.refused = set()
    look_again(cold)
    server.bring()
    look_again(cold)
    assert {each["state"] for each in retrievals(cold)} == {"intact"}


def test_a_completion_notice_does_not_wait_for_cold_storage(cold: Held, server: Vault) -> None:
    later = cold.at(hours=50)
    number = cold.ask("transfer", "list")[1]["transfers"][0]["transfer"]
    code, told = later.ask("transfer", "complete", number)
    assert (code, told["obstacles"]) == (0, [])
    assert bags_read(server) == []


def asked_for_all(held: Held) -> list[dict]:
    """Ask for every volume; the retrievals in the order in which they are gone on with."""
    for each in held.ask("volume", "list")[1]["volumes"]:
        assert held.ask("copy", "retrieve", each["reference"], "--store", "c")[1]["queued"] == 1
    return retrievals(held)[::-1]


def retrieve(held: Held, server: Vault, reference: str) -> None:
    assert held.ask("copy", "retrieve", reference, "--store", "c")[1]["queued"] == 1
    work(held)
    server.bring()
    look_again(held)


def look_again(held: Held) -> None:
    """An hour later."""
    site = held.place.site()
    list(retrieve_copies(site))
    site.engine.dispose()


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"SEOGO_COLD_STORES": "b"}, "fewer than two stores"),
        ({"SEOGO_COLD_STORES": "z"}, "names z"),
        ({"SEOGO_COLD_TERMS": "hours=0"}, "'hours=0' is none of"),
        ({"SEOGO_COLD_TERMS": "tier=fast"}, "'tier=fast' is none of"),
        ({"SEOGO_COLD_TERMS": "gigabyte=much"}, "'gigabyte=much' is none of"),
    ],
)
def test_settings_that_would_leave_one_store_to_read_from_are_refused(
    held: Held, settings: dict, fault: str
) -> None:
    assert held.ask("volume", "list")[0] == 0
    code, told = replace(held, more=tuple(settings.items())).ask("volume", "list")
    assert code == 2
    assert fault in told["error"]["message"]


def test_a_policy_never_leaves_a_class_with_one_store_that_can_be_read(cold: Held) -> None:
    path = cold.home / "policy.toml"
    path.write_text('version = 1\n[[class]]\nid = "x"\nagencies = ["1"]\nstores = ["a", "c"]\n')
    assert cold.ask("policy", "add", path)[1]["error"]["code"] == "policy.cold"
    path.write_text('version = 1\n[[class]]\nid = "x"\nagencies = ["1"]\nstores = ["a", "b"]\n')
    assert cold.ask("policy", "add", path)[0] == 0
