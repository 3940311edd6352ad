"""What every store promises, whatever it is made of: the words that one contract suite tests.

A store holds objects under keys and never replaces or removes one.  What may go away lives on
a `Shelf`.  Where a server cannot keep a promise, `probe` finds it out before the first use.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import BinaryIO, Protocol, TypeAlias

from archive.errors import Refused

CHECKPOINT = "ledger/checkpoint"
"""The one key of the house that may move: see `Store.swap_checkpoint`."""

LAST = "tagmanifest-sha256.txt"
"""The last object of a bag; where a server has no rename, its presence is what says "whole"."""

NEEDED = ("refuses to replace", "refuses a wrong digest", "moves by comparison")
"""The capabilities a promise of ours rests on; a store without one is not opened for use."""


@dataclass(frozen=True)
class Stored:
    """What was stored, as computed from the bytes and not as claimed by anybody."""

    sha256: str
    size: int


@dataclass(frozen=True)
class Intact:
    """The copy was read back and has the recorded digest and size."""

    sha256: str


@dataclass(frozen=True)
class Altered:
    """The copy was read back and is not what was recorded."""

    expected: str
    found: str


@dataclass(frozen=True)
class Absent:
    """The store answered, and there is nothing under the key."""


Verdict: TypeAlias = Intact | Altered | Absent


@dataclass(frozen=True)
class Capability:
    """One thing a store was tried for.  ``holds`` is what was seen, never what was announced.

    ``is_asked_for``: this installation's settings rest on it, though not every one does.
    """

    name: str
    holds: bool
    detail: str
    is_asked_for: bool = False


class Sink(Protocol):
    """One object being written.  Nothing is visible under its final key before it is finished.

    A sink does not judge: `Delivery.read_back_all` does, from the medium.
    """

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Add bytes.  The buffer MAY be used again by the caller as soon as this returns.

        Unavailable when the store is full or away.
        """

    def finish(self, sha256: str) -> None:
        """The object is whole, and ``sha256`` is the digest that the caller made of its bytes.

        A store that can have the server check a digest on arrival MUST use it: Damaged.
        """

    def abort(self) -> None:
        """Drop what was written.  MUST NOT raise, and MUST be harmless after `finish`."""


class Delivery(Protocol):
    """Objects below one prefix that come to exist together: a bag.

    Until `complete` returns there is no such bag: a folder shows nothing below the prefix, and
    on a server the last object, whose presence means "whole", is missing.  After a kill at any
    instant the same delivery MUST work again and end in the same bytes.

    What is synced when: nothing before `read_back_all`, which syncs all that was written with one
    wait; then `complete` syncs the name.  A power cut before `complete` returns costs this bag,
    which is written again; afterwards, on a folder, nothing.  What a server syncs is its own matter
    (docs/explanations/power-cuts.md).
    """

    @property
    def is_far(self) -> bool:
        """Whether a network is waited for, so that several deliveries are worth reading back at once."""

    def create(self, name: str, *, size: int | None = None, sha256: str | None = None) -> Sink:
        """Begin one object, named relative to the prefix.  Several sinks may be open at once.

        A name is created once in a delivery.  On a server, what a half delivery left behind is
        adopted when it is the same bytes, and Conflict when it is not.  Errors of a write that
        goes on in the background come out of any later call, at the latest of `complete`.
        """

    def put(self, name: str, data: bytes | memoryview, *, sha256: str | None = None) -> Stored:
        """Write one small object in one call.  ``sha256``: the digest that the caller made of its bytes."""

    def read_back(self, name: str) -> Stored:
        """Digest and size of an object as the medium gives it back.  Missing when absent."""

    def read_back_all(self, expected: Iterable[tuple[str, str, int]]) -> Iterator[tuple[str, Verdict]]:
        """Judge every (name, sha256, size) from the medium, in the given order.

        MUST sync first, and MUST NOT be satisfied by the page cache of the bytes just written.
        Unavailable when a thing could not be read: then nothing is known about it.
        """

    def announce_last(self, last: str, data: bytes) -> None:
        """Optional, before the read back: what `complete` will write, so that a folder can sync it and
        read it back with the rest, which then MUST NOT name it.  A server still writes it last."""

    def complete(self, last: str, data: bytes) -> None:
        """Write ``last`` as the last object and read it back, where that is not done, and make all visible.

        When the prefix is already there with the same objects and bytes this is harmless.
        With other bytes, or with an object that this delivery did not write: Conflict.
        When this returns, everything has been asked to be on the medium.
        """

    def abandon(self) -> None:
        """Give up: no bag comes to exist.  MUST be harmless when called twice or after `complete`."""


