"""The one door to S3 servers: small calls with time-outs, bounded retries and errors of our own.

No header is believed because it was accepted: `archive.stores.s3_probe` tries the server first,
and what matters (digest, size, uniqueness) is checked again by reading back.
"""

from __future__ import annotations

import base64
import copy
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, BinaryIO, cast

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from urllib3.exceptions import HTTPError

from archive.errors import ArchiveError, Conflict, Damaged, Denied, Missing, Unavailable, WrongCall
from archive.stores import s3_cold
from archive.stores.s3_body import Body
from archive.stores.s3_locks import Lock, Terms

CONNECTIONS = 8
_BUFFER = 256 * 1024
_CONFIG = Config(
    signature_version="s3v4",
    s3={"addressing_style": "path"},
    retries={"mode": "standard", "total_max_attempts": 3},
    connect_timeout=5,
    read_timeout=60,
    max_pool_connections=CONNECTIONS * 2,
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)
_WRONG_BYTES = frozenset(
    {"BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch"}
    | {"InvalidChecksum", "BadChecksum", "ContentSHA256Mismatch", "IncompleteBody"}
)
_FULL = frozenset({"InsufficientStorage", "QuotaExceeded", "XMinioStorageFull", "StorageFull"})


@dataclass(frozen=True)
class Bucket:
    """Where a store lies on a server, and what lets us in."""

    name: str
    prefix: str
    endpoint: str | None
    region: str
    location: str
    access: str = field(repr=False)
    secret: str = field(repr=False)
    terms: Terms | None = None


