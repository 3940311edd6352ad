"""Reading objects back from a server, some at a time, each fetched anew and hashed here."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from archive.errors import Missing
from archive.stores.s3 import CONNECTIONS, Server
from archive.stores.s3_uploads import hash_object
from archive.stores.store import Absent, Altered, Intact, Stored, Verdict


def judge_all(server: Server, expected: Iterable[tuple[str, str, int]]) -> Iterator[tuple[str, Verdict]]:
    """A verdict for every (key, sha256, size) in the given order.  Unavailable: nothing is known."""
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
    return Intact(found.sha256) if found == expected else Altered(expected.sha256, found.sha256)
