"""A file that somebody wants to look at whole is held in memory while it streams by, and no other."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from metadata_schemas.description import Finding, Where
from preservation import held_files
from preservation.held_files import HeldFiles


class Looker:
    """Wants what begins with ``yes`` and remembers what it was shown."""

    def __init__(self) -> None:
        self.seen: list[bytes] = []

    def examiner(self) -> HeldFiles:
        return HeldFiles(lambda head, _name: head.startswith(b"yes"), self.look, self.too_large)

    def look(self, path: Path, name: str) -> Iterator[Finding]:
        self.seen.append(path.read_bytes())
        yield Finding("file.seen", "note", Where(path=name), None, None, "Seen.")

    def too_large(self, name: str, size: int) -> Iterator[Finding]:
        yield Finding("limit.size", "note", Where(path=name), str(size), None, "Too large.")


def found(looker: Looker, data: bytes, *, told: int | None = None, step: int = 7) -> list[str]:
    examination = looker.examiner().begin("a", len(data) if told is None else told)
    assert examination is not None
    buffer = bytearray(step)
    for at in range(0, len(data), step):
        block = data[at : at + step]
        buffer[: len(block)] = block
        examination.take(memoryview(buffer)[: len(block)])
    try:
        return [each.rule for each in examination.findings()]
    finally:
        examination.close()


@pytest.mark.parametrize("step", [1, 7, 1024, 100_000])
def test_a_wanted_file_is_shown_whole_whatever_the_blocks(step: int) -> None:
    looker, data = Looker(), b"yes" + bytes(range(256)) * 40
    assert found(looker, data, step=step) == ["file.seen"]
    assert looker.seen == [data]


def test_a_file_that_nobody_wants_is_not_held() -> None:
    looker = Looker()
    assert found(looker, b"no" + bytes(5_000)) == []
    assert found(looker, b"") == []
    assert looker.seen == []


def test_a_file_above_the_limit_is_never_held_also_when_it_grew_on_its_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(held_files, "HELD_IN_MEMORY", 2_000)
    looker = Looker()
    assert found(looker, b"yes" + bytes(1_900)) == ["file.seen"]
    assert found(looker, b"yes" + bytes(3_000)) == ["limit.size"]
    assert found(looker, b"yes" + bytes(3_000), told=100) == ["limit.size"]
    assert len(looker.seen) == 1
