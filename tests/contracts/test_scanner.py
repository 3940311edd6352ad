"""What is relied on of a virus scanner: the double of the tests and the real clamd alike."""

import io
import os
import random
import tracemalloc
import zipfile
from collections.abc import Iterator

import pytest

from archive.errors import Unavailable
from metadata_schemas.description import Finding
from preservation.examining import Examinations
from preservation.scanning import (
    MalwareExaminer,
    Scanner,
    clamd_at,
    find_largest,
    let_pass,
    open_scanner,
    trying,
)
from preservation.scanning.trying import MB, looks_whole
from tests.preservation.scanner_double import MARK, SIGNATURE, nobody_listens, scanner_double

WHOLE = 4 * MB
NOISE = random.Random(5).randbytes(1 << 16)


@pytest.fixture(params=["double", pytest.param("clamd", marks=pytest.mark.servers)])
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "clamd":
        if "SEOGO_TEST_CLAMD" not in os.environ:
            pytest.skip("no clamd: SEOGO_TEST_CLAMD not set")
        yield os.environ["SEOGO_TEST_CLAMD"]
        return
    with scanner_double() as double:
        yield double.address


@pytest.fixture
def scanner(address: str) -> Scanner:
    return open_scanner(address, whole=WHOLE)


def examine(scanner: Scanner, data: bytes, policy: str = "hold", block=70_001):
    examiner = MalwareExaminer(scanner, policy)
    with Examinations([examiner], "철 1/문서.bin", len(data)) as examinations:
        buffer = bytearray(block)
        for start in range(0, len(data), block):
            part = data[start : start + block]
            buffer[: len(part)] = part
            examinations.take(memoryview(buffer)[: len(part)])
        return list(examinations.findings())


def rules(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(each.rule, each.severity) for each in findings]


