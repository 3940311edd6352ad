"""A store whose disk runs full in the middle: what fits is taken, the rest waits, nothing half is a bag."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from sqlalchemy import select

from archive.errors import Conflict, Missing
from archive.holdings import Volume
from archive.stores import open_store
from benchmarks import transfers
from preservation.packages import Copy
from tests.conftest import Answer, Installation, plain_environment
from tests.crashes.conftest import AGENCY
from tests.crashes.small_disks import SmallDisk, small_disk
from tests.flows.test_portal import STARTS_WITHIN, free_port
from tests.servers import accounts

AWAY = 4
KEYS = ("small", "small-secret")
VOLUMES = 8
SOME = {"folder": 1_000, "server": 4_000}
ALL = 60_000
"""Kilobytes: room for some volumes of the eight, and for everything.

What a server says of each object takes some blocks, and half a bag stays on it.
"""


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


@pytest.fixture(params=["folder", pytest.param("server", marks=pytest.mark.servers)])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=[2, 3], ids=["of two stores", "of three stores"])
def filling(request: pytest.FixtureRequest, kind: str, tmp_path: Path) -> Iterator[Filling]:
    """The last of two or three stores is small."""
    *large, small = "abc"[: request.param]
    stores = [f"{name}={(tmp_path / name).as_uri()}" for name in large]
    making = on_a_folder if kind == "folder" else on_a_server
    yield from making(tmp_path, stores, small)


def on_a_folder(folder: Path, stores: list[str], small: str) -> Iterator[Filling]:
    with small_disk(folder / "disk", SOME["folder"]) as disk:
        place = installed(folder, [*stores, f"{small}={(disk.folder / 'store').as_uri()}"])
        yield Filling(place, disk, small, lambda *told: disk.run(place, *told))


def on_a_server(folder: Path, stores: list[str], small: str) -> Iterator[Filling]:
    with small_server(folder, SOME["server"]) as (disk, url):
        keys = dict(zip(("ACCESS", "SECRET"), KEYS, strict=True))
        settings = {f"SEOGO_STORE_{small.upper()}_{name}": key for name, key in keys.items()}
        place = installed(folder, [*stores, f"{small}={url}"], **settings)
        yield Filling(place, disk, small, place.run)


@contextmanager
def small_server(folder: Path, kilobytes: int) -> Iterator[tuple[SmallDisk, str]]:
    """An S3 server whose own disk is small, and which keeps what it knows of an object beside it."""
    program = max((accounts.CACHE / "bin").glob("versitygw-v*"))
    port = free_port()
    disk, (access, secret) = folder / "disk", KEYS
    serve = (
        f"mkdir '{disk}/root' '{disk}/meta' && ROOT_ACCESS_KEY={access} ROOT_SECRET_KEY={secret} "
        f"exec '{program}' --port 127.0.0.1:{port} --quiet --keep-alive "
        f"posix --sidecar '{disk}/meta' '{disk}/root' 2>'{folder}/server.log'"
    )
    with small_disk(disk, kilobytes, serve) as made:
        endpoint = f"http://127.0.0.1:{port}"
        make_bucket(endpoint)
        yield made, f"s3://small/kept?endpoint={endpoint}"


def make_bucket(endpoint: str) -> None:
    """Once the server answers."""
    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1",
                          aws_access_key_id=KEYS[0], aws_secret_access_key=KEYS[1])  # fmt: skip
    deadline = time.monotonic() + STARTS_WITHIN
    while True:
        try:
            client.create_bucket(Bucket="small")
        except EndpointConnectionError:
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.2)
        else:
            return


def installed(folder: Path, stores: list[str], **more: str) -> Installation:
    settings = {"SEOGO_HOME": str(folder / "home"), "SEOGO_STORES": " ".join(stores)}
    return Installation({**plain_environment(), **settings, **more})


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


@pytest.mark.servers
def test_a_name_that_a_full_server_kept_without_its_object_is_written_over_by_the_same_bytes_only(
    tmp_path: Path,
) -> None:
    """What is left when the room ends between what a server knows of an object and the object."""
    with small_server(tmp_path, ALL) as (disk, url):
        store = open_store("a", url, KEYS)
        store.put("journal/1", b"acts")
        disk.remove("root/small/kept/journal/1")
        with pytest.raises(Missing):
            store.read_back("journal/1")
        with pytest.raises(Conflict, match="cannot be in store a"):
            store.put("journal/1", b"other acts")
        delivery = store.begin("journal")
        assert delivery.put("1", b"acts") == delivery.read_back("1") == store.put("journal/1", b"acts")
        delivery.abandon()
