"""Reading objects back from a server, some at a time, each fetched anew and hashed here."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from archive.errors import ArchiveError, Denied, Missing, Refused, Unavailable
from archive.stores.s3 import CONNECTIONS, Server
from archive.stores.s3_uploads import hash_object
from archive.stores.store import Absent, Altered, Intact, Stored, Verdict

Asked = TypeVar("Asked")
Told = TypeVar("Told")


def judge_all(server: Server, expected: Iterable[tuple[str, str, int]]) -> Iterator[tuple[str, Verdict]]:
    """A verdict for every (key, sha256, size) in the given order.  Unavailable: nothing is known.

    With a server that is `Server.locking`, what is intact is locked as well, or Refused.
    """
    return _some_at_a_time(lambda each: (each[0], _judge(server, each[0], Stored(*each[1:]))), expected)


def lock_all(server: Server, keys: Iterable[str]) -> tuple[int, int]:
    """Lock every object that is not locked for long enough; how many there are, and how many were not."""
    objects = extended = 0
    for was_told in _some_at_a_time(partial(be_locked, server), keys):
        objects, extended = objects + 1, extended + was_told
    return objects, extended


def _some_at_a_time(call: Callable[[Asked], Told], things: Iterable[Asked]) -> Iterator[Told]:
    """What a call gives for each, in their order.  Of however many no more than a few are held."""
    ahead: deque[Future[Told]] = deque()
    with ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="s3") as threads:
        try:
            for thing in things:
                ahead.append(threads.submit(call, thing))
                if len(ahead) >= 2 * CONNECTIONS:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            for future in ahead:
                future.cancel()


def _judge(server: Server, key: str, expected: Stored) -> Verdict:
    try:
        found = hash_object(server, key)
    except Missing:
        return Absent()
    if found != expected:
        return Altered(expected.sha256, found.sha256)
    be_locked(server, key)
    return Intact(found.sha256)


def be_locked(server: Server, key: str) -> bool:
    """See that the server says that an object is locked for as long as is asked; whether it had to be told.

    An object that an earlier delivery left has a lock that ends earlier: it is made longer.
    """
    wanted = server.lock
    if wanted is None:
        return False
    found = server.lock_of(key)
    if found and found.covers(wanted):
        return False
    if found is None or found.until < wanted.until or wanted.mode == "COMPLIANCE":
        _lock(server, key)
        found = server.lock_of(key)
    if found is None or not found.covers(wanted):
        raise Refused(
            f"Store {server.store} does not say that {key} is locked {wanted} (it says {found}).",
            code="store.unlocked",
            next="Look at the bucket and at what its credentials may see: seogo store check",
        )
    return True


def _lock(server: Server, key: str) -> None:
    """A server that does not do it is found out by looking at the object again."""
    assert server.lock
    try:
        server.set_lock(key, server.lock)
    except Denied:
        return
    except Unavailable:
        raise
    except ArchiveError:
        return
