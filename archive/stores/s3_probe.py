"""What an S3 server can and cannot keep, found out by trying on tiny objects below ``probe/``."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from archive.errors import ArchiveError, Conflict, Damaged, Denied, Missing, Unavailable, WrongCall
from archive.stores.s3 import Server
from archive.stores.s3_locks import Lock
from archive.stores.s3_reading import be_locked
from archive.stores.s3_uploads import put_or_adopt
from archive.stores.store import Capability

_KEPT = "probe/kept"
_WRONG = "probe/wrong-digest"
_DELETED = "probe/deleted"
_MOVED = "probe/moved"
_LOCKED = "probe/locked"
_ONE = b"This object is tried to be replaced.\n"
_OTHER = b"replaced\n"
_A_DAY = timedelta(days=1)


def probe(server: Server) -> tuple[Capability, ...]:
    """The same objects each time.  Unavailable when the server does not answer: nothing is known."""
    return (
        _refuses_to_replace(server),
        _refuses_a_wrong_digest(server),
        _moves_by_comparison(server),
        _cannot_be_deleted_from(server),
        _locks_hold(server),
        _keeps_versions(server),
        Capability("syncs", False, "what a server syncs before it answers cannot be seen from here"),
        Capability(
            "reads back from the medium", False, "fetched anew; the server may answer from its memory"
        ),
    )


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _refuses_to_replace(server: Server) -> Capability:
    """One request and a joined upload are two ways to replace: both have to be refused."""
    name = "refuses to replace"
    try:
        put_or_adopt(server, _KEPT, _ONE, _digest(_ONE))
    except Conflict as error:
        return Capability(name, False, error.message)
    if _is_allowed(server.put, _KEPT, _OTHER, _digest(_OTHER), if_absent=True):
        return Capability(name, False, "a conditional write replaced an object")
    upload = server.start_parts(_KEPT, None)
    part = server.put_part(_KEPT, upload, 1, _OTHER, _digest(_OTHER))
    if _is_allowed(server.join_parts, _KEPT, upload, [part]):
        return Capability(name, False, "an upload in parts replaced an object")
    try:
        server.drop_parts(_KEPT, upload)
    except (Missing, Denied):
        return Capability(name, True, "If-None-Match; unfinished uploads cannot be dropped")
    return Capability(name, True, "If-None-Match, in one request and in parts")


def _is_allowed(call: object, *arguments: object, **options: object) -> bool:
    assert callable(call)
    try:
        call(*arguments, **options)
    except (Conflict, WrongCall, Denied):
        return False
    return True


def _is_away(error: ArchiveError) -> bool:
    """Whether it told nothing.  That it denied us something tells what it refuses."""
    return isinstance(error, Unavailable) and not isinstance(error, Denied)


def _refuses_a_wrong_digest(server: Server) -> Capability:
    """Where the server does not look, our own read back after each write does."""
    try:
        server.put(_WRONG, b"other bytes\n", _digest(b"the bytes\n"), if_absent=True)
    except Damaged:
        return Capability("refuses a wrong digest", True, "x-amz-checksum-sha256")
    except (Conflict, WrongCall):
        pass
    return Capability("refuses a wrong digest", True, "not by the server; every object is read back")


def _moves_by_comparison(server: Server) -> Capability:
    """The log's checkpoint moves with If-Match; where that is not honoured two sealers could race."""
    put_or_adopt(server, _MOVED, _ONE, _digest(_ONE))
    if _is_allowed(
        server.put, _MOVED, _OTHER, _digest(_OTHER), if_match='"00000000000000000000000000000000"'
    ):
        return Capability("moves by comparison", False, "If-Match is not honoured")
    _, etag = server.read_small(_MOVED)
    holds = _is_allowed(server.put, _MOVED, _ONE, _digest(_ONE), if_match=etag)
    return Capability("moves by comparison", holds, "If-Match" if holds else "a true If-Match is refused")


def _cannot_be_deleted_from(server: Server) -> Capability:
    put_or_adopt(server, _DELETED, _ONE, _digest(_ONE))
    name = "cannot be deleted from"
    try:
        server.delete(_DELETED)
    except ArchiveError as error:
        if _is_away(error):
            raise
        return Capability(name, True, error.message)
    return Capability(name, False, "these credentials may delete; give the archive a write-once user")


def _locks_hold(server: Server) -> Capability:
    """Where the settings ask for locks, one is tried; a lock that can be cut short is none."""
    name = "locks hold"
    if server.terms is None:
        told = {True: "the bucket has retention locks, and the settings ask for none",
                False: "no retention locks", None: "these credentials may not ask"}  # fmt: skip
        holds = server.locks()
        return Capability(name, bool(holds), told[holds])
    locking = server.locking()
    try:
        put_or_adopt(locking, _LOCKED, _ONE, _digest(_ONE))
        be_locked(locking, _LOCKED)
    except ArchiveError as error:
        if _is_away(error):
            raise
        return Capability(name, False, error.message, is_asked_for=True)
    found = locking.lock_of(_LOCKED)
    if found is None or _is_allowed(server.set_lock, _LOCKED, Lock(found.mode, found.until - _A_DAY)):
        return Capability(name, False, "a lock was cut short", is_asked_for=True)
    return Capability(name, True, f"{found}, seen on an object and not to be cut short", is_asked_for=True)


def _keeps_versions(server: Server) -> Capability:
    holds = server.keeps_versions()
    told = {True: "versioning is on", False: "versioning is off", None: "these credentials may not ask"}
    return Capability("keeps old versions", bool(holds), told[holds])
