"""Stores whose credentials may write and read and nothing else: the archive needs no more."""

import os
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from archive.stores import open_store
from tests.conftest import Installation, s3_client
from tests.servers import accounts

AGENCY = "6110000"
pytestmark = pytest.mark.servers


@pytest.fixture
def written_once(served: Installation) -> Installation:
    """An installation whose two stores have a user each that may neither delete nor change a policy."""
    environment = dict(served.environment)
    for store in environment["SEOGO_STORES"].split():
        name, _, url = store.partition("=")
        bucket = url.removeprefix("s3://").partition("/")[0]
        access, secret = accounts.write_once("versitygw", bucket)
        environment[f"SEOGO_STORE_{name.upper()}_ACCESS"] = access
        environment[f"SEOGO_STORE_{name.upper()}_SECRET"] = secret
    return Installation(environment)


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
