"""A server that takes a request and never answers, or falls silent in its answer, is away after a time."""

import socket
import threading
from collections.abc import Iterator

import pytest
from botocore.config import Config

from archive.errors import Unavailable
from archive.stores import open_store, s3

BEGUN = b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nETag: "x"\r\n\r\nnot all of it'
"""An answer that does not come to its end."""


class Silent:
    """Takes every connection and request, says what it was given to say, and keeps the line open."""

    def __init__(self, says: bytes) -> None:
        self.says, self._open = says, []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        while True:
            try:
                line, _ = self._listening.accept()
            except OSError:
                return
            self._open.append(line)
            line.recv(65536)
            line.sendall(self.says)

    def close(self) -> None:
        for each in (self._listening, *self._open):
            each.close()


@pytest.fixture(params=[b"", BEGUN], ids=["no answer", "half an answer"])
def silent(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Silent]:
    monkeypatch.setattr(s3, "_CONFIG", s3._CONFIG.merge(Config(read_timeout=0.2)))
    made = Silent(request.param)
    yield made
    made.close()


def test_a_server_that_hangs_is_away_and_not_waited_for_for_ever(silent: Silent) -> None:
    store = open_store("a", f"s3://bucket/x?endpoint={silent.address}", ("key", "secret"))
    for ask in (
        lambda: store.open("a").read(),
        lambda: store.read_back("a"),
        lambda: list(store.read_back_all([("a", "0" * 64, 1)])),
        lambda: store.begin("packages/R-1/v1").read_back("a"),
    ):
        with pytest.raises(Unavailable, match="Store a did not answer"):
            ask()
