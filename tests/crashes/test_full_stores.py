"""A store whose disk runs full in the middle: what fits is taken, the rest waits, nothing half is a bag."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from archive.holdings import Volume
from benchmarks import transfers
from preservation.packages import Copy
from tests.conftest import Answer, Installation, plain_environment
from tests.crashes.conftest import AGENCY
from tests.crashes.small_disks import SmallDisk, small_disk

AWAY = 4
VOLUMES = 8
SOME, ALL = 1_000, 60_000
"""Kilobytes: room for some volumes of the eight, and for everything."""


@dataclass(frozen=True)
class Filling:
    """An installation of which one store is on a small disk; ``run`` runs a command that sees it."""

    place: Installation
    disk: SmallDisk
    small: str
    run: Callable[..., Answer]

    def receive(self, folder: Path) -> Answer:
        return self.run("transfer", "receive", folder, "--agency", AGENCY, "--accept", "--until", "stored")

    def states(self) -> list[str]:
        with self.place.site().reading_session() as session:
            return sorted(session.scalars(select(Volume.state)))

    def copies(self) -> dict[str, list[str]]:
        """State of each copy, by store."""
        found: dict[str, list[str]] = {}
        with self.place.site().reading_session() as session:
            for copy in session.scalars(select(Copy)):
                found.setdefault(copy.store, []).append(copy.state)
        return found


@pytest.fixture(scope="module")
def transfer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Volumes of ten files of 20 kB."""
    made = transfers.make(tmp_path_factory.mktemp("full") / "transfer", [20_000] * VOLUMES * 10, a_volume=10)
    return made.folder


@pytest.fixture(params=[2, 3], ids=["of two stores", "of three stores"])
def filling(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Filling]:
    """The last of two or three stores is small."""
    *large, small = "abc"[: request.param]
    with small_disk(tmp_path / "disk", SOME) as disk:
        folders = {**{name: tmp_path / name for name in large}, small: disk.folder / "store"}
        stores = " ".join(f"{name}={folder.as_uri()}" for name, folder in folders.items())
        settings = {"SEOGO_HOME": str(tmp_path / "home"), "SEOGO_STORES": stores}
        place = Installation({**plain_environment(), **settings})
        yield Filling(place, disk, small, lambda *told: disk.run(place, *told))


def nothing_half_is_a_bag(filling: Filling) -> None:
    """Whatever stands under a name of a bag and has its last object is whole; all else is no bag."""
    checked = filling.run("copy", "check")
    assert (checked.told["altered"], checked.told["absent"]) == (0, 0), checked.told["exceptions"]


def all_is_stored(filling: Filling, stores: str) -> None:
    assert filling.states() == ["stored"] * VOLUMES
    assert filling.copies() == {name: ["verified"] * VOLUMES for name in stores}
    checked = filling.run("copy", "check")
    assert (checked.exit_code, checked.told["intact"]) == (0, VOLUMES * len(stores))
    assert filling.run("ledger", "verify").told["holds"]
    assert filling.run("job", "list", "--state", "failed").told["jobs"] == []


def test_what_fits_is_taken_and_the_rest_waits_for_room(filling: Filling, transfer: Path) -> None:
    filling.run("init")
    received = filling.receive(transfer)
    assert received.exit_code == AWAY, (received.told, received.errors)
    taken = filling.copies().get(filling.small, []).count("verified")
    assert 0 < taken < VOLUMES
    nothing_half_is_a_bag(filling)
    if filling.small == "b":
        error = received.told["error"]
        assert error["code"] in ("store.full", "store.away") and "Store b" in error["message"], error
        assert filling.states() == ["stored"] * taken, "with two stores a volume is in both or not taken"
        assert filling.receive(transfer).exit_code == AWAY
        filling.disk.grow(ALL)
        again = filling.receive(transfer)
        assert (again.exit_code, again.told["state"]) == (0, "stored"), (again.told, again.errors)
        all_is_stored(filling, "ab")
    else:
        [lag] = filling.run("copy", "check").told["lagging"]
        assert (lag["store"], lag["volumes"]) == ("c", VOLUMES - taken)
        assert filling.states() == ["accepted"] * (VOLUMES - taken) + ["stored"] * taken
        waiting = filling.run("work", "--until-idle")
        assert (waiting.exit_code, waiting.told["failed"]) == (AWAY, [])
        assert "Store c" in str(waiting.told["waiting"]), waiting.told
        nothing_half_is_a_bag(filling)
        filling.disk.grow(ALL)
        worked = filling.run("work", "--until-idle")
        assert (worked.exit_code, worked.told["failed"], worked.told["waiting"]) == (0, [], [])
        all_is_stored(filling, "abc")