class Store(Protocol):
    """A named place for masters.  There is no delete, and there MUST NOT be one.

    One that answers and does not let us in (a folder without rights, a key that was revoked) MUST
    be Unavailable like one that is silent, so that work on the others goes on without it.
    """

    @property
    def name(self) -> str: ...

    @property
    def location(self) -> str:
        """The URL it was opened with, without credentials."""

    def prepare(self) -> None:
        """Make an empty store where there is none yet.  For `init` only: a store that ought to
        be there and is not (a disk that is not mounted) MUST be Unavailable, never empty."""

    def put(self, key: str, stream: BinaryIO | bytes, *, expect: str | None = None) -> Stored:
        """Keep the bytes under ``key``.

        MUST NOT replace: Conflict when the key holds other bytes.  Same bytes again is harmless.
        Damaged when ``expect`` is not their SHA-256; then nothing is left under the key.
        Of two writers who race for one key exactly one wins; the other gets Conflict.
        """

    def open(self, key: str) -> BinaryIO:
        """The bytes, from the start.  Missing when absent, Unavailable when there is no answer.

        Also Unavailable while the object lies in cold storage: see `ask_for`.
        """

    def is_at_hand(self, key: str) -> bool:
        """Whether `open` gives it now; False while it lies in cold storage.  Missing when absent."""

    def ask_for(self, key: str, *, days: int, tier: str) -> None:
        """Have cold storage bring an object for some days.  Nothing is waited for.

        Harmless when it was asked for already or is at hand.  Missing when absent.
        """

    def has(self, key: str) -> bool:
        """Whether there is an object.  MUST NOT answer False when the store did not answer."""

    def size(self, key: str) -> int:
        """Bytes under ``key``.  Missing when absent."""

    def find(self, prefix: str) -> Iterator[tuple[str, int]]:
        """(key, size) of every object whose key begins with ``prefix``, in code point order of keys.

        MUST NOT list what a folder delivery has not completed, nor anything else's scratch.
        """

    def begin(self, prefix: str, *, size: int | None = None, kept_until: date | None = None) -> Delivery:
        """Begin a delivery below ``prefix``.  ``size`` lets a full store refuse before the first byte.

        ``kept_until``: the last day of the record's retention, where it has one.  A store whose
        settings ask for locks MUST lock every object until then at least, and see that it is locked.
        """

    def find_version(self, key: str, sha256: str) -> str | None:
        """The version of ``key`` that has these bytes, where somebody wrote over it or removed it since.

        None where there is none, and where it is not known: no versions, no right to look, no answer.
        """

    def lock_all(self, prefix: str, kept_until: date | None = None) -> tuple[int, int]:
        """Lock all below ``prefix`` as if it were written today; how many objects, and how many needed it.

        A lock never becomes shorter.  Refused when this store's settings ask for no locks, and when
        the server does not say of each object that it is locked.
        """

    def read_back(self, key: str) -> Stored:
        """Digest and size as the medium gives them back, page cache dropped.  Missing when absent."""

    def read_back_all(self, expected: Iterable[tuple[str, str, int]]) -> Iterator[tuple[str, Verdict]]:
        """Judge every (key, sha256, size) from the medium, in the given order, looking ahead."""

    def swap_checkpoint(self, data: bytes, *, before: bytes | None) -> None:
        """Replace `CHECKPOINT`, provided it still holds ``before`` (None: nothing).  Conflict otherwise.

        The only replacement there is.  The rule that a log never shrinks is kept by its caller.
        """

    def probe(self) -> tuple[Capability, ...]:
        """Try what the promises rest on, on tiny objects below ``probe/`` that stay the same ones."""

    def free_bytes(self) -> int | None:
        """Room left, or None where it cannot be known."""

    def sweep(self, before: datetime | None = None) -> int:
        """Remove the scratch of writers that are dead; how many pieces went.

        MUST NOT touch an object or the scratch of a living writer.  Where life cannot be told
        from here (a server's unfinished uploads), only scratch older than ``before`` goes.
        """


class Shelf(Protocol):
    """A place for what can be made again: it may replace and remove."""

    def put(self, key: str, data: BinaryIO | bytes) -> int:
        """Keep the bytes under ``key``, replacing what was there in one step; the size."""

    def open(self, key: str) -> BinaryIO:
        """The bytes.  Missing when absent."""

    def has(self, key: str) -> bool: ...

    def find(self, prefix: str) -> Iterator[tuple[str, int]]:
        """(key, size) in key order."""

    def remove(self, key: str) -> None:
        """Removing what is not there is harmless."""

    def remove_prefix(self, prefix: str) -> int:
        """Remove every key below the folder ``prefix``; how many went."""


def admit(store: Store) -> tuple[Capability, ...]:
    """Probe a store and refuse to use it when a promise of ours would rest on nothing."""
    found = store.probe()
    if lacking := [each for each in found if is_needed(each) and not each.holds]:
        told = "; ".join(f"{each.name}: {each.detail}" for each in lacking)
        raise Refused(
            f"Store {store.name} at {store.location} cannot keep what it must ({told}).",
            code="store.unfit",
            next="Use a server that honours conditional writes, checksums and the locks its URL asks for.",
        )
    return found


def no_locks(store: Store) -> Refused:
    return Refused(
        f"Store {store.name} locks nothing.",
        code="store.no_locks",
        next="Ask for locks in its URL in SEOGO_STORES: &lock=compliance&retention=DAYS",
    )


def is_needed(capability: Capability) -> bool:
    return capability.is_asked_for or capability.name in NEEDED
