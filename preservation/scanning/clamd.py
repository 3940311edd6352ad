"""Talks to ClamAV's daemon: a file goes over its socket as it is read, and one line comes back.

The only module that knows the protocol.  A daemon that is away, hangs, or says what this module
does not know is Unavailable: nothing is known of the file then, and that is never "clean".
"""

import re
import socket
import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import urlsplit

from archive.errors import Unavailable

Kind = Literal["clean", "found", "limit", "encrypted", "too_large"]
LIMIT = "Heuristics.Limits.Exceeded"
ENCRYPTED = "Heuristics.Encrypted."
UNIX_CONNECT_SECONDS = 10
ANSWER_SECONDS = 300
"""ClamAV gives up on one file after two minutes by itself; a longer silence is a daemon that hangs."""
LONGEST_ANSWER = 4096
_END = struct.pack(">I", 0)
_VERSION = re.compile(r"ClamAV (?P<engine>[^/\s]+)(?:/(?P<number>\d+)/(?P<day>[^/]+))?")
_FOUND = re.compile(r"stream: (?P<name>\S+) FOUND")


@dataclass(frozen=True)
class Scanned:
    """What the daemon said of one stream; ``name`` is the signature or the limit that it names."""

    kind: Kind
    name: str | None = None


@dataclass(frozen=True)
class Version:
    """``told`` is the whole line; ``made_at`` is None where the daemon does not tell a day."""

    told: str
    made_at: datetime | None


@dataclass(frozen=True)
class Clamd:
    """A daemon by its address: ``clamd:/path/of/socket`` or ``clamd://host:port``."""

    address: str
    answer_seconds: float = ANSWER_SECONDS

    def version(self) -> Version:
        told = self._ask(b"zVERSION\0")
        read = _VERSION.fullmatch(told)
        if read is None:
            raise self._strange(told)
        return Version(told, _day(read["day"]) if read["day"] else None)

    def begin(self) -> "Stream":
        return Stream(self, self._connect(b"zINSTREAM\0"))

    def scan(self, data: bytes) -> Scanned:
        """One stream that is at hand whole."""
        stream = self.begin()
        try:
            stream.send(memoryview(data))
            return stream.finish()
        finally:
            stream.close()

    def _ask(self, command: bytes) -> str:
        with self._connect(command) as connection:
            return self.answer(connection)

    def _connect(self, command: bytes) -> socket.socket:
        place = urlsplit(self.address)
        try:
            if place.hostname:
                connection = socket.create_connection(
                    (place.hostname, place.port or 3310), UNIX_CONNECT_SECONDS
                )
            else:
                connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                connection.settimeout(UNIX_CONNECT_SECONDS)
                connection.connect(place.path)
            connection.settimeout(self.answer_seconds)
            connection.sendall(command)
        except OSError as error:
            raise self.away(error) from error
        return connection

    def answer(self, connection: socket.socket) -> str:
        """The daemon's whole answer: one line that ends with a zero byte, and nothing after it."""
        told = b""
        try:
            while not told.endswith(b"\0") and len(told) <= LONGEST_ANSWER:
                part = connection.recv(LONGEST_ANSWER)
                if not part:
                    break
                told += part
        except OSError as error:
            raise self.away(error) from error
        if not told.endswith(b"\0") or told.count(b"\0") != 1:
            raise self._strange(told.decode("utf-8", "backslashreplace"))
        return told[:-1].decode("utf-8", "backslashreplace").strip()

    def away(self, error: OSError) -> Unavailable:
        why = "did not answer in time" if isinstance(error, TimeoutError) else (error.strerror or str(error))
        return Unavailable(
            f"The virus scanner at {self.address} cannot be used: {why}.", code="scanner.away",
            next="Start clamd, look at its log, then run the same command again.  Nothing goes in unscanned.",
        )  # fmt: skip

    def verdict(self, told: str) -> Scanned:
        """Read one answer strictly: what is not known here is not clean."""
        if told == "stream: OK":
            return Scanned("clean")
        if told == "INSTREAM size limit exceeded. ERROR":
            return Scanned("too_large", "StreamMaxLength")
        if found := _FOUND.fullmatch(told):
            name = found["name"]
            if name.startswith(LIMIT):
                return Scanned("limit", name)
            return Scanned("encrypted" if name.startswith(ENCRYPTED) else "found", name)
        raise self._strange(told)

    def _strange(self, told: str) -> Unavailable:
        return Unavailable(
            f"The virus scanner at {self.address} gave an answer that says nothing: {told[:120]!r}.",
            code="scanner.answer", next="Look at the log of clamd, then run the same command again.",
        )  # fmt: skip


class Stream:
    """One file on its way to the daemon.  The buffer of `send` may be used again when it returns."""

    def __init__(self, clamd: Clamd, connection: socket.socket) -> None:
        self._clamd, self._connection = clamd, connection
        self._told: str | None = None

    def send(self, data: memoryview) -> None:
        """The next bytes.  A daemon that has said its word and hung up gets no more."""
        if self._told is not None or not data:
            return
        try:
            self._connection.sendall(struct.pack(">I", len(data)))
            self._connection.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            self._told = self._clamd.answer(self._connection)
        except OSError as error:
            raise self._clamd.away(error) from error

    def finish(self) -> Scanned:
        if self._told is None:
            try:
                self._connection.sendall(_END)
            except (BrokenPipeError, ConnectionResetError):
                pass
            except OSError as error:
                raise self._clamd.away(error) from error
            self._told = self._clamd.answer(self._connection)
        return self._clamd.verdict(self._told)

    def close(self) -> None:
        self._connection.close()


def clamd_at(address: str, *, answer_seconds: float = ANSWER_SECONDS) -> Clamd:
    return Clamd(address, answer_seconds)


def _day(text: str) -> datetime | None:
    """``Tue Jul  2 08:29:34 2024``, which the daemon writes in its own zone; taken as UTC, a day wide."""
    try:
        return datetime.strptime(" ".join(text.split()), "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC)
    except ValueError:
        return None
