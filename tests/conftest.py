"""One installation a test: embedded in a folder, or on real servers when SEOGO_TEST_STACK=production."""

import json
import os
import secrets
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import psycopg
import pytest

from archive.site import installation, settings
from archive.site.site import Site
from ingest.samples.making import make

ROOT = Path(__file__).parents[1]
CORPUS = Path(os.environ.get("SEOGO_CORPUS", ROOT / "../shared/corpus")).absolute()
SEOGO = [sys.executable, "-m", "seogo"]


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

    def start(self, *arguments: str | Path, **more: str) -> "subprocess.Popen[str]":
        """Start a command in a process group of its own."""
        return subprocess.Popen(
            [*SEOGO, *map(str, arguments)], env={**self.environment, **more}, text=True, cwd=ROOT,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
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


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    """A new installation that nothing else shares."""
    if os.environ.get("SEOGO_TEST_STACK") == "production":
        yield from _on_servers(tmp_path)
    else:
        yield Installation({**_plain_environment(), "SEOGO_HOME": str(tmp_path / "home")})


def _plain_environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SEOGO_")}
    return {**kept, "SEOGO_WORKERS": "2"}


def _on_servers(tmp_path: Path) -> Iterator[Installation]:
    """A database, two buckets and an index prefix of its own on the servers that run."""
    name = "seogo" + secrets.token_hex(6)
    postgres, s3 = os.environ["SEOGO_TEST_POSTGRES"], os.environ["SEOGO_TEST_S3"]
    access, secret = os.environ["SEOGO_TEST_S3_ACCESS"], os.environ["SEOGO_TEST_S3_SECRET"]
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    client = boto3.client("s3", endpoint_url=s3, aws_access_key_id=access, aws_secret_access_key=secret,
                          region_name="us-east-1")  # fmt: skip
    for store in "ab":
        client.create_bucket(Bucket=f"{name}-{store}")
    server, _, _ = postgres.rpartition("/")
    yield Installation({
        **_plain_environment(),
        "SEOGO_HOME": str(tmp_path / "home"),
        "SEOGO_DATABASE": f"{server}/{name}",
        "SEOGO_STORES": " ".join(f"{store}=s3://{name}-{store}/kept?endpoint={s3}" for store in "ab"),
        "SEOGO_INDEX": os.environ["SEOGO_TEST_ELASTICSEARCH"],
        "SEOGO_INDEX_PREFIX": name,
        **{f"SEOGO_STORE_{store}_{kind}": value for store in "AB" for kind, value in
           (("ACCESS", access), ("SECRET", secret))},
    })  # fmt: skip


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
