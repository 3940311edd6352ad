"""Stores whose credentials may write and read and nothing else: the archive needs no more."""

import json
import os
import secrets
import subprocess
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from archive.stores import open_store
from tests.conftest import Installation, s3_client

AGENCY = "6110000"
CACHE = Path(os.environ.get("SEOGO_SERVERS_CACHE", "/var/tmp/seogo-servers"))
pytestmark = pytest.mark.servers


@pytest.fixture
def written_once(served: Installation) -> Installation:
    """An installation whose two stores have a user each that may neither delete nor change a policy."""
    environment = dict(served.environment)
    for store in environment["SEOGO_STORES"].split():
        name, _, url = store.partition("=")
        bucket = url.removeprefix("s3://").partition("/")[0]
        access, secret = new_user()
        s3_client().put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy(bucket, access)))
        environment[f"SEOGO_STORE_{name.upper()}_ACCESS"] = access
        environment[f"SEOGO_STORE_{name.upper()}_SECRET"] = secret
    return Installation(environment)


def new_user() -> tuple[str, str]:
    access, secret = f"writeonce{secrets.token_hex(5)}", secrets.token_hex(12)
    (gateway,) = (CACHE / "bin").glob("versitygw-v*")
    access_of_all, secret_of_all = os.environ["SEOGO_TEST_S3_ACCESS"], os.environ["SEOGO_TEST_S3_SECRET"]
    server = os.environ["SEOGO_TEST_S3"]
    subprocess.run(
        [gateway, "admin", "--access", access_of_all, "--secret", secret_of_all, "--endpoint-url", server,
         "create-user", "--access", access, "--secret", secret, "--role", "user"],
        check=True, capture_output=True,
    )  # fmt: skip
    return access, secret


def policy(bucket: str, user: str) -> dict[str, object]:
    """The least an archive needs.  docs/operating/servers.md tells operators the same."""
    allowed = (
        (["s3:PutObject", "s3:GetObject"], f"arn:aws:s3:::{bucket}/*"),
        (["s3:ListBucket"], f"arn:aws:s3:::{bucket}"),
    )
    return {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": [user]}, "Action": actions, "Resource": [where]}
        for actions, where in allowed
    ]}  # fmt: skip


def test_all_of_custody_works_without_the_right_to_delete(
    written_once: Installation, sample: Path, tmp_path: Path
) -> None:
    received = written_once.run("transfer", "receive", sample, "--agency", AGENCY, "--accept")
    assert (received.exit_code, received.told["state"]) == (0, "stored"), received.errors
    checked = written_once.run("copy", "check")
    assert (checked.exit_code, checked.told["intact"]) == (0, 6)
    assert written_once.run("ledger", "verify").told["holds"]
    exported = written_once.run("volume", "export", received.told["references"][0], tmp_path / "out")
    assert len(exported.told["bags"]) == 1


def test_the_probe_sees_what_the_credentials_may_not(written_once: Installation) -> None:
    site = written_once.site()
    for store in site.stores:
        seen = {each.name: each.holds for each in store.probe()}
        assert seen["refuses to replace"] and seen["moves by comparison"] and seen["cannot be deleted from"]
    name, _, url = written_once.environment["SEOGO_STORES"].split()[0].partition("=")
    root = os.environ["SEOGO_TEST_S3_ACCESS"], os.environ["SEOGO_TEST_S3_SECRET"]
    for each in open_store(name, url, root).probe():
        assert each.holds is False or each.name != "cannot be deleted from"


def test_what_was_stored_cannot_be_deleted_with_these_credentials(
    written_once: Installation, sample: Path
) -> None:
    written_once.run("transfer", "receive", sample, "--agency", AGENCY, "--accept", "--until", "stored")
    store = written_once.site().stores[0]
    key = next(key for key, _ in store.find("packages/"))
    environment = written_once.environment
    bucket = environment["SEOGO_STORES"].split()[0].removeprefix("a=s3://").partition("/")[0]
    client = s3_client(environment["SEOGO_STORE_A_ACCESS"], environment["SEOGO_STORE_A_SECRET"])
    assert client.head_object(Bucket=bucket, Key=f"kept/{key}")["ContentLength"] == store.size(key)
    with pytest.raises(ClientError) as refused:
        client.delete_object(Bucket=bucket, Key=f"kept/{key}")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert store.has(key)
