"""One installation a test: embedded in a folder, or on real servers as SEOGO_TEST_STACK says.

``production``: PostgreSQL, S3 and Elasticsearch.  ``postgresql``: that database, and all else embedded.
"""

import hashlib
import json
import os
import secrets
import signal
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import click
import psycopg
import pytest
from elasticsearch import Elasticsearch

import seogo
from archive.database import Base
from archive.site import installation, settings
from archive.site.site import Site
from ingest.samples.making import make

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ROOT = Path(__file__).parents[1]
seogo.load()  # tests use tables and jobs of every package
# A shell has what it starts in the background ignore Ctrl-C, and so would every command that tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)
CORPUS = Path(os.environ.get("SEOGO_CORPUS", ROOT / "../shared/corpus")).absolute()
SEOGO = [sys.executable, "-m", "seogo"]
CLOCK = "2026-11-28T00:00:00+00:00"
"""It stands still: numbers carry the year, and no test may fall into two of them, nor end with one."""


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    exit_code: int
    told: dict[str, Any]
    errors: str


@dataclass(frozen=True)
class Installation:
    """An installation and its command line."""

    environment: dict[str, str]

    @property
    def home(self) -> Path:
        return Path(self.environment["SEOGO_HOME"])

    def start(self, *arguments: str | Path, by: Sequence[str] = (), **more: str) -> "subprocess.Popen[str]":
        """Start a command in a process group of its own, by another that gets it as its arguments."""
        return subprocess.Popen(
            [*by, *SEOGO, *map(str, arguments)], env={**self.environment, **more}, text=True, cwd=ROOT,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True,
        )  # fmt: skip

    def run(self, *arguments: str | Path, **more: str) -> Answer:
        """Run a command with --json."""
        process = self.start(*arguments, "--json", **more)
        out, err = process.communicate(timeout=280)
        return Answer(process.returncode, json.loads(out) if out.strip() else {}, err)

    def site(self) -> Site:
        site = Site(settings.read(self.environment))
        installation.prepare(site)
        return site


def state_of(place: Installation) -> dict[str, str]:
    """All that stays: every row, every object of every store and of the shelf, every file of the home.

    Rows are asked of the database: those that SQLite still has in its log are in no other file.
    """
    site, state = place.site(), {}
    with site.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            state[f"rows of {table.name}"] = repr(connection.execute(table.select()).all())
    for where in (*site.stores, site.shelf):
        for key, _ in where.find(""):
            with where.open(key) as stream:
                state[f"{where.location}/{key}"] = hashlib.file_digest(stream, "sha256").hexdigest()
    site.engine.dispose()
    return state | {
        path.relative_to(place.home).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(place.home.rglob("*"))
        if path.is_file() and not path.name.startswith("seogo.db")
    }


STACK = os.environ.get("SEOGO_TEST_STACK")
PRODUCTION = STACK == "production"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """On the production stack every flow is a test on servers, and so is each test that is marked as one.

    A flow runs many commands, each with a time limit of its own: all together may take longer than a test.
    """
    for item in items:
        is_flow = item.path.is_relative_to(ROOT / "tests" / "flows")
        if is_flow:
            item.add_marker(pytest.mark.timeout(900))
        if PRODUCTION and (is_flow or item.get_closest_marker("flow")):
            item.add_marker(pytest.mark.servers)


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Installation:
    """A new installation that nothing else shares."""
    if PRODUCTION:
        return request.getfixturevalue("served")
    embedded = {**plain_environment(), "SEOGO_CLOCK": CLOCK, "SEOGO_HOME": str(tmp_path / "home")}
    if STACK == "postgresql":
        embedded["SEOGO_DATABASE"] = request.getfixturevalue("new_database")
    return Installation(embedded)


@pytest.fixture
def site(place: Installation) -> Iterator[Site]:
    """The same, as functions of the program are given it."""
    site = place.site()
    yield site
    site.engine.dispose()


def plain_environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SEOGO_")}
    return {**kept, "SEOGO_WORKERS": "2"}


