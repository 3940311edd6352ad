"""What `ledger seal` and `ledger verify` tell of stores that lag, and before the first seal."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

import pytest

from archive import holdings, ledger
from archive.errors import Unavailable
from archive.ledger import catching_up
from archive.site import evidence
from archive.site.evidence import seal_now
from archive.site.site import Site
from archive.stores import Store
from tests.conftest import Installation

BAG = "packages/SG-2026-000001/v1/bagit.txt"


@pytest.fixture
def here(place: Installation, tmp_path: Path) -> Installation:
    """Two acts are recorded and a bag lies in both stores; nothing was sealed.  The database is a file."""
    made = Installation({**place.environment, "SEOGO_DATABASE": f"sqlite:///{tmp_path}/here.db"})
    site = made.site()
    with site.open_session.begin() as session:
        assert holdings.next_references(session, "SG-2026") == ["SG-2026-000001"]
    act(site, 2)
    for store in site.stores:
        store.put(BAG, b"a bag")
    site.close()
    return made


def act(site: Site, count: int = 1) -> None:
    with site.open_session.begin() as session:
        for number in range(count):
            ledger.record(
                session, act="volume.accepted", about=f"V-{number}", at=site.now(), actor="p-1",
                facts={"n": 1},
            )  # fmt: skip


def sealed(here: Installation, *, times: int = 1) -> None:
    site = here.site()
    for _ in range(times):
        act(site)
        seal_now(site)
    site.close()


def in_words(here: Installation, *arguments: str) -> tuple[int, str]:
    process = here.start("ledger", *arguments)
    out, _ = process.communicate(timeout=280)
    return process.returncode, out


def root(here: Installation, store: str) -> Path:
    return here.home / "stores" / store


def wipe(here: Installation, *stores: str) -> None:
    for store in stores:
        for part in ("ledger", "journal"):
            shutil.rmtree(root(here, store) / part)


def test_before_the_first_seal_a_log_is_not_sealed_yet_and_no_damage(here: Installation) -> None:
    for more in ((), ("--store", "a")):
        told = here.run("ledger", "verify", *more)
        assert (told.exit_code, told.told["waiting"], told.told["failures"]) == (4, 2, [])
        assert told.told["holds"] is None
        assert {each["holds"] for each in told.told["stores"].values()} == {None}
    code, words = in_words(here, "verify")
    assert code == 4 and "is not sealed yet: 2 entries to be sealed with seogo ledger seal." in words
    assert "HOLD" not in words
    assert here.run("ledger", "seal").told["size"] == 2
    after = here.run("ledger", "verify")
    assert (after.exit_code, after.told["holds"], after.told["waiting"]) == (0, True, 0)


def change_a_record(here: Installation) -> None:
    ask(here, "UPDATE journal_records SET record = replace(record, '\"n\":1', '\"n\":2') WHERE id = 1")


def ask(here: Installation, statement: str) -> None:
    with closing(sqlite3.connect(here.environment["SEOGO_DATABASE"].removeprefix("sqlite:///"))) as database:
        assert database.execute(statement).rowcount > 0
        database.commit()


def lose_the_database(here: Installation) -> None:
    Path(here.environment["SEOGO_DATABASE"].removeprefix("sqlite:///")).unlink()


def empty_the_database(here: Installation) -> None:
    lose_the_database(here)
    here.site().close()


def lose_the_logs(here: Installation) -> None:
    assert here.run("ledger", "seal").exit_code == 0
    wipe(here, "a", "b")


def put(store: str, key: str) -> Callable[[Installation], None]:
    def write(here: Installation) -> None:
        path = root(here, store) / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")

    return write


DAMAGED: dict[str, Callable[[Installation], None]] = {
    "a record was changed": change_a_record,
    "an entry was changed": lambda here: ask(here, "UPDATE ledger_entries SET about = 'V-9' WHERE id = 2"),
    "an entry is gone": lambda here: ask(here, "DELETE FROM ledger_entries WHERE id = 2"),
    "an entry has a place": lambda here: ask(here, "UPDATE ledger_entries SET position = 0 WHERE id = 1"),
    "the database was lost": lose_the_database,
    "the database was emptied": empty_the_database,
    "the logs were taken away after a seal": lose_the_logs,
    "a piece of a log is there": put("b", "ledger/tile/0/000.p/1"),
    "a piece of a journal is there": put("b", "journal/000000000000-000000000002.jsonl"),
    "a package that nobody gave a reference": put("b", "packages/SG-2026-000002/v1/bagit.txt"),
    "a package without a reference": put("b", "packages/strange/v1/bagit.txt"),
}


@pytest.mark.parametrize("what", DAMAGED)
def test_no_damage_is_taken_for_a_log_that_is_not_sealed_yet(here: Installation, what: str) -> None:
    assert here.run("ledger", "verify").exit_code == 4
    DAMAGED[what](here)
    told = here.run("ledger", "verify")
    assert (told.exit_code, told.told["holds"], told.told["waiting"]) == (5, False, 0)
    assert told.told["failures"]


def take_b_away(here: Installation) -> None:
    root(here, "b").rename(root(here, "elsewhere"))


@pytest.mark.parametrize("more", [(), ("--store", "a")], ids=["every store", "the other store"])
def test_a_store_that_is_away_before_the_first_seal_is_no_damage(
    here: Installation, more: tuple[str, ...]
) -> None:
    take_b_away(here)
    told = here.run("ledger", "verify", *more)
    assert (told.exit_code, told.told["holds"], told.told["waiting"]) == (4, None, 0)
    assert told.told["failures"] == [] and [each[:2] for each in told.told["away"]] == ["b:"]
    code, words = in_words(here, "verify", *more)
    assert code == 4 and "seems not to be sealed yet, but not every store could be asked." in words
    assert "HOLD" not in words and "not looked at: b: Store b is not at" in words


@pytest.mark.parametrize("what", ["a record was changed", "the database was emptied"])
def test_damage_is_told_before_the_first_seal_also_with_a_store_away(here: Installation, what: str) -> None:
    DAMAGED[what](here)
    take_b_away(here)
    told = here.run("ledger", "verify")
    assert (told.exit_code, told.told["holds"], len(told.told["away"])) == (5, False, 1)


def test_a_log_that_was_taken_away_is_named_and_made_anew_aloud(here: Installation) -> None:
    sealed(here, times=3)
    wipe(here, "b")
    verified = here.run("ledger", "verify")
    assert (verified.exit_code, verified.told["lagging"]) == (5, [{"store": "b", "size": 0, "sealed": 5}])
    assert "store b lags behind: it has 0 of 5 sealed entries" in in_words(here, "verify")[1]
    told = here.run("ledger", "seal")
    lacked = {"store": "b", "had": None, "sealed": 5, "checkpoints": 0}
    assert (told.exit_code, told.told["size"], told.told["brought_up"]) == (0, 5, [lacked])
    assert here.run("ledger", "verify").exit_code == 0
    wipe(here, "a")
    said = (
        "Store a had no log of the 5 entries that had been sealed before: it was made anew from the database."
    )
    assert in_words(here, "seal") == (0, f"Sealed at 5 entries.\n{said}\n")
    assert here.run("ledger", "seal").told["brought_up"] == []


def test_what_seals_by_the_way_tells_it_too(here: Installation, capfd: pytest.CaptureFixture[str]) -> None:
    sealed(here)
    assert capfd.readouterr().err == "", "the first seal and every usual one say nothing"
    wipe(here, "a")
    sealed(here)
    assert "Store a had no log of the 3 entries that had been sealed before" in capfd.readouterr().err


def test_a_store_that_was_away_lags_until_it_is_brought_up(here: Installation) -> None:
    sealed(here)
    root(here, "b").rename(root(here, "elsewhere"))
    site = here.site()
    act(site, 4)
    site.close()
    assert here.run("ledger", "seal").exit_code == 4
    root(here, "elsewhere").rename(root(here, "b"))
    told = here.run("ledger", "verify")
    assert (told.exit_code, told.told["holds"]) == (4, True)
    assert told.told["lagging"] == [{"store": "b", "size": 3, "sealed": 7}]
    code, words = in_words(here, "seal")
    assert (code, words.splitlines()[1]) == (
        0,
        "The log in store b had 3 of the 7 entries that had been sealed before: the rest was added.",
    )
    assert here.run("ledger", "verify").exit_code == 0


def test_older_kept_checkpoints_that_are_gone_are_made_anew_aloud(here: Installation) -> None:
    sealed(here, times=3)
    shutil.rmtree(root(here, "b") / "ledger/checkpoints")
    assert "The log in store b lacked 2 older kept checkpoints: made anew" in in_words(here, "seal")[1]


def test_an_auditor_needs_no_database(here: Installation, tmp_path: Path) -> None:
    sealed(here)
    key = here.home / "keys/log.vkey"
    elsewhere = Installation({
        **here.environment, "SEOGO_HOME": str(tmp_path / "none"),
        "SEOGO_DATABASE": f"sqlite:///{tmp_path}/none.db",
    })  # fmt: skip
    told = elsewhere.run("ledger", "verify", "--store", root(here, "b").as_uri(), "--key", key)
    assert (told.exit_code, told.told["size"], told.told["lagging"]) == (0, 3, [])
    assert not (tmp_path / "none.db").exists() and not (tmp_path / "none").exists()


@pytest.mark.parametrize("below", ["..", "packages", "ledger", "../../empty"])
def test_a_folder_that_is_no_store_is_not_said_to_hold(here: Installation, below: str) -> None:
    sealed(here)
    (here.home / "empty/folder").mkdir(parents=True)
    where = (root(here, "b") / below).resolve()
    told = here.run("ledger", "verify", "--store", where, "--key", here.home / "keys/log.vkey")
    assert (told.exit_code, told.told["error"]["code"]) == (4, "ledger.none")
    assert str(where) in told.told["error"]["message"] and "store's own folder" in told.told["error"]["next"]
    good = here.run("ledger", "verify", "--store", root(here, "b"), "--key", here.home / "keys/log.vkey")
    assert (good.exit_code, good.told["holds"]) == (0, True)


def test_a_store_that_is_empty_lags_and_the_log_of_the_other_holds(here: Installation) -> None:
    sealed(here)
    wipe(here, "b")
    shutil.rmtree(root(here, "b") / "packages")
    told = here.run("ledger", "verify")
    assert (told.exit_code, told.told["holds"], told.told["stores"]["b"]["holds"]) == (4, True, None)
    assert told.told["lagging"] == [{"store": "b", "size": 0, "sealed": 3}]
    code, words = in_words(here, "verify", "--store", "b")
    assert code == 4 and "is in no store that was looked at.\n  store b lags behind" in words


def put_in_its_place(here: Installation, content: bytes) -> None:
    path = Path(here.environment["SEOGO_DATABASE"].removeprefix("sqlite:///"))
    for each in path.parent.glob(f"{path.name}*"):
        each.unlink()
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [(b"no database" * 999, 5, "The database is damaged"), (b"", 4, "none of this version of Seogo")],
    ids=["damaged", "another one"],
)
def test_a_database_that_cannot_be_asked_is_told(
    here: Installation, content: bytes, code: int, said: str
) -> None:
    sealed(here)
    assert here.run("ledger", "verify").exit_code == 0
    put_in_its_place(here, content)
    told = here.run("ledger", "verify")
    assert (told.exit_code, told.told["holds"], told.told["failures"]) == (code, True, [])
    assert len(told.told["away"]) == 1 and told.told["away"][0].startswith("the database: ")
    assert said in told.told["away"][0]
    assert f"not looked at: {told.told['away'][0]}" in in_words(here, "verify")[1]
    elsewhere = root(here, "b").rename(here.home / "elsewhere")
    assert here.run("ledger", "verify", "--store", elsewhere.as_uri()).exit_code == 0


def give_positions(site: Site) -> None:
    """A seal as it is for a moment: decided in the database, and in no store yet."""
    seal_now(site)
    act(site)
    with pytest.raises(Unavailable):
        ledger.seal(site.open_session, [Away()], site.signer, site.now())


class Away:
    """A store that does not answer, in the place of those that a seal has not come to yet."""

    name = "c"

    def open(self, key: str) -> BinaryIO:
        raise Unavailable("Store c does not answer.")


def verified(
    site: Site, monkeypatch: pytest.MonkeyPatch, answered: Callable[[str], object], *more: str
) -> tuple[int, list[str]]:
    """The exit code, and the stores in the order in which they were looked at; each then ``answered``."""
    looked: list[str] = []

    def look(store: Store, verifier: ledger.Verifier) -> ledger.Verification:
        looked.append(store.name)
        if looked.count(store.name) > 1:
            answered(f"{store.name} again")
        found = ledger.verify(store, verifier)
        if looked.count(store.name) == 1:
            answered(store.name)
        return found

    monkeypatch.setattr(evidence, "verify", look)
    return evidence.ledger.main(["verify", "--json", *more], obj=site, standalone_mode=False), looked


@pytest.mark.parametrize("before", [give_positions, act], ids=["a later seal", "the first"])
@pytest.mark.parametrize("at", ["a", "b"])
def test_a_log_that_is_being_sealed_does_not_lag(
    here: Installation, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str],
    before: Callable[[Site], None], at: str,
) -> None:  # fmt: skip
    site = here.site()
    before(site)
    code, looked = verified(site, monkeypatch, lambda name: seal_now(site) if name == at else None)
    told = json.loads(capfd.readouterr().out)
    assert (code, told["lagging"], told["holds"], told["failures"]) == (0, [], True, [])
    assert looked == (["a", "b", "a"] if at == "a" else ["a", "b", "a", "b"])
    site.close()


def test_a_log_that_goes_on_lagging_is_verified_once(
    here: Installation, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    sealed(here)
    wipe(here, "b")
    monkeypatch.setattr(catching_up, "PATIENCE", 0.2)
    site = here.site()
    assert verified(site, monkeypatch, lambda _: None) == (5, ["a", "b"])
    assert json.loads(capfd.readouterr().out)["lagging"] == [{"store": "b", "size": 0, "sealed": 3}]
    site.close()


def test_a_store_that_leaves_before_the_second_look_is_away_and_nothing_else(
    here: Installation, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    site = here.site()
    give_positions(site)

    def leave(name: str) -> None:
        if name == "a":
            seal_now(site)
        if name == "a again":
            raise Unavailable("Store a does not answer.")

    assert verified(site, monkeypatch, leave) == (4, ["a", "b", "a"])
    told = json.loads(capfd.readouterr().out)
    assert (list(told["stores"]), told["lagging"], told["holds"]) == (["b"], [], True)
    assert told["away"] == ["a: Store a does not answer."]
    site.close()


def test_the_only_store_that_leaves_before_the_second_look_is_told(
    here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = here.site()
    give_positions(site)

    def leave(name: str) -> None:
        seal_now(site)
        if name == "a again":
            raise Unavailable("Store a does not answer.")

    with pytest.raises(Unavailable, match=r"^a: Store a does not answer\.$"):
        verified(site, monkeypatch, leave, "--store", "a")
    site.close()
