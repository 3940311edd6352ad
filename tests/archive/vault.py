"""An S3 server whose objects go into cold storage: a double for what no server that we can start has.

It answers as the S3 API describes RestoreObject, the storage class GLACIER and InvalidObjectState,
over HTTP, so that the real client is what is tested.  It is driven by hand: `freeze` and `bring`.
"""

import base64
import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

BUCKET = "vault"


class Vault(ThreadingHTTPServer):
    """One bucket in memory."""

    daemon_threads = True
    request_queue_size = 128  # of five the sixth waits seconds for its turn where there is much to do

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.objects: dict[str, bytes] = {}
        self.digests: dict[str, str] = {}
        self.writing = threading.Lock()
        self.cold: set[str] = set()
        self.asked: dict[str, str] = {}
        self.brought: set[str] = set()
        self.reads: list[str] = []
        self.refused: set[str] = set()
        self.revoked_from: str | None = None

    @property
    def url(self) -> str:
        return f"s3://{BUCKET}/kept?endpoint=http://127.0.0.1:{self.server_port}"

    def freeze(self) -> None:
        """What a lifecycle rule does after a day: bags go into the cold, and what was brought goes back."""
        self.cold = {key for key in self.objects if key.startswith("kept/packages/")}
        self.asked, self.brought = {}, set()

    def bring(self) -> None:
        """The hours have passed: what was asked for is there."""
        self.brought |= self.asked.keys()

    def restoring(self, key: str) -> str:
        if key in self.brought:
            return 'ongoing-request="false", expiry-date="Fri, 21 Dec 2040 00:00:00 GMT"'
        return 'ongoing-request="true"' if key in self.asked else ""


@contextmanager
def opened() -> Iterator[Vault]:
    with Vault() as vault:
        thread = threading.Thread(target=vault.serve_forever, daemon=True)
        thread.start()
        try:
            yield vault
        finally:
            vault.shutdown()
            thread.join()


def etag(data: bytes) -> str:
    return f'"{hashlib.md5(data).hexdigest()}"'


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Vault

    @property
    def key(self) -> str:
        return unquote(urlsplit(self.path).path).removeprefix(f"/{BUCKET}").lstrip("/")

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.path).query, keep_blank_values=True)

    def parse_request(self) -> bool:
        """From the first request on whose address has ``revoked_from`` in it, no key opens anything."""
        if not super().parse_request():
            return False
        if self.server.revoked_from is None or self.server.revoked_from not in self.path:
            return True
        self.server.revoked_from = ""
        self._body()
        self._error(403, "InvalidAccessKeyId")
        return False

    def do_HEAD(self) -> None:
        if not self.key:
            self._answer(200)
        elif self.key in self.server.refused:
            self._error(403, "AccessDenied")
        elif self.key in self.server.objects:
            self._answer(200, self.server.objects[self.key], **self._class())
        else:
            self._answer(404)

    def do_GET(self) -> None:
        if "list-type" in self.query:
            self._list(self.query.get("prefix", [""])[0])
        elif "uploads" in self.query:
            self._answer(
                200,
                b"<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>",
            )
        elif not self.key:
            self._error(403, "AccessDenied")
        elif self.key not in self.server.objects:
            self._error(404, "NoSuchKey")
        elif self.key in self.server.cold - self.server.brought:
            self._error(403, "InvalidObjectState")
        else:
            self.server.reads.append(self.key)
            self._answer(200, self.server.objects[self.key], **self._class())

    def do_PUT(self) -> None:
        data = self._body()
        if "partNumber" in self.query:
            self._answer(200, told=data)
            return
        digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
        with self.server.writing:
            if self.headers.get("x-amz-checksum-sha256", digest) != digest:
                self._error(400, "BadDigest")
            elif not self._may_write():
                self._error(412, "PreconditionFailed")
            else:
                self.server.objects[self.key] = data
                self.server.digests[self.key] = self.headers.get("x-amz-meta-sha256", "")
                self._answer(200, told=data)

    def _may_write(self) -> bool:
        there = self.server.objects.get(self.key)
        if "If-None-Match" in self.headers:
            return there is None
        return "If-Match" not in self.headers or self.headers["If-Match"] == etag(there or b"")

    def do_DELETE(self) -> None:
        self._error(403, "AccessDenied")

    def do_POST(self) -> None:
        data = self._body().decode()
        if "uploads" in self.query:
            begun = "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>"
            self._answer(200, begun.encode())
        elif "restore" not in self.query:
            self._error(412, "PreconditionFailed")  # no upload in parts ever ends here
        elif self.key not in self.server.cold:
            self._error(403, "InvalidObjectState")
        elif self.key in self.server.asked and self.key not in self.server.brought:
            self._error(409, "RestoreAlreadyInProgress")
        else:
            self.server.asked[self.key] = data
            self._answer(202)

    def _class(self) -> dict[str, str]:
        told = {"x-amz-meta-sha256": self.server.digests[self.key]}
        if self.key not in self.server.cold:
            return told
        restoring = self.server.restoring(self.key)
        return {
            **told,
            "x-amz-storage-class": "GLACIER",
            **({"x-amz-restore": restoring} if restoring else {}),
        }

    def _list(self, prefix: str) -> None:
        found = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(data)}</Size></Contents>"
            for key, data in sorted(self.server.objects.items())
            if key.startswith(prefix)
        )
        text = f"<ListBucketResult><IsTruncated>false</IsTruncated>{found}</ListBucketResult>"
        self._answer(200, text.encode())

    def _error(self, status: int, code: str) -> None:
        self._answer(status, f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode())

    def _answer(self, status: int, data: bytes = b"", *, told: bytes | None = None, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("ETag", etag(data if told is None else told))
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def log_message(self, *_: Any) -> None:
        """Nothing is told."""
