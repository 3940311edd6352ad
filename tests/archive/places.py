"""Where the tests of stores and logs find S3 servers, of two makes: see `tests/servers/accounts.py`."""

import os
import uuid

import pytest

from tests.servers import accounts

ON_SERVERS = tuple(pytest.param(kind, marks=pytest.mark.servers) for kind in accounts.KINDS)
"""For a fixture: each make of server."""


def s3_credentials(kind: str = "versitygw") -> accounts.Account:
    """Those that may do everything."""
    return accounts.root(kind)


def credentials_of(location: str) -> accounts.Account | None:
    """Those that may do everything where this store is."""
    kinds = [kind for kind in accounts.KINDS if os.environ.get(accounts.KINDS[kind], "nowhere") in location]
    return accounts.root(kinds[0]) if kinds else None


def new_s3_url(kind: str = "versitygw", *, locks: bool = False) -> str:
    """A new bucket on a server of that make, with versions and locks when they are wanted."""
    if accounts.KINDS[kind] not in os.environ:
        pytest.skip(f"no S3 server: {accounts.KINDS[kind]} is not set")
    bucket = f"seogo-{uuid.uuid4().hex[:20]}"
    accounts.client(kind).create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=locks)
    return f"s3://{bucket}/archive?endpoint={accounts.server(kind)}"
