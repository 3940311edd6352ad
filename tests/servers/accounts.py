"""Write-once accounts on the S3 servers of the tests: they may write, read and list one bucket, no more.

`docs/operating/servers.md` tells operators the same rights.
"""

import hashlib
import json
import os
import secrets
import subprocess
from pathlib import Path

import boto3
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CACHE = Path(os.environ.get("SEOGO_SERVERS_CACHE", "/var/tmp/seogo-servers"))
KINDS = {"versitygw": "SEOGO_TEST_S3", "minio": "SEOGO_TEST_MINIO"}
"""The variable that says where each server is; with _ACCESS and _SECRET, who may do everything there."""

_PBKDF2_AES_GCM = b"\x02"
_ITERATIONS = 8192
_OBJECTS = ("s3:PutObject", "s3:GetObject", "s3:GetObjectVersion", "s3:AbortMultipartUpload")
_LOCKING = ("s3:PutObjectRetention", "s3:GetObjectRetention")
"""To lock what one writes, and to see that it is locked.  No lock can be cut short with them."""

Account = tuple[str, str]


def server(kind: str) -> str:
    return os.environ[KINDS[kind]]


def root(kind: str) -> Account:
    return os.environ[f"{KINDS[kind]}_ACCESS"], os.environ[f"{KINDS[kind]}_SECRET"]


def client(kind: str, account: Account | None = None):
    access, secret = account or root(kind)
    return boto3.client("s3", endpoint_url=server(kind), region_name="us-east-1",
                        aws_access_key_id=access, aws_secret_access_key=secret)  # fmt: skip


def write_once(kind: str, bucket: str) -> Account:
    """A new account that may write to, read and list this bucket."""
    account = f"writeonce{secrets.token_hex(5)}", secrets.token_hex(12)
    if kind == "versitygw":
        _gateway("create-user", "--access", account[0], "--secret", account[1], "--role", "user")
        policy = _policy(bucket, {"Principal": {"AWS": [account[0]]}})
        client(kind).put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    else:
        _minio_account(account, _policy(bucket, {}))
    return account


def _policy(bucket: str, whom: dict[str, object]) -> dict[str, object]:
    allowed = (
        ([*_OBJECTS, *_LOCKING], f"arn:aws:s3:::{bucket}/*"),
        (["s3:ListBucket", "s3:ListBucketVersions"], f"arn:aws:s3:::{bucket}"),
    )
    return {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", **whom, "Action": actions, "Resource": [where]} for actions, where in allowed
    ]}  # fmt: skip


def _gateway(*arguments: str) -> None:
    (program,) = (CACHE / "bin").glob("versitygw-v*")
    access, secret = root("versitygw")
    of_all = ["--access", access, "--secret", secret, "--endpoint-url", server("versitygw")]
    subprocess.run([program, "admin", *of_all, *arguments], check=True, capture_output=True)


def _minio_account(account: Account, policy: dict[str, object]) -> None:
    """What MinIO's own `mc admin` does: a user, a policy, and the one attached to the other."""
    access, secret = account
    told = json.dumps({"secretKey": secret, "status": "enabled"}).encode()
    _minio("add-user", {"accessKey": access}, _sealed(told, root("minio")[1]))
    _minio("add-canned-policy", {"name": access}, json.dumps(policy).encode())
    attached = {"policyName": access, "userOrGroup": access, "isGroup": "false"}
    _minio("set-user-or-group-policy", attached, b"")


def _minio(call: str, query: dict[str, str], body: bytes) -> None:
    asked = "&".join(f"{name}={value}" for name, value in sorted(query.items()))
    url = f"{server('minio')}/minio/admin/v3/{call}?{asked}"
    digest = hashlib.sha256(body).hexdigest()
    request = AWSRequest("PUT", url, data=body, headers={"x-amz-content-sha256": digest})
    SigV4Auth(Credentials(*root("minio")), "s3", "us-east-1").add_auth(request)
    answer = urllib3.request("PUT", url, body=body, headers=dict(request.headers.items()))
    assert answer.status == 200, answer.data


def _sealed(data: bytes, password: str) -> bytes:
    """How MinIO wants a secret sent: salt, kind of cipher, nonce, and one piece of AES-GCM, the last."""
    salt, nonce = secrets.token_bytes(32), secrets.token_bytes(8)
    cipher = AESGCM(hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ITERATIONS))
    about = cipher.encrypt(nonce + (0).to_bytes(4, "little"), b"", b"")
    piece = cipher.encrypt(nonce + (1).to_bytes(4, "little"), data, b"\x80" + about)
    return salt + _PBKDF2_AES_GCM + nonce + piece
