"""A door in front of a server of the tests: open, shut, or a wall that takes calls and never answers.

It takes a server away from one installation while every other test goes on with it.
"""

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Literal
from urllib.parse import urlsplit

State = Literal["open", "shut", "silent"]


class Door:
    """Hands connections on to a server, for as long as it is open and its allowance lasts."""

    def __init__(self, server: str) -> None:
        address = urlsplit(server)
        assert address.hostname and address.port
        self.behind = (address.hostname, address.port)
        self.state: State = "open"
        self.allowance: int | None = None
        """Bytes that may still come in before the door shuts by itself; None for any number."""
        self._held: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listens = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listens.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def of(self, url: str) -> str:
        """The same address, through this door."""
        return url.replace(f"{self.behind[0]}:{self.behind[1]}", f"127.0.0.1:{self.port}")

    def turn(self, state: State, allowance: int | None = None) -> None:
        """Change what callers find; whoever is inside is put out."""
        self.state, self.allowance = state, allowance
        with self._lock:
            held, self._held = self._held, set()
        for each in held:
            _end(each)

    def close(self) -> None:
        self.turn("shut")
        _end(self._listens)

    def _serve(self) -> None:
        while True:
            try:
                caller, _ = self._listens.accept()
            except OSError:
                return
            if self.state == "shut":
                caller.close()
                continue
            self._hold(caller)
            if self.state == "open":
                threading.Thread(target=self._connect, args=(caller,), daemon=True).start()

    def _hold(self, each: socket.socket) -> None:
        with self._lock:
            self._held.add(each)

    def _connect(self, caller: socket.socket) -> None:
        server = socket.create_connection(self.behind)
        self._hold(server)
        threading.Thread(target=self._pass_on, args=(server, caller, False), daemon=True).start()
        self._pass_on(caller, server, True)

    def _pass_on(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        try:
            while data := source.recv(1 << 16):
                if counted and not self._allows(len(data)):
                    return
                target.sendall(data)
        except OSError:
            pass
        finally:
            for each in (source, target):
                _end(each)
                with self._lock:
                    self._held.discard(each)

    def _allows(self, count: int) -> bool:
        if self.allowance is None:
            return True
        self.allowance -= count
        if self.allowance >= 0:
            return True
        self.turn("shut")
        return False


def _end(each: socket.socket) -> None:
    with contextlib.suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
    each.close()


@contextlib.contextmanager
def door(server: str) -> Iterator[Door]:
    """A door that is taken away at the end."""
    made = Door(server)
    try:
        yield made
    finally:
        made.close()
