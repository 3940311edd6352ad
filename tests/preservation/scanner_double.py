"""A virus scanner on loopback that speaks clamd's protocol: it passes the contract that the real one passes.

It knows two harmless strings and opens zip files only; what goes wrong with it is set by the test.
"""

import io
import socketserver
import struct
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from preservation.scanning import trying

MARK = b"Seogo-harmless-test-mark"
"""What the tests' own signatures call malware; it is text and does nothing."""
SIGNATURE = "Seogo.Test.Harmless.UNOFFICIAL"
RECURSION = 17


@dataclass
class Double:
    """``largest``: bytes it looks through; ``answer``: said in place of a verdict."""

    version: str = "ClamAV 1.4.6/27890/Fri Nov 27 08:00:00 2026"
    largest: int = 8 << 20
    stream_limit: int = 12 << 20
    tells_limits: bool = True
    tells_encrypted: bool = True
    answer: str | None = None
    hangs: bool = False
    marks: dict[bytes, str] = field(default_factory=lambda: {MARK: SIGNATURE, trying._TEST_FILE: "Eicar"})
    address: str = ""
    scanned: int = 0
    sizes: list[int] = field(default_factory=list)

    def verdict(self, data: bytes) -> str:
        self.scanned += 1
        self.sizes.append(len(data))
        if self.answer is not None:
            return self.answer
        told = self._look(data, 0)
        return f"stream: {told} FOUND" if told else "stream: OK"

    def _look(self, data: bytes, depth: int) -> str | None:
        if len(data) > self.largest:
            return "Heuristics.Limits.Exceeded.MaxFileSize" if self.tells_limits else None
        if depth >= RECURSION:
            return "Heuristics.Limits.Exceeded.MaxRecursion" if self.tells_limits else None
        for mark, name in self.marks.items():
            if mark in data:
                return name
        return self._look_into_zip(data, depth) if zipfile.is_zipfile(io.BytesIO(data)) else None

    def _look_into_zip(self, data: bytes, depth: int) -> str | None:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            for member in packed.infolist():
                if member.flag_bits & 1:
                    return "Heuristics.Encrypted.Zip" if self.tells_encrypted else None
                with packed.open(member) as stream:  # like the real one: no word of what lies over its limit
                    if told := self._look(stream.read(self.largest), depth + 1):
                        return told
        return None


class _Connection(socketserver.BaseRequestHandler):
    double: Double

    def handle(self) -> None:
        command = self._exactly_until_zero()
        if self.double.hangs:
            time.sleep(5)
        elif command == b"zVERSION":
            self.request.sendall(self.double.version.encode() + b"\0")
        elif command == b"zINSTREAM":
            self.request.sendall(self._stream().encode() + b"\0")
        else:
            self.request.sendall(b"UNKNOWN COMMAND\0")

    def _stream(self) -> str:
        data = bytearray()
        while size := struct.unpack(">I", self._exactly(4))[0]:
            if len(data) + size > self.double.stream_limit:
                return "INSTREAM size limit exceeded. ERROR"
            data += self._exactly(size)
        return self.double.verdict(bytes(data))

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            part = self.request.recv(count - len(data))
            if not part:
                raise ConnectionError("the client hung up")
            data += part
        return data

    def _exactly_until_zero(self) -> bytes:
        command = b""
        while not command.endswith(b"\0"):
            command += self._exactly(1)
        return command[:-1]


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no news."""


@contextmanager
def scanner_double(**more: object) -> Iterator[Double]:
    trying._tried.cache_clear()  # another one may have had the same port
    double = Double(**more)  # type: ignore[arg-type]
    handler = type("Handler", (_Connection,), {"double": double})
    with _Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        double.address = f"clamd://127.0.0.1:{server.server_address[1]}"
        try:
            yield double
        finally:
            server.shutdown()


def nobody_listens() -> str:
    """A port that the system gives to nobody by itself, and on which no machine has a service any more."""
    return "clamd://127.0.0.1:9"