def noise(size: int) -> bytes:
    return (NOISE * (size // len(NOISE) + 1))[:size]


def zip_of(data: bytes, *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as packed:
        packed.writestr("inside", data)
    return out.getvalue()


def test_a_clean_file_has_no_finding_and_one_with_malware_is_an_error_that_names_it(scanner):
    assert examine(scanner, b"a plain record") == []
    assert examine(scanner, b"") == []
    [found] = examine(scanner, b"before " + MARK + b" after")
    assert (found.rule, found.severity, found.value) == ("virus.found", "error", SIGNATURE)
    assert found.where.path == "철 1/문서.bin"


@pytest.mark.parametrize("at", [0, WHOLE - len(MARK) // 2, WHOLE + 1, 2 * WHOLE, 3 * WHOLE - len(MARK)])
def test_a_large_file_is_scanned_to_its_end_also_across_the_border_of_two_pieces(scanner, at):
    data = bytearray(noise(3 * WHOLE))
    data[at : at + len(MARK)] = MARK
    assert ("virus.found", "error") in rules(examine(scanner, bytes(data)))
    [whole] = examine(scanner, noise(3 * WHOLE))
    assert (whole.rule, whole.severity) == ("virus.not_scanned_whole", "error")


def test_a_file_of_exactly_one_piece_is_scanned_whole_and_one_byte_more_is_not(scanner):
    assert examine(scanner, noise(WHOLE)) == []
    assert rules(examine(scanner, noise(WHOLE + 1))) == [("virus.not_scanned_whole", "error")]


def test_what_cannot_be_scanned_whole_is_never_clean_and_the_policy_says_how_heavy_it_is(scanner):
    packed = zip_of(bytes(WHOLE + 1))
    encrypted = bytearray(zip_of(b"secret"))
    encrypted[6] |= 1
    encrypted[encrypted.rindex(b"PK\1\2") + 8] |= 1
    for data, rule in ((packed, "virus.not_scanned_whole"), (bytes(encrypted), "virus.encrypted")):
        assert rules(examine(scanner, data)) == [(rule, "error")]
        assert rules(examine(scanner, data, policy="accept")) == [(rule, "warning")]
    assert examine(scanner, zip_of(b"small")) == []


def test_malware_inside_a_zip_is_found(scanner):
    assert rules(examine(scanner, zip_of(zip_of(NOISE[:100] + MARK)))) == [("virus.found", "error")]


def test_a_release_holds_for_one_file_its_bytes_and_one_signature(scanner):
    found = examine(scanner, b"a false alarm: " + MARK)
    name, sha256 = "철 1/문서.bin", "a" * 64
    assert rules(list(let_pass(found, sha256, {(name, sha256, SIGNATURE)}))) == [
        ("virus.released", "warning")
    ]
    for other in (
        (name, sha256, "Another"),
        ("철 2/문서.bin", sha256, SIGNATURE),
        (name, "b" * 64, SIGNATURE),
    ):
        assert rules(list(let_pass(found, sha256, {other}))) == [("virus.found", "error")]


def test_the_largest_size_is_found_by_trying(address):
    largest = find_largest(clamd_at(address))
    assert largest >= WHOLE
    assert looks_whole(clamd_at(address), largest)


def test_a_large_file_takes_little_memory(scanner):
    piece = memoryview(noise(1 << 18))
    tracemalloc.start()
    with Examinations([MalwareExaminer(scanner, "hold")], "large", 24 * MB) as examinations:
        for _ in range(96):
            examinations.take(piece)
        assert rules(list(examinations.findings())) == [("virus.not_scanned_whole", "error")]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # The double lives in this process and holds a piece, so only the real one shows the client alone.
    assert peak < (64 * MB if scanner.clamd.address.startswith("clamd://127") else 8 * MB)


def test_a_scanner_that_is_away_or_does_not_look_as_far_as_asked_is_not_used(address):
    with pytest.raises(Unavailable) as told:
        open_scanner(nobody_listens(), whole=WHOLE)
    assert told.value.exit_code == 4
    with pytest.raises(Unavailable, match="does not look through a file of 1999 MB"):
        open_scanner(address, whole=1999 * MB)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ({"marks": {}}, "EICAR"),
        ({"tells_limits": False}, "AlertExceedsMax"),
        ({"tells_encrypted": False}, "AlertEncrypted"),
        ({"largest": WHOLE - 1}, "SEOGO_SCANNER_WHOLE"),
        ({"version": "Something else"}, "log of clamd"),
        ({"answer": "stream: maybe"}, "log of clamd"),
        ({"answer": "stream: OK\0stream: OK"}, "log of clamd"),
        ({"answer": "COMMAND READ TIMED OUT"}, "log of clamd"),
        ({"answer": "stream: Can't allocate memory ERROR"}, "log of clamd"),
    ],
)
def test_a_scanner_that_hides_its_limits_or_answers_nonsense_is_refused_with_the_next_step(fault, told):
    with scanner_double(**fault) as double, pytest.raises(Unavailable) as refused:
        open_scanner(double.address, whole=WHOLE)
    assert told in refused.value.next


def test_a_scanner_that_hangs_is_away_after_the_time_it_has():
    with scanner_double(hangs=True) as double, pytest.raises(Unavailable, match="did not answer in time"):
        clamd_at(double.address, answer_seconds=0.2).version()


def test_a_scanner_that_dies_in_the_middle_of_a_file_leaves_the_file_unscanned():
    with scanner_double() as double:
        scanner = open_scanner(double.address, whole=WHOLE)
        double.answer = ""
        with pytest.raises(Unavailable):
            examine(scanner, b"a plain record")


def test_that_it_passed_is_kept_for_an_hour_for_the_other_processes(tmp_path):
    kept = tmp_path / "scratch" / "passed"

    def scans() -> int:
        """How many files a process gives it that has not tried it yet."""
        trying._tried.cache_clear()
        before = double.scanned
        assert open_scanner(double.address, whole=WHOLE, kept=kept).whole == WHOLE
        return double.scanned - before

    with scanner_double() as double:
        assert scans() > 0
        assert scans() == 0
        double.version = "ClamAV 1.4.6/27999/Sat Nov 28 08:00:00 2026"
        assert scans() > 0
        os.utime(kept, (kept.stat().st_atime, kept.stat().st_mtime - trying.BELIEVED_SECONDS - 1))
        assert scans() > 0
