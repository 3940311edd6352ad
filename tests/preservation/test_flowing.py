"""What the ring of buffers promises: every taker has every byte in order, and no error is lost."""

import io
import threading

import pytest

from preservation import flowing

DATA = bytes(range(256)) * (flowing.BUFFER // 256) * 3 + b"the end"


def test_every_taker_has_every_byte_in_order_and_in_a_thread_of_its_own():
    taken: list[tuple[set[int], bytearray]] = [(set(), bytearray()) for _ in range(3)]

    def taker(threads: set[int], into: bytearray):
        def take(data: memoryview) -> None:
            threads.add(threading.get_ident())
            into.extend(data)

        return take

    assert flowing.flow(io.BytesIO(DATA).readinto, [taker(*each) for each in taken]) == len(DATA)
    assert all(into == DATA for _, into in taken)
    assert len(set.union(*(threads for threads, _ in taken))) == 3


def test_an_error_of_a_taker_comes_out_and_leaves_no_thread():
    def full(data: memoryview) -> None:
        raise OSError("full")

    before = set(threading.enumerate())  # those of others may end meanwhile
    with pytest.raises(OSError, match="full"):
        flowing.flow(io.BytesIO(DATA * 5).readinto, [full, bytearray().extend])
    assert set(threading.enumerate()) <= before


def test_an_error_of_the_reader_comes_out_and_leaves_no_thread():
    def gone(into: memoryview) -> int:
        raise OSError("gone")

    before = set(threading.enumerate())  # those of others may end meanwhile
    with pytest.raises(OSError, match="gone"):
        flowing.flow(gone, [bytearray().extend])
    assert set(threading.enumerate()) <= before
