"""Where the tests of stores and logs find an S3 server: SEOGO_TEST_S3 and its credentials."""

import os
import uuid

import boto3
import pytest


def s3_credentials() -> tuple[str, str]:
    return os.environ["SEOGO_TEST_S3_ACCESS"], os.environ["SEOGO_TEST_S3_SECRET"]


def new_s3_url() -> str:
    """A new bucket on the server of SEOGO_TEST_S3."""
    endpoint = os.environ.get("SEOGO_TEST_S3")
    if not endpoint:
        pytest.skip("no S3 server: SEOGO_TEST_S3 is not set")
    access, secret = s3_credentials()
    client = boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1",
        aws_access_key_id=access, aws_secret_access_key=secret,
    )  # fmt: skip
    bucket = f"seogo-{uuid.uuid4().hex[:20]}"
    client.create_bucket(Bucket=bucket)
    return f"s3://{bucket}/archive?endpoint={endpoint}"
