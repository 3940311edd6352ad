"""An S3 server and a database that fail in the middle: the same command again ends as if they had not."""

import os
import random
import re
import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.conftest import Installation, s3_client
from tests.crashes.conftest import Disturbed, Struck, ended, installation
from tests.crashes.s3_faults import Between, between, draw

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]
WORK = ("work", "--until-idle", "--json")
FAULTS = max(2, int(os.environ["SEOGO_FAULTS"]) // 4)
SEED = os.environ["SEOGO_SEED"]
NAMED = re.compile(r"\b[Ss]tore b\b")
TERMINATE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"


@dataclass(frozen=True)
class Undisturbed:
    """A run on the same servers without faults: what is seen after it, its requests, its seconds.

    ``working``: the seconds of `seogo work` after a run that left pages and search to it.
    """

    seen: dict[str, Any]
    requests: Counter[str]
    seconds: float
    working: float = 0


def on_s3(folder: Path, transfer: Path, server: str) -> Disturbed:
    """Store a is a folder, store b a bucket of its own behind ``server``."""
    here, bucket = installation(folder, transfer), f"crash{secrets.token_hex(6)}"
    s3_client().create_bucket(Bucket=bucket)
    return with_settings(here, {
        "SEOGO_STORES": f"a={(folder / 'stores/a').as_uri()} b=s3://{bucket}/kept?endpoint={server}",
        **{f"SEOGO_STORE_B_{kind}": os.environ[f"SEOGO_TEST_S3_{kind}"] for kind in ("ACCESS", "SECRET")},
    })  # fmt: skip


def with_settings(here: Disturbed, settings: dict[str, str]) -> Disturbed:
    return replace(here, place=Installation({**here.place.environment, **settings}))


def stored(here: Disturbed) -> float:
    began = time.monotonic()
    code, told, errors = ended(here.receive())
    assert (code, told.get("state")) == (0, "stored"), (told, errors)
    return time.monotonic() - began


@pytest.fixture
def server() -> Iterator[Between]:
    with between(os.environ["SEOGO_TEST_S3"]) as made:
        yield made


@pytest.fixture(scope="session")
def undisturbed_on_s3(tmp_path_factory: pytest.TempPathFactory, small_transfer: Path) -> Undisturbed:
    with between(os.environ["SEOGO_TEST_S3"]) as counting:
        here = on_s3(
            tmp_path_factory.mktemp("s3") / "home", small_transfer, counting.of(os.environ["SEOGO_TEST_S3"])
        )
        seconds = stored(here)
        requests = Counter(counting.counted)
        return Undisturbed(here.all_that_is_seen(), requests, seconds)


@pytest.mark.fault
@pytest.mark.parametrize("turn", range(FAULTS))
def test_after_any_fault_of_a_server_the_same_command_ends_the_same(
    server: Between,
    undisturbed_on_s3: Undisturbed,
    tmp_path: Path,
    small_transfer: Path,
    struck: Struck,
    turn: int,
) -> None:
    fault = draw(random.Random(f"{SEED}-s3-{turn}"), undisturbed_on_s3.requests)
    print(f"SEOGO_SEED={SEED}, turn {turn}: {fault}")
    here = on_s3(tmp_path / "home", small_transfer, server.of(os.environ["SEOGO_TEST_S3"]))
    server.fault = fault
    code, told, errors = ended(here.receive())
    server.fault = None
    struck(server.counted[fault.method] >= fault.nth)
    assert "Traceback" not in errors, (str(fault), errors)
    assert code in (0, 4, 5), (str(fault), code, told)
    if code != 0:
        # Where only the log could not be sealed, the result stands and the sentence is beside it.
        said = told["error"]["message"] if "error" in told else errors
        assert NAMED.search(said), (str(fault), told, errors)
        stored(here)
    assert_the_same(here, undisturbed_on_s3.seen, str(fault))


def assert_the_same(here: Disturbed, expected: dict[str, Any], fault: str) -> None:
    seen = here.all_that_is_seen()
    assert seen.keys() == expected.keys()
    for part in expected:
        assert seen[part] == expected[part], (fault, part)


def on_postgresql(folder: Path, transfer: Path) -> tuple[Disturbed, str]:
    name, server = f"crash{secrets.token_hex(6)}", os.environ["SEOGO_TEST_POSTGRES"]
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    settings = {"SEOGO_DATABASE": f"{server.rpartition('/')[0]}/{name}"}
    return with_settings(installation(folder, transfer), settings), name


@pytest.fixture(scope="session")
def undisturbed_on_postgresql(tmp_path_factory: pytest.TempPathFactory, small_transfer: Path) -> Undisturbed:
    here, _ = on_postgresql(tmp_path_factory.mktemp("postgresql") / "home", small_transfer)
    seconds = done(here, receive_only(here))
    working = done(here, WORK)
    return Undisturbed(here.all_that_is_seen(), Counter(), seconds, working)


def receive_only(here: Disturbed) -> tuple[str, ...]:
    return (*here.receive_command, "--until", "stored")


def done(here: Disturbed, command: tuple[str, ...]) -> float:
    began = time.monotonic()
    code, told, errors = ended(here.place.start(*command))
    assert code == 0, (command, told, errors)
    return time.monotonic() - began


@pytest.mark.fault
@pytest.mark.parametrize("turn", range(FAULTS))
def test_after_the_database_dropped_every_connection_the_same_command_ends_the_same(
    undisturbed_on_postgresql: Undisturbed, tmp_path: Path, small_transfer: Path, struck: Struck, turn: int
) -> None:
    lot = random.Random(f"{SEED}-postgresql-{turn}")
    undisturbed, works = undisturbed_on_postgresql, turn % 2 == 1
    instant = (undisturbed.working if works else undisturbed.seconds) * (turn + lot.random()) / FAULTS
    here, name = on_postgresql(tmp_path / "home", small_transfer)
    command = WORK if works else receive_only(here)
    print(f"SEOGO_SEED={SEED}, turn {turn}: {command[0]}, connections ended from {instant:.3f} seconds on")
    if works:
        done(here, receive_only(here))
    process, over = here.place.start(*command), threading.Event()
    dropping = threading.Thread(target=lambda: struck(dropped_from(instant, name, over)))
    dropping.start()
    code, told, errors = ended(process)
    over.set()
    dropping.join()
    assert "Traceback" not in errors, errors
    assert code in (0, 4), (code, told, errors)
    if code != 0:
        done(here, command)
    if not works:
        done(here, WORK)
    assert_the_same(here, undisturbed.seen, f"{command[0]}, dropped after {instant:.3f}")


def dropped_from(instant: float, name: str, over: threading.Event) -> bool:
    """Whether there were connections to drop at the instant or later: as it starts, a command has none."""
    dropped, pause = 0, instant
    while not dropped and not over.wait(pause):
        dropped, pause = drop_connections(name), 0.02
    return dropped > 0


def drop_connections(name: str) -> int:
    """How many there were."""
    with psycopg.connect(os.environ["SEOGO_TEST_POSTGRES"], autocommit=True) as connection:
        return connection.execute(TERMINATE, [name]).rowcount
