"""A database that was lost, emptied or put back from an old backup takes in nothing a second time."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from archive.site.settings import read
from archive.site.site import Site
from ingest.intake import tokens
from tests.access.conftest import application
from tests.conftest import Answer, Installation
from tests.ingest.conftest import AGENCY, Call, Said
from tests.ingest.test_bad_input import row, transfer
from tests.ingest.test_ways_in import signed_in
from tests.ingest.uploads.conftest import Sending

DIFFERS = "ledger.differs"


class Kept:
    """An installation whose database is one file, which is copied, put back, and lost."""

    def __init__(self, place: Installation, folder: Path) -> None:
        self.place, self.database, self.folder = place, folder / "kept.db", folder

    def back_up(self, name: str) -> None:
        with closing(sqlite3.connect(self.database)) as now, closing(self._open(name)) as copy:
            now.backup(copy)

    def put_back(self, name: str) -> None:
        self.lose()
        with closing(sqlite3.connect(self.database)) as now, closing(self._open(name)) as copy:
            copy.backup(now)

    def lose(self) -> None:
        for path in self.folder.glob(f"{self.database.name}*"):
            path.unlink()

    def _open(self, name: str) -> sqlite3.Connection:
        return sqlite3.connect(self.folder / f"{name}.backup")

    def objects(self) -> list[tuple[str, str, int]]:
        """All that lies in the stores."""
        site = Site(read(self.place.environment))
        return [(store.name, *each) for store in site.stores for each in store.find("")]


@pytest.fixture
def kept(place: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: Call) -> Kept:
    """A first transfer is in custody and sealed; a backup `early` was made of the database after it."""
    made = Kept(place, tmp_path)
    (tmp_path / "watched" / AGENCY).mkdir(parents=True)
    for name, value in (
        ("SEOGO_DATABASE", f"sqlite:///{made.database}"), ("SEOGO_WATCH", str(tmp_path / "watched"))
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
        place.environment[name] = value
    assert taken(call, laid(tmp_path, "first")).exit_code == 0
    made.back_up("early")
    return made


def laid(folder: Path, name: str) -> Path:
    return transfer(folder / name, row(f"{name}-1", f"{name}.txt"), files=(f"{name}.txt",))


def taken(call: Call, folder: Path, *more: str) -> Said:
    return call("transfer", "receive", folder, "--agency", AGENCY, "--accept", "--until", "stored", *more)


def test_an_older_database_takes_nothing_a_second_time(kept: Kept, call: Call, tmp_path: Path) -> None:
    second = laid(tmp_path, "second")
    assert taken(call, second).told["references"] == ["SG-2026-000002"]
    kept.back_up("newest")
    before = kept.objects()
    kept.put_back("early")
    for more in ((), ("--dry-run",)):
        again = taken(call, second, *more)
        assert (again.exit_code, again.told["error"]["code"]) == (5, DIFFERS)
        assert again.sentence.startswith("The log in store a (")
        assert "that this database sealed: it is an older one. Put back the newest copy" in again.sentence
    assert call("transfer", "list").told["transfers"][0]["transfer"] == "2026-0001"
    assert kept.objects() == before
    kept.put_back("newest")
    going_on = taken(call, second)
    assert (going_on.exit_code, going_on.told["references"]) == (0, ["SG-2026-000002"])


@pytest.mark.parametrize("log", ["with its log", "before its first seal"])
def test_an_emptied_database_is_told_by_init_and_takes_nothing(
    kept: Kept, place: Installation, tmp_path: Path, log: str
) -> None:
    kept.lose()
    if log == "before its first seal":
        for store in "ab":
            for part in ("ledger", "journal"):
                (place.home / "stores" / store / part).rename(tmp_path / f"{part}-{store}")
    before = packages(kept)
    init = place.run("init")
    assert_refused(init)
    receive = place.run(
        "transfer", "receive", tmp_path / "first", "--agency", AGENCY, "--accept", "--until", "stored"
    )
    assert_refused(receive)
    assert packages(kept) == before != []
    kept.put_back("early")
    assert place.run("init").exit_code == 0


def packages(kept: Kept) -> list[tuple[str, str, int]]:
    return [each for each in kept.objects() if each[1].startswith("packages/")]


def assert_refused(answer: Answer) -> None:
    assert (answer.exit_code, answer.told["error"]["code"]) == (5, DIFFERS)
    assert "SEOGO_DATABASE" in answer.told["error"]["next"]


def test_stores_of_another_archive_are_told(
    kept: Kept, call: Call, tmp_path: Path, place: Installation
) -> None:
    other = Installation({
        **place.environment, "SEOGO_HOME": str(tmp_path / "other"),
        "SEOGO_DATABASE": f"sqlite:///{tmp_path}/other.db",
        "SEOGO_STORES": " ".join(f"{name}={(tmp_path / 'other' / name).as_uri()}" for name in "ab"),
    })  # fmt: skip
    folder = laid(tmp_path, "theirs")
    arguments = ("transfer", "receive", folder, "--agency", AGENCY, "--accept", "--until", "stored")
    assert other.run(*arguments).exit_code == 0
    stores = kept.place.site().settings.stores
    mixed = f"a={stores['a']} b={stores['b']} c={(tmp_path / 'other' / 'a').as_uri()}"
    told = Installation({**place.environment, "SEOGO_STORES": mixed}).run("init")
    assert_refused(told)
    assert told.told["error"]["message"].startswith("The log in store c (")


def test_a_store_that_is_away_is_told_of_and_one_that_answers_decides(
    kept: Kept, call: Call, tmp_path: Path, place: Installation
) -> None:
    a, b = (place.home / "stores" / name for name in "ab")
    second = laid(tmp_path, "second")
    b.rename(tmp_path / "unplugged")
    waits = call("transfer", "receive", second, "--agency", AGENCY)
    assert "Whether store b has the log of this database is not known: Store b is not at" in waits.errors
    assert waits.told["state"] == "waiting"
    (tmp_path / "unplugged").rename(b)
    assert call("ledger", "seal").exit_code == 0
    kept.put_back("early")
    a.rename(tmp_path / "unplugged")
    again = taken(call, second)
    assert (again.exit_code, again.told["error"]["code"]) == (5, DIFFERS)
    b.rename(tmp_path / "unplugged too")
    nothing = taken(call, second)
    assert (nothing.exit_code, nothing.told["error"]["code"]) == (4, "store.away")
    assert nothing.errors.count("is not known") == 2


Way = Callable[[Call, Kept, Site], None]


def by_accept(call: Call, kept: Kept, site: Site) -> None:
    again = call("transfer", "accept", "2026-0002")
    assert (again.exit_code, again.told["error"]["code"]) == (5, DIFFERS)


def by_the_desk(call: Call, kept: Kept, site: Site) -> None:
    signed_in(site).post("/desk/transfers/2026-0002/accept", data={"confirmed": "yes"})
    assert_job_failed(call, "accept-transfer")


def by_the_watched_folder(call: Call, kept: Kept, site: Site) -> None:
    folder = laid(kept.folder / "watched" / AGENCY, "by-watch")
    folder.with_name("by-watch.done").touch()
    looked = call("watch", "--once")
    assert (looked.exit_code, looked.told["error"]["code"]) == (5, DIFFERS)
    assert not folder.with_name("by-watch.answer.json").exists()


def by_a_program(call: Call, kept: Kept, site: Site) -> None:
    laid(kept.folder / "watched" / AGENCY, "by-program")
    with site.open_session.begin() as session:
        words = tokens.make(session, AGENCY, by="person-1", now=site.now())[1]
    headers = {"Authorization": f"Bearer {words}", "Idempotency-Key": "k-1"}
    client = application(site).test_client()
    client.post("/api/transfers", json={"folder": "by-program"}, headers=headers)
    assert_job_failed(call, "receive-intake")
    told = client.post("/api/transfers", json={"folder": "by-program"}, headers=headers).get_json()
    assert (told["state"], told["error"]["code"]) == ("failed", "intake.failed")


def by_upload(call: Call, kept: Kept, site: Site) -> None:
    client = signed_in(site)
    sending = Sending(client, client.post("/desk/uploads", data={"agency": AGENCY}).location)
    paths = sorted(path for path in laid(kept.folder, "by-upload").iterdir() if path.is_file())
    sending.send(*((f"by-upload/{path.name}", path.read_bytes()) for path in paths))
    sending.finish()
    assert_job_failed(call, "receive-upload")


def assert_job_failed(call: Call, name: str) -> None:
    worked = call("work", "--until-idle")
    reasons = [each["reason"] for each in worked.told["failed"] if each["job"].startswith(name)]
    assert reasons and all("that this database sealed: it is an older one" in each for each in reasons)


WAYS = (by_accept, by_the_desk, by_the_watched_folder, by_a_program, by_upload)


@pytest.mark.parametrize("way", WAYS, ids=[way.__name__ for way in WAYS])
def test_no_way_in_goes_past_it(kept: Kept, call: Call, tmp_path: Path, way: Way) -> None:
    call("transfer", "receive", laid(tmp_path, "second"), "--agency", AGENCY)
    kept.back_up("waiting")
    assert call("transfer", "accept", "2026-0002").exit_code == 0
    before = kept.objects()
    kept.put_back("waiting")
    site = kept.place.site()
    way(call, kept, site)
    site.close()
    assert kept.objects() == before
