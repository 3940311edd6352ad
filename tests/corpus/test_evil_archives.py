"""Every row of the set of evil archives gets its verdict, inside limits of memory and time."""

import io
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from archive.site import settings
from archive.site.site import Site
from ingest.checking.examiners import limits_of
from metadata_schemas.description import SEVERITIES
from preservation.archive_files.judging import judge
from preservation.file_examiners import faults_of
from preservation.reading import Reader
from tests.corpus.conftest import Row, by_path, receive, rows, rules

SET = "evil-archives"
SECONDS = 20
LIMITS = limits_of(settings.read({}))
ALLOWED = {
    "refuse": {"error"},
    "refuse-or-report": {"error", "warning"},
    "encrypted": {"warning"},
    "open": {None, "note"},
    "open-or-unsupported": {None, "note", "warning"},
    "safe-extract": {None, "note", "warning"},
    "list": {None, "note", "warning"},
    "list-names": {None, "note", "warning"},
}


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader() as started:
        yield started


@pytest.mark.parametrize("row", rows(SET), ids=by_path)
def test_every_archive_gets_the_verdict_of_its_row(
    row: Row, corpus_set: Callable[[str], Path], reader: Reader
) -> None:
    before = time.monotonic()
    faults = faults_of(reader, corpus_set(SET) / row.path, row.path, LIMITS)
    assert time.monotonic() - before < SECONDS
    worst = {each.severity for each in faults}
    told = next((each for each in SEVERITIES if each in worst), None)
    assert told in ALLOWED[row.expected], [each.fact for each in faults]
    assert "file.archive_not_looked_at" not in {each.rule for each in faults}
    if row.expected == "encrypted":
        assert "file.archive_encrypted" in {each.rule for each in faults}


def test_the_set_has_all_its_rows() -> None:
    assert len(rows(SET)) in (0, 178)


TRAPS = {
    "zip-slip/zip-slip.zip": "file.archive_path",
    "zip-bomb/Challenge9.zip": "limit.archive_depth",
    "malo/reject/cd_extra_entry.zip": "file.archive_damaged",
}
HARMLESS = ("yauzl/success/deflate.zip", "node-tar/links.tar", "commons-compress/bla.tgz")


@pytest.mark.parametrize("accept", [True, False], ids=["in the pass that packs", "in the checks"])
@pytest.mark.parametrize("path", TRAPS)
def test_a_trap_keeps_its_volume_back_and_no_store_gets_it(
    path: str, accept: bool, site: Site, corpus_set: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = tmp_path / "transfer"
    folder.mkdir()
    for each in (path, *HARMLESS):
        (folder / Path(each).name).write_bytes((corpus_set(SET) / each).read_bytes())
    result = receive(site, folder, accept=accept, no_list=True)
    assert rules(result, "error") == [TRAPS[path]]
    assert result["references"] == []
    trap = next(each for each in result["findings"] if each["severity"] == "error")
    assert trap["where"]["path"] == Path(path).name
    assert [key for store in site.stores for key, _ in store.find("packages")] == []


def test_harmless_archives_are_taken_as_they_came(
    site: Site, corpus_set: Callable[[str], Path], tmp_path: Path
) -> None:
    folder = tmp_path / "transfer"
    folder.mkdir()
    for each in HARMLESS:
        (folder / Path(each).name).write_bytes((corpus_set(SET) / each).read_bytes())
    result = receive(site, folder, no_list=True)
    assert len(result["references"]) == 1
    assert set(rules(result)) == {"agency.unknown", "file.archive_link", "virus.not_scanned"}


@pytest.mark.parametrize("seed", [1, 2])
def test_spoilt_archives_are_told_and_never_a_defect(seed: int, corpus_set: Callable[[str], Path]) -> None:
    """Bytes changed, cut out and doubled where readers trust them: no error escapes."""
    chance = random.Random(seed)
    paths = [corpus_set(SET) / row.path for row in rows(SET)]
    small = [path for path in paths if 0 < path.stat().st_size < 100_000]
    for path in chance.choices(small, k=400):
        spoilt = bytearray(path.read_bytes())
        for _ in range(chance.randint(1, 6)):
            spoil(spoilt, chance)
        before = time.monotonic()
        assert isinstance(judge(io.BytesIO(bytes(spoilt)), path.name, LIMITS), list)
        assert time.monotonic() - before < SECONDS


def spoil(data: bytearray, chance: random.Random) -> None:
    ends = (chance.randrange(200), len(data) - 1 - chance.randrange(200), chance.randrange(len(data)))
    at = min(max(chance.choice(ends), 0), len(data) - 1)
    match chance.randrange(5):
        case 0 | 1:
            data[at] = chance.randrange(256)
        case 2:
            data[at : at + 4] = chance.choice((b"\xff" * 4, bytes(4), b"\x7f\xff\xff\xff"))
        case 3:
            del data[at : at + chance.randrange(1, 40)]
        case 4:
            data[at:at] = bytes(data[at : at + 30])
    if not data:
        data += b"P"