def every_command(command: click.Command, *words: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Each command that does something, with the words that call it."""
    if not isinstance(command, click.Group):
        yield words, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        below = command.get_command(context, name)
        assert below is not None
        yield from every_command(below, *words, name)


def open_below(folder: Path) -> list[str]:
    """The files below a folder that this process has open."""
    found = []
    for each in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):  # the list itself was open while it was read
            found.append(Path(os.readlink(f"/proc/self/fd/{each}")))
    return [file.name for file in found if file.is_relative_to(folder)]


SERVERS = ("SEOGO_TEST_POSTGRES", "SEOGO_TEST_S3", "SEOGO_TEST_ELASTICSEARCH")


@pytest.fixture
def new_database() -> Iterator[str]:
    """A PostgreSQL database of this test's own."""
    with database() as made:
        yield made


@contextmanager
def database() -> Iterator[str]:
    if "SEOGO_TEST_POSTGRES" not in os.environ:
        pytest.skip("no servers: SEOGO_TEST_POSTGRES not set")
    postgres, name = os.environ["SEOGO_TEST_POSTGRES"], "seogo" + secrets.token_hex(6)
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield f"{postgres.rpartition('/')[0]}/{name}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
def served(tmp_path: Path, new_database: str) -> Iterator[Installation]:
    """A new installation on real servers: a database, two buckets and an index prefix of its own."""
    away = [name for name in SERVERS if name not in os.environ]
    if away:
        pytest.skip(f"no servers: {', '.join(away)} not set")
    name = new_database.rpartition("/")[2]
    s3, elasticsearch = os.environ["SEOGO_TEST_S3"], os.environ["SEOGO_TEST_ELASTICSEARCH"]
    for store in "ab":
        s3_client().create_bucket(Bucket=f"{name}-{store}")
    yield Installation({
        **plain_environment(),
        "SEOGO_CLOCK": CLOCK,
        "SEOGO_HOME": str(tmp_path / "home"),
        "SEOGO_DATABASE": new_database,
        "SEOGO_STORES": " ".join(f"{store}=s3://{name}-{store}/kept?endpoint={s3}" for store in "ab"),
        "SEOGO_INDEX": elasticsearch,
        "SEOGO_INDEX_PREFIX": name,
        **{f"SEOGO_STORE_{store}_{kind}": os.environ[f"SEOGO_TEST_S3_{kind}"] for store in "AB"
           for kind in ("ACCESS", "SECRET")},
    })  # fmt: skip
    _leave_no_index(elasticsearch, name)


def s3_client(access: str = "", secret: str = "") -> "S3Client":
    """The S3 server of the tests; without credentials, with those that may do everything."""
    return boto3.client(
        "s3", endpoint_url=os.environ["SEOGO_TEST_S3"], region_name="us-east-1",
        aws_access_key_id=access or os.environ["SEOGO_TEST_S3_ACCESS"],
        aws_secret_access_key=secret or os.environ["SEOGO_TEST_S3_SECRET"],
    )  # fmt: skip


def _leave_no_index(elasticsearch: str, name: str) -> None:
    """A node holds a thousand shards at most; buckets and their files go with the server."""
    with Elasticsearch(elasticsearch, request_timeout=60) as client:
        for index in client.indices.get(index=f"{name}*"):
            client.indices.delete(index=index)


@pytest.fixture(scope="session")
def sample_made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small sample transfer, made once; tests that change it take a copy."""
    folder = tmp_path_factory.mktemp("sample") / "transfer"
    make(folder, volumes=3, pages=4, seed=7)
    return folder


@pytest.fixture
def sample(sample_made: Path, tmp_path: Path) -> Path:
    """A sample transfer that a test may change."""
    folder = tmp_path / "transfer"
    subprocess.run(["cp", "-a", str(sample_made), str(folder)], check=True)
    return folder


@pytest.fixture(scope="session")
def corpus_set(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A set of the corpus, unpacked with its byte names when it is packed."""
    unpacked: dict[str, Path] = {}

    def find(name: str) -> Path:
        if not CORPUS.is_dir():
            pytest.skip(f"no corpus at {CORPUS}")
        packed = CORPUS / name / f"{name}.tar.gz"
        if not packed.exists():
            return CORPUS / name
        if name not in unpacked:
            target = tmp_path_factory.mktemp(name)
            with tarfile.open(packed) as archive:
                archive.extractall(target, filter="tar")
            unpacked[name] = target
        return unpacked[name]

    return find
