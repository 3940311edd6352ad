"""A stream that is being sent ends with its response, also where the reader goes away in the middle."""

from collections.abc import Iterator

from archive.site.reader.web import sent


def test_a_stream_ends_with_its_response() -> None:
    told: list[str] = []

    def blocks() -> Iterator[bytes]:
        try:
            yield from (b"1", b"2", b"3")
        finally:
            told.append("ended")

    response = sent(blocks(), "text/plain")
    assert next(iter(response.iter_encoded())) == b"1"
    assert told == []
    response.close()
    assert told == ["ended"]
