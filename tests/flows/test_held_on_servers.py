"""On an S3 server nothing of a volume that is held back is in a bucket: no object, version or part."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import Answer, Installation, plain_environment
from tests.ingest.test_bad_input import row, transfer
from tests.preservation.scanner_double import MARK, Double, scanner_double
from tests.servers import accounts

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MB = 1 << 20
SMALL, LARGE = "작은.txt", "큰.bin"
pytestmark = pytest.mark.servers


class Bucket:
    """A store of a production installation, as whoever runs the server sees it."""

    def __init__(self, kind: str) -> None:
        self.kind, self.name = kind, f"seogo-{secrets.token_hex(8)}"
        self.client: S3Client = accounts.client(kind)
        self.client.create_bucket(Bucket=self.name, ObjectLockEnabledForBucket=True)
        self.access, self.secret = accounts.write_once(kind, self.name)

    @property
    def url(self) -> str:
        return f"s3://{self.name}/kept?endpoint={accounts.server(self.kind)}"

    def everything(self) -> list[str]:
        """Each key of which there is a version, a mark of deletion, or an upload that was not finished."""
        pages = self.client.get_paginator("list_object_versions").paginate(Bucket=self.name)
        kinds = ("Versions", "DeleteMarkers")
        keys = [each["Key"] for page in pages for kind in kinds for each in page.get(kind, ())]
        uploads = self.client.list_multipart_uploads(Bucket=self.name).get("Uploads", ())
        return keys + [each["Key"] for each in uploads]

    def holds(self, mark: bytes) -> bool:
        keys = self.client.list_objects_v2(Bucket=self.name).get("Contents", ())
        objects = (self.client.get_object(Bucket=self.name, Key=each["Key"]) for each in keys)
        return any(mark in each["Body"].read() for each in objects)


@pytest.fixture(params=accounts.KINDS)
def bucket(request: pytest.FixtureRequest) -> Bucket:
    if accounts.KINDS[request.param] not in os.environ:
        pytest.skip(f"no server: {accounts.KINDS[request.param]} not set")
    return Bucket(request.param)


@pytest.fixture
def scanner() -> Iterator[Double]:
    with scanner_double() as double:
        yield double


@pytest.fixture
def place(bucket: Bucket, scanner: Double, tmp_path: Path) -> Installation:
    return Installation({
        **plain_environment(), "SEOGO_HOME": str(tmp_path / "home"), "SEOGO_SCANNER": scanner.address,
        "SEOGO_SCANNER_WHOLE": "4", "SEOGO_CLOCK": "2026-11-28T09:00:00+09:00",
        "SEOGO_STORES": f"a={bucket.url} b={(tmp_path / 'b').as_uri()}",
        "SEOGO_STORE_A_ACCESS": bucket.access, "SEOGO_STORE_A_SECRET": bucket.secret,
    })  # fmt: skip


def receive(place: Installation, folder: Path) -> Answer:
    return place.run("transfer", "receive", folder, "--agency", "6110000", "--accept", "--until", "stored")


def test_an_infected_volume_puts_nothing_into_a_bucket_and_its_neighbour_is_stored(
    bucket: Bucket, place: Installation, tmp_path: Path
) -> None:
    """A small file is one object, a large one goes in parts; the mark is at the end of it."""
    folder = transfer(
        tmp_path / "t", row("A-1", "좋은.txt"), row("A-2", SMALL), row("A-3", LARGE), files=("좋은.txt",)
    )
    (folder / SMALL).write_bytes(MARK)
    (folder / LARGE).write_bytes(os.urandom(24 * MB) + MARK)
    answer = receive(place, folder)
    assert answer.exit_code == 3
    assert len(answer.told["references"]) == 1
    found = {each["where"]["path"] for each in answer.told["findings"] if each["rule"] == "virus.found"}
    assert found == {SMALL, LARGE}
    keys = bucket.everything()
    packages = {key.split("/")[2] for key in keys if key.startswith("kept/packages/")}
    assert packages == set(answer.told["references"])
    assert not bucket.holds(MARK)


def test_what_only_the_second_scan_finds_while_it_is_packed_puts_nothing_into_a_bucket(
    bucket: Bucket, place: Installation, scanner: Double, tmp_path: Path
) -> None:
    folder = transfer(tmp_path / "t", row("A-1", SMALL), row("A-2", LARGE))
    (folder / SMALL).write_bytes(b"known to nobody yet, " + b"and small")
    (folder / LARGE).write_bytes(os.urandom(24 * MB) + b"known to nobody yet")
    later = Installation({**place.environment, "SEOGO_CLOCK": "2026-12-07T09:00:00+09:00"})
    for each in (place, later):
        each.environment.update({"SEOGO_QUARANTINE_DAYS": "7", "SEOGO_SCANNER_UNSCANNABLE": "accept"})
    assert receive(place, folder).told["state"] == "waiting"
    before = bucket.everything()
    assert not [key for key in before if key.startswith("kept/packages/")]
    scanner.marks[b"known to nobody yet"] = "New.Malware"
    scanner.version = "ClamAV 1.4.6/28000/Mon Dec 07 00:00:00 2026"
    answer = receive(later, folder)
    assert (answer.exit_code, answer.told["references"]) == (3, [])
    assert "virus.found" in {each["rule"] for each in answer.told["findings"]}
    assert not [key for key in bucket.everything() if key.startswith("kept/packages/")]
    assert not bucket.holds(b"known to nobody yet")


def test_an_infected_list_puts_nothing_at_all_into_a_bucket(
    bucket: Bucket, place: Installation, tmp_path: Path
) -> None:
    folder = transfer(tmp_path / "t", row("A-1", SMALL), files=(SMALL,))
    place.run("init")
    before = bucket.everything()
    with (folder / "기록물철목록.csv").open("ab") as out:
        out.write(b"# " + MARK + b"\n")
    assert receive(place, folder).exit_code == 3
    added = set(bucket.everything()) - set(before)
    assert not [key for key in added if not key.startswith(("kept/ledger/", "kept/journal/"))]
    assert not bucket.holds(MARK)
