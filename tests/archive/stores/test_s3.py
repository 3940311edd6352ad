"""What only a server can show: digests checked on arrival, half deliveries, a user who may only write."""

import hashlib
import json
import os
import subprocess
from pathlib import Path

import boto3
import pytest

from archive.errors import Conflict, Damaged, Refused
from archive.stores import admit, open_store
from archive.stores.s3_store import S3Store
from tests.archive.places import new_s3_url, s3_credentials

pytestmark = pytest.mark.servers
PROGRAMS = Path(os.environ.get("SEOGO_SERVERS_CACHE", "/var/tmp/seogo-servers")) / "bin"


@pytest.fixture
def store() -> S3Store:
    opened = open_store("a", new_s3_url(), s3_credentials())
    assert isinstance(opened, S3Store)
    return opened


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_bytes_that_are_not_as_announced_are_refused_on_arrival(store):
    with pytest.raises(Damaged):
        store.server.put("a", b"bytes", sha256(b"other"), if_absent=True)
    assert not store.has("a")
    store.server.put("a", b"bytes", sha256(b"bytes"), if_absent=True)


def test_what_a_half_delivery_left_is_adopted_when_it_is_the_same_and_never_replaced(store):
    half = store.begin("packages/R-1/v1")
    half.put("a", b"1")
    half.read_back("a")
    other = store.begin("packages/R-1/v1")
    other.put("a", b"2")
    with pytest.raises(Conflict):
        other.complete("tagmanifest-sha256.txt", b"t")
    other.abandon()
    again = store.begin("packages/R-1/v1")
    again.put("a", b"1")
    again.put("b", b"2")
    again.complete("tagmanifest-sha256.txt", b"t")
    assert [key for key, _ in store.find("packages/")] == [
        f"packages/R-1/v1/{name}" for name in ("a", "b", "tagmanifest-sha256.txt")
    ]


def test_what_somebody_else_left_below_the_prefix_stops_the_bag(store):
    half = store.begin("packages/R-1/v1")
    half.put("left-over", b"1")
    half.read_back("left-over")
    delivery = store.begin("packages/R-1/v1")
    delivery.put("a", b"1")
    with pytest.raises(Conflict, match="did not write"):
        delivery.complete("tagmanifest-sha256.txt", b"t")


def test_a_user_who_may_only_write_and_read_is_enough_and_is_seen_to_be(store):
    """The production recommendation: credentials that can neither delete nor change policy."""
    bucket = store.location.split("/")[2]
    access, secret = s3_credentials()
    endpoint = os.environ["SEOGO_TEST_S3"]
    writer = f"writer{bucket[-8:]}"
    (program, *_) = sorted(PROGRAMS.glob("versitygw*"))
    told = ["--access", access, "--secret", secret, "--endpoint-url", endpoint, "create-user"]
    subprocess.run(
        [program, "admin", *told, "--access", writer, "--secret", "write-once-1", "--role", "user"],
        check=True,
    )
    owner = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=access,
        aws_secret_access_key=secret,
    )
    may = [
        (["s3:PutObject", "s3:GetObject"], f"arn:aws:s3:::{bucket}/*"),
        (["s3:ListBucket"], f"arn:aws:s3:::{bucket}"),
    ]
    statements = [
        {"Effect": "Allow", "Principal": {"AWS": [writer]}, "Action": actions, "Resource": [on]}
        for actions, on in may
    ]
    policy = {"Version": "2012-10-17", "Statement": statements}
    owner.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    limited = open_store("a", store.location, (writer, "write-once-1"))
    capabilities = {each.name: each for each in admit(limited)}
    assert capabilities["cannot be deleted from"].holds
    assert not {each.name: each for each in admit(store)}["cannot be deleted from"].holds
    delivery = limited.begin("packages/R-1/v1")
    delivery.put("a", b"1")
    delivery.complete("tagmanifest-sha256.txt", b"t")
    assert limited.read_back("packages/R-1/v1/a").size == 1
    wrong = open_store("a", store.location, (writer, "not-the-secret"))
    with pytest.raises(Refused):
        wrong.put("audits/1", b"x")
