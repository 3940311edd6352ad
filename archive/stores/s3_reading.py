"""Reading objects back from a server, some at a time, each fetched anew and hashed here."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

from archive.errors import ArchiveError, Missing, Refused, Unavailable
from archive.stores.s3 import CONNECTIONS, Server
from archive.stores.s3_uploads import hash_object
from archive.stores.store import Absent, Altered, Intact, Stored, Verdict


def judge_all(server: Server, expected: Iterable[tuple[str, str, int]]) -> Iterator[tuple[str, Verdict]]:
    """A verdict for every (key, sha256, size) in the given order.  Unavailable: nothing is known.

    With a server that is `Server.locking`, what is intact is locked as well, or Refused.
    """
    ahead: deque[tuple[str, Future[Verdict]]] = deque()
    with ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="s3") as threads:
        try:
            for key, digest, size in expected:
                ahead.append((key, threads.submit(_judge, server, key, Stored(digest, size))))
                if len(ahead) >= 2 * CONNECTIONS:
                    yield _next(ahead)
            while ahead:
                yield _next(ahead)
        finally:
            for _, future in ahead:
                future.cancel()


def _next(ahead: deque[tuple[str, Future[Verdict]]]) -> tuple[str, Verdict]:
    key, future = ahead.popleft()
    return key, future.result()


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


def lock_all(server: Server, keys: Iterable[str]) -> int:
    """Lock every object that is not locked for long enough; how many were not."""
    with ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="s3") as threads:
        return sum(threads.map(partial(be_locked, server), keys))


def _lock(server: Server, key: str) -> None:
    """A server that does not do it is found out by looking at the object again."""
    assert server.lock
    try:
        server.set_lock(key, server.lock)
    except Unavailable:
        raise
    except ArchiveError:
        return
