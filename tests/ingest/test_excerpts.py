"""A terminal shows the worst findings first and names no reference that a transfer did not get."""

import unicodedata
from pathlib import Path

import pytest

from ingest import excerpts
from tests.ingest.conftest import Call
from tests.ingest.test_bad_input import row, transfer


def findings(**counts: int) -> list[dict[str, str]]:
    return [{"severity": severity} for severity, count in counts.items() for _ in range(count)]


def test_errors_are_shown_before_warnings_before_notes():
    shown, left = excerpts.worst(findings(note=30, warning=2, error=1))
    assert [each["severity"] for each in shown] == ["error", "warning", "warning", *["note"] * 17]
    assert left == {"note": 13, "warning": 0, "error": 0}


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({"note": 20}, ""),
        ({"note": 21}, "and 1 more note"),
        ({"note": 30, "error": 1}, "and 11 more notes"),
        ({"note": 2, "warning": 1, "error": 20}, "and 1 more warning and 2 more notes"),
        ({"note": 1, "warning": 3, "error": 21}, "and 1 more error, 3 more warnings and 1 more note"),
    ],
)
def test_what_is_not_shown_is_counted_by_severity(counts: dict[str, int], said: str):
    assert excerpts.more(excerpts.worst(findings(**counts))[1]) == said


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ([13], "SG-2026-000013"),
        ([13, 14, 15], "SG-2026-000013 to SG-2026-000015"),
        ([13, 15, 16], "SG-2026-000013, SG-2026-000015 to SG-2026-000016"),
        (
            [1, 3, 5, 7, 9, 10, 12, 13],
            "SG-2026-000001, SG-2026-000003, SG-2026-000005, SG-2026-000007, "
            "SG-2026-000009 to SG-2026-000010 and 2 more",
        ),
    ],
)
def test_references_are_told_as_runs_and_no_more_than_the_first_few(numbers: list[int], said: str):
    assert excerpts.runs([f"SG-2026-{number:06d}" for number in numbers]) == said


def test_a_new_year_begins_a_new_run():
    assert excerpts.runs(["SG-2026-000001", "SG-2027-000002"]) == "SG-2026-000001, SG-2027-000002"


def test_the_one_error_of_a_transfer_stands_before_its_many_notes(call: Call, receive: Call, tmp_path: Path):
    names = [unicodedata.normalize("NFD", f"가{n}.txt") for n in range(30)]
    rows = [row(f"A-{n}", f"가{n}.txt", "모름" if n == 29 else "영구") for n in range(30)]
    folder = transfer(tmp_path / "t", *rows, files=tuple(names))
    for said in (receive(folder, words=True), call("transfer", "show", "2026-0001", words=True)):
        told = [line for line in said.out.splitlines() if line.startswith(("error: ", "warning: ", "note: "))]
        assert [line.split(":")[0] for line in told] == ["error", "warning", "warning", *["note"] * 17]
        assert "… and 13 more notes; all of them with --json." in said.out
        assert "References SG-2026-000001 to SG-2026-000029." in said.out