class Server:
    """The calls the stores make, with keys relative to the bucket's prefix."""

    def __init__(self, store: str, bucket: Bucket) -> None:
        self.store = store
        self._bucket = bucket.name
        self._prefix = f"{bucket.prefix}/" if bucket.prefix else ""
        self.terms = bucket.terms
        self.lock: Lock | None = None
        self._client = boto3.client(
            "s3",
            endpoint_url=bucket.endpoint,
            region_name=bucket.region,
            aws_access_key_id=bucket.access,
            aws_secret_access_key=bucket.secret,
            config=_CONFIG,
        )

    def locking(self, kept_until: date | None = None) -> Server:
        """The same server, locking what it is given; itself where the settings ask for no locks."""
        if self.terms is None:
            return self
        locking = copy.copy(self)
        locking.lock = self.terms.lock(kept_until)
        return locking

    def put(self, key: str, data: bytes, sha256: str, *, if_absent: bool = False, if_match: str = "") -> None:
        """One signed request with a checksum for the server to verify.  Conflict when not allowed."""
        condition: dict[str, Any] = (
            {"IfNoneMatch": "*"} if if_absent else {"IfMatch": if_match} if if_match else {}
        )
        with self._told(key):
            self._client.put_object(
                **self._at(key),
                Body=data,
                ContentLength=len(data),
                ChecksumSHA256=_base64(sha256),
                Metadata={"sha256": sha256},
                **condition,
                **self._lock(),
            )

    def get(self, key: str, version: str | None = None) -> BinaryIO:
        """The newest version, or the one that is asked for."""
        which: dict[str, Any] = {"VersionId": version} if version else {}
        with self._told(key):
            answer = self._client.get_object(**self._at(key), **which)
        return io.BufferedReader(
            Body(answer["Body"], answer["ContentLength"], lambda: self._told(key)), _BUFFER
        )

    def read_small(self, key: str) -> tuple[bytes, str]:
        """An object of a few bytes, and its ETag."""
        with self._told(key):
            answer = self._client.get_object(**self._at(key))
            return answer["Body"].read(), answer["ETag"]

    def head(self, key: str) -> dict[str, Any]:
        """What the server says of an object."""
        try:
            with self._told(key):
                return cast(dict[str, Any], self._client.head_object(**self._at(key)))
        except Missing:
            self.be_there()
            raise

    def restore(self, key: str, *, days: int, tier: str) -> None:
        """Have an object of a cold storage class brought.  Asking twice is harmless."""
        with suppress(Conflict), self._told(key):
            self._client.restore_object(**self._at(key), RestoreRequest=s3_cold.wanted(days, tier))

    def has(self, key: str) -> bool:
        try:
            self.head(key)
        except Missing:
            return False
        return True

    def list(self, prefix: str) -> Iterator[tuple[str, int]]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._prefix + prefix
        )
        with self._told(prefix or "its list"):
            for page in pages:
                for each in page.get("Contents", []):
                    yield each["Key"][len(self._prefix) :], each["Size"]

    def versions(self, key: str) -> Sequence[str]:
        """Every version of one object, the oldest first.  Denied when these credentials may not look."""
        whole = self._prefix + key
        with self._told(key):
            pages = self._client.get_paginator("list_object_versions").paginate(
                Bucket=self._bucket, Prefix=whole
            )
            found = [each for page in pages for each in page.get("Versions", [])]
        return [each["VersionId"] for each in reversed(found) if each["Key"] == whole]

    def delete(self, key: str) -> None:
        """For shelves and for the probe, which tries whether it is refused."""
        with self._told(key):
            self._client.delete_object(**self._at(key))

    def start_parts(self, key: str, sha256: str | None) -> str:
        with self._told(key):
            answer = self._client.create_multipart_upload(
                **self._at(key),
                ChecksumAlgorithm="SHA256",
                Metadata={"sha256": sha256} if sha256 else {},
                **self._lock(),
            )
            return str(answer["UploadId"])

    def put_part(self, key: str, upload: str, number: int, data: bytes, sha256: str) -> dict[str, Any]:
        with self._told(key):
            answer = self._client.upload_part(
                **self._at(key),
                UploadId=upload,
                PartNumber=number,
                Body=data,
                ContentLength=len(data),
                ChecksumSHA256=_base64(sha256),
            )
        return {"PartNumber": number, "ETag": answer["ETag"], "ChecksumSHA256": _base64(sha256)}

    def join_parts(self, key: str, upload: str, parts: Sequence[dict[str, Any]]) -> None:
        """Make the object out of its parts.  Conflict when there is one under the key."""
        with self._told(key):
            self._client.complete_multipart_upload(
                **self._at(key),
                UploadId=upload,
                MultipartUpload={"Parts": cast(Any, list(parts))},
                IfNoneMatch="*",
            )

    def drop_parts(self, key: str, upload: str) -> None:
        with self._told(key):
            self._client.abort_multipart_upload(**self._at(key), UploadId=upload)

    def unfinished(self, before: datetime) -> Iterator[tuple[str, str]]:
        """(key, upload) of what somebody began to upload before an instant and never finished."""
        with self._told("unfinished uploads"):
            pages = self._client.get_paginator("list_multipart_uploads").paginate(
                Bucket=self._bucket, Prefix=self._prefix
            )
            found = [each for page in pages for each in page.get("Uploads", [])]
        for each in found:
            if each["Initiated"] < before:
                yield each["Key"][len(self._prefix) :], each["UploadId"]

    def lock_of(self, key: str) -> Lock | None:
        """How the newest version is locked; None also where these credentials may not see it."""
        answer = self.head(key)
        mode, until = answer.get("ObjectLockMode"), answer.get("ObjectLockRetainUntilDate")
        return Lock(mode, until) if mode and until else None

    def set_lock(self, key: str, lock: Lock) -> None:
        """Lock the newest version.  Denied when that would make its lock shorter."""
        with self._told(key):
            self._client.put_object_retention(
                **self._at(key), Retention={"Mode": lock.mode, "RetainUntilDate": lock.until}
            )

    def keeps_versions(self) -> bool | None:
        """None when these credentials may not know."""
        try:
            with self._told("versioning"):
                return self._client.get_bucket_versioning(Bucket=self._bucket).get("Status") == "Enabled"
        except (Denied, WrongCall):
            return None

    def locks(self) -> bool | None:
        """Whether the bucket has retention locks; None when these credentials may not know."""
        try:
            with self._told("locks"):
                answer = self._client.get_object_lock_configuration(Bucket=self._bucket)
        except Denied:
            return None
        except Unavailable:
            raise
        except ArchiveError:
            return False
        return answer["ObjectLockConfiguration"].get("ObjectLockEnabled") == "Enabled"

    def be_there(self) -> None:
        """Unavailable when the bucket itself is gone: then nothing is known about any key."""
        try:
            with self._told("its bucket"):
                self._client.head_bucket(Bucket=self._bucket)
        except Missing as error:
            raise self._away(f"The bucket of store {self.store} is not there.") from error

    def _lock(self) -> dict[str, Any]:
        if self.lock is None:
            return {}
        return {"ObjectLockMode": self.lock.mode, "ObjectLockRetainUntilDate": self.lock.until}

    def _at(self, key: str) -> dict[str, Any]:
        return {"Bucket": self._bucket, "Key": self._prefix + key}

    @contextmanager
    def _told(self, key: str) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            raise self._what_it_said(key, error) from error
        except (BotoCoreError, HTTPClientError, HTTPError, OSError) as error:
            silent = f"Store {self.store} did not answer for {key} ({type(error).__name__})."
            raise self._away(silent) from error

    def _away(self, message: str, code: str = "store.away") -> Unavailable:
        next_step = "Make room there." if code == "store.full" else "Check the server and run the same again."
        return Unavailable(message, code=code, next=next_step, store=self.store)

    def _what_it_said(self, key: str, error: ClientError) -> ArchiveError:
        code = str(error.response.get("Error", {}).get("Code", ""))
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        told = f"store {self.store} ({status} {code})"
        if code == "NoSuchBucket":
            return self._away(f"The bucket of {told} is not there.")
        if code == s3_cold.CODE:
            return s3_cold.away(key, told, self.store)
        if code in _FULL or status == 507:
            return self._away(f"{told[0].upper()}{told[1:]} is full: {key}.", "store.full")
        if code in _WRONG_BYTES:
            return Damaged(f"The bytes of {key} did not reach {told} as they were sent.", code="store.digest")
        if status == 404:
            return Missing(f"There is no {key} in {told}.", code="store.missing")
        if status in (409, 412):
            return Conflict(f"{key} is already in {told}.", code="store.taken")
        if status in (401, 403):
            refused = f"{told[0].upper()}{told[1:]} refused {key} to its credentials."
            return Denied(refused, next="Check its credentials.", store=self.store)
        if status == 429 or status >= 500:
            return self._away(f"{told[0].upper()}{told[1:]} failed on {key}.")
        unknown = f"{told[0].upper()}{told[1:]} did not understand the request for {key}."
        return WrongCall(unknown, code="store.request")


def _base64(sha256: str) -> str:
    return base64.b64encode(bytes.fromhex(sha256)).decode()
