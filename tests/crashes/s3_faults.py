"""Between an installation and its S3 server: passes every request on, but for the one that is to fail.

A fault of a kind that lasts stays from that request on, until it is mended.
"""

import contextlib
import http.client
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from urllib.parse import urlsplit

KINDS = {
    "refuses": "503 and nothing done",
    "breaks off": "the connection ends before anything is done",
    "late": "done, and the connection ends before the answer",
    "wrong bytes": "one bit of an answer is another",
    "half": "half of an answer, then the connection ends",
    "slow": "the answer comes two seconds later",
    "gone": "from here on every connection ends at once",
    "full": "from here on every write is refused: no room",
}
LASTING = ("gone", "full")
NO_ROOM = b"<Error><Code>InsufficientStorage</Code><Message>no room</Message></Error>"
BUSY = b"<Error><Code>SlowDown</Code><Message>come again</Message></Error>"


@dataclass(frozen=True)
class Fault:
    """The ``nth`` request of a method fails."""

    kind: str
    method: str
    nth: int

    def __str__(self) -> str:
        return f"{self.kind} at {self.method} {self.nth}"


def draw(lot: Random, counted: Counter[str]) -> Fault:
    kind = lot.choice(sorted(KINDS))
    of_kind = {"wrong bytes": ["GET"], "half": ["GET"], "full": ["PUT"]}
    method = lot.choice(of_kind.get(kind, sorted(counted)))
    return Fault(kind, method, lot.choice([1, counted[method], lot.randint(1, counted[method])]))


class Between(ThreadingHTTPServer):
    """Counts requests by method; ``fault`` is what is to happen to one of them."""

    daemon_threads = True
    request_queue_size = 128  # of five the sixth waits seconds for its turn where there is much to do

    def __init__(self, server: str) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        address = urlsplit(server)
        self.behind = (address.hostname or "", address.port or 0)
        self.fault: Fault | None = None
        self.counted: Counter[str] = Counter()
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def of(self, url: str) -> str:
        return url.replace(f"{self.behind[0]}:{self.behind[1]}", f"127.0.0.1:{self.server_port}")

    def fate(self, method: str) -> str | None:
        with self.lock:
            self.counted[method] += 1
            fault, now = self.fault, self.counted[method]
        if fault is None:
            return None
        if fault.kind in LASTING:
            return fault.kind if self.counted[fault.method] >= fault.nth else None
        return fault.kind if (method, now) == (fault.method, fault.nth) else None

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was cut off is what is wanted here."""


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Between

    def handle_one_request(self) -> None:
        with contextlib.suppress(ConnectionError):
            super().handle_one_request()

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fate = self.server.fate(self.command)
        if fate in ("breaks off", "gone"):
            self.close_connection = True
        elif fate == "refuses":
            self._answer(503, [], BUSY)
        elif fate == "full" and self.command in ("PUT", "POST"):
            self._answer(507, [], NO_ROOM)
        else:
            status, headers, told = self._ask(body)
            self._give(fate, status, headers, told)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _pass_on

    def _ask(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection(*self.server.behind, timeout=120)
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in ("expect", "connection"):
                connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        told = answer.read()
        connection.close()
        return answer.status, answer.getheaders(), told

    def _give(self, fate: str | None, status: int, headers: list[tuple[str, str]], told: bytes) -> None:
        if fate == "late":
            self.close_connection = True
            return
        if fate == "slow":
            time.sleep(2)
        if fate == "wrong bytes" and told:
            middle = len(told) // 2
            told = told[:middle] + bytes([told[middle] ^ 1]) + told[middle + 1 :]
        self._answer(status, headers, told, half=fate == "half")

    def _answer(
        self, status: int, headers: list[tuple[str, str]], told: bytes, *, half: bool = False
    ) -> None:
        self.send_response_only(status)
        size = {name.lower(): value for name, value in headers}.get("content-length")
        for name, value in headers:
            if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                self.send_header(name, value)
        self.send_header("Content-Length", (size or "0") if self.command == "HEAD" else str(len(told)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(told[: len(told) // 2] if half else told)
        if half:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is said of single requests."""


@contextlib.contextmanager
def between(server: str) -> Iterator[Between]:
    made = Between(server)
    try:
        yield made
    finally:
        made.shutdown()
        made.server_close()
